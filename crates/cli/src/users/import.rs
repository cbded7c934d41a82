//! `zendesk-jwt user import`: stores the users of a file. Storing a line twice does no harm, so a stopped import is run
//! again from the start.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::task::Poll;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::poll_fn;
use indicatif::HumanCount;
use serde::Serialize;
use serde_json::json;
use tokio::signal::ctrl_c;

use super::arguments::Format;
use super::batch::{self, Batch, Remark, Writer};
use super::progress::Progress;
use super::rows::Rows;
use crate::account::UserTokens;
use crate::output;
use crate::problem::{Problem, usage_error};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "A line replaces the item of the same token. Bad lines are reported by number, and the good lines \
        stored. After a stop, run the same command again: storing a line twice does no harm. `zendesk-jwt token fill` \
        makes tokens for users without one. docs/import.md describes the formats.\n\n\
        Exit status: 0 when all lines are stored, 1 when some are bad or the import stopped, 2 on a usage error.",
    mut_arg("table", |table| table.required_unless_present("dry_run")),
)]
pub(crate) struct Arguments {
    /// A CSV or JSON Lines file; `-` is standard input
    file: PathBuf,

    /// The format of the file, if its name does not end in .csv, .jsonl or .ndjson
    #[arg(long)]
    format: Option<Format>,

    /// Check every line without storing any; needs no AWS account
    #[arg(long)]
    dry_run: bool,

    /// Report bad lines and warnings in this file (JSON Lines) instead of on standard error
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,

    /// How many batches of 25 to store at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = concurrency)]
    concurrency: usize,

    /// Stop when DynamoDB stores nothing for this long
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = humantime::parse_duration)]
    give_up_after: Duration,

    /// Show no progress
    #[arg(long)]
    quiet: bool,

    /// Print the summary as JSON, and show no progress
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    user_tokens: UserTokens,
}

fn concurrency(text: &str) -> Result<usize, &'static str> {
    text.parse().ok().filter(|count| (1..=64).contains(count)).ok_or("give a number from 1 to 64")
}

impl Arguments {
    pub(super) async fn run(&self) -> Result<ExitCode, Problem> {
        let rows = Rows::open(&self.file, self.format)?;
        let errors = self.errors.as_ref().and_then(|path| path.canonicalize().ok());
        if errors.is_some() && errors == self.file.canonicalize().ok() {
            usage_error("FILE and --errors cannot be one file");
        }
        if rows.header.as_ref().is_some_and(|header| header.place("token").or(header.place("token_hash")).is_none()) {
            return Err(Problem(
                "the file has neither a column `token` nor `token_hash`: `zendesk-jwt token fill` makes tokens".into(),
            ));
        }
        let (summary, stop) = self.import(rows).await?;
        output::line(&if self.json { serde_json::to_string(&summary).unwrap_or_default() } else { summary.text() })?;
        if let Some(stop) = &stop {
            output::note(&format!(
                "zendesk-jwt: {stop}\nRun the same command again: storing a line twice does no harm"
            ));
        }
        Ok(ExitCode::from(u8::from(stop.is_some() || summary.bad > 0)))
    }

    /// Stores as much as possible, and says why the import stopped.
    async fn import(&self, rows: Rows) -> Result<(Summary, Option<Problem>), Problem> {
        let table = if self.dry_run { None } else { Some(self.user_tokens.table().await?) };
        let writer = Writer::new(table, self.give_up_after);
        let progress = Progress::new(self.quiet || self.json, rows.bytes.0);
        let mut errors = self.errors.as_ref().map(File::create).transpose().map_err(|error| self.unwritable(&error))?;
        let mut batches = batch::read(rows);
        let batches =
            poll_fn(|context| if writer.is_stopped.get() { Poll::Ready(None) } else { batches.poll_recv(context) });
        let write = async |batch: Result<Batch, Problem>| Ok(writer.write(batch?).await);
        let mut written = pin!(batches.map(write).buffered(self.concurrency));
        let (mut saying, mut interrupt) = (pin!(progress.keep_saying()), pin!(ctrl_c()));
        let (mut summary, mut stop) = (Summary { dry_run: self.dry_run, ..Summary::default() }, None);
        loop {
            let result = tokio::select! {
                batch = written.next() => match batch {
                    Some(batch) => batch.and_then(|batch| self.add(&mut summary, batch, &progress, errors.as_mut())),
                    None => break,
                },
                _ = &mut interrupt => {
                    // A second interrupt does not wait for the requests under way.
                    if stop.is_some() {
                        break;
                    }
                    interrupt.set(ctrl_c());
                    Err(Problem("stopped".into()))
                }
                never = &mut saying => match never {},
            };
            if let Err(problem) = result {
                writer.is_stopped.set(true);
                stop.get_or_insert(problem);
            }
        }
        summary.complete = stop.is_none();
        summary.seconds = (progress.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        summary.per_second = progress.per_second(summary.stored);
        Ok((summary, stop))
    }

    /// Counts the results of a batch, and reports its lines. Fails if the batch was not stored.
    fn add(
        &self,
        summary: &mut Summary,
        mut batch: Batch,
        progress: &Progress,
        mut errors: Option<&mut File>,
    ) -> Result<(), Problem> {
        let bad = batch.remarks.iter().filter(|remark| remark.is_bad).count();
        summary.read += batch.lines as u64;
        summary.stored += if batch.failure.is_some() { 0 } else { batch.lines - bad } as u64;
        summary.bad += bad as u64;
        summary.retries += batch.retries;
        summary.warnings += (batch.remarks.len() - bad) as u64;
        batch.remarks.sort_by_key(|remark| remark.line);
        for Remark { line, is_bad, text } in batch.remarks {
            let (key, warning) = if is_bad { ("reason", "") } else { ("warning", "warning: ") };
            match &mut errors {
                Some(file) => {
                    let written = writeln!(file, "{}", json!({"line": line, key: text}));
                    written.map_err(|error| self.unwritable(&error))?;
                }
                None => progress.say(&format!("line {line}: {warning}{text}")),
            }
        }
        let more = if summary.bad == 0 { String::new() } else { format!(", {} bad", summary.bad) };
        progress.is_at(batch.end, summary.stored, if self.dry_run { "good" } else { "stored" }, &more);
        batch.failure.map_or(Ok(()), Err)
    }

    fn unwritable(&self, error: &io::Error) -> Problem {
        let path = self.errors.as_deref().unwrap_or(Path::new("")).display();
        Problem(format!("the file of bad lines, {path}, cannot be written: {error}"))
    }
}

/// The counts of an import.
#[derive(Default, Serialize)]
struct Summary {
    /// Lines that are not empty.
    read: u64,
    /// Lines whose item is in the table, or could be in a dry run.
    stored: u64,
    bad: u64,
    /// Values that Zendesk ignores or changes, in stored lines.
    warnings: u64,
    /// Repeated requests.
    retries: u64,
    seconds: f64,
    per_second: u64,
    /// Whether every line of the file is stored or reported.
    complete: bool,
    dry_run: bool,
}

impl Summary {
    fn text(&self) -> String {
        let [read, stored, bad, retries, rate] =
            [self.read, self.stored, self.bad, self.retries, self.per_second].map(HumanCount);
        let warnings = match self.warnings {
            0 => String::new(),
            1 => ", 1 warning".to_owned(),
            count => format!(", {} warnings", HumanCount(count)),
        };
        let (counts, seconds) = (format!("{read} users read: {stored}"), self.seconds);
        if self.dry_run {
            return format!("{counts} good, {bad} bad{warnings}; {seconds:.1} s. Nothing was stored");
        }
        format!("{counts} stored, {bad} bad{warnings}; {seconds:.1} s, {rate} per second, {retries} retries")
    }
}
