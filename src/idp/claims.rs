//! How the claims of an ID token become a user of Zendesk.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::user::{EmailAddress, ExternalId, InvalidIdToken, Name, Profile, UserAttributes};

/// The claims that need no configuration, each with its name in OpenID Connect.
const DEFAULTS: [(&str, &str); 4] =
    [("external_id", "sub"), ("name", "name"), ("email", "email"), ("email_verified", "email_verified")];

/// Where the claims of Zendesk come from.
#[derive(Clone, Debug)]
pub struct ClaimMapping(BTreeMap<&'static str, ClaimSource>);

/// Where one claim comes from.
#[derive(Clone, Debug)]
enum ClaimSource {
    /// A claim of the token.
    Claim(String),
    /// A JSON pointer into the token's claims (RFC 6901).
    Pointer(String),
    /// The same for every user of the provider.
    Constant(Value),
}

impl Default for ClaimMapping {
    fn default() -> Self {
        Self(DEFAULTS.map(|(name, claim)| (name, ClaimSource::Claim(claim.to_owned()))).into())
    }
}

impl ClaimMapping {
    /// The names of Zendesk's claims that can be mapped.
    pub fn names() -> impl Iterator<Item = &'static str> {
        DEFAULTS.into_iter().map(|(name, _)| name).chain(Profile::NAMES.iter().copied())
    }

    /// Adds or replaces the source of a claim: a name, a JSON pointer, or `{"value": …}`.
    pub(super) fn set(&mut self, name: &str, source: &Value) -> Result<(), &'static str> {
        let known = Self::names().find(|known| *known == name);
        let name = known.ok_or("is not a claim that Zendesk knows: docs/user-tokens.md lists them")?;
        let source = ClaimSource::parse(source)?;
        if let ClaimSource::Constant(value) = &source {
            match name {
                "external_id" | "email" => return Err("must come from the token: it is not the same for every user"),
                "email_verified" if !value.is_boolean() => return Err("has a value that is not true or false"),
                _ => {}
            }
            let alone = Self(BTreeMap::from([(name, source.clone())]));
            alone.user(&Value::Null).map_err(|_| "has a value that this claim cannot have")?;
        }
        self.0.insert(name, source);
        Ok(())
    }

    /// The user that these claims describe.
    pub(super) fn user(&self, claims: &Value) -> Result<UserAttributes, InvalidIdToken> {
        let value = |name: &str| self.0.get(name).and_then(|source| source.value(claims));
        let text = |name: &'static str| match value(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
            Some(_) => Err(InvalidIdToken::Claim(name)),
        };
        let external_id = text("external_id")?.map(|text| ExternalId::parse(text).ok_or("external_id"));
        let email = text("email")?.map(|text| EmailAddress::parse(text).ok_or("email"));
        let profile = Profile::NAMES.iter().filter_map(|name| Some((*name, value(name)?))).collect();
        Ok(UserAttributes {
            external_id: external_id.transpose().map_err(InvalidIdToken::Claim)?,
            name: text("name")?.and_then(Name::parse),
            email: email.transpose().map_err(InvalidIdToken::Claim)?,
            // Cognito writes some flags as texts. Anything else does not prove an address.
            email_verified: value("email_verified").map(|value| value == true || value == "true"),
            profile: Profile::of_claims(profile).map_err(InvalidIdToken::Claim)?,
        })
    }
}

impl ClaimSource {
    fn parse(source: &Value) -> Result<Self, &'static str> {
        match source {
            Value::String(name) if name.is_empty() => Err("is empty: name a claim of the token"),
            Value::String(pointer) if pointer.starts_with('/') => {
                let is_escaped = |rest: &str| rest.starts_with(['0', '1']);
                let is_valid = pointer.split('~').skip(1).all(is_escaped);
                let problem = "is not a JSON pointer (RFC 6901): write ~ as ~0, and / within a name as ~1";
                if is_valid { Ok(Self::Pointer(pointer.clone())) } else { Err(problem) }
            }
            Value::String(name) => Ok(Self::Claim(name.clone())),
            Value::Object(members) => match members.get("value") {
                Some(value) if members.len() == 1 => Ok(Self::Constant(value.clone())),
                _ => Err("should have the member `value` and no other"),
            },
            _ => Err(r#"should be the name of a claim, a JSON pointer such as "/address/country", or {"value": …}"#),
        }
    }

    fn value(&self, claims: &Value) -> Option<Value> {
        match self {
            Self::Claim(name) => claims.get(name).cloned(),
            Self::Pointer(pointer) => claims.pointer(pointer).cloned(),
            Self::Constant(value) => Some(value.clone()),
        }
    }
}
