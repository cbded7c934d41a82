//! The claims that Zendesk Support takes, from the Support SDK and from SSO alike.
//!
//! <https://support.zendesk.com/hc/en-us/articles/4408845838874>, "JWT attributes"

use std::marker::PhantomData;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Claims, EpochSeconds, Jti, JwtKind, UnfitProfile};
use crate::user::{Claim, ExternalId, Name, Role, User, VerifiedEmail};

/// `iat`, `jti`, `email` and `name`, which are required and never empty, and all that may go with them.
#[derive(Debug, Serialize)]
pub struct SupportClaims<'a, K> {
    pub(super) iat: EpochSeconds,
    pub(super) jti: Jti,
    pub(super) email: VerifiedEmail<'a>,
    pub(super) name: &'a Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) external_id: Option<&'a ExternalId>,
    #[serde(skip_serializing_if = "Claim::is_absent")]
    pub(super) phone: Claim<&'a String>,
    #[serde(skip_serializing_if = "Claim::is_absent")]
    pub(super) locale: Claim<i64>,
    #[serde(skip_serializing_if = "Claim::is_absent")]
    pub(super) locale_id: Claim<i64>,
    #[serde(skip_serializing_if = "Claim::is_absent")]
    pub(super) organization: Claim<&'a String>,
    #[serde(skip_serializing_if = "Claim::is_absent")]
    pub(super) organizations: Claim<&'a String>,
    #[serde(skip_serializing_if = "Claim::is_absent")]
    pub(super) organization_id: Claim<&'a String>,
    #[serde(skip_serializing_if = "Claim::is_absent")]
    pub(super) organization_ids: Claim<&'a String>,
    #[serde(skip_serializing_if = "Claim::is_absent")]
    pub(super) tags: Claim<&'a Vec<String>>,
    #[serde(skip_serializing_if = "Claim::is_absent")]
    pub(super) remote_photo_url: Claim<&'a String>,
    #[serde(skip_serializing_if = "Claim::is_absent")]
    pub(super) role: Claim<Role>,
    #[serde(skip_serializing_if = "Claim::is_absent")]
    pub(super) custom_role_id: Claim<i64>,
    #[serde(skip_serializing_if = "Claim::is_absent")]
    pub(super) user_fields: Claim<&'a Map<String, Value>>,
    #[serde(skip)]
    kind: PhantomData<fn() -> K>,
}

impl<K: JwtKind> Claims for SupportClaims<'_, K> {
    type Kind = K;
}

impl<'a, K> SupportClaims<'a, K> {
    /// The claims of `user`, issued at `iat` under `jti`.
    ///
    /// Zendesk sends no verification mail for these two kinds, so an unverified address would let
    /// anybody become its owner: it is refused here, for both.
    ///
    /// # Errors
    /// When the name or the e-mail address is missing, or the address is not verified.
    pub(super) fn new(user: &'a User, iat: EpochSeconds, jti: Jti) -> Result<Self, UnfitProfile> {
        let profile = &user.profile;
        let email = user.email.as_ref().ok_or(UnfitProfile::Missing("email"))?;
        Ok(Self {
            iat,
            jti,
            email: email.verified().ok_or(UnfitProfile::EmailUnverified)?,
            name: user.name.as_ref().ok_or(UnfitProfile::Missing("name"))?,
            external_id: user.external_id.as_ref(),
            phone: profile.phone.as_ref(),
            locale: profile.locale,
            locale_id: profile.locale_id,
            organization: profile.organization.as_ref(),
            organizations: profile.organizations.as_ref(),
            organization_id: profile.organization_id.as_ref(),
            organization_ids: profile.organization_ids.as_ref(),
            tags: profile.tags.as_ref(),
            remote_photo_url: profile.remote_photo_url.as_ref(),
            role: profile.role,
            // Zendesk takes a custom role for agents only.
            custom_role_id: match profile.role {
                Claim::Value(Role::Agent) => profile.custom_role_id,
                _ => Claim::Absent,
            },
            user_fields: profile.user_fields.as_ref(),
            kind: PhantomData,
        })
    }
}
