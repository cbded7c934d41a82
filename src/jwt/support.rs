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
