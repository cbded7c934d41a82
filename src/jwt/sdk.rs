//! The Support SDK JWT (classic mobile SDK), which Zendesk's servers get in exchange for a user token.
//!
//! <https://developer.zendesk.com/documentation/classic-web-widget-sdks/support-sdk/working-with-the-support-sdk/building-a-dedicated-jwt-endpoint-for-the-support-sdk/>, "JSON web token response"

use super::support::SupportClaims;
use super::{EpochSeconds, InvalidUser, Jti, JwtKind, Kind};
use crate::user::{Claim, Role, User};

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
    /// If the name or a verified e-mail address is missing, or if the user is a team member: Zendesk answers 403 to the
    /// address of an agent or administrator here (seen in practice, not documented).
    pub fn of(user: &'a User, iat: EpochSeconds, jti: Jti) -> Result<Self, InvalidUser> {
        match user.profile.role {
            Claim::Value(Role::Agent | Role::Admin) => Err(InvalidUser::TeamMember),
            _ => Self::new(user, iat, jti),
        }
    }
}
