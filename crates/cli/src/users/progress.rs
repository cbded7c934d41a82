//! Long work: its progress on standard error, and its pauses while DynamoDB is busy.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};

use crate::output;
use zendesk_jwt::backoff::pause;

/// How often a line shows the progress where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(3);

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

pub(super) struct Progress {
    /// Hidden where there is no terminal.
    bar: ProgressBar,
    is_silent: bool,
}

impl Progress {
    /// A bar on a terminal, elsewhere a line from time to time. The total may be of any unit.
    pub(super) fn new(is_silent: bool, total: Option<u64>) -> Self {
        let (bar, template) = match total {
            _ if is_silent => (ProgressBar::hidden(), ""),
            Some(total) => (ProgressBar::new(total), "{percent:>3}% {wide_bar:.green/dim} {msg}"),
            None => (ProgressBar::new_spinner(), "{spinner:.green} {msg}"),
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("━━─"));
        if !is_silent {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar, is_silent }
    }

    /// Shows that `position` of the total is done: `count` `things` and `more`.
    pub(super) fn is_at(&self, position: u64, count: u64, things: &str, more: &str) {
        self.bar.set_position(position);
        let rate = HumanCount(self.per_second(count));
        // The estimate is zero without a total, and endless at the beginning.
        let left = Some(self.bar.eta()).filter(|left| !left.is_zero() && *left < Duration::from_hours(24 * 7));
        let left = left.map(|left| format!(", {} left", HumanDuration(left))).unwrap_or_default();
        self.bar.set_message(format!("{} {things}{more}, {rate}/s{left}", HumanCount(count)));
    }

    /// Prints a line that stays.
    pub(super) fn say(&self, line: &str) {
        self.bar.suspend(|| output::note(line));
    }

    /// Prints the progress from time to time, as long as the future is polled.
    pub(super) async fn keep_saying(&self) -> Infallible {
        loop {
            tokio::time::sleep(BETWEEN_LINES).await;
            let done = self.bar.message();
            if self.bar.is_hidden() && !self.is_silent && !done.is_empty() {
                self.say(&done);
            }
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.bar.elapsed()
    }

    pub(super) fn per_second(&self, count: u64) -> u64 {
        let per_second = u128::from(count) * 1000 / self.elapsed().as_millis().max(1);
        per_second.try_into().unwrap_or(u64::MAX)
    }
}

/// Doubling pauses with jitter, until nothing has succeeded for `give_up_after`.
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

    /// Waits before the next attempt. Returns false when it is time to give up.
    pub(super) async fn wait(&mut self) -> bool {
        let left = self.give_up_after.saturating_sub(self.last_success.elapsed());
        self.failures_in_a_row += 1;
        tokio::time::sleep(pause(self.failures_in_a_row, FIRST_PAUSE, LONGEST_PAUSE).min(left)).await;
        !left.is_zero()
    }
}
