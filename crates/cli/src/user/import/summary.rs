//! What an import has done.

use std::path::Path;
use std::time::Duration;

use indicatif::HumanCount;
use serde::Serialize;

use crate::user::progress::per_second;

/// The counts of one run.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Lines with something in them.
    pub read: u64,
    /// Items in the table; in a dry run, those that could be.
    pub stored: u64,
    /// Lines that were reported.
    pub bad: u64,
    /// New tokens in the file of issued tokens.
    pub issued: u64,
    /// Requests that DynamoDB had to be asked again.
    pub retries: u64,
    /// How long it took.
    pub seconds: f64,
    /// Items stored in a second.
    pub per_second: u64,
    /// All lines up to this one are stored or reported, by this run or those before it.
    pub done_up_to_line: u64,
    /// Whether this is all of the file.
    pub complete: bool,
    /// Whether nothing was to be stored.
    pub dry_run: bool,
}

impl Summary {
    /// Sets what follows from the time.
    pub fn took(&mut self, time: Duration) {
        self.seconds = (time.as_secs_f64() * 1000.0).round() / 1000.0;
        self.per_second = per_second(self.stored, time.as_secs_f64());
    }

    /// The same for people.
    #[must_use]
    pub fn text(&self, issued: Option<&Path>) -> String {
        let Self { read, stored, bad, issued: new, retries, seconds, per_second, dry_run, .. } = self;
        let (stored, bad, rate) = (HumanCount(*stored), HumanCount(*bad), HumanCount(*per_second));
        let mut parts = vec![format!("{stored} {}", if *dry_run { "good" } else { "stored" }), format!("{bad} bad")];
        if let (Some(path), 1..) = (issued, *new) {
            let tokens = count(*new, "new token");
            parts.push(if *dry_run { format!("{tokens} to issue") } else { format!("{tokens} in {}", path.display()) });
        }
        if *retries > 0 {
            parts.push(format!("{} repeated", count(*retries, "request")));
        }
        let rate = if *dry_run { ". Nothing was written".to_owned() } else { format!(", {rate} per second") };
        format!("{} read: {}; {seconds:.1} s{rate}", count(*read, "user"), parts.join(", "))
    }
}

fn count(count: u64, thing: &str) -> String {
    format!("{} {thing}{}", HumanCount(count), if count == 1 { "" } else { "s" })
}
