//! How long to wait before asking a busy DynamoDB again.

use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Doubling pauses, each cut by chance so that requests that were refused together do not come back together.
#[derive(Debug)]
pub(crate) struct Backoff {
    give_up_after: Duration,
    last_success: Instant,
    failures_in_a_row: u32,
}

impl Backoff {
    /// Pauses until nothing has succeeded for `give_up_after`.
    pub(crate) fn new(give_up_after: Duration) -> Self {
        Self { give_up_after, last_success: Instant::now(), failures_in_a_row: 0 }
    }

    /// Begins again with short pauses.
    pub(crate) fn succeeded(&mut self) {
        *self = Self::new(self.give_up_after);
    }

    /// How long to wait after a failure; `None` when it is time to give up.
    pub(crate) fn pause(&mut self) -> Option<Duration> {
        let left = self.give_up_after.checked_sub(self.last_success.elapsed()).filter(|left| !left.is_zero())?;
        let full = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.failures_in_a_row)).min(LONGEST_PAUSE);
        self.failures_in_a_row += 1;
        let mut chance = [0];
        // Without chance the pause is whole, which is still a pause.
        aws_lc_rs::rand::fill(&mut chance).ok();
        Some((full / 2 + full / 2 * u32::from(chance[0]) / 255).min(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_longest_and_begin_again_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_hours(1));
        let pauses: Vec<_> = (0..40).map(|_| backoff.pause().unwrap()).collect();

        assert!(pauses[0] >= FIRST_PAUSE / 2 && pauses[0] <= FIRST_PAUSE, "{:?}", pauses[0]);
        assert!(pauses[39] >= LONGEST_PAUSE / 2 && pauses[39] <= LONGEST_PAUSE, "{:?}", pauses[39]);
        backoff.succeeded();
        assert!(backoff.pause().unwrap() <= FIRST_PAUSE);
    }

    #[test]
    fn it_gives_up_once_nothing_has_succeeded_for_that_long() {
        assert_eq!(Backoff::new(Duration::ZERO).pause(), None);
    }
}
