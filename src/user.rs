//! The user whom a user token stands for, in types that cannot hold a bad value.
//!
//! Everything here is personal or secret, so no `Debug` of this module prints a value.

use std::collections::HashSet;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::jwt::{EpochSeconds, Kind};

pub use zendesk_jwt_rules::user::{EmailAddress, ExternalId, InvalidUserToken, Name, UserToken};

/// What is stored under a user token: a user, and when and where the token counts.
#[derive(Clone, Debug)]
pub struct UserTokenRecord {
    /// The user it stands for.
    pub user: User,
    /// The kinds of JWT it may be exchanged for.
    pub audiences: Audiences,
    /// From when on it no longer counts; `None` is never.
    pub expires_at: Option<EpochSeconds>,
    /// Whether every flow is closed to it.
    pub suspended: bool,
}

impl UserTokenRecord {
    /// Whether the token may be exchanged for a JWT of `kind` at `now`.
    ///
    /// # Errors
    /// With the first reason why not.
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
    /// Its `expires_at` has come. DynamoDB deletes expired items late, so this is an everyday case.
    Expired,
    /// Its user is suspended.
    Suspended,
    /// It is meant for other kinds of JWT.
    WrongAudience,
}

/// The kinds of JWT that a user token may be exchanged for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audiences(HashSet<Kind>);

impl Audiences {
    /// All three kinds, which is what an item without `audiences` means.
    #[must_use]
    pub fn all() -> Self {
        Self(Kind::ALL.into_iter().collect())
    }

    /// The audiences of those names (`sdk`, `messaging`, `sso`); `None` when one of them is something else.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        names.into_iter().map(Kind::parse).collect::<Option<_>>().map(Self)
    }

    /// Whether `kind` is among them.
    #[must_use]
    pub fn contains(&self, kind: Kind) -> bool {
        self.0.contains(&kind)
    }
}

/// A company's own user, as Zendesk will come to know them.
#[derive(Clone, Debug, Default)]
pub struct User {
    /// The company's stable id of the user. Messaging requires it.
    pub external_id: Option<ExternalId>,
    /// The full name. The Support SDK and SSO require it.
    pub name: Option<Name>,
    /// The e-mail address. The Support SDK and SSO require it, verified.
    pub email: Option<Email>,
    /// The claims that may be left out.
    pub profile: Profile,
}

/// An e-mail address and whether the user has proven that it is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    address: EmailAddress,
    verified: bool,
}

impl Email {
    /// `verified` only when the user has proven ownership: Zendesk takes our word for it.
    #[must_use]
    pub fn new(address: EmailAddress, verified: bool) -> Self {
        Self { address, verified }
    }

    /// The address as one that may vouch for its user, if it is verified.
    #[must_use]
    pub fn verified(&self) -> Option<VerifiedEmail<'_>> {
        self.verified.then_some(VerifiedEmail(&self.address))
    }
}

/// An address whose user has proven ownership: the only kind that any claim takes.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct VerifiedEmail<'a>(&'a EmailAddress);

/// A claim that may be left out. Zendesk tells three cases apart, so the store and the token do too:
/// absent keeps what Zendesk has, null clears it, and a value (an empty one as well) replaces it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Claim<T> {
    /// Not in the store, and so not in the token.
    #[default]
    Absent,
    /// Stored as null, and sent as null.
    Null,
    /// Stored and sent as it is.
    Value(T),
}

impl<T> Claim<T> {
    /// For `skip_serializing_if`: an absent claim has no key in the token.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The value, where absent and null are the same.
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Absent | Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    /// The claim over a borrowed value.
    #[must_use]
    pub fn as_ref(&self) -> Claim<&T> {
        match self {
            Self::Absent => Claim::Absent,
            Self::Null => Claim::Null,
            Self::Value(value) => Claim::Value(value),
        }
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

/// The claims beyond name, e-mail address and external id, named and typed as Zendesk has them.
///
/// <https://support.zendesk.com/hc/en-us/articles/4408845838874>, "JWT attributes"
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// E.164, such as `+15551234567`.
    pub phone: Claim<String>,
    /// Zendesk's number of an end user's language.
    pub locale: Claim<i64>,
    /// Zendesk's number of an agent's language.
    pub locale_id: Claim<i64>,
    /// The name of an organisation; appended in multi-organisation accounts.
    pub organization: Claim<String>,
    /// Comma-separated names; overwrites the user's organisations.
    pub organizations: Claim<String>,
    /// The *external* id of an organisation; wins over `organization`.
    pub organization_id: Claim<String>,
    /// Comma-separated external ids; overwrites the user's organisations.
    pub organization_ids: Claim<String>,
    /// Replaces all of the user's tags.
    pub tags: Claim<Vec<String>>,
    /// The URL of a picture.
    pub remote_photo_url: Claim<String>,
    /// Changes the role that Zendesk has stored.
    pub role: Claim<Role>,
    /// Zendesk's number of a custom agent role; sent only with the role `agent`.
    pub custom_role_id: Claim<i64>,
    /// Custom fields by key; a null value clears its field.
    pub user_fields: Claim<serde_json::Map<String, serde_json::Value>>,
}

/// A role in Zendesk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Somebody who asks for support.
    EndUser,
    /// The same, in the word of the Support SDK's documentation.
    User,
    /// Somebody who gives support.
    Agent,
    /// Somebody who runs the Zendesk account.
    Admin,
}

impl Role {
    /// The role of that name, if there is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "end_user" => Some(Self::EndUser),
            "user" => Some(Self::User),
            "agent" => Some(Self::Agent),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }
}
