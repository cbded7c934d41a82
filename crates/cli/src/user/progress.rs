//! How far a long piece of work is, on standard error.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};

/// Where there is no terminal to draw a bar on, a line says as much this often.
const BETWEEN_LINES: Duration = Duration::from_secs(3);

/// A bar on a terminal, a line now and then elsewhere, or nothing.
#[derive(Debug)]
pub(crate) struct Progress {
    started: Instant,
    /// How much there is to do, in any unit; `None` when nobody knows.
    total: Option<u64>,
    /// How much of it is done.
    position: Cell<u64>,
    /// What is done, in words.
    done: RefCell<String>,
    display: Display,
}

#[derive(Debug)]
enum Display {
    Silent,
    Bar(ProgressBar),
    Lines,
}

impl Progress {
    /// Says nothing.
    pub(crate) fn silent() -> Self {
        Self::shown_by(Display::Silent, None)
    }

    /// Of so much work, as far as that is known.
    pub(crate) fn of(total: Option<u64>) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::shown_by(Display::Lines, total);
        }
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let template = match total {
            Some(_) => "{percent:>3}% {wide_bar:.green/dim} {msg}",
            None => "{spinner:.green} {msg}",
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("━━─"));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self::shown_by(Display::Bar(bar), total)
    }

    fn shown_by(display: Display, total: Option<u64>) -> Self {
        Self { started: Instant::now(), total, position: Cell::new(0), done: RefCell::default(), display }
    }

    /// `position` of the total is done; in words, `count` `things` and `more`.
    pub(crate) fn is_at(&self, position: u64, count: u64, things: &str, more: &str) {
        self.position.set(position);
        let seconds = self.started.elapsed().as_secs_f64().max(0.001);
        let mut done = format!("{} {things}{more}, {}/s", HumanCount(count), HumanCount(per_second(count, seconds)));
        if let Some(left) = self.time_left(seconds) {
            done = format!("{done}, {} left", HumanDuration(left).to_string().trim_start_matches("about "));
        }
        if let Display::Bar(bar) = &self.display {
            bar.set_position(position);
            bar.set_message(done.clone());
        }
        *self.done.borrow_mut() = done;
    }

    fn time_left(&self, seconds: f64) -> Option<Duration> {
        let position = self.position.get();
        let left = self.total?.saturating_sub(position);
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        (position > 0).then(|| Duration::try_from_secs_f64(seconds * left as f64 / position as f64).ok())?
    }

    /// Says a line of its own, which stays.
    #[expect(clippy::print_stderr, reason = "a person reads this")]
    pub(crate) fn say(&self, line: &str) {
        match &self.display {
            Display::Bar(bar) => bar.suspend(|| eprintln!("{line}")),
            Display::Silent | Display::Lines => eprintln!("{line}"),
        }
    }

    /// Says every now and then how far it is, for as long as it is polled.
    pub(crate) async fn keep_saying(&self) -> Infallible {
        loop {
            tokio::time::sleep(BETWEEN_LINES).await;
            if matches!(self.display, Display::Lines) && !self.done.borrow().is_empty() {
                self.say(&self.done.borrow());
            }
        }
    }

    /// How long it has been at work.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Display::Bar(bar) = &self.display {
            bar.finish_and_clear();
        }
    }
}

/// A rate as a whole number.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate for people"
)]
pub(crate) fn per_second(count: u64, seconds: f64) -> u64 {
    (count as f64 / seconds.max(0.001)).round() as u64
}
