//! `zendesk-jwt user import`: the users of a file into the table, however many there are.
//!
//! A thread reads the file into batches; the runtime has several of them on their way to DynamoDB; and a
//! line counts as done once it and all before it are stored or reported.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use tokio::sync::mpsc;

use super::Format;
use super::progress::Progress;
use crate::account::UserTokens;
use crate::problem::Problem;
use crate::problem::block_on;
use bad_lines::BadLines;
use batches::{Batch, Batches, Tokens};
use checkpoint::{Checkpoint, Identity};
use flight::{Failure, Flight, Landed};
use issued::IssuedTokens;
use lines::Lines;
use records::Records;
use summary::Summary;

mod bad_lines;
mod batches;
mod checkpoint;
mod csv_rows;
mod flight;
mod issued;
mod json_lines;
mod lines;
mod records;
mod summary;

/// The arguments of `zendesk-jwt user import`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "An item of the same token is replaced. Bad lines are reported by number, and the good ones stored.\n\
        docs/import.md has the formats, and says how to go on after a stop.\n\n\
        Exit status: 0 when all lines are stored, 1 when some are bad or it had to stop, 2 when called wrongly.",
    mut_arg("table", |table| table.required_unless_present("dry_run")),
)]
pub struct Arguments {
    /// A CSV or JSON Lines file; `-` is standard input
    file: PathBuf,

    /// What the file is, where its name does not end in .csv, .jsonl or .ndjson
    #[arg(long)]
    format: Option<Format>,

    /// Make a token for each line without one, and append it to this new file (JSON Lines)
    #[arg(long, value_name = "FILE")]
    issue_tokens: Option<PathBuf>,

    /// Check every line and write nothing; needs no AWS account
    #[arg(long)]
    dry_run: bool,

    /// Keep in this file how far the import is; the same command goes on from there
    #[arg(long, value_name = "FILE", conflicts_with = "skip_lines")]
    resume: Option<PathBuf>,

    /// Begin after this line; the header of a CSV file is read all the same
    #[arg(long, value_name = "N", default_value_t = 0)]
    skip_lines: u64,

    /// Report bad lines in this file (JSON Lines) instead of on standard error
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,

    /// How many batches of 25 to have on their way at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = RangedU64ValueParser::<usize>::new().range(1..=64))]
    concurrency: usize,

    /// Stop when DynamoDB takes nothing for this long
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

/// Runs the subcommand.
///
/// # Errors
/// When it could not begin.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a person or a program reads this")]
pub fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let format = match arguments.checked_format() {
        Ok(format) => format,
        Err(wrong) => {
            eprintln!("zendesk-jwt: {wrong}");
            return Ok(ExitCode::from(2));
        }
    };
    let (summary, stop) =
        if arguments.dry_run { arguments.check(format)? } else { block_on(arguments.import(format))? };
    if arguments.json {
        println!("{}", serde_json::to_string(&summary).unwrap_or_default());
    } else {
        println!("{}", summary.text(arguments.issue_tokens.as_deref()));
    }
    if let Some(stop) = stop {
        eprintln!("zendesk-jwt: {stop}\n{}", arguments.how_to_go_on(&summary));
    }
    let is_good = summary.complete && summary.bad == 0;
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Arguments {
    /// The format, or why this is a wrong call.
    fn checked_format(&self) -> Result<Format, String> {
        if self.is_stdin() && self.resume.is_some() {
            return Err("--resume needs a file: with standard input, use --skip-lines".into());
        }
        let is_input =
            |path: &Path| path.canonicalize().ok().is_some_and(|path| self.file.canonicalize().ok() == Some(path));
        if [&self.resume, &self.errors, &self.issue_tokens].into_iter().flatten().any(|path| is_input(path)) {
            return Err("one file cannot be both read and written".into());
        }
        let by_name = match self.file.extension().and_then(OsStr::to_str) {
            Some("csv") => Some(Format::Csv),
            Some("jsonl" | "ndjson") => Some(Format::Jsonl),
            _ => None,
        };
        self.format
            .or(by_name)
            .ok_or_else(|| format!("is {} CSV or JSON Lines? Say it with --format", self.file.display()))
    }

    fn is_stdin(&self) -> bool {
        self.file.as_os_str() == "-"
    }

    fn progress(&self, bytes: Option<u64>) -> Progress {
        if self.quiet || self.json { Progress::silent() } else { Progress::of(bytes) }
    }

    /// Reads everything and stores nothing.
    fn check(&self, format: Format) -> Result<(Summary, Option<Problem>), Problem> {
        let input = Input::open(self)?;
        let progress = self.progress(input.bytes);
        let tokens = if self.issue_tokens.is_some() { Tokens::Pretended } else { Tokens::Demanded };
        let records = self.records(input, format, self.skip_lines, &progress)?;
        let mut batches = Batches::new(records, tokens);
        let mut bad_lines = self.bad_lines(false)?;
        let mut summary = Summary { dry_run: true, ..Summary::default() };
        while let Some(batch) = batches.next()? {
            bad_lines.report(&batch.bad_lines, &progress)?;
            summary.has_read(&batch);
            summary.stored += batch.items.len() as u64;
            summary.done_up_to_line = batch.last_line;
            progress.is_at(batch.end, summary.stored, "good", &summary.and_bad());
        }
        summary.complete = true;
        summary.took(progress.elapsed());
        Ok((summary, None))
    }

    /// Stores everything, or as much as can be; then says why it stopped.
    async fn import(&self, format: Format) -> Result<(Summary, Option<Problem>), Problem> {
        let mut input = Input::open(self)?;
        let table = self.user_tokens.table().await?;
        let checkpoint = match (&self.resume, &mut input.file) {
            (Some(path), Some(file)) => {
                let arn = table.arn().await.map_err(|error| Problem(error.to_string()))?;
                let identity = Identity::of(file, arn).map_err(|error| self.unreadable(&error))?;
                Some(Checkpoint::open(path, identity)?)
            }
            _ => None,
        };
        let goes_on = checkpoint.as_ref().is_some_and(|checkpoint| !checkpoint.is_new());
        let done = checkpoint.as_ref().map_or(self.skip_lines, Checkpoint::line);
        let progress = self.progress(input.bytes);
        if done > 0 && !self.quiet && !self.json {
            progress.say(&format!("going on after line {done}"));
        }
        let records = self.records(input, format, done, &progress)?;
        let tokens = match &self.issue_tokens {
            None => Tokens::Demanded,
            Some(path) if goes_on => Tokens::Issued(IssuedTokens::go_on(path, done)?),
            Some(path) => Tokens::Issued(IssuedTokens::create(path)?),
        };
        if let Some(checkpoint) = &checkpoint {
            // A file that cannot be written is better known now than after the first million users.
            checkpoint.write()?;
        }
        let import = Import {
            batches: in_a_thread(Batches::new(records, tokens)),
            flight: Flight::to(table, self.give_up_after),
            concurrency: self.concurrency,
            bad_lines: self.bad_lines(goes_on)?,
            summary: Summary { done_up_to_line: done, ..Summary::default() },
            checkpoint,
            progress: &progress,
        };
        import.run().await
    }

    /// The users of the file after the line `done`.
    fn records(&self, input: Input, format: Format, done: u64, progress: &Progress) -> Result<Records, Problem> {
        let mut records = Records::new(Lines::new(input.reader()), format, self.issue_tokens.is_some())?;
        let behind = records.skip_lines(done).map_err(|error| self.unreadable(&error))?;
        progress.begins_at(behind);
        Ok(records)
    }

    fn bad_lines(&self, go_on: bool) -> Result<BadLines, Problem> {
        self.errors.as_ref().map_or(Ok(BadLines::StandardError), |path| BadLines::in_file(path, go_on))
    }

    fn unreadable(&self, error: &io::Error) -> Problem {
        Problem(format!("{} cannot be read: {error}", self.file.display()))
    }

    fn how_to_go_on(&self, summary: &Summary) -> String {
        let line = summary.done_up_to_line;
        if self.resume.is_some() {
            return format!("Run the same command again to go on after line {line}");
        }
        let other_file = match self.issue_tokens {
            Some(_) => ", and another file for --issue-tokens",
            None => "",
        };
        match line {
            0 => format!("Begin again with the same command{other_file}"),
            line => format!("All lines up to {line} are done: go on with --skip-lines {line}{other_file}"),
        }
    }
}

/// What is imported.
struct Input {
    /// `None` is standard input.
    file: Option<File>,
    /// How long it is, where that is known.
    bytes: Option<u64>,
}

impl Input {
    fn open(arguments: &Arguments) -> Result<Self, Problem> {
        if arguments.is_stdin() {
            return Ok(Self { file: None, bytes: None });
        }
        let opened = File::open(&arguments.file).and_then(|file| file.metadata().map(|metadata| (file, metadata)));
        let (file, metadata) = opened.map_err(|error| arguments.unreadable(&error))?;
        if arguments.resume.is_some() && !metadata.is_file() {
            return Err(Problem(format!(
                "{} is no regular file, so --resume cannot know it again",
                arguments.file.display()
            )));
        }
        Ok(Self { file: Some(file), bytes: metadata.is_file().then_some(metadata.len()) })
    }

    fn reader(self) -> Box<dyn io::BufRead + Send> {
        match self.file {
            Some(file) => Box::new(BufReader::with_capacity(64 * 1024, file)),
            None => Box::new(BufReader::with_capacity(64 * 1024, io::stdin())),
        }
    }
}

/// Reads in a thread of its own, since standard input can keep its reader waiting. It ends with the process.
fn in_a_thread(mut batches: Batches) -> mpsc::Receiver<Result<Batch, Problem>> {
    let (sender, receiver) = mpsc::channel(4);
    std::thread::spawn(move || {
        while let Some(batch) = batches.next().transpose() {
            let has_failed = batch.is_err();
            if sender.blocking_send(batch).is_err() || has_failed {
                break;
            }
        }
    });
    receiver
}

/// An import under way.
struct Import<'a> {
    batches: mpsc::Receiver<Result<Batch, Problem>>,
    flight: Flight,
    concurrency: usize,
    bad_lines: BadLines,
    summary: Summary,
    checkpoint: Option<Checkpoint>,
    progress: &'a Progress,
}

impl Import<'_> {
    async fn run(mut self) -> Result<(Summary, Option<Problem>), Problem> {
        let progress = self.progress;
        let stop = tokio::select! {
            result = self.store_all() => result.err(),
            _ = tokio::signal::ctrl_c() => Some(Problem("stopped".into())),
            never = progress.keep_saying() => match never {},
        };
        let stop = match stop {
            None => None,
            Some(stop) => Some(self.wind_down().await.err().unwrap_or(stop)),
        };
        if let Some(checkpoint) = &self.checkpoint {
            checkpoint.write()?;
        }
        self.summary.complete = stop.is_none();
        self.summary.took(progress.elapsed());
        Ok((self.summary, stop))
    }

    async fn store_all(&mut self) -> Result<(), Problem> {
        while let Some(batch) = self.next_batch().await? {
            self.bad_lines.report(&batch.bad_lines, self.progress)?;
            self.summary.has_read(&batch);
            while self.flight.len() >= self.concurrency || self.flight.is_in_the_way(&batch) {
                let Some(landed) = self.flight.land().await else { break };
                self.has_landed(landed?)?;
            }
            self.flight.launch(batch);
        }
        while let Some(landed) = self.flight.land().await {
            self.has_landed(landed?)?;
        }
        Ok(())
    }

    /// The next batch of the file; meanwhile others land.
    async fn next_batch(&mut self) -> Result<Option<Batch>, Problem> {
        loop {
            tokio::select! {
                biased;
                Some(landed) = self.flight.land() => self.has_landed(landed?)?,
                batch = self.batches.recv() => return batch.transpose(),
            }
        }
    }

    /// Waits for what is on its way, unless it is told to stop once more.
    async fn wind_down(&mut self) -> Result<(), Problem> {
        self.flight.stop();
        let again = tokio::signal::ctrl_c();
        tokio::pin!(again);
        loop {
            let landed = tokio::select! {
                landed = self.flight.land() => landed,
                _ = &mut again => return Ok(()),
            };
            match landed {
                None => return Ok(()),
                // Why it stops is known already.
                Some(landed) => drop(self.has_landed(landed?)),
            }
        }
    }

    fn has_landed(&mut self, landed: Landed) -> Result<(), Problem> {
        self.bad_lines.report(&landed.bad_lines, self.progress)?;
        self.summary.stored += landed.stored;
        self.summary.bad += landed.bad_lines.len() as u64;
        self.summary.retries += landed.retries;
        let (line, bytes) = self.flight.arrived();
        if line > self.summary.done_up_to_line {
            self.summary.done_up_to_line = line;
            if let Some(checkpoint) = &mut self.checkpoint {
                checkpoint.is_at(line)?;
            }
        }
        self.progress.is_at(bytes, self.summary.stored, "stored", &self.summary.and_bad());
        match landed.failure {
            None | Some(Failure::Stopped) => Ok(()),
            Some(Failure::Failed(reason)) => Err(Problem(reason)),
        }
    }
}

impl Summary {
    fn has_read(&mut self, batch: &Batch) {
        self.read += (batch.items.len() + batch.bad_lines.len()) as u64;
        self.bad += batch.bad_lines.len() as u64;
        self.issued += batch.issued;
    }

    /// For the progress.
    fn and_bad(&self) -> String {
        if self.bad == 0 { String::new() } else { format!(", {} bad", self.bad) }
    }
}
