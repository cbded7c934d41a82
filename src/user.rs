//! User tokens and users, in types that cannot hold an invalid value.
//!
//! `Debug` prints no value of this module: each is secret or personal.

use std::fmt;

use serde::de::value::MapDeserializer;
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
        self.check_user(kind, configuration)
    }

    /// Checks that the user can have a JWT of this kind and configuration. Does not look at the time.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn check_user(&self, kind: Kind, configuration: Option<&ConfigurationName>) -> Result<(), UserTokenRefusal> {
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

/// What is stored about a user of an identity provider: it overrides what their ID token says.
#[derive(Clone, Debug, Default)]
pub struct UserRecord {
    /// The attributes, which override the attributes of the token.
    pub attributes: UserAttributes,
    /// What the user's ID tokens can be exchanged for, instead of what the provider's can; `None` changes nothing.
    pub audiences: Option<Audiences>,
    /// Whether every function refuses the user.
    pub suspended: bool,
}

/// Why an ID token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIdToken {
    /// The token has expired.
    #[error("the token has expired (exp)")]
    Expired,
    /// The token is not valid yet.
    #[error("the token is not valid yet (nbf)")]
    NotYetValid,
    /// The token is for another audience.
    #[error("the token is not for a configured audience (aud), or another party asked for it (azp)")]
    WrongAudience,
    /// The provider does not publish the key that made the signature.
    #[error("the provider publishes no key that made the signature (kid)")]
    KeyUnknown,
    /// The signature is not one of the key that the token names.
    #[error("the signature is wrong")]
    SignatureWrong,
    /// The token breaks a rule for ID tokens.
    #[error("the token is not an ID token that this service accepts: {0}")]
    Malformed(&'static str),
    /// The value that the token has for this claim of Zendesk is not one that the claim can have.
    #[error("the token's value for {0} has a wrong type, or is not one that this claim can have")]
    Claim(&'static str),
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

/// What one source says about a user. Every part can be missing.
#[derive(Clone, Debug, Default)]
pub struct UserAttributes {
    /// The company's own id of the user.
    pub external_id: Option<ExternalId>,
    /// The full name.
    pub name: Option<Name>,
    /// The e-mail address.
    pub email: Option<EmailAddress>,
    /// Whether the user has proven that they own the address.
    pub email_verified: Option<bool>,
    /// The optional claims.
    pub profile: Profile,
}

impl UserAttributes {
    /// These attributes, except for those that `other` has. `email_verified` of one address says nothing of another.
    #[must_use]
    pub fn overridden_by(self, other: Self) -> Self {
        let email_verified = match other.email {
            Some(_) => other.email_verified,
            None => other.email_verified.or(self.email_verified),
        };
        Self {
            external_id: other.external_id.or(self.external_id),
            name: other.name.or(self.name),
            email: other.email.or(self.email),
            email_verified,
            profile: self.profile.overridden_by(other.profile),
        }
    }
}

impl From<UserAttributes> for User {
    /// An address without `email_verified` is not verified.
    fn from(attributes: UserAttributes) -> Self {
        let UserAttributes { external_id, name, email, email_verified, profile } = attributes;
        let email = email.map(|address| Email::new(address, email_verified.unwrap_or_default()));
        Self { external_id, name, email, profile }
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

            /// These claims, except for those that `other` has.
            fn overridden_by(self, other: Self) -> Self {
                Self { $($name: if other.$name.is_absent() { self.$name } else { other.$name },)+ }
            }
        }
    };
}

impl Profile {
    /// The claims with these names and values.
    ///
    /// # Errors
    /// The name of the first claim with a value that it cannot have.
    pub fn of_claims(claims: Vec<(&'static str, Value)>) -> Result<Self, &'static str> {
        let mut last = "";
        let claims = claims.into_iter().inspect(|(name, _)| last = name);
        Self::deserialize(MapDeserializer::<_, serde_json::Error>::new(claims)).map_err(|_| last)
    }
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
