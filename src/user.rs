//! User tokens and users, in types that cannot hold an invalid value.
//!
//! `Debug` prints no value of this module: each is secret or personal.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use zendesk_jwt_rules::{Audience, ConfigurationName, EpochSeconds, Kind};

pub use zendesk_jwt_rules::user::{EmailAddress, ExternalId, InvalidUserToken, Name, UserToken};

/// What is stored under a user token.
#[derive(Clone, Debug)]
pub struct UserTokenRecord {
    /// The user that the token identifies.
    pub user: User,
    /// What the token can be exchanged for.
    pub audiences: Audiences,
    /// When the token expires; `None` means never.
    pub expires_at: Option<EpochSeconds>,
    /// Whether every function refuses the token.
    pub suspended: bool,
}

impl UserTokenRecord {
    /// Checks that the token can be exchanged for a JWT of this kind and configuration at `now`.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn check(
        &self,
        kind: Kind,
        configuration: Option<&ConfigurationName>,
        now: EpochSeconds,
    ) -> Result<(), UserTokenRefusal> {
        if self.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(UserTokenRefusal::Expired);
        }
        if self.suspended {
            return Err(UserTokenRefusal::Suspended);
        }
        if !self.audiences.include(kind, configuration) {
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
    /// The token is for other kinds of JWT, or for other configurations.
    WrongAudience,
}

/// What a user token can be exchanged for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audiences(Vec<Audience>);

impl Audiences {
    /// All three kinds: the meaning of an item without `audiences`.
    #[must_use]
    pub fn all() -> Self {
        Self(Kind::ALL.map(Audience::from).into())
    }

    /// The audiences with these names (see [`Audience::parse`]); `None` if a name is unknown.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        names.into_iter().map(Audience::parse).collect::<Option<_>>().map(Self)
    }

    /// Whether a JWT of this kind and configuration is one of them.
    #[must_use]
    pub fn include(&self, kind: Kind, configuration: Option<&ConfigurationName>) -> bool {
        self.0.iter().any(|audience| audience.includes(kind, configuration))
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
