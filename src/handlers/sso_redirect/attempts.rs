//! The loop guard: a cookie that counts a browser's recent sign-ins and refusals.
//!
//! Zendesk sends a browser that it cannot sign in to the remote logout URL, and a help center that requires sign-in
//! sends it back to us at once. A login page that knows the user sends back a browser that we refuse. Without the guard
//! neither loop ends. The cookie also proves to us that an error of Zendesk follows one of our sign-ins.

use std::borrow::Cow;

use cookie::{Cookie, SameSite, time::Duration};
use lambda_http::Request;

use crate::jwt::EpochSeconds;
use crate::jwt::signing::SigningKey;
use crate::web;
use zendesk_jwt_rules::ConfigurationName;

/// The cookie's name. Because of the prefix, no other host can set it (RFC 6265bis, section 4.1.3.2).
///
/// The path must be `/` because of the prefix, so the name keeps the configurations apart.
fn cookie_name(configuration: Option<&ConfigurationName>) -> Cow<'static, str> {
    const NAME: &str = "__Host-zendesk-sign-ins";
    configuration.map_or(NAME.into(), |name| format!("{NAME}-{name}").into())
}

/// How many sign-ins within [`WINDOW`] need no click.
const MAX_SIGN_INS: usize = 3;

/// How many refusals within [`WINDOW`] lead to the login page.
const MAX_REDIRECTS: usize = 2;

/// How many seconds an attempt counts.
const WINDOW: u64 = 60;

/// For how many seconds a sign-in can be proven: Zendesk reports a clock drift only after three minutes.
const PROOF_WINDOW: u64 = 600;

/// The length of a [`SigningKey::authentication_code`].
const CODE_CHARACTERS: usize = 43;

/// A browser's latest sign-ins and refusals, latest first.
///
/// Forging the times gains nothing: they only decide whether a page waits for a click. The code cannot be forged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempts {
    cookie_name: Cow<'static, str>,
    now: EpochSeconds,
    sign_ins: Vec<EpochSeconds>,
    refusals: Vec<EpochSeconds>,
    /// The signing key's authentication code of the latest sign-in, or an empty text.
    code: String,
}

impl Attempts {
    /// Reads the request's cookie for this configuration.
    pub fn of(request: &Request, configuration: Option<&ConfigurationName>, now: EpochSeconds) -> Self {
        let name = cookie_name(configuration);
        let value = web::cookie(request, &name).unwrap_or_default();
        Self { cookie_name: name, ..Self::parse(&value, now) }
    }

    /// Reads `SIGN_INS~REFUSALS~CODE`, with dots between the times. Parts that are not recent times are ignored.
    fn parse(value: &str, now: EpochSeconds) -> Self {
        let mut parts = value.split('~');
        let mut next = || parts.next().unwrap_or_default();
        let sign_ins = recent_times(next(), now, PROOF_WINDOW);
        let refusals = recent_times(next(), now, WINDOW);
        let code = next();
        let is_code = code.len() == CODE_CHARACTERS
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let code = if is_code { code.to_owned() } else { String::new() };
        Self { cookie_name: cookie_name(None), now, sign_ins, refusals, code }
    }

    /// Whether another sign-in must wait for a click.
    pub fn are_a_sign_in_loop(&self) -> bool {
        self.sign_ins.iter().filter(|time| self.now.since(**time) < WINDOW).count() >= MAX_SIGN_INS
    }

    /// Whether another refusal must not lead to the login page.
    pub fn are_a_refusal_loop(&self) -> bool {
        self.refusals.len() >= MAX_REDIRECTS
    }

    /// Whether the cookie claims a sign-in that [`Self::prove_a_sign_in`] can check.
    pub fn claim_a_sign_in(&self) -> bool {
        !self.sign_ins.is_empty() && !self.code.is_empty()
    }

    /// Whether a holder of `key` made the latest sign-in.
    pub fn prove_a_sign_in<K>(&self, key: &SigningKey<K>) -> bool {
        self.sign_ins.first().is_some_and(|time| key.authenticates(&signed_text(*time), &self.code))
    }

    /// Adds a sign-in with `key`.
    pub fn with_sign_in<K>(self, key: &SigningKey<K>) -> Self {
        let code = key.authentication_code(&signed_text(self.now));
        Self { sign_ins: latest(self.now, self.sign_ins, MAX_SIGN_INS), code, ..self }
    }

    /// Adds a refusal.
    pub fn with_refusal(self) -> Self {
        Self { refusals: latest(self.now, self.refusals, MAX_REDIRECTS), ..self }
    }

    /// The cookie that [`Self::of`] reads.
    pub fn cookie(&self) -> Cookie<'static> {
        let value = format!("{}~{}~{}", text(&self.sign_ins), text(&self.refusals), self.code);
        let max_age = Duration::seconds(i64::try_from(PROOF_WINDOW).unwrap_or_default());
        // `Lax`, because the browser comes from Zendesk's site.
        let cookie = Cookie::build((self.cookie_name.clone(), value)).path("/").secure(true).http_only(true);
        cookie.same_site(SameSite::Lax).max_age(max_age).build()
    }
}

fn recent_times(list: &str, now: EpochSeconds, window: u64) -> Vec<EpochSeconds> {
    let times = list.split('.').filter_map(|text| text.parse().ok().map(EpochSeconds));
    times.filter(|time| *time <= now && now.since(*time) < window).take(MAX_SIGN_INS).collect()
}

fn latest(now: EpochSeconds, times: Vec<EpochSeconds>, count: usize) -> Vec<EpochSeconds> {
    std::iter::once(now).chain(times).take(count).collect()
}

fn text(times: &[EpochSeconds]) -> String {
    times.iter().map(|time| time.0.to_string()).collect::<Vec<_>>().join(".")
}

fn signed_text(sign_in: EpochSeconds) -> String {
    format!("sign-in {}", sign_in.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::jwt::sso::Sso;

    const NOW: EpochSeconds = EpochSeconds(1_000_000);

    fn key(secret: &str) -> SigningKey<Sso> {
        SigningKey::new(secret, None).unwrap()
    }

    fn sign_in(attempts: Attempts) -> Attempts {
        attempts.with_sign_in(&key("demo-shared-secret-0123456789"))
    }

    /// What a browser's cookie says after attempts at these seconds.
    fn after(seconds: &[u64], attempt: fn(Attempts) -> Attempts) -> Attempts {
        let visit = |cookie: String, seconds: &u64| {
            attempt(Attempts::parse(&cookie, NOW.plus(*seconds))).cookie().value().to_owned()
        };
        let cookie = seconds.iter().fold(String::new(), visit);
        Attempts::parse(&cookie, NOW.plus(seconds.last().copied().unwrap_or_default()))
    }

    #[test]
    fn the_fourth_sign_in_within_a_minute_is_a_loop() {
        assert!(!after(&[0, 1], sign_in).are_a_sign_in_loop());
        assert!(after(&[0, 1, 59], sign_in).are_a_sign_in_loop());
        assert!(!after(&[0, 1, 60], sign_in).are_a_sign_in_loop(), "the first sign-in is a minute old");
        assert!(after(&[0, 1, 2, 3, 4, 5], sign_in).are_a_sign_in_loop());
    }

    #[test]
    fn the_third_refusal_within_a_minute_is_a_loop() {
        assert!(!after(&[0], Attempts::with_refusal).are_a_refusal_loop());
        assert!(after(&[0, 59], Attempts::with_refusal).are_a_refusal_loop());
        assert!(!after(&[0, 60], Attempts::with_refusal).are_a_refusal_loop(), "the first refusal is a minute old");
        assert!(!after(&[0, 1, 2], Attempts::with_refusal).are_a_sign_in_loop());
        assert!(!after(&[0, 1, 2], sign_in).are_a_refusal_loop());
    }

    #[test]
    fn only_the_key_of_the_latest_sign_in_proves_it_for_ten_minutes() {
        let (ours, other) = (key("demo-shared-secret-0123456789"), key("another-shared-secret-0123456789"));
        let signed_in = after(&[0, 1], sign_in);
        assert!(signed_in.prove_a_sign_in(&ours) && !signed_in.prove_a_sign_in(&other));
        let refused_later = Attempts::parse(signed_in.clone().with_refusal().cookie().value(), NOW.plus(599));
        assert!(refused_later.prove_a_sign_in(&ours));
        let too_late = Attempts::parse(signed_in.cookie().value(), NOW.plus(601));
        assert!(!too_late.claim_a_sign_in() && !too_late.prove_a_sign_in(&ours));
        let moved = signed_in.cookie().value().replacen("1000001", "1000002", 1);
        assert!(!Attempts::parse(&moved, NOW.plus(2)).prove_a_sign_in(&ours));
    }

    #[test]
    fn only_recent_times_in_the_cookie_count() {
        let empty = Attempts::parse("", NOW);
        for forged in ["", ".", "x.y.z", "99999999999999999999", "-1.-2.-3", "1000001.1000002", "1.2.3", "~1.~~", "~~x"]
        {
            assert_eq!(Attempts::parse(forged, NOW), empty, "{forged}");
        }
        let forged = Attempts::parse(&format!("1000000~~{}", "0".repeat(CODE_CHARACTERS)), NOW);
        assert!(forged.claim_a_sign_in() && !forged.prove_a_sign_in(&key("demo-shared-secret-0123456789")));
    }

    proptest! {
        #[test]
        fn the_cookie_never_grows(value in "[0-9.~]{0,300}", now in any::<u64>()) {
            let attempts = sign_in(Attempts::parse(&value, EpochSeconds(now)).with_refusal());
            prop_assert!(attempts.cookie().value().len() <= 5 * 20 + 5 + CODE_CHARACTERS);
        }
    }
}
