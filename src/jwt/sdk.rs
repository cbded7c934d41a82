//! The Support SDK exchange (classic mobile SDK): Zendesk's servers hand us a user token and take this JWT.
//!
//! <https://developer.zendesk.com/documentation/classic-web-widget-sdks/support-sdk/working-with-the-support-sdk/building-a-dedicated-jwt-endpoint-for-the-support-sdk/>, "JSON web token response"

use super::support::SupportClaims;
use super::{EpochSeconds, Jti, JwtKind, Kind, UnfitProfile};
use crate::user::User;

/// The Support SDK's kind of JWT, at the type level.
#[derive(Debug)]
pub enum Sdk {}

impl JwtKind for Sdk {
    const KIND: Kind = Kind::Sdk;
}

/// The claims of a Support SDK JWT.
pub type SdkClaims<'a> = SupportClaims<'a, Sdk>;

impl<'a> SdkClaims<'a> {
    /// The claims of `user`, issued at `iat` under `jti`.
    ///
    /// # Errors
    /// When the name or the e-mail address is missing, or the address is not verified.
    pub fn of(user: &'a User, iat: EpochSeconds, jti: Jti) -> Result<Self, UnfitProfile> {
        Self::new(user, iat, jti)
    }
}
