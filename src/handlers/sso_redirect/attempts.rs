//! The loop guard: how often a browser was signed in just now, kept in a cookie of its own.
//!
//! Zendesk sends a browser that it could not sign in to the remote logout URL, and a help center that
//! wants its visitors signed in sends it straight back. Without a guard they go round for ever.

use cookie::{Cookie, SameSite, time::Duration};

use crate::jwt::EpochSeconds;

/// The cookie's name. The prefix keeps other hosts from setting it (RFC 6265bis, section 4.1.3.2).
pub const COOKIE: &str = "__Host-zendesk-sign-ins";

/// How many sign-ins within [`WINDOW`] are nobody's mistake.
const LIMIT: usize = 3;

/// How long a sign-in counts, in seconds.
const WINDOW: u64 = 60;

/// The moments of a browser's latest sign-ins: at most [`LIMIT`], none older than [`WINDOW`].
///
/// Whoever forges the cookie gains nothing: a full one asks for a click, an empty one does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempts(Vec<EpochSeconds>);

impl Attempts {
    /// What the cookie's value says at `now`; anything in it that is no such moment counts for nothing.
    #[must_use]
    pub fn read(value: Option<&str>, now: EpochSeconds) -> Self {
        let moments = value.unwrap_or_default().split('.').filter_map(|text| text.parse().ok().map(EpochSeconds));
        let recent = moments.filter(|moment| *moment <= now && now.since(*moment) < WINDOW);
        Self(recent.take(LIMIT).collect())
    }

    /// Whether one more sign-in would be one too many to go on by itself.
    #[must_use]
    pub fn are_a_loop(&self) -> bool {
        self.0.len() >= LIMIT
    }

    /// The cookie that remembers one more sign-in at `now`, latest first.
    #[must_use]
    pub fn with(&self, now: EpochSeconds) -> Cookie<'static> {
        let moments = std::iter::once(&now).chain(&self.0).take(LIMIT);
        let value = moments.map(|moment| moment.0.to_string()).collect::<Vec<_>>().join(".");
        let max_age = Duration::seconds(i64::try_from(WINDOW).unwrap_or_default());
        // Lax, since the browser comes here from Zendesk's site.
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
        assert!(!after(&[0, 1, 60]).are_a_loop(), "the first one is a minute old");
        assert!(after(&[0, 1, 2, 3, 4, 5]).are_a_loop());
    }

    #[test]
    fn a_forged_cookie_counts_for_nothing_but_real_moments() {
        for forged in ["", ".", "x.y.z", "99999999999999999999", "-1.-2.-3", "1000001.1000002.1000003", "1.2.3"] {
            assert_eq!(Attempts::read(Some(forged), NOW), Attempts(Vec::new()), "{forged}");
        }
    }

    proptest! {
        #[test]
        fn the_cookie_stays_short_whatever_it_held(value in "[0-9.]{0,300}", now in any::<u64>()) {
            let cookie = Attempts::read(Some(&value), EpochSeconds(now)).with(EpochSeconds(now));
            prop_assert!(cookie.value().len() <= 3 * 20 + 2);
        }
    }
}
