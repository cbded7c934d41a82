//! Single sign-on: the browser posts this JWT to `https://SUBDOMAIN.zendesk.com/access/jwt`.
//!
//! <https://support.zendesk.com/hc/en-us/articles/4408845838874>

use super::support::SupportClaims;
use super::{EpochSeconds, Jti, JwtKind, Kind, UnfitProfile};
use crate::user::{Claim, Role, User};

/// Where the browser posts the JWT, on the account's own host and never on a mapped one.
pub const ENDPOINT: &str = "access/jwt";

/// The way round single sign-on, for whoever has a Zendesk password.
pub const NORMAL_SIGN_IN: &str = "access/normal";

/// SSO's kind of JWT, at the type level.
#[derive(Debug)]
pub enum Sso {}

impl JwtKind for Sso {
    const KIND: Kind = Kind::Sso;
}

/// What becomes of agents without a `custom_role_id`: Zendesk makes each a "Legacy Agent", who may do
/// nearly all that an admin may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyAgents {
    /// They are refused.
    Refused,
    /// They are signed in, because the company wants it so.
    Allowed,
}

/// The claims of an SSO JWT.
pub type SsoClaims<'a> = SupportClaims<'a, Sso>;

impl<'a> SsoClaims<'a> {
    /// The claims of `user`, issued at `iat` under `jti`. Zendesk takes `iat` within 3 minutes of its own clock.
    ///
    /// # Errors
    /// When the name or the e-mail address is missing, the address is not verified, or the user would
    /// become a legacy agent and must not.
    pub fn of(user: &'a User, iat: EpochSeconds, jti: Jti, legacy_agents: LegacyAgents) -> Result<Self, UnfitProfile> {
        let mut claims = Self::new(user, iat, jti)?;
        let is_legacy_agent =
            claims.role == Claim::Value(Role::Agent) && !matches!(claims.custom_role_id, Claim::Value(_));
        if is_legacy_agent && legacy_agents == LegacyAgents::Refused {
            return Err(UnfitProfile::LegacyAgent);
        }
        // `user` is the Support SDK's word; SSO knows `end_user`, `agent` and `admin`.
        if claims.role == Claim::Value(Role::User) {
            claims.role = Claim::Value(Role::EndUser);
        }
        Ok(claims)
    }
}
