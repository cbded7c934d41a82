//! The claims that the Support SDK and SSO share.
//!
//! <https://support.zendesk.com/hc/en-us/articles/4408845838874>, "JWT attributes"

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::Serialize;

use super::{Claims, EpochSeconds, InvalidUser, Jti, JwtKind};
use crate::user::{Claim, ExternalId, Name, Profile, Role, User, VerifiedEmail};

/// The required claims `iat`, `jti`, `email` and `name`, and the optional ones.
#[derive(Debug, Serialize)]
pub struct SupportClaims<'a, K> {
    iat: EpochSeconds,
    jti: Jti,
    email: VerifiedEmail<'a>,
    name: &'a Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a ExternalId>,
    #[serde(flatten)]
    pub(super) profile: Cow<'a, Profile>,
    #[serde(skip)]
    kind: PhantomData<fn() -> K>,
}

impl<K: JwtKind> Claims for SupportClaims<'_, K> {
    type Kind = K;
}

impl<'a, K> SupportClaims<'a, K> {
    /// Refuses an unverified address: Zendesk sends no verification mail for these kinds, so that anyone could
    /// otherwise sign in as its owner.
    pub(super) fn new(user: &'a User, iat: EpochSeconds, jti: Jti) -> Result<Self, InvalidUser> {
        let email = user.email.as_ref().ok_or(InvalidUser::Missing("email"))?;
        let mut profile = Cow::Borrowed(&user.profile);
        // Zendesk accepts a custom role for agents only.
        if profile.role != Claim::Value(Role::Agent) && !profile.custom_role_id.is_absent() {
            profile.to_mut().custom_role_id = Claim::Absent;
        }
        Ok(Self {
            iat,
            jti,
            email: email.verified().ok_or(InvalidUser::EmailUnverified)?,
            name: user.name.as_ref().ok_or(InvalidUser::Missing("name"))?,
            external_id: user.external_id.as_ref(),
            profile,
            kind: PhantomData,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::jwt::sdk::SdkClaims;
    use crate::jwt::sso::{CustomRole, SsoClaims};
    use crate::jwt::{EpochSeconds, InvalidUser, Jti};
    use crate::user::{Email, EmailAddress, Name, Profile, User};

    const NOW: EpochSeconds = EpochSeconds(1_639_608_035);

    fn user(profile: Value) -> User {
        User {
            external_id: None,
            name: Name::parse("Demo User"),
            email: EmailAddress::parse("demo@example.com").map(|address| Email::new(address, true)),
            profile: serde_json::from_value(profile).unwrap(),
        }
    }

    fn sdk(user: &User) -> Value {
        serde_json::to_value(SdkClaims::of(user, NOW, Jti::from_bits([0; 16])).unwrap()).unwrap()
    }

    fn sso(user: &User, custom_role: CustomRole) -> Result<Value, InvalidUser> {
        let claims = SsoClaims::of(user, NOW, Jti::from_bits([0; 16]), custom_role)?;
        Ok(serde_json::to_value(claims).unwrap())
    }

    #[test]
    fn a_custom_role_is_sent_only_with_the_role_agent() {
        for role in [json!("end_user"), json!("user"), json!("admin"), json!(null)] {
            let user = user(json!({ "role": role, "custom_role_id": 7 }));
            if role != "admin" {
                assert_eq!(sdk(&user).get("custom_role_id"), None, "{role}");
            }
            assert_eq!(sso(&user, CustomRole::Optional).unwrap().get("custom_role_id"), None, "{role}");
        }
        let without_role = user(json!({ "custom_role_id": 7 }));
        assert_eq!(sso(&without_role, CustomRole::Optional).unwrap().get("custom_role_id"), None);
        let agent = user(json!({ "role": "agent", "custom_role_id": 7 }));
        assert_eq!(sso(&agent, CustomRole::Required).unwrap()["custom_role_id"], 7);
    }

    #[test]
    fn an_agent_without_a_custom_role_is_refused_only_if_one_is_required() {
        for profile in [json!({ "role": "agent" }), json!({ "role": "agent", "custom_role_id": null })] {
            let agent = user(profile);
            assert_eq!(sso(&agent, CustomRole::Required), Err(InvalidUser::LegacyAgent));
            assert_eq!(sso(&agent, CustomRole::Optional).unwrap()["role"], "agent");
        }
        let admin = user(json!({ "role": "admin" }));
        assert!(sso(&admin, CustomRole::Required).is_ok());
    }

    #[test]
    fn the_support_sdk_refuses_agents_and_administrators() {
        for role in ["agent", "admin"] {
            let team_member = user(json!({ "role": role, "custom_role_id": 7 }));
            let claims = SdkClaims::of(&team_member, NOW, Jti::from_bits([0; 16]));
            assert_eq!(claims.err(), Some(InvalidUser::TeamMember), "{role}");
        }
        for role in [json!("end_user"), json!("user"), json!(null)] {
            assert_eq!(sdk(&user(json!({ "role": role })))["role"], role);
        }
    }

    #[test]
    fn sso_writes_end_user_for_the_role_user() {
        let user = user(json!({ "role": "user" }));
        assert_eq!(sdk(&user)["role"], "user");
        assert_eq!(sso(&user, CustomRole::Required).unwrap()["role"], "end_user");
    }

    #[test]
    fn a_claim_is_absent_or_null_as_in_the_profile() {
        for name in Profile::NAMES {
            assert_eq!(sdk(&user(json!({}))).get(*name), None, "{name}");
            // The role decides whether a custom role is sent.
            if *name != "custom_role_id" {
                assert_eq!(sdk(&user(json!({ *name: null })))[*name], Value::Null, "{name}");
                assert!(sdk(&user(json!({ *name: null }))).get(*name).is_some(), "{name}");
            }
        }
    }
}
