//! The messaging JWT, which a page or an app hands to the web widget or the mobile SDK.
//!
//! <https://developer.zendesk.com/documentation/zendesk-web-widget-sdks/sdks/web/enabling_auth_visitors/>, "Creating a JWT token"

use serde::Serialize;

use super::{Claims, EpochSeconds, InvalidUser, JwtKind, Kind};
use crate::user::{Email, ExternalId, Name, User, VerifiedEmail};

/// The messaging kind as a type.
#[derive(Debug)]
pub enum Messaging {}

impl JwtKind for Messaging {
    const KIND: Kind = Kind::Messaging;
}

/// The claims of a messaging JWT.
#[derive(Debug, Serialize)]
pub struct MessagingClaims<'a> {
    scope: &'static str,
    external_id: &'a ExternalId,
    exp: EpochSeconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<VerifiedEmail<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
}

impl Claims for MessagingClaims<'_> {
    type Kind = Messaging;
}

impl<'a> MessagingClaims<'a> {
    /// The claims for `user`, valid until `exp`. Zendesk ignores an unverified address, so it is left out.
    ///
    /// # Errors
    /// If the external id is missing.
    pub fn of(user: &'a User, exp: EpochSeconds) -> Result<Self, InvalidUser> {
        let email = user.email.as_ref().and_then(Email::verified);
        Ok(Self {
            scope: "user",
            external_id: user.external_id.as_ref().ok_or(InvalidUser::Missing("external_id"))?,
            exp,
            name: user.name.as_ref(),
            email,
            email_verified: email.map(|_| true),
        })
    }
}
