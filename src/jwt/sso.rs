//! The SSO JWT, which the browser posts to `https://SUBDOMAIN.zendesk.com/access/jwt`.
//!
//! <https://support.zendesk.com/hc/en-us/articles/4408845838874>

use super::support::SupportClaims;
use super::{EpochSeconds, InvalidUser, Jti, JwtKind, Kind};
use crate::user::{Claim, Role, User};

/// Where the browser posts the JWT: a path on the account's own host, never on a host-mapped one.
pub const ENDPOINT: &str = "access/jwt";

/// Password sign-in, bypassing SSO, while Zendesk passwords are on.
pub const PASSWORD_SIGN_IN: &str = "access/normal";

/// Sign-in by a link that Zendesk mails to the owner or admins, while Zendesk passwords are off.
pub const SSO_BYPASS: &str = "access/sso_bypass";

/// The SSO kind as a type.
#[derive(Debug)]
pub enum Sso {}

impl JwtKind for Sso {
    const KIND: Kind = Kind::Sso;
}

/// Whether an agent needs a `custom_role_id`.
///
/// Custom roles exist on Enterprise plans only. There, Zendesk makes an agent without one a "Legacy Agent", who has
/// almost all rights of an administrator (seen in practice, not documented).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomRole {
    /// An agent without a custom role is signed in.
    Optional,
    /// An agent without a custom role is refused.
    Required,
}

/// The claims of an SSO JWT.
pub type SsoClaims<'a> = SupportClaims<'a, Sso>;

impl<'a> SsoClaims<'a> {
    /// The claims for `user`. Zendesk accepts an `iat` within 3 minutes of its own clock.
    ///
    /// # Errors
    /// If the name or a verified e-mail address is missing, or if an agent lacks a required custom role.
    pub fn of(user: &'a User, iat: EpochSeconds, jti: Jti, custom_role: CustomRole) -> Result<Self, InvalidUser> {
        let mut claims = Self::new(user, iat, jti)?;
        let has_custom_role = matches!(claims.profile.custom_role_id, Claim::Value(_));
        match claims.profile.role {
            Claim::Value(Role::Agent) if custom_role == CustomRole::Required && !has_custom_role => {
                return Err(InvalidUser::LegacyAgent);
            }
            // SSO does not have the role `user`.
            Claim::Value(Role::User) => claims.profile.to_mut().role = Claim::Value(Role::EndUser),
            _ => {}
        }
        Ok(claims)
    }
}
