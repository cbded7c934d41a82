//! What Admin Center holds: the addresses of the company's endpoints and the keys of each kind.

use std::fmt;

use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroizing;

use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::inspect::{Expectation, Subject, inspect};
use zendesk_jwt_rules::signing_key::check_kid;

/// Zendesk, *Authenticating end users in messaging*.
const MAX_MESSAGING_KEYS: usize = 10;

/// One Zendesk account. A kind that is not configured is not simulated.
#[derive(Debug, Default)]
pub struct Account {
    /// Channels > Classic > Mobile SDK.
    pub support_sdk: Option<SupportSdk>,
    /// Account > Security > Single sign-on.
    pub sso: Option<Sso>,
    /// Account > Security > End user authentication.
    pub messaging: Option<Messaging>,
    /// The user tokens that the pages offer.
    pub user_tokens: Vec<UserToken>,
}

/// The Support SDK's settings.
#[derive(Debug)]
pub struct SupportSdk {
    /// The JWT URL.
    pub jwt_url: Url,
    /// The shared secret.
    pub secret: Secret,
}

/// A JWT configuration for single sign-on.
#[derive(Debug)]
pub struct Sso {
    /// The remote login URL.
    pub login_url: Url,
    /// The remote logout URL.
    pub logout_url: Option<Url>,
    /// The shared secret.
    pub secret: Secret,
}

/// The settings of messaging, and the address that the company's page uses.
#[derive(Debug)]
pub struct Messaging {
    /// Where the page fetches its JWTs.
    pub jwt_url: Url,
    /// The active keys.
    pub keys: Vec<MessagingKey>,
}

/// A user token that the pages offer.
#[derive(Clone)]
pub struct UserToken {
    /// The token.
    pub token: String,
    /// What the user token demonstrates.
    pub shows: String,
}

impl fmt::Debug for UserToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserToken(…, {:?})", self.shows)
    }
}

/// A shared secret: the text that Admin Center shows once.
pub struct Secret(Zeroizing<String>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    fn parse(text: &str, kind: Kind) -> Result<Self, String> {
        let expectation = Expectation { kind: Some(kind), secret: Some(text.as_bytes()), now: 0 };
        let findings = inspect("", &expectation).findings;
        let about_secret = findings.into_iter().find(|finding| finding.rule.subject() == Subject::Secret);
        about_secret.map_or_else(|| Ok(Self(Zeroizing::new(text.to_owned()))), |finding| Err(finding.message))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// A key of messaging.
#[derive(Debug)]
pub struct MessagingKey {
    pub(super) kid: String,
    pub(super) secret: Secret,
}

/// The keys of the kinds that have one.
#[derive(Debug, Default)]
pub struct Keys {
    /// The Support SDK's shared secret.
    pub sdk: Option<Secret>,
    /// The keys of messaging, at most ten.
    pub messaging: Vec<MessagingKey>,
    /// The shared secret of single sign-on.
    pub sso: Option<Secret>,
}

impl Keys {
    /// Reads `{"sdk": {"secret": "…"}, "messaging": {"kid": "app_…", "secret": "…"}, "sso": {"secret": "…"}}`. Each
    /// member is optional, and `messaging` may be a list.
    ///
    /// # Errors
    /// Says what is wrong, without quoting a secret.
    pub fn parse(json: &str) -> Result<Self, String> {
        // The message of serde would quote the value.
        let keys: Map<String, Value> = serde_json::from_str(json).map_err(|error| {
            format!("line {} is not the JSON object {{\"sdk\": …, \"messaging\": …, \"sso\": …}}", error.line())
        })?;
        if let Some(name) = keys.keys().find(|name| Kind::parse(name).is_none()) {
            return Err(format!("`{name}` is not a kind: the kinds are sdk, messaging and sso"));
        }
        let secret = |kind: Kind| keys.get(kind.name()).map(|key| secret(key, kind.name(), kind)).transpose();
        Ok(Self {
            sdk: secret(Kind::Sdk)?,
            messaging: keys.get("messaging").map(messaging_keys).transpose()?.unwrap_or_default(),
            sso: secret(Kind::Sso)?,
        })
    }
}

fn messaging_keys(value: &Value) -> Result<Vec<MessagingKey>, String> {
    let Value::Array(list) = value else {
        return Ok(vec![messaging_key(value, "messaging")?]);
    };
    if list.is_empty() || list.len() > MAX_MESSAGING_KEYS {
        return Err(format!("`messaging` has {} keys: an account has 1 to {MAX_MESSAGING_KEYS}", list.len()));
    }
    let keys = list.iter().enumerate().map(|(index, key)| messaging_key(key, &format!("messaging[{index}]")));
    let keys: Vec<MessagingKey> = keys.collect::<Result<_, _>>()?;
    let is_duplicate = |index: &usize| keys.iter().take(*index).any(|key| key.kid == keys[*index].kid);
    match (0..keys.len()).find(is_duplicate) {
        Some(index) => Err(format!("`messaging[{index}].kid` is there twice")),
        None => Ok(keys),
    }
}

fn messaging_key(value: &Value, name: &str) -> Result<MessagingKey, String> {
    let kid = value.get("kid").and_then(Value::as_str).filter(|kid| !kid.trim().is_empty());
    let kid = kid.ok_or_else(|| format!("`{name}.kid` is missing: enter the Key ID, such as app_5963…"))?;
    check_kid(kid).map_err(|problem| format!("`{name}.kid`: {problem}"))?;
    Ok(MessagingKey { kid: kid.to_owned(), secret: secret(value, name, Kind::Messaging)? })
}

fn secret(value: &Value, name: &str, kind: Kind) -> Result<Secret, String> {
    let text = value.get("secret").and_then(Value::as_str);
    let text = text.ok_or_else(|| format!("`{name}.secret` is missing: write {{\"secret\": \"…\"}}"))?;
    Secret::parse(text, kind).map_err(|problem| format!("`{name}.secret`: {problem}"))
}
