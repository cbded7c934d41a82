//! The progress of long work, on standard error.

use std::cell::RefCell;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};

use crate::output;

/// How often a line shows the progress where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(super) struct Progress {
    started: Instant,
    /// The amount of work in any unit, if known.
    total: Option<u64>,
    /// Hidden where there is no terminal.
    bar: ProgressBar,
    /// The latest progress in words.
    done: RefCell<String>,
    is_silent: bool,
}

impl Progress {
    pub(super) fn silent() -> Self {
        Self { is_silent: true, ..Self::with(ProgressBar::hidden(), None) }
    }

    /// A bar on a terminal; elsewhere a line from time to time.
    pub(super) fn of(total: Option<u64>) -> Self {
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let template =
            if total.is_some() { "{percent:>3}% {wide_bar:.green/dim} {msg}" } else { "{spinner:.green} {msg}" };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("━━─"));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self::with(bar, total)
    }

    fn with(bar: ProgressBar, total: Option<u64>) -> Self {
        Self { started: Instant::now(), total, bar, done: RefCell::default(), is_silent: false }
    }

    /// Shows that `position` of the total is done: `count` `things` and `more`.
    pub(super) fn is_at(&self, position: u64, count: u64, things: &str, more: &str) {
        let seconds = self.started.elapsed().as_secs_f64().max(0.001);
        let mut done = format!("{} {things}{more}, {}/s", HumanCount(count), HumanCount(per_second(count, seconds)));
        if let Some(left) = self.time_left(position, seconds) {
            done = format!("{done}, {} left", HumanDuration(left).to_string().trim_start_matches("about "));
        }
        self.bar.set_position(position);
        self.bar.set_message(done.clone());
        *self.done.borrow_mut() = done;
    }

    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn time_left(&self, position: u64, seconds: f64) -> Option<Duration> {
        let left = self.total?.saturating_sub(position);
        (position > 0).then(|| Duration::try_from_secs_f64(seconds * left as f64 / position as f64).ok())?
    }

    /// Prints a line that stays.
    pub(super) fn say(&self, line: &str) {
        self.bar.suspend(|| output::note(line));
    }

    /// Prints the progress from time to time, as long as the future is polled.
    pub(super) async fn keep_saying(&self) -> Infallible {
        loop {
            tokio::time::sleep(BETWEEN_LINES).await;
            if self.bar.is_hidden() && !self.is_silent && !self.done.borrow().is_empty() {
                self.say(&self.done.borrow());
            }
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate for people"
)]
pub(super) fn per_second(count: u64, seconds: f64) -> u64 {
    (count as f64 / seconds.max(0.001)).round() as u64
}
