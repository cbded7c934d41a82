//! The clock. It is an argument, so that tests can set it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use zendesk_jwt_rules::EpochSeconds;

/// A source of the time.
pub trait Clock: Send + Sync {
    /// The time since 1970.
    fn since_epoch(&self) -> Duration;

    /// The time in whole seconds since 1970.
    fn now(&self) -> EpochSeconds {
        EpochSeconds(self.since_epoch().as_secs())
    }
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the only place that reads the system's clock")]
    fn since_epoch(&self) -> Duration {
        // With a clock before 1970, Zendesk refuses the `iat`. That is better than a panic.
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}
