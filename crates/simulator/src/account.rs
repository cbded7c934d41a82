//! What Admin Center holds: the addresses of the company's endpoints, the keys of each kind, and the brands.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use axum::http::header::HOST;
use serde_json::{Map, Value};
use url::Url;

use crate::{Journey, web};
use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::signing_key::{SharedKey, check_kid};

/// Zendesk, *Authenticating end users in messaging*.
const MAX_MESSAGING_KEYS: usize = 10;

/// The host that plays a domain of the company which is mapped to Zendesk.
const MAPPED_HOST: &str = "localhost";

/// One Zendesk account. A kind that is not configured is not simulated.
#[derive(Default)]
pub struct Account {
    /// Channels > Classic > Mobile SDK: one for each app.
    pub apps: Vec<App>,
    /// Account > Security > Single sign-on: the first is the Primary SSO.
    pub sso: Vec<Sso>,
    /// Account > Security > End user authentication.
    pub messaging: Option<Messaging>,
    /// The user tokens that the pages offer.
    pub user_tokens: Vec<UserToken>,
    /// What happens during a sign-in, on both sides.
    pub journey: Journey,
    /// The workbench of `local`, to which the pages link.
    pub workbench: Option<Url>,
}

pub struct App {
    /// Empty if it has no name, as for a JWT configuration.
    pub name: String,
    pub jwt_url: Url,
    pub key: SharedKey,
}

pub struct Sso {
    pub name: String,
    pub login_url: Url,
    pub logout_url: Option<Url>,
    pub key: SharedKey,
}

pub struct Messaging {
    /// Where the company's page fetches its JWTs.
    pub jwt_url: Url,
    pub keys: Vec<SharedKey>,
}

#[derive(Clone)]
pub struct UserToken {
    pub token: String,
    /// What the user token demonstrates.
    pub shows: String,
}

pub struct Keys {
    pub sdk: NamedKeys,
    pub messaging: Vec<SharedKey>,
    pub sso: NamedKeys,
}

/// The keys of one kind by the name of their configuration, which is empty for the unnamed one.
pub type NamedKeys = BTreeMap<String, SharedKey>;

impl Keys {
    /// Reads `{"sdk": {"secret": "…"}, "messaging": {"kid": "app_…", "secret": "…"}, "sso": {"secret": "…"}}`. Each
    /// member is optional, `messaging` may be a list, and `sdk` and `sso` may have
    /// `"configurations": {"ios": {"secret": "…"}}`. The problem quotes no secret.
    pub fn parse(json: &str) -> Result<Self, String> {
        // The message of serde would quote the value.
        let keys: Map<String, Value> = serde_json::from_str(json).map_err(|error| {
            format!("line {} is not the JSON object {{\"sdk\": …, \"messaging\": …, \"sso\": …}}", error.line())
        })?;
        if let Some(name) = keys.keys().find(|name| Kind::parse(name).is_none()) {
            return Err(format!("`{name}` is not a kind: the kinds are sdk, messaging and sso"));
        }
        let messaging = match keys.get("messaging") {
            None => Vec::new(),
            Some(Value::Array(list)) => messaging_keys(list)?,
            Some(value) => vec![key(value, "messaging", Kind::Messaging)?],
        };
        let named = |kind: Kind| keys.get(kind.name()).map_or(Ok(NamedKeys::new()), |value| named_keys(value, kind));
        Ok(Self { sdk: named(Kind::Sdk)?, messaging, sso: named(Kind::Sso)? })
    }
}

fn named_keys(value: &Value, kind: Kind) -> Result<NamedKeys, String> {
    let configurations = value.get("configurations").and_then(Value::as_object).into_iter().flatten();
    let mut keys = configurations
        .map(|(name, value)| Ok((name.clone(), key(value, &format!("{kind}.configurations.{name}"), kind)?)))
        .collect::<Result<NamedKeys, String>>()?;
    if keys.is_empty() || value.get("secret").is_some() {
        keys.insert(String::new(), key(value, kind.name(), kind)?);
    }
    Ok(keys)
}

fn messaging_keys(list: &[Value]) -> Result<Vec<SharedKey>, String> {
    if list.is_empty() || list.len() > MAX_MESSAGING_KEYS {
        return Err(format!("`messaging` has {} keys: an account has 1 to {MAX_MESSAGING_KEYS}", list.len()));
    }
    let mut keys: Vec<SharedKey> = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let key = key(value, &format!("messaging[{index}]"), Kind::Messaging)?;
        if keys.iter().any(|other| other.kid() == key.kid()) {
            return Err(format!("`messaging[{index}].kid` is there twice"));
        }
        keys.push(key);
    }
    Ok(keys)
}

fn key(value: &Value, name: &str, kind: Kind) -> Result<SharedKey, String> {
    let text = |member| value.get(member).and_then(Value::as_str);
    let mut key_id = None;
    if kind == Kind::Messaging {
        let found = text("kid").filter(|kid| !kid.trim().is_empty());
        let found = found.ok_or_else(|| format!("`{name}.kid` is missing: enter the Key ID, such as app_5963…"))?;
        check_kid(found).map_err(|problem| format!("`{name}.kid`: {problem}"))?;
        key_id = Some(found);
    }
    let secret = text("secret");
    let secret = secret.ok_or_else(|| format!("`{name}.secret` is missing: write {{\"secret\": \"…\"}}"))?;
    SharedKey::new(kind, secret, key_id).map_err(|problem| format!("`{name}.secret`: {problem}"))
}

#[derive(Clone)]
pub(super) struct Brand {
    pub name: &'static str,
    pub id: &'static str,
    /// The host of its help center.
    pub origin: Url,
    pub is_host_mapped: bool,
}

impl Brand {
    /// The brands of the account at `origin`. The mapped host leads to the same server if that is on this machine only.
    pub fn all(origin: &Url) -> Vec<Self> {
        let first = Self { name: "Demo", id: "360000000001", origin: origin.clone(), is_host_mapped: false };
        let mut mapped = origin.clone();
        let is_mapped = origin.host_str() == Some("127.0.0.1") && mapped.set_host(Some(MAPPED_HOST)).is_ok();
        let second = Self { name: "Demo Two", id: "360000000002", origin: mapped, is_host_mapped: true };
        [first].into_iter().chain(is_mapped.then_some(second)).collect()
    }

    /// Whether a browser sent a request to the host of this brand.
    pub fn is_of(&self, headers: &HeaderMap) -> bool {
        let host = web::header(headers, HOST.as_str()).unwrap_or_default();
        self.is_host_mapped == host.starts_with(MAPPED_HOST)
    }
}
