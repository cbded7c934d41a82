//! The Support SDK JWT (classic mobile SDK), which Zendesk's servers get in exchange for a user token.
//!
//! <https://developer.zendesk.com/documentation/classic-web-widget-sdks/support-sdk/working-with-the-support-sdk/building-a-dedicated-jwt-endpoint-for-the-support-sdk/>, "JSON web token response"

use super::support::SupportClaims;
use super::{EpochSeconds, InvalidUser, Jti, JwtKind, Kind};
use crate::user::User;

/// The Support SDK kind as a type.
#[derive(Debug)]
pub enum Sdk {}

impl JwtKind for Sdk {
    const KIND: Kind = Kind::Sdk;
}

/// The claims of a Support SDK JWT.
pub type SdkClaims<'a> = SupportClaims<'a, Sdk>;

impl<'a> SdkClaims<'a> {
    /// The claims for `user`.
    ///
    /// # Errors
    /// If the name or a verified e-mail address is missing.
    pub fn of(user: &'a User, iat: EpochSeconds, jti: Jti) -> Result<Self, InvalidUser> {
        Self::new(user, iat, jti)
    }
}
