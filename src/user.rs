//! User tokens and users, in types that cannot hold an invalid value.
//!
//! `Debug` prints no value of this module: each is secret or personal.

use std::collections::HashSet;
use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use zendesk_jwt_rules::{EpochSeconds, Kind};
use zeroize::Zeroizing;

/// `Debug` that names the type and nothing else.
macro_rules! debug_without_value {
    ($($type:ident),+ $(,)?) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($type), "(…)"))
            }
        }
    )+};
}

debug_without_value!(UserToken, ExternalId, Name, EmailAddress);

/// The opaque string that the company's backend gave its user, and that proves who is asking.
#[derive(Clone)]
pub struct UserToken(Zeroizing<String>);

impl UserToken {
    /// The longest user token in bytes.
    pub const MAX_BYTES: usize = 8 * 1024;

    /// Takes any text of 1 to [`Self::MAX_BYTES`] bytes: Zendesk puts no restriction on the format.
    ///
    /// # Errors
    /// When the text is empty or too long.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidUserToken> {
        let text = Zeroizing::new(text.into());
        match text.len() {
            0 => Err(InvalidUserToken::Empty),
            1..=Self::MAX_BYTES => Ok(Self(text)),
            _ => Err(InvalidUserToken::TooLong),
        }
    }

    /// The key under which the token's user is stored: lower-case hex SHA-256 of its UTF-8 bytes.
    #[must_use]
    pub fn hash(&self) -> String {
        sha256_hex(&self.0)
    }
}

/// Why a text is not a user token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidUserToken {
    /// It holds no character.
    Empty,
    /// It holds more than [`UserToken::MAX_BYTES`] bytes.
    TooLong,
}

/// What is stored under a user token.
#[derive(Clone, Debug)]
pub struct UserTokenRecord {
    /// The user that the token identifies.
    pub user: User,
    /// The kinds of JWT that the token can be exchanged for.
    pub audiences: Audiences,
    /// When the token expires; `None` means never.
    pub expires_at: Option<EpochSeconds>,
    /// Whether every function refuses the token.
    pub suspended: bool,
}

impl UserTokenRecord {
    /// Checks that the token can be exchanged for a JWT of `kind` at `now`.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn check(&self, kind: Kind, now: EpochSeconds) -> Result<(), UserTokenRefusal> {
        if self.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(UserTokenRefusal::Expired);
        }
        if self.suspended {
            return Err(UserTokenRefusal::Suspended);
        }
        if !self.audiences.contains(kind) {
            return Err(UserTokenRefusal::WrongAudience);
        }
        Ok(())
    }
}

/// Why a known user token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserTokenRefusal {
    /// The token has expired. DynamoDB deletes expired items late, so this is common.
    Expired,
    /// The user is suspended.
    Suspended,
    /// The token is for other kinds of JWT.
    WrongAudience,
}

/// The kinds of JWT that a user token can be exchanged for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audiences(HashSet<Kind>);

impl Audiences {
    /// All three kinds: the meaning of an item without `audiences`.
    #[must_use]
    pub fn all() -> Self {
        Self(Kind::ALL.into_iter().collect())
    }

    /// The audiences with these names (`sdk`, `messaging`, `sso`); `None` if a name is unknown.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        names.into_iter().map(Kind::parse).collect::<Option<_>>().map(Self)
    }

    /// Whether `kind` is one of them.
    #[must_use]
    pub fn contains(&self, kind: Kind) -> bool {
        self.0.contains(&kind)
    }
}

/// A user of the company.
#[derive(Clone, Debug, Default)]
pub struct User {
    /// The company's own id of the user. Messaging requires it.
    pub external_id: Option<ExternalId>,
    /// The full name. The Support SDK and SSO require it.
    pub name: Option<Name>,
    /// The e-mail address. The Support SDK and SSO require a verified one.
    pub email: Option<Email>,
    /// The optional claims.
    pub profile: Profile,
}

/// The company's own id of a user: 1 to 255 characters and not blank, unique in the Zendesk account, stable.
///
/// <https://developer.zendesk.com/documentation/zendesk-web-widget-sdks/sdks/web/enabling_auth_visitors/>, "Creating a JWT token"
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ExternalId(String);

impl ExternalId {
    /// The longest external id in characters.
    pub const MAX_CHARACTERS: usize = 255;

    /// `None` unless `text` has 1 to [`Self::MAX_CHARACTERS`] characters, of which one at least is no white space.
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let is_id = !text.trim().is_empty() && text.chars().count() <= Self::MAX_CHARACTERS;
        is_id.then_some(Self(text))
    }

    /// The text itself: personal, and for nobody but the operator and Zendesk.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a log may show of an external id: the start of its SHA-256, enough to find one user's lines.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hash = sha256_hex(&self.0);
        hash.truncate(16);
        hash
    }
}

/// A user's full name: never blank, since Zendesk refuses a token whose `name` is empty.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Name(String);

impl Name {
    /// `None` when `text` holds nothing but white space. Its case and spacing are kept as they are.
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.trim().is_empty()).then_some(Self(text))
    }
}

/// An address that could receive mail. Its case is kept: Zendesk compares it case-sensitively.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The longest address in bytes (RFC 5321, section 4.5.3.1.3, less the angle brackets).
    pub const MAX_BYTES: usize = 254;

    /// `None` unless `text` is something, an `@` and something, without white space or control characters.
    ///
    /// Anything finer is Zendesk's to decide; this keeps out names, ids and lists of addresses.
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let (local, domain) = text.rsplit_once('@')?;
        let plausible = !local.is_empty()
            && !domain.is_empty()
            && text.len() <= Self::MAX_BYTES
            && !text.chars().any(|character| character.is_whitespace() || character.is_control())
            && !text.contains([',', ';', '<', '>']);
        plausible.then_some(Self(text))
    }
}

/// An e-mail address, and whether the user has proven that they own it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    address: EmailAddress,
    verified: bool,
}

impl Email {
    /// Zendesk relies on `verified`: it is true only if the user has proven that they own the address.
    #[must_use]
    pub fn new(address: EmailAddress, verified: bool) -> Self {
        Self { address, verified }
    }

    /// The address, if it is verified.
    #[must_use]
    pub fn verified(&self) -> Option<VerifiedEmail<'_>> {
        self.verified.then_some(VerifiedEmail(&self.address))
    }
}

/// A verified address: the only kind that a claim accepts.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct VerifiedEmail<'a>(&'a EmailAddress);

/// An optional claim. Its three cases differ in Zendesk, so the store and the JWT keep them apart.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Claim<T> {
    /// Not in the JWT: Zendesk keeps its value.
    #[default]
    Absent,
    /// `null`: Zendesk clears its value.
    Null,
    /// Zendesk takes this value, which may be empty.
    Value(T),
}

impl<T> Claim<T> {
    /// For `skip_serializing_if`.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl<T> fmt::Debug for Claim<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Null => "Null",
            Self::Value(_) => "Value(…)",
        })
    }
}

impl<T: Serialize> Serialize for Claim<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Null => serializer.serialize_none(),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Claim<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

/// Declares each optional claim once: its name and type in the stored item and in the JWT.
macro_rules! profile {
    ($($(#[$documentation:meta])* $name:ident: $type:ty,)+) => {
        /// The optional claims, with Zendesk's names and types.
        ///
        /// <https://support.zendesk.com/hc/en-us/articles/4408845838874>, "JWT attributes"
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Profile {
            $($(#[$documentation])* #[serde(skip_serializing_if = "Claim::is_absent")] pub $name: Claim<$type>,)+
        }

        impl Profile {
            /// The names of all optional claims.
            pub const NAMES: &[&str] = &[$(stringify!($name)),+];
        }
    };
}

profile! {
    /// An E.164 number, for example `+15551234567`.
    phone: String,
    /// Zendesk's number for the language of an end user.
    locale: i64,
    /// Zendesk's number for the language of an agent.
    locale_id: i64,
    /// The name of an organization. Zendesk adds it if the account allows several per user.
    organization: String,
    /// Comma-separated names, which replace the user's organizations.
    organizations: String,
    /// The external id of an organization. Takes precedence over `organization`.
    organization_id: String,
    /// Comma-separated external ids, which replace the user's organizations.
    organization_ids: String,
    /// Replace all tags of the user.
    tags: Vec<String>,
    /// The URL of a picture.
    remote_photo_url: String,
    /// Replaces the role that Zendesk has stored.
    role: Role,
    /// Zendesk's number for a custom agent role. Sent only with the role `agent`.
    custom_role_id: i64,
    /// Custom fields by key. A null value clears its field.
    user_fields: Map<String, Value>,
}

/// A role in Zendesk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "String")]
pub enum Role {
    /// A person who asks for support.
    EndUser,
    /// `EndUser` in the documentation of the Support SDK.
    User,
    /// A person who gives support.
    Agent,
    /// An administrator of the Zendesk account.
    Admin,
}

impl TryFrom<String> for Role {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, &'static str> {
        match name.as_str() {
            "end_user" => Ok(Self::EndUser),
            "user" => Ok(Self::User),
            "agent" => Ok(Self::Agent),
            "admin" => Ok(Self::Admin),
            _ => Err("not a role"),
        }
    }
}

fn sha256_hex(text: &str) -> String {
    hex::encode(digest(&SHA256, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_token_is_stored_under_its_sha_256() {
        let token = UserToken::parse("BD2F35A7621").unwrap();
        assert_eq!(token.hash(), "13fbb85d90a8af8828c5901b3cfc6ea91ba8d5aa03c6dde31691dfea20fa3400");
    }

    #[test]
    fn an_external_id_has_1_to_255_characters() {
        assert!(ExternalId::parse("").is_none());
        assert!(ExternalId::parse(" \t").is_none());
        assert!(ExternalId::parse("é".repeat(255)).is_some());
        assert!(ExternalId::parse("é".repeat(256)).is_none());
    }

    #[test]
    fn an_address_is_one_address() {
        for good in ["demo@example.com", "Demo.User+tag@EXAMPLE.com", "ü@example.com", "\"a@b\"@example.com"] {
            assert!(EmailAddress::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "demo",
            "@example.com",
            "demo@",
            "a@example.com, b@example.com",
            "Demo <demo@example.com>",
            "a b@example.com",
            "a@example.com\n",
        ] {
            assert!(EmailAddress::parse(bad).is_none(), "{bad:?}");
        }
    }
}
