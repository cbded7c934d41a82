//! The SSO JWT, which the browser posts to `https://SUBDOMAIN.zendesk.com/access/jwt`.
//!
//! <https://support.zendesk.com/hc/en-us/articles/4408845838874>

use super::support::SupportClaims;
use super::{EpochSeconds, InvalidUser, Jti, JwtKind, Kind};
use crate::user::{Claim, Role, User};

/// Where the browser posts the JWT: a path on the account's own host, never on a host-mapped one.
pub const ENDPOINT: &str = "access/jwt";

/// Password sign-in, bypassing SSO.
pub const NORMAL_SIGN_IN: &str = "access/normal";

/// The SSO kind as a type.
#[derive(Debug)]
pub enum Sso {}

impl JwtKind for Sso {
    const KIND: Kind = Kind::Sso;
}

/// Whether an agent without a `custom_role_id` is signed in. Zendesk makes such an agent a "Legacy Agent", who has
/// almost all rights of an administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyAgents {
    /// The agent is refused.
    Refused,
    /// The agent is signed in.
    Allowed,
}

/// The claims of an SSO JWT.
pub type SsoClaims<'a> = SupportClaims<'a, Sso>;

impl<'a> SsoClaims<'a> {
    /// The claims for `user`. Zendesk accepts an `iat` within 3 minutes of its own clock.
    ///
    /// # Errors
    /// If the name or a verified e-mail address is missing, or if the user is a legacy agent and these are refused.
    pub fn of(user: &'a User, iat: EpochSeconds, jti: Jti, legacy_agents: LegacyAgents) -> Result<Self, InvalidUser> {
        let mut claims = Self::new(user, iat, jti)?;
        let has_custom_role = matches!(claims.profile.custom_role_id, Claim::Value(_));
        match claims.profile.role {
            Claim::Value(Role::Agent) if legacy_agents == LegacyAgents::Refused && !has_custom_role => {
                return Err(InvalidUser::LegacyAgent);
            }
            // SSO does not have the role `user`.
            Claim::Value(Role::User) => claims.profile.to_mut().role = Claim::Value(Role::EndUser),
            _ => {}
        }
        Ok(claims)
    }
}
