//! The users of a file one after the other, whatever its format.

use std::io;

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::csv_rows::CsvRows;
use super::json_lines;
use super::lines::{Lines, MAX_LINE_BYTES};
use crate::problem::Problem;
use crate::user::Format;

/// Why a line is no user. It quotes nothing of the line but the names of fields.
pub type Reason = String;

/// A user as a file has it.
#[derive(Debug)]
pub struct Record {
    /// The number of its first line.
    pub line: u64,
    /// The number of its last line: a cell of a CSV file may hold line breaks.
    pub last_line: u64,
    /// How many bytes of the file end with it.
    pub end: u64,
    /// Its fields.
    pub fields: Result<Map<String, Value>, Reason>,
}

/// Reads user after user.
pub enum Records {
    /// From rows under a header.
    Csv(CsvRows),
    /// From an object on each line.
    JsonLines(Lines),
}

impl Records {
    /// The users of `lines`; of a CSV file, the header is read at once. A column of tokens may be missing in it if
    /// `may_lack_token`.
    ///
    /// # Errors
    /// When the header cannot be understood.
    pub fn new(lines: Lines, format: Format, may_lack_token: bool) -> Result<Self, Problem> {
        Ok(match format {
            Format::Csv => Self::Csv(CsvRows::new(lines, may_lack_token)?),
            Format::Jsonl => Self::JsonLines(lines),
        })
    }

    /// Passes over everything up to and with this line.
    ///
    /// # Errors
    /// When the file cannot be read. Returns how many bytes lie behind.
    pub fn skip_lines(&mut self, last: u64) -> io::Result<u64> {
        let lines = match self {
            Self::Csv(rows) => rows.lines(),
            Self::JsonLines(lines) => lines,
        };
        while lines.number() < last && lines.next()?.is_some() {}
        Ok(lines.end())
    }

    /// The next user; empty lines are passed over.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next(&mut self) -> io::Result<Option<Record>> {
        let record = match self {
            Self::Csv(rows) => rows.next()?,
            Self::JsonLines(lines) => json_lines::next(lines)?,
        };
        Ok(record.map(|record| Record { fields: record.fields.and_then(with_expiry_in_seconds), ..record }))
    }
}

/// The reason for a line of more than [`MAX_LINE_BYTES`].
#[must_use]
pub fn too_long() -> Reason {
    format!("the line is longer than {} KiB", MAX_LINE_BYTES / 1024)
}

/// `expires_at` may be a date as people write it; the table has seconds.
fn with_expiry_in_seconds(mut fields: Map<String, Value>) -> Result<Map<String, Value>, Reason> {
    if let Some(Value::String(text)) = fields.get("expires_at") {
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(
            |_| "`expires_at` must be whole seconds since 1970, or a time such as 2027-01-31T12:00:00Z (RFC 3339)",
        )?;
        fields.insert("expires_at".into(), moment.unix_timestamp().into());
    }
    Ok(fields)
}
