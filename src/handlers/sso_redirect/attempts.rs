//! The loop guard: a cookie that counts a browser's recent sign-ins and refusals.
//!
//! Zendesk sends a browser that it cannot sign in to the remote logout URL, and a help center that requires sign-in
//! sends it back to us at once. A login page that knows the user sends back a browser that we refuse. Without the guard
//! neither loop ends.

use cookie::{Cookie, SameSite, time::Duration};
use lambda_http::Request;

use crate::jwt::EpochSeconds;
use crate::web;

/// The cookie's name. Because of the prefix, no other host can set it (RFC 6265bis, section 4.1.3.2).
const COOKIE: &str = "__Host-zendesk-sign-ins";

/// How many sign-ins within [`WINDOW`] need no click.
const MAX_SIGN_INS: usize = 3;

/// How many refusals within [`WINDOW`] lead to the login page.
const MAX_REDIRECTS: usize = 2;

/// How many seconds an attempt counts.
const WINDOW: u64 = 60;

/// A browser's latest sign-ins and refusals, none older than [`WINDOW`], latest first.
///
/// Forging the cookie gains nothing: it only decides whether a page waits for a click.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    sign_ins: Vec<EpochSeconds>,
    refusals: Vec<EpochSeconds>,
}

impl Attempts {
    /// Reads the request's cookie.
    pub fn of(request: &Request, now: EpochSeconds) -> Self {
        Self::parse(&web::cookie(request, COOKIE).unwrap_or_default(), now)
    }

    /// Reads `SIGN_INS~REFUSALS`, both of them times with dots between them. Parts that are not recent times are ignored.
    fn parse(value: &str, now: EpochSeconds) -> Self {
        let mut lists = value.split('~').map(|list| recent_times(list, now));
        let mut next = || lists.next().unwrap_or_default();
        Self { sign_ins: next(), refusals: next() }
    }

    /// Whether another sign-in must wait for a click.
    pub fn are_a_sign_in_loop(&self) -> bool {
        self.sign_ins.len() >= MAX_SIGN_INS
    }

    /// Whether another refusal must not lead to the login page.
    pub fn are_a_refusal_loop(&self) -> bool {
        self.refusals.len() >= MAX_REDIRECTS
    }

    /// Adds a sign-in.
    pub fn with_sign_in(self, now: EpochSeconds) -> Self {
        Self { sign_ins: latest(now, self.sign_ins, MAX_SIGN_INS), ..self }
    }

    /// Adds a refusal.
    pub fn with_refusal(self, now: EpochSeconds) -> Self {
        Self { refusals: latest(now, self.refusals, MAX_REDIRECTS), ..self }
    }

    /// The cookie that [`Self::of`] reads.
    pub fn cookie(&self) -> Cookie<'static> {
        let mut value = text(&self.sign_ins);
        if !self.refusals.is_empty() {
            value = format!("{value}~{}", text(&self.refusals));
        }
        let max_age = Duration::seconds(i64::try_from(WINDOW).unwrap_or_default());
        // `Lax`, because the browser comes from Zendesk's site.
        let cookie = Cookie::build((COOKIE, value)).path("/").secure(true).http_only(true);
        cookie.same_site(SameSite::Lax).max_age(max_age).build()
    }
}

fn recent_times(list: &str, now: EpochSeconds) -> Vec<EpochSeconds> {
    let times = list.split('.').filter_map(|text| text.parse().ok().map(EpochSeconds));
    times.filter(|time| *time <= now && now.since(*time) < WINDOW).take(MAX_SIGN_INS).collect()
}

fn latest(now: EpochSeconds, times: Vec<EpochSeconds>, count: usize) -> Vec<EpochSeconds> {
    std::iter::once(now).chain(times).take(count).collect()
}

fn text(times: &[EpochSeconds]) -> String {
    times.iter().map(|time| time.0.to_string()).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: EpochSeconds = EpochSeconds(1_000_000);

    /// What a browser's cookie says after attempts at these seconds.
    fn after(seconds: &[u64], attempt: fn(Attempts, EpochSeconds) -> Attempts) -> Attempts {
        let visit = |attempts: Attempts, seconds: &u64| {
            let now = NOW.plus(*seconds);
            Attempts::parse(attempt(attempts, now).cookie().value(), now)
        };
        seconds.iter().fold(Attempts::default(), visit)
    }

    #[test]
    fn the_fourth_sign_in_within_a_minute_is_a_loop() {
        let is_loop = |seconds: &[u64]| {
            let attempts = after(seconds, Attempts::with_sign_in);
            let now = NOW.plus(*seconds.last().unwrap());
            Attempts::parse(attempts.cookie().value(), now).are_a_sign_in_loop()
        };
        assert!(!is_loop(&[0, 1]));
        assert!(is_loop(&[0, 1, 59]));
        assert!(!is_loop(&[0, 1, 60]), "the first sign-in is a minute old");
        assert!(is_loop(&[0, 1, 2, 3, 4, 5]));
    }

    #[test]
    fn the_third_refusal_within_a_minute_is_a_loop() {
        assert!(!after(&[0], Attempts::with_refusal).are_a_refusal_loop());
        assert!(after(&[0, 59], Attempts::with_refusal).are_a_refusal_loop());
        assert!(!after(&[0, 60], Attempts::with_refusal).are_a_refusal_loop(), "the first refusal is a minute old");
        assert!(!after(&[0, 1, 2], Attempts::with_refusal).are_a_sign_in_loop());
        assert!(!after(&[0, 1, 2], Attempts::with_sign_in).are_a_refusal_loop());
    }

    #[test]
    fn only_recent_times_in_the_cookie_count() {
        for forged in
            ["", ".", "x.y.z", "99999999999999999999", "-1.-2.-3", "1000001.1000002.1000003", "1.2.3", "~1.~~"]
        {
            assert_eq!(Attempts::parse(forged, NOW), Attempts::default(), "{forged}");
        }
    }

    proptest! {
        #[test]
        fn the_cookie_never_grows(value in "[0-9.~]{0,300}", now in any::<u64>()) {
            let now = EpochSeconds(now);
            let attempts = Attempts::parse(&value, now).with_sign_in(now).with_refusal(now);
            prop_assert!(attempts.cookie().value().len() <= 5 * 20 + 4);
        }
    }
}
