//! `zendesk-jwt user export`: everything that the table holds, in a file that `user import` takes.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use indicatif::HumanCount;
use serde_json::{Map, Value};

use super::backoff::Backoff;
use super::private_file::Replacement;
use super::progress::{Progress, per_second};
use super::{Format, cells};
use crate::account::UserTokens;
use crate::aws::user_token_items::{Shape, StoredItem};
use crate::aws::user_token_table::{After, TableError, UserTokenTable};
use crate::problem::Problem;
use crate::problem::block_on;

/// So many names of attributes that are no fields are told.
const MAX_NAMES: usize = 10;

/// The arguments of `zendesk-jwt user export`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The table holds no tokens, only their hashes, and so does the export. An item that is changed meanwhile\n\
        is exported as it was before or after. docs/import.md has the formats.\n\n\
        Exit status: 0 when all is exported, 1 when not, 2 when called wrongly."
)]
pub(crate) struct Arguments {
    /// Write this file, once it is complete, instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// What to write
    #[arg(long, default_value = "jsonl")]
    format: Format,

    /// Stop when DynamoDB gives nothing for this long
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = humantime::parse_duration)]
    give_up_after: Duration,

    /// Show neither progress nor summary
    #[arg(long)]
    quiet: bool,

    #[command(flatten)]
    user_tokens: UserTokens,
}

/// Runs the subcommand.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    block_on(async {
        let table = arguments.user_tokens.table().await?;
        // Only the time left depends on it.
        let count = table.approximate_count().await.unwrap_or_default();
        let progress = arguments.progress(count.filter(|count| *count > 0));
        tokio::select! {
            result = arguments.export(&table, &progress) => result,
            _ = tokio::signal::ctrl_c() => Err(Problem("stopped, and nothing is in its place".into())),
            never = progress.keep_saying() => match never {},
        }
    })
}

impl Arguments {
    fn progress(&self, count: Option<u64>) -> Progress {
        let users_fill_the_terminal = self.output.is_none() && io::stdout().is_terminal();
        if self.quiet || users_fill_the_terminal { Progress::silent() } else { Progress::of(count) }
    }

    async fn export(&self, table: &UserTokenTable, progress: &Progress) -> Result<ExitCode, Problem> {
        let mut output = Output::open(self.output.as_deref()).map_err(|error| self.unwritable(&error))?;
        let mut pages = Pages { table, after: None, at_end: false, give_up_after: self.give_up_after };
        let mut writing = Writing::new(self.format);
        while let Some(items) = pages.next().await? {
            let text = writing.text(items, progress);
            match output.write_all(&text) {
                // Whoever was reading has seen enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
                written => written.map_err(|error| self.unwritable(&error))?,
            }
            progress.is_at(writing.written, writing.written, "exported", "");
        }
        match output.complete() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
            written => written.map_err(|error| self.unwritable(&error))?,
        }
        writing.say_what_is_missing(progress);
        if !self.quiet {
            progress.say(&self.summary(writing.written, progress.elapsed()));
        }
        Ok(ExitCode::from(u8::from(writing.unwritten > 0)))
    }

    fn summary(&self, written: u64, took: Duration) -> String {
        let (seconds, place) = (took.as_secs_f64(), self.output.as_deref());
        let place = place.map(|path| format!(" to {}", path.display())).unwrap_or_default();
        let rate = HumanCount(per_second(written, seconds));
        let users = if written == 1 { "user" } else { "users" };
        format!("{} {users} exported{place}; {seconds:.1} s, {rate} per second", HumanCount(written))
    }

    fn unwritable(&self, error: &io::Error) -> Problem {
        let place = self.output.as_ref().map_or("standard output".into(), |path| path.display().to_string());
        Problem(format!("{place} cannot be written: {error}"))
    }
}

/// The pages of a table, each asked for again while DynamoDB is busy.
struct Pages<'a> {
    table: &'a UserTokenTable,
    after: Option<After>,
    at_end: bool,
    give_up_after: Duration,
}

impl Pages<'_> {
    async fn next(&mut self) -> Result<Option<Vec<StoredItem>>, Problem> {
        if self.at_end {
            return Ok(None);
        }
        let mut backoff = Backoff::new(self.give_up_after);
        let (items, next) = loop {
            let error = match self.table.page(self.after.as_ref()).await {
                Ok(page) => break page,
                Err(error) => error,
            };
            // Before the first page, a table out of reach is one that was named wrongly.
            let may_pass = match error {
                TableError::Throttled(_) => true,
                TableError::Unavailable(_) => self.after.is_some(),
                TableError::Refused(_) | TableError::Failed(_) => false,
            };
            let pause = backoff.pause().filter(|_| may_pass).ok_or_else(|| Problem(error.to_string()))?;
            tokio::time::sleep(pause).await;
        };
        self.at_end = next.is_none();
        self.after = next;
        Ok(Some(items))
    }
}

/// Where the users go.
enum Output {
    Stdout(BufWriter<StdoutLock<'static>>),
    File(BufWriter<Replacement>),
}

impl Output {
    fn open(path: Option<&Path>) -> io::Result<Self> {
        Ok(match path {
            None => Self::Stdout(BufWriter::new(io::stdout().lock())),
            Some(path) => Self::File(BufWriter::new(Replacement::of(path)?)),
        })
    }

    fn write_all(&mut self, text: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.write_all(text),
            Self::File(file) => file.write_all(text),
        }
    }

    fn complete(self) -> io::Result<()> {
        match self {
            Self::Stdout(mut stdout) => stdout.flush(),
            Self::File(file) => file.into_inner().map_err(io::IntoInnerError::into_error)?.complete(),
        }
    }
}

/// Makes text of items.
struct Writing {
    format: Format,
    has_header: bool,
    /// How many items became text.
    written: u64,
    /// How many could not.
    unwritten: u64,
    /// Attributes that no import would take.
    left_out: BTreeSet<String>,
}

impl Writing {
    fn new(format: Format) -> Self {
        Self { format, has_header: false, written: 0, unwritten: 0, left_out: BTreeSet::new() }
    }

    fn text(&mut self, items: Vec<StoredItem>, progress: &Progress) -> Vec<u8> {
        let mut text = Vec::new();
        if self.format == Format::Csv && !self.has_header {
            self.has_header = true;
            text = cells::csv_row(Shape::of_stored_fields().map(|(name, _)| name));
        }
        for item in items {
            let token_hash = item.token_hash().to_owned();
            let (fields, others) = item.into_fields();
            self.left_out.extend(others);
            let line = match self.format {
                Format::Jsonl => Ok(json_line(fields)),
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
                        "{token_hash}: not exported, since its `{field}` has a line break or another type, which CSV cannot hold"
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

fn json_line(fields: Map<String, Value>) -> Vec<u8> {
    format!("{}\n", Value::Object(fields)).into_bytes()
}

/// A row, or the name of the field that no cell can hold.
fn csv_line(fields: &Map<String, Value>) -> Result<Vec<u8>, &'static str> {
    let mut cells = Vec::new();
    for (name, shape) in Shape::of_stored_fields() {
        cells.push(match fields.get(name) {
            None => String::new(),
            Some(value) => cells::write(shape, value).ok_or(name)?,
        });
    }
    Ok(cells::csv_row(cells))
}
