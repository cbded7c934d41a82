//! What the functions do with an ID token, by their own rules: whether it is valid, and which Zendesk claims it gives.

use console::style;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::output;
use zendesk_jwt::idp::{self, IdToken, IdentityProvider, KeySet};
use zendesk_jwt::jwt::messaging::MessagingClaims;
use zendesk_jwt::jwt::sdk::SdkClaims;
use zendesk_jwt::jwt::sso::{CustomRole, SsoClaims};
use zendesk_jwt::jwt::{EpochSeconds, InvalidUser, Jti, Kind};
use zendesk_jwt::user::{InvalidIdToken, User};

/// What is new in each JWT, and does not come from the user.
const OF_THE_JWT: [&str; 3] = ["exp", "iat", "jti"];

/// The judgement on an ID token, which is never shown itself.
#[derive(Serialize)]
pub(crate) struct Verdict {
    #[serde(rename = "valid_until")]
    pub(crate) expires_at: Option<EpochSeconds>,
    /// Why the functions refuse the token, and what to do.
    pub(crate) problem: Option<String>,
    pub(crate) kinds: Vec<ZendeskClaims>,
}

/// The claims of one kind of JWT.
#[derive(Serialize)]
pub(crate) struct ZendeskClaims {
    pub(crate) kind: Kind,
    /// Whether the tokens of the provider can be exchanged for this kind.
    #[serde(rename = "in_audiences")]
    pub(crate) is_on: bool,
    /// `None` if the functions refuse the user.
    pub(crate) claims: Option<Map<String, Value>>,
    /// What is missing, and what to do.
    pub(crate) problem: Option<String>,
}

impl Verdict {
    pub(crate) fn on(token: &str, provider: &IdentityProvider, keys: &KeySet, now: EpochSeconds) -> Self {
        let Some(token) = IdToken::parse(token) else {
            let problem = "This is not an ID token, which has three base64url parts with full stops between them.";
            return Self { expires_at: None, problem: Some(problem.to_owned()), kinds: Vec::new() };
        };
        let (verified, user) = (provider.verify(&token, keys, now), provider.user(&token));
        let invalid = verified.as_ref().err().or(user.as_ref().err());
        Self { problem: invalid.map(refusal), expires_at: verified.ok(), kinds: ZendeskClaims::of(&token, provider) }
    }

    /// Whether the functions sign every kind of JWT that is on.
    pub(crate) fn is_good(&self) -> bool {
        self.problem.is_none() && self.kinds.iter().all(|kind| !kind.is_on || kind.claims.is_some())
    }
}

/// What the functions would sign for the token if `claims` of its provider were left out. Verifies nothing.
pub(crate) fn zendesk_claims_by_default(token: &str, issuer: &str, audiences: &[String]) -> Vec<ZendeskClaims> {
    let configuration = json!([{"issuer": issuer, "audience": audiences}]).to_string();
    let provider = idp::parse(&configuration).ok().and_then(|mut providers| providers.pop());
    provider
        .zip(IdToken::parse(token))
        .map(|(provider, token)| ZendeskClaims::of(&token, &provider))
        .unwrap_or_default()
}

impl ZendeskClaims {
    /// One for each kind; nothing if the token has a claim that cannot be mapped. Does not verify the token.
    pub(crate) fn of(token: &IdToken<'_>, provider: &IdentityProvider) -> Vec<Self> {
        let Ok(user) = provider.user(token).map(User::from) else { return Vec::new() };
        let of_kind = |kind| {
            let claims = claims(&user, kind);
            let invalid = match &claims {
                Err(invalid) => Some(*invalid),
                // Messaging does without an unverified address.
                Ok(claims) if user.email.is_some() && !claims.contains_key("email") => {
                    Some(InvalidUser::EmailUnverified)
                }
                Ok(_) => None,
            };
            let is_on = provider.audiences().include(kind, None);
            Self { kind, is_on, claims: claims.ok(), problem: invalid.map(|invalid| remedy(invalid, kind)) }
        };
        Kind::ALL.map(of_kind).into()
    }

    pub(crate) fn text(&self) -> String {
        let title = style(self.kind.title()).bold();
        let off = if self.is_on { "" } else { " (off: not in `audiences` of the provider)" };
        let claims = self.claims.as_ref().map_or_else(|| "no JWT".to_owned(), output::in_json);
        let problem = self.problem.as_ref().map(|problem| format!("\n{problem}")).unwrap_or_default();
        format!("{title}{off}\n{}", textwrap::indent(&format!("{claims}{problem}"), "  "))
    }
}

/// The claims of the user in a JWT of this kind.
pub(crate) fn claims(user: &User, kind: Kind) -> Result<Map<String, Value>, InvalidUser> {
    let (time, jti) = (EpochSeconds(0), Jti::from_bits([0; 16]));
    let claims = match kind {
        Kind::Sdk => SdkClaims::of(user, time, jti).map(serde_json::to_value),
        Kind::Messaging => MessagingClaims::of(user, time).map(serde_json::to_value),
        Kind::Sso => SsoClaims::of(user, time, jti, CustomRole::Optional).map(serde_json::to_value),
    };
    // Claims are always an object.
    let mut claims = claims?.ok().and_then(|claims| claims.as_object().cloned()).unwrap_or_default();
    claims.retain(|name, _| !OF_THE_JWT.contains(&name.as_str()));
    Ok(claims)
}

fn remedy(invalid: InvalidUser, kind: Kind) -> String {
    match invalid {
        InvalidUser::Missing(claim) => {
            format!("`{claim}` is missing: map a claim of the ID token to it, or store it in a user record.")
        }
        InvalidUser::EmailUnverified => {
            let effect = if kind == Kind::Messaging { "is left out" } else { "is not enough" };
            format!(
                "The e-mail address is not verified, so it {effect}: map the claim with which your provider says that \
                 it is. Use {{\"value\": true}} only if your provider verifies every address."
            )
        }
        InvalidUser::TeamMember => "`role` is that of a team member, and the Support SDK is for end users.".to_owned(),
        InvalidUser::LegacyAgent => "`custom_role_id` is missing: map it for agents.".to_owned(),
    }
}

fn refusal(invalid: &InvalidIdToken) -> String {
    let remedy = match invalid {
        InvalidIdToken::WrongAudience => " If the client is yours, its `aud` must be an audience of the provider.",
        InvalidIdToken::Expired => " Log in again, and take the new token.",
        InvalidIdToken::NotYetValid => " Check the clocks of this machine and of the provider.",
        InvalidIdToken::KeyUnknown => " Is the token of this provider?",
        InvalidIdToken::SignatureWrong => " Was the token copied whole?",
        InvalidIdToken::Claim(_) => " Map another claim to it.",
        InvalidIdToken::Malformed(_) => "",
    };
    format!("The functions refuse the token: {invalid}.{remedy}")
}
