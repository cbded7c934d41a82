//! `zendesk-jwt user export`: writes everything in the table to a file that `user import` reads.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::HumanCount;
use serde_json::{Map, Value, json};

use super::arguments::Format;
use super::cells;
use super::progress::{Backoff, Progress};
use crate::account::UserTokens;
use crate::aws::fields::stored_fields;
use crate::aws::user_token_items::StoredItem;
use crate::aws::user_token_table::UserTokenTable;
use crate::output;
use crate::problem::Problem;

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
    pub(super) async fn run(&self) -> Result<ExitCode, Problem> {
        let table = self.user_tokens.table().await?;
        // Only the estimate of the time left needs the count, which is 0 in the first hours of a table.
        let count = table.approximate_count().await.filter(|count| *count > 0);
        let users_fill_the_terminal = self.output.is_none() && io::stdout().is_terminal();
        let progress = Progress::new(self.quiet || self.json || users_fill_the_terminal, count);
        tokio::select! {
            result = self.export(&table, &progress) => result,
            _ = tokio::signal::ctrl_c() => Err(Problem("stopped: no file was written".into())),
            never = progress.keep_saying() => match never {},
        }
    }

    async fn export(&self, table: &UserTokenTable, progress: &Progress) -> Result<ExitCode, Problem> {
        let unwritable = |error: io::Error| {
            let place = self.output.as_ref().map_or("standard output".into(), |path| path.display().to_string());
            Problem(format!("{place} cannot be written: {error}"))
        };
        let file = self.output.as_deref().map(output::private_file).transpose().map_err(unwritable)?;
        let mut target: Box<dyn Write> = match &file {
            Some(file) => Box::new(file),
            None => Box::new(io::stdout().lock()),
        };
        let (mut written, mut unwritten, mut left_out) = (0, 0, BTreeSet::new());
        let mut text = match self.format {
            Format::Csv => cells::csv_row(stored_fields().map(|(name, _)| name)),
            Format::Jsonl => Vec::new(),
        };
        let mut after = None;
        loop {
            let (items, next) = self.page(table, after.as_deref()).await?;
            for item in items {
                let token_hash = item.token_hash().to_owned();
                let (fields, others) = item.into_fields();
                left_out.extend(others);
                match self.line(fields) {
                    Ok(line) => {
                        text.extend(line);
                        written += 1;
                    }
                    Err(field) => {
                        unwritten += 1;
                        progress.say(&format!(
                            "{token_hash}: not exported, since its `{field}` has a line break or another type, which \
                             CSV cannot hold"
                        ));
                    }
                }
            }
            match target.write_all(&text).and_then(|()| target.flush()) {
                // The reader of the pipe has seen enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
                written => written.map_err(unwritable)?,
            }
            progress.is_at(written, written, "exported", "");
            (after, text) = (next, Vec::new());
            if after.is_none() {
                break;
            }
        }
        drop(target);
        if let (Some(path), Some(file)) = (&self.output, file) {
            output::complete(file, path).map_err(unwritable)?;
        }
        say_what_is_missing(progress, unwritten, &left_out);
        self.summarize(progress, written, unwritten)?;
        Ok(ExitCode::from(u8::from(unwritten > 0)))
    }

    /// A page of the table, requested again while DynamoDB is busy.
    async fn page(
        &self,
        table: &UserTokenTable,
        after: Option<&str>,
    ) -> Result<(Vec<StoredItem>, Option<String>), Problem> {
        let mut backoff = Backoff::new(self.give_up_after);
        loop {
            match table.page(after).await {
                Err(error) if error.is_temporary(after.is_some()) && backoff.wait().await => {}
                page => return Ok(page?),
            }
        }
    }

    /// The line of an item, or the name of the field that no cell can hold.
    fn line(&self, fields: Map<String, Value>) -> Result<Vec<u8>, &'static str> {
        if self.format == Format::Jsonl {
            return Ok(format!("{}\n", Value::Object(fields)).into_bytes());
        }
        let cell = |(name, shape)| match fields.get(name) {
            None => Ok(String::new()),
            Some(value) => cells::write(shape, value).ok_or(name),
        };
        stored_fields().map(cell).collect::<Result<Vec<_>, _>>().map(cells::csv_row)
    }

    fn summarize(&self, progress: &Progress, written: u64, unwritten: u64) -> Result<(), Problem> {
        let seconds = progress.elapsed().as_secs_f64();
        if self.json {
            return output::json(&json!({"exported": written, "not_exported": unwritten, "seconds": seconds}));
        }
        if !self.quiet {
            let place = self.output.as_ref().map(|path| format!(" to {}", path.display())).unwrap_or_default();
            let rate = HumanCount(progress.per_second(written));
            let users = if written == 1 { "user" } else { "users" };
            let count = HumanCount(written);
            progress.say(&format!("{count} {users} exported{place}; {seconds:.1} s, {rate} per second"));
        }
        Ok(())
    }
}

fn say_what_is_missing(progress: &Progress, unwritten: u64, left_out: &BTreeSet<String>) {
    if unwritten > 0 {
        progress.say(&format!("not exported: {}. --format jsonl exports them", HumanCount(unwritten)));
    }
    if !left_out.is_empty() {
        let names: Vec<_> = left_out.iter().take(MAX_NAMES).map(String::as_str).collect();
        let more = if left_out.len() > MAX_NAMES { " and more" } else { "" };
        progress.say(&format!("left out, since no function reads them: {}{more}", names.join(", ")));
    }
}
