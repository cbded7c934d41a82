//! How long to wait before the next request to a busy DynamoDB.

use std::time::{Duration, Instant};

use zendesk_jwt::backoff::pause;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Doubling pauses with jitter, until nothing has succeeded for `give_up_after`.
pub(super) struct Backoff {
    pub(super) give_up_after: Duration,
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

    /// Waits before the next attempt. Returns false when it is time to give up.
    pub(super) async fn wait(&mut self) -> bool {
        let left = self.give_up_after.saturating_sub(self.last_success.elapsed());
        self.failures_in_a_row += 1;
        tokio::time::sleep(pause(self.failures_in_a_row, FIRST_PAUSE, LONGEST_PAUSE).min(left)).await;
        !left.is_zero()
    }
}
