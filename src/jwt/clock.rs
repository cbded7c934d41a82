//! The clock, an argument of everything that mints, so that tests set it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use zendesk_jwt_rules::EpochSeconds;

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The time since 1970.
    fn since_epoch(&self) -> Duration;

    /// The same in whole seconds.
    fn now(&self) -> EpochSeconds {
        EpochSeconds(self.since_epoch().as_secs())
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock that the others stand in for")]
    fn since_epoch(&self) -> Duration {
        // A clock before 1970 gives an `iat` that Zendesk refuses, which is better than a crash.
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}
