//! `zendesk-jwt token fill`: makes the tokens for a file of users, which `user import` then stores.

use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::arguments::Format;
use super::cells::csv_row;
use super::new_token;
use super::rows::{self, Header, Reason, Row, Rows};
use crate::output;
use crate::problem::Problem;

#[derive(Debug, clap::Args)]
#[command(after_help = "OUT holds the only copy of the tokens, and only you can read it. Store its users with \
    `zendesk-jwt user import OUT`, give the tokens to your users' apps or sessions, and delete OUT. Bad lines are \
    reported by number, and then OUT is not written.\n\n\
    Exit status: 0 when OUT is written, 1 when not, 2 on a usage error.")]
pub(crate) struct Arguments {
    /// A CSV or JSON Lines file of users; `-` is standard input
    #[arg(value_name = "IN")]
    input: PathBuf,

    /// The new file: the same users, each with a token. A token in IN stays
    #[arg(value_name = "OUT")]
    output: PathBuf,

    /// The format of the files, if the name of IN does not end in .csv, .jsonl or .ndjson
    #[arg(long)]
    format: Option<Format>,

    /// Replace OUT, and with it the only copy of the tokens in it
    #[arg(long)]
    overwrite: bool,

    /// Print the counts as JSON
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<ExitCode, Problem> {
        let mut rows = Rows::open(&self.input, self.format)?;
        if self.output.exists() && !self.overwrite {
            return Err(Problem(format!(
                "{} exists, and its tokens may be the only copy: name another file, or give --overwrite",
                self.output.display()
            )));
        }
        let unwritable = |error: io::Error| Problem(format!("{} cannot be written: {error}", self.output.display()));
        let mut target = BufWriter::new(output::private_file(&self.output).map_err(unwritable)?);
        if let Some(header) = &rows.header {
            let token = header.place("token").is_none().then_some("token");
            target.write_all(&csv_row(header.cells.iter().chain(token))).map_err(unwritable)?;
        }
        let (mut issued, mut unchanged, mut bad) = (0_u64, 0_u64, 0_u64);
        while let Some(row) = rows.next()? {
            let line = row.line;
            match fill(rows.header.as_ref(), row) {
                Ok((text, is_new)) => {
                    target.write_all(&text).map_err(unwritable)?;
                    *(if is_new { &mut issued } else { &mut unchanged }) += 1;
                }
                Err(reason) => {
                    bad += 1;
                    output::note(&format!("line {line}: {reason}"));
                }
            }
        }
        if bad > 0 {
            return Err(Problem(format!("{} is not written, because {bad} lines are bad", self.output.display())));
        }
        let file = target.into_inner().map_err(|error| unwritable(error.into()))?;
        output::complete(file, &self.output).map_err(unwritable)?;
        if self.json {
            output::json(&json!({"issued": issued, "kept": unchanged}))?;
        } else {
            output::line(&format!("{}: {issued} new tokens, {unchanged} unchanged", self.output.display()))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The text of a row with its token, and whether the token is new.
fn fill(header: Option<&Header>, row: Row) -> Result<(Vec<u8>, bool), Reason> {
    let (text, mut fields) = row.content?;
    let token = new_token::add_if_missing(&mut fields).map_err(|problem| problem.to_string())?;
    rows::item(fields)?;
    Ok((with_token(header, &text, token.as_ref().map(|token| token.as_str()))?, token.is_some()))
}

fn with_token(header: Option<&Header>, text: &str, token: Option<&str>) -> Result<Vec<u8>, Reason> {
    let Some(header) = header else {
        // The other fields stay unchanged, byte by byte.
        let token = token.map(|token| format!(r#""token":"{token}","#)).unwrap_or_default();
        return Ok((text.replacen('{', &format!("{{{token}"), 1) + "\n").into_bytes());
    };
    let cells = rows::split(text)?;
    let mut cells: Vec<_> = cells.iter().collect();
    match (header.place("token").and_then(|place| cells.get_mut(place)), token) {
        (None, token) => cells.push(token.unwrap_or_default()),
        (Some(cell), Some(token)) => *cell = token,
        (Some(_), None) => {}
    }
    Ok(csv_row(cells))
}
