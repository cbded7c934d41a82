//! `IDENTITY_PROVIDERS`: which providers are trusted, and what their claims mean.

use serde_json::Value;
use url::{Host, Url};

use super::claims::ClaimMapping;
use super::json::is_ambiguous;
use super::keys::KeySet;
use super::token::{IdToken, LEEWAY};
use crate::jwt::EpochSeconds;
use crate::user::{Audiences, InvalidIdToken, UserAttributes};

/// What the ID tokens of a provider can be exchanged for, unless its configuration says otherwise. Not for the Support
/// SDK: an app sends the same token for weeks, and forgets its user when the token has expired.
const DEFAULT_AUDIENCES: [&str; 2] = ["messaging", "sso"];

/// One member of `IDENTITY_PROVIDERS`.
#[derive(Clone, Debug)]
pub struct IdentityProvider {
    issuer: String,
    audience: Vec<String>,
    claims: ClaimMapping,
    audiences: Audiences,
}

/// Reads the JSON list of providers.
///
/// # Errors
/// All problems, each with its path: `IDENTITY_PROVIDERS[1].claims.email is …`.
pub fn parse(text: &str) -> Result<Vec<IdentityProvider>, Vec<String>> {
    let mut problems = Problems::default();
    let providers = problems.providers(text);
    if problems.0.is_empty() { Ok(providers) } else { Err(problems.0) }
}

impl IdentityProvider {
    /// The issuer, exactly as tokens name it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What its ID tokens can be exchanged for.
    #[must_use]
    pub fn audiences(&self) -> &Audiences {
        &self.audiences
    }

    /// Checks that the token is a valid ID token of this provider at `now`. Returns when it expires or, if only the leeway
    /// still makes it valid, when the leeway ends.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn verify(
        &self,
        token: &IdToken<'_>,
        keys: &KeySet,
        now: EpochSeconds,
    ) -> Result<EpochSeconds, InvalidIdToken> {
        let header = token.header()?;
        if token.issuer() != Some(&self.issuer) {
            return Err(InvalidIdToken::Malformed("its issuer is another one (iss)"));
        }
        // Before all other claims, so that their refusals take equally long.
        keys.verify(token, &header)?;
        if token.claims().get("token_use").is_some_and(|token_use| token_use != "id") {
            return Err(InvalidIdToken::Malformed("it is not an ID token (token_use)"));
        }
        if !self.is_for_us(token.claims()) {
            return Err(InvalidIdToken::WrongAudience);
        }
        let expires_at = token.moment("exp")?.ok_or(InvalidIdToken::Malformed("it never expires (exp)"))?;
        let valid_until = if expires_at > now { expires_at } else { expires_at.plus(LEEWAY) };
        if valid_until <= now {
            return Err(InvalidIdToken::Expired);
        }
        if token.moment("nbf")?.is_some_and(|not_before| not_before > now.plus(LEEWAY)) {
            return Err(InvalidIdToken::NotYetValid);
        }
        Ok(valid_until)
    }

    /// The user that the token's claims describe.
    ///
    /// # Errors
    /// The first claim with a value that it cannot have.
    pub fn user(&self, token: &IdToken<'_>) -> Result<UserAttributes, InvalidIdToken> {
        self.claims.user(token.claims())
    }

    /// OpenID Connect Core, section 3.1.3.7, steps 3 to 5.
    fn is_for_us(&self, claims: &Value) -> bool {
        let is_ours = |value: &Value| value.as_str().is_some_and(|text| self.audience.iter().any(|ours| ours == text));
        match claims.get("aud") {
            Some(Value::Array(several)) if several.len() > 1 => {
                several.iter().any(is_ours) && claims.get("azp").is_none_or(is_ours)
            }
            Some(Value::Array(one)) => one.iter().any(is_ours),
            Some(one) => is_ours(one),
            None => false,
        }
    }
}

#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, path: &str, problem: &str) {
        self.0.push(format!("IDENTITY_PROVIDERS{path} {problem}"));
    }

    fn providers(&mut self, text: &str) -> Vec<IdentityProvider> {
        if serde_json::from_str::<Value>(text).is_ok() && is_ambiguous(text.as_bytes()) {
            self.add("", "has a member twice");
        }
        let list = match serde_json::from_str(text) {
            Ok(Value::Array(list)) if !list.is_empty() => list,
            Ok(_) => {
                self.add("", r#"is not a list of providers, such as [{"issuer": "https://…", "audience": "…"}]"#);
                return Vec::new();
            }
            Err(error) => {
                self.add("", &format!("is not JSON: {error}"));
                return Vec::new();
            }
        };
        let numbered = list.iter().enumerate();
        let providers: Vec<_> = numbered.filter_map(|(i, value)| self.provider(&format!("[{i}]"), value)).collect();
        for (i, provider) in providers.iter().enumerate() {
            if providers.iter().take(i).any(|other| other.issuer == provider.issuer) {
                self.add(&format!("[{i}].issuer"), "is the issuer of another provider in the list");
            }
        }
        providers
    }

    fn provider(&mut self, path: &str, value: &Value) -> Option<IdentityProvider> {
        let Some(members) = value.as_object() else {
            self.add(path, "is not an object with the members issuer and audience");
            return None;
        };
        for name in members.keys() {
            if !["issuer", "audience", "claims", "audiences"].contains(&name.as_str()) {
                self.add(
                    &format!("{path}.{name}"),
                    "is not known: a provider has issuer, audience, claims and audiences",
                );
            }
        }
        let issuer = self.issuer(&format!("{path}.issuer"), members.get("issuer"));
        let audience = self.audience(&format!("{path}.audience"), members.get("audience"));
        let claims = self.claims(&format!("{path}.claims"), members.get("claims"));
        let audiences = self.audiences(&format!("{path}.audiences"), members.get("audiences"));
        Some(IdentityProvider { issuer: issuer?, audience: audience?, claims, audiences: audiences? })
    }

    fn issuer(&mut self, path: &str, value: Option<&Value>) -> Option<String> {
        let text = value.and_then(Value::as_str).unwrap_or_default();
        let is_issuer = |url: &Url| is_fetchable(url) && url.query().is_none() && url.fragment().is_none();
        if Url::parse(text).is_ok_and(|url| is_issuer(&url)) && !text.contains(char::is_whitespace) {
            return Some(text.to_owned());
        }
        self.add(path, "is not an https:// address without user, query and fragment: copy `iss` from an ID token");
        None
    }

    fn audience(&mut self, path: &str, value: Option<&Value>) -> Option<Vec<String>> {
        let texts = value.and_then(texts).filter(|texts| texts.iter().all(|text| !text.trim().is_empty()));
        if texts.is_none() {
            self.add(path, "is not a text or a list of texts: copy `aud`, your client id, from an ID token");
        }
        texts
    }

    fn claims(&mut self, path: &str, value: Option<&Value>) -> ClaimMapping {
        let mut mapping = ClaimMapping::default();
        match value {
            None => {}
            Some(Value::Object(members)) => {
                for (name, source) in members {
                    if let Err(problem) = mapping.set(name, source) {
                        self.add(&format!("{path}.{name}"), problem);
                    }
                }
            }
            Some(_) => self.add(path, r#"is not an object such as {"external_id": "sub"}"#),
        }
        mapping
    }

    fn audiences(&mut self, path: &str, value: Option<&Value>) -> Option<Audiences> {
        let names = match value {
            None => Some(DEFAULT_AUDIENCES.map(str::to_owned).into()),
            Some(Value::String(_)) => None,
            Some(list) => texts(list),
        };
        let audiences = names.and_then(|names| Audiences::parse(names.iter().map(String::as_str)));
        if audiences.is_none() {
            self.add(path, "is not a list of any of sdk, messaging and sso");
        }
        audiences
    }
}

/// One text, or a list of at least one.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(list) if !list.is_empty() => list.iter().map(|text| text.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

/// Whether documents may come from this address: over TLS, or from this machine.
pub(super) fn is_fetchable(url: &Url) -> bool {
    let has_no_user = url.username().is_empty() && url.password().is_none();
    has_no_user && url.has_host() && (url.scheme() == "https" || is_loopback(url))
}

/// Whether the address is one of this machine, without TLS.
pub(super) fn is_loopback(url: &Url) -> bool {
    let is_this_machine = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && is_this_machine
}
