//! An ID token of an identity provider as user token: what it says, and whether the endpoint refuses changed ones.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::endpoint::{Endpoint, NOT_TRUSTED, describe};
use super::page;
use super::report::{Group, Report, Verdict, quoted};
use crate::output;
use zendesk_jwt::idp;
use zendesk_jwt::jwt::EpochSeconds;
use zendesk_jwt::user::UserToken;
use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::inspect::find_jwt;
use zendesk_jwt_simulator::client::Answer;

pub(super) const WHY_REFUSED: &str = "The endpoint must know the identity provider: its issuer exactly as `iss` has it, an audience of the token, and \
     this kind of JWT. Besides, it refuses a suspended user and an unverified e-mail address. The server's log has the \
     reason.";

/// What an ID token says about itself. Nothing in it is verified.
pub(super) struct IdToken {
    issuer: String,
    expires_at: Option<EpochSeconds>,
    pub(super) is_expired: bool,
    /// In bytes.
    length: usize,
}

impl IdToken {
    /// `None` if the user token is opaque.
    pub(super) fn read(user_token: &str, now: EpochSeconds) -> Option<Self> {
        let token = idp::IdToken::parse(user_token)?;
        let issuer = quoted(token.issuer()?);
        let expires_at = token.claims().get("exp").and_then(Value::as_u64).map(EpochSeconds);
        let is_expired = expires_at.is_some_and(|at| at.plus(idp::LEEWAY) <= now);
        Some(Self { issuer, expires_at, is_expired, length: user_token.len() })
    }

    pub(super) fn description(&self) -> String {
        let expiry = match self.expires_at {
            None => "has no `exp` in seconds".to_owned(),
            Some(at) if self.is_expired => format!("expired at {}", output::minute(at)),
            Some(at) => format!("expires at {}", output::minute(at)),
        };
        format!("an ID token of the issuer {} that {expiry}", self.issuer)
    }

    fn verdict(&self, kind: Kind) -> Verdict {
        let remedy = if self.length > UserToken::MAX_BYTES {
            "The token is longer than 8 KiB, which the functions refuse: make the provider leave out groups and roles."
        } else if self.is_expired {
            "Sign in again, and give the new token: an endpoint must refuse this one."
        } else if self.expires_at.is_none() {
            "Make the provider set `exp`: without it, a leaked token is good for ever, and the functions refuse it."
        } else if kind == Kind::Sdk {
            "Give the app an opaque user token instead: a phone shows the same token for weeks, and the 401 after its \
             expiry makes the phone forget the user."
        } else {
            return Verdict::pass(self.description());
        };
        Verdict::warn(self.description(), remedy)
    }
}

/// Makes these checks, if the user token is an ID token.
pub(super) async fn examine(endpoint: &Endpoint<'_>, report: &mut Report) {
    let (Some(id_token), Some(given)) = (&endpoint.plan.id_token, &endpoint.plan.user_token) else { return };
    report.add("id-token", id_token.verdict(endpoint.plan.kind));
    if !endpoint.is_trusted {
        return report.skip_rest(&[Group::IdToken], Err(NOT_TRUSTED));
    }
    for (id, what, changed) in changed(given, endpoint.plan.now) {
        // A token that has really expired is the better test.
        let token = if id == "id-token-expired" && id_token.is_expired { given } else { &changed };
        let judge = |answer: &Answer| refused(endpoint.plan.kind, answer, what);
        report.add(id, endpoint.judge(endpoint.request_with(token), judge).await);
    }
}

/// Tokens that nobody signed. None of them helps a person who finds it in a log.
fn changed(given: &str, now: EpochSeconds) -> [(&'static str, &'static str, String); 3] {
    let mut parts = given.splitn(3, '.').map(str::to_owned);
    let [header, payload, signature] = [(); 3].map(|()| parts.next().unwrap_or_default());
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    let signature = format!("{other}{}", signature.get(1..).unwrap_or_default());
    let claims = URL_SAFE_NO_PAD.decode(&payload).unwrap_or_default();
    let mut claims: Value = serde_json::from_slice(&claims).unwrap_or_default();
    claims["exp"] = json!(now.0.saturating_sub(60 * 60));
    let expired = URL_SAFE_NO_PAD.encode(claims.to_string());
    let unsigned = URL_SAFE_NO_PAD.encode(json!({"alg": "none", "typ": "JWT"}).to_string());
    [
        ("id-token-signature", "an ID token with a wrong signature", format!("{header}.{payload}.{signature}")),
        ("id-token-expired", "an expired ID token", format!("{header}.{expired}.{signature}")),
        ("id-token-unsigned", "an ID token without a signature", format!("{unsigned}.{payload}.")),
    ]
}

fn refused(kind: Kind, answer: &Answer, what: &str) -> Verdict {
    let seen = format!("{what} was answered with {}", describe(answer));
    let signs_in = match kind {
        Kind::Sso => !page::forms(&answer.body).is_empty(),
        Kind::Sdk | Kind::Messaging => answer.status.is_success() && find_jwt(&answer.body).is_some(),
    };
    if signs_in {
        let remedy = "Check signature, algorithm and `exp` with the published keys of the provider before anything \
                      else: with this endpoint anybody can be any of your users.";
        return Verdict::fail(seen, remedy).critical();
    }
    let remedy = "Answer 401 to a token that cannot be verified: 5xx is for outages.";
    Verdict::warn_unless(!answer.status.is_server_error(), seen, remedy)
}
