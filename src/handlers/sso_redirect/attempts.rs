//! The loop guard: a cookie that counts a browser's recent sign-ins.
//!
//! Zendesk sends a browser that it cannot sign in to the remote logout URL, and a help center that requires sign-in
//! sends it back to us at once. Without the guard this loop never ends.

use cookie::{Cookie, SameSite, time::Duration};

use crate::jwt::EpochSeconds;

/// The cookie's name. Because of the prefix, no other host can set it (RFC 6265bis, section 4.1.3.2).
pub const COOKIE: &str = "__Host-zendesk-sign-ins";

/// How many sign-ins within [`WINDOW`] are normal.
const LIMIT: usize = 3;

/// How many seconds a sign-in counts.
const WINDOW: u64 = 60;

/// The times of a browser's latest sign-ins: at most [`LIMIT`], none older than [`WINDOW`].
///
/// Forging the cookie gains nothing: it only decides whether the page waits for a click.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempts(Vec<EpochSeconds>);

impl Attempts {
    /// Parses the cookie's value at `now`. Parts that are not recent times are ignored.
    pub fn read(value: Option<&str>, now: EpochSeconds) -> Self {
        let times = value.unwrap_or_default().split('.').filter_map(|text| text.parse().ok().map(EpochSeconds));
        let recent = times.filter(|time| *time <= now && now.since(*time) < WINDOW);
        Self(recent.take(LIMIT).collect())
    }

    /// Whether another sign-in must wait for a click.
    pub fn are_a_loop(&self) -> bool {
        self.0.len() >= LIMIT
    }

    /// The cookie with another sign-in at `now`, latest first.
    pub fn with(&self, now: EpochSeconds) -> Cookie<'static> {
        let times = std::iter::once(&now).chain(&self.0).take(LIMIT);
        let value = times.map(|time| time.0.to_string()).collect::<Vec<_>>().join(".");
        let max_age = Duration::seconds(i64::try_from(WINDOW).unwrap_or_default());
        // `Lax`, because the browser comes from Zendesk's site.
        let cookie = Cookie::build((COOKIE, value)).path("/").secure(true).http_only(true);
        cookie.same_site(SameSite::Lax).max_age(max_age).build()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: EpochSeconds = EpochSeconds(1_000_000);

    fn after(seconds: &[u64]) -> Attempts {
        let mut attempts = Attempts::read(None, NOW);
        for seconds in seconds {
            let now = NOW.plus(*seconds);
            attempts = Attempts::read(Some(attempts.with(now).value()), now);
        }
        attempts
    }

    #[test]
    fn the_fourth_sign_in_within_a_minute_is_a_loop() {
        assert!(!after(&[0, 1]).are_a_loop());
        assert!(after(&[0, 1, 59]).are_a_loop());
        assert!(!after(&[0, 1, 60]).are_a_loop(), "the first sign-in is a minute old");
        assert!(after(&[0, 1, 2, 3, 4, 5]).are_a_loop());
    }

    #[test]
    fn only_recent_times_in_the_cookie_count() {
        for forged in ["", ".", "x.y.z", "99999999999999999999", "-1.-2.-3", "1000001.1000002.1000003", "1.2.3"] {
            assert_eq!(Attempts::read(Some(forged), NOW), Attempts(Vec::new()), "{forged}");
        }
    }

    proptest! {
        #[test]
        fn the_cookie_never_grows(value in "[0-9.]{0,300}", now in any::<u64>()) {
            let cookie = Attempts::read(Some(&value), EpochSeconds(now)).with(EpochSeconds(now));
            prop_assert!(cookie.value().len() <= 3 * 20 + 2);
        }
    }
}
