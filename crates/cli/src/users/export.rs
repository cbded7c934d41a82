//! `zendesk-jwt user export`: writes everything in the table to a file that `user import` reads.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, StdoutLock, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use indicatif::HumanCount;
use serde_json::{Map, Value, json};

use super::arguments::Format;
use super::backoff::Backoff;
use super::cells;
use super::private_file::Replacement;
use super::progress::{Progress, per_second};
use crate::account::UserTokens;
use crate::aws::error::Failure;
use crate::aws::fields::stored_fields;
use crate::aws::user_token_items::StoredItem;
use crate::aws::user_token_table::UserTokenTable;
use crate::output;
use crate::problem::{Problem, block_on};

/// How many names of unknown attributes the summary lists.
const MAX_NAMES: usize = 10;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The table holds only the hashes of tokens, and so does the export. An item that changes during \
    the export is written as it was before or after. docs/import.md describes the formats.\n\n\
    Exit status: 0 when everything is exported, 1 when not, 2 on a usage error."
)]
pub(crate) struct Arguments {
    /// Write this file instead of standard output. It appears once it is complete
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// The format to write
    #[arg(long, default_value = "jsonl")]
    format: Format,

    /// Stop when DynamoDB answers nothing for this long
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = humantime::parse_duration)]
    give_up_after: Duration,

    /// Show neither progress nor summary
    #[arg(long)]
    quiet: bool,

    /// Print the summary as JSON on standard output, and show no progress
    #[arg(long, requires = "output")]
    json: bool,

    #[command(flatten)]
    user_tokens: UserTokens,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<ExitCode, Problem> {
        block_on(async {
            let table = self.user_tokens.table().await?;
            // Only the estimate of the time left needs the count.
            let count = table.approximate_count().await.unwrap_or_default();
            let progress = self.progress(count.filter(|count| *count > 0));
            tokio::select! {
                result = self.export(&table, &progress) => result,
                _ = tokio::signal::ctrl_c() => Err(Problem("stopped: no file was written".into())),
                never = progress.keep_saying() => match never {},
            }
        })
    }

    fn progress(&self, count: Option<u64>) -> Progress {
        let users_fill_the_terminal = self.output.is_none() && io::stdout().is_terminal();
        if self.quiet || self.json || users_fill_the_terminal { Progress::silent() } else { Progress::of(count) }
    }

    async fn export(&self, table: &UserTokenTable, progress: &Progress) -> Result<ExitCode, Problem> {
        let mut lines = Lines { format: self.format, written: 0, unwritten: 0, left_out: BTreeSet::new() };
        let mut target = Output::open(self.output.as_deref()).map_err(|error| self.unwritable(&error))?;
        let mut text = lines.header();
        let mut after = None;
        loop {
            let (items, next) = self.page(table, after.as_deref()).await?;
            text.extend(lines.text(items, progress));
            let written = if next.is_some() { target.write(&text) } else { target.complete(&text) };
            match written {
                // The reader of the pipe has seen enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
                written => written.map_err(|error| self.unwritable(&error))?,
            }
            progress.is_at(lines.written, lines.written, "exported", "");
            if next.is_none() {
                break;
            }
            (after, text) = (next, Vec::new());
        }
        lines.say_what_is_missing(progress);
        let took = progress.elapsed();
        if self.json {
            let seconds = took.as_secs_f64();
            output::json(&json!({"exported": lines.written, "not_exported": lines.unwritten, "seconds": seconds}))?;
        } else if !self.quiet {
            progress.say(&self.summary(lines.written, took));
        }
        Ok(ExitCode::from(u8::from(lines.unwritten > 0)))
    }

    fn unwritable(&self, error: &io::Error) -> Problem {
        let place = self.output.as_ref().map_or("standard output".into(), |path| path.display().to_string());
        Problem(format!("{place} cannot be written: {error}"))
    }

    /// A page of the table, requested again while DynamoDB is busy.
    async fn page(
        &self,
        table: &UserTokenTable,
        after: Option<&str>,
    ) -> Result<(Vec<StoredItem>, Option<String>), Problem> {
        let mut backoff = Backoff::new(self.give_up_after);
        loop {
            let error = match table.page(after).await {
                Ok(page) => return Ok(page),
                Err(error) => error,
            };
            // Before the first page, an unreachable table means wrong arguments.
            let is_temporary =
                error.failure == Failure::Throttled || error.failure == Failure::Unavailable && after.is_some();
            let Some(pause) = backoff.pause().filter(|_| is_temporary) else { return Err(error.into()) };
            tokio::time::sleep(pause).await;
        }
    }

    fn summary(&self, written: u64, took: Duration) -> String {
        let (seconds, place) = (took.as_secs_f64(), self.output.as_deref());
        let place = place.map(|path| format!(" to {}", path.display())).unwrap_or_default();
        let rate = HumanCount(per_second(written, seconds));
        let users = if written == 1 { "user" } else { "users" };
        format!("{} {users} exported{place}; {seconds:.1} s, {rate} per second", HumanCount(written))
    }
}

enum Output {
    Stdout(StdoutLock<'static>),
    File(Replacement),
}

impl Output {
    fn open(path: Option<&Path>) -> io::Result<Self> {
        path.map_or_else(|| Ok(Self::Stdout(io::stdout().lock())), |path| Replacement::of(path).map(Self::File))
    }

    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.write_all(text),
            Self::File(file) => file.write_all(text),
        }
    }

    fn complete(&mut self, text: &[u8]) -> io::Result<()> {
        self.write(text)?;
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::File(file) => file.complete(),
        }
    }
}

/// Turns items into lines.
struct Lines {
    format: Format,
    written: u64,
    /// The number of items that the format cannot hold.
    unwritten: u64,
    /// The names of attributes that no import accepts.
    left_out: BTreeSet<String>,
}

impl Lines {
    fn header(&self) -> Vec<u8> {
        match self.format {
            Format::Csv => cells::csv_row(stored_fields().map(|field| field.name)),
            Format::Jsonl => Vec::new(),
        }
    }

    fn text(&mut self, items: Vec<StoredItem>, progress: &Progress) -> Vec<u8> {
        let mut text = Vec::new();
        for item in items {
            let token_hash = item.token_hash().to_owned();
            let (fields, others) = item.into_fields();
            self.left_out.extend(others);
            let line = match self.format {
                Format::Jsonl => Ok(format!("{}\n", Value::Object(fields)).into_bytes()),
                Format::Csv => csv_line(&fields),
            };
            match line {
                Ok(line) => {
                    text.extend(line);
                    self.written += 1;
                }
                Err(field) => {
                    self.unwritten += 1;
                    progress.say(&format!(
                        "{token_hash}: not exported, since its `{field}` has a line break or another type, which CSV \
                         cannot hold"
                    ));
                }
            }
        }
        text
    }

    fn say_what_is_missing(&self, progress: &Progress) {
        if self.unwritten > 0 {
            let users = HumanCount(self.unwritten);
            progress.say(&format!("not exported: {users}. --format jsonl exports them"));
        }
        if !self.left_out.is_empty() {
            let names: Vec<_> = self.left_out.iter().take(MAX_NAMES).map(String::as_str).collect();
            let more = if self.left_out.len() > MAX_NAMES { " and more" } else { "" };
            progress.say(&format!("left out, since no function reads them: {}{more}", names.join(", ")));
        }
    }
}

/// A row, or the name of the field that no cell can hold.
fn csv_line(fields: &Map<String, Value>) -> Result<Vec<u8>, &'static str> {
    let cell = |name, shape| match fields.get(name) {
        None => Ok(String::new()),
        Some(value) => cells::write(shape, value).ok_or(name),
    };
    let cells: Result<Vec<_>, _> = stored_fields().map(|field| cell(field.name, field.shape)).collect();
    cells.map(cells::csv_row)
}
