//! How long to wait before the next request to a busy DynamoDB.

use std::time::{Duration, Instant};

use zendesk_jwt::backoff;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Doubling pauses with jitter, until nothing has succeeded for `give_up_after`.
#[derive(Debug)]
pub(super) struct Backoff {
    give_up_after: Duration,
    last_success: Instant,
    failures_in_a_row: u32,
}

impl Backoff {
    pub(super) fn new(give_up_after: Duration) -> Self {
        Self { give_up_after, last_success: Instant::now(), failures_in_a_row: 0 }
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::new(self.give_up_after);
    }

    /// The pause after a failure; `None` when it is time to give up.
    pub(super) fn pause(&mut self) -> Option<Duration> {
        let left = self.give_up_after.checked_sub(self.last_success.elapsed()).filter(|left| !left.is_zero())?;
        self.failures_in_a_row += 1;
        Some(backoff::pause(self.failures_in_a_row, FIRST_PAUSE, LONGEST_PAUSE).min(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_limit_and_start_short_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_hours(1));
        let pauses: Vec<_> = (0..40).map(|_| backoff.pause().unwrap()).collect();

        assert!(pauses[0] >= FIRST_PAUSE / 2 && pauses[0] <= FIRST_PAUSE, "{:?}", pauses[0]);
        assert!(pauses[39] >= LONGEST_PAUSE / 2 && pauses[39] <= LONGEST_PAUSE, "{:?}", pauses[39]);
        backoff.succeeded();
        assert!(backoff.pause().unwrap() <= FIRST_PAUSE);
    }

    #[test]
    fn there_is_no_pause_once_nothing_has_succeeded_for_too_long() {
        assert_eq!(Backoff::new(Duration::ZERO).pause(), None);
    }
}
