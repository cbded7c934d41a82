//! What the subcommands write: tables that fit the terminal, JSON, and no control character of anybody's.

use std::io::{self, ErrorKind, Write};
use std::time::{Duration, UNIX_EPOCH};

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use console::Term;
use serde::Serialize;
use serde_json::Value;

use crate::problem::Problem;
use zendesk_jwt::jwt::EpochSeconds;

/// Writes a line, or several, to standard output.
pub(crate) fn line(text: &str) -> Result<(), Problem> {
    match try_line(text) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Problem(format!("standard output: {error}"))),
    }
}

/// Writes what must not get lost, as a line, to standard output.
pub(crate) fn try_line(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}

/// Writes a note for a person, who may have sent standard output elsewhere.
pub(crate) fn note(text: &str) {
    // Without a standard error there is nobody to tell.
    writeln!(io::stderr(), "{text}").ok();
}

/// Writes JSON to standard output.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Problem> {
    line(&in_json(value))
}

/// The value as JSON for people and programs.
pub(crate) fn in_json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A table as wide as the terminal at most; in a pipe or a file every row is one line.
///
/// `rows` is asked for rows that hold everything, and for short ones when those do not fit.
pub(crate) fn table(header: &[&str], rows: impl Fn(Detail) -> Vec<Vec<String>>) -> String {
    let full = lay_out(header, rows(Detail::Full), None);
    match width() {
        Some(width) if widest(&full) > usize::from(width) => lay_out(header, rows(Detail::Short), Some(width)),
        _ => full,
    }
}

/// How much a table's rows may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Everything.
    Full,
    /// What is needed to tell rows apart.
    Short,
}

impl Detail {
    /// The token hash, or its start.
    pub(crate) fn token_hash(self, hash: &str) -> String {
        match self {
            Self::Full => hash.to_owned(),
            Self::Short => short(hash),
        }
    }
}

/// The start of a token hash: enough for a person to tell one from the other.
pub(crate) fn short(token_hash: &str) -> String {
    format!("{}…", token_hash.chars().take(12).collect::<String>())
}

/// A stored value in one line; an empty text is `""`. Control characters, which could rewrite the terminal, are written as escapes.
pub(crate) fn visible(value: &Value) -> String {
    let text = match value {
        Value::String(text) if !text.is_empty() => text.clone(),
        other => other.to_string(),
    };
    let is_safe = |character: char| !character.is_control() && !BIDIRECTIONAL.contains(&character);
    text.chars()
        .map(
            |character| if is_safe(character) { character.to_string() } else { character.escape_unicode().to_string() },
        )
        .collect()
}

/// Characters that reorder what is shown around them (Unicode Standard Annex 9, section 2).
const BIDIRECTIONAL: [char; 9] =
    ['\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'];

/// The minute in UTC (ISO 8601).
pub(crate) fn minute(EpochSeconds(seconds): EpochSeconds) -> String {
    let moment = UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    let moment = moment.map_or_else(String::new, |moment| humantime::format_rfc3339_seconds(moment).to_string());
    match moment.rsplit_once(':') {
        Some((minute, _)) => format!("{minute}Z"),
        None => moment,
    }
}

/// Columns of the terminal; `None` when standard output is no terminal.
fn width() -> Option<u16> {
    Term::stdout().size_checked().map(|(_, columns)| columns).filter(|columns| *columns > 0)
}

fn widest(text: &str) -> usize {
    text.lines().map(console::measure_text_width).max().unwrap_or_default()
}

fn lay_out(header: &[&str], rows: Vec<Vec<String>>, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('-').junction(' ')));
    table.set_header(header).add_rows(rows);
    match width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    // Two spaces between columns, of which the style's junction is one, and none at the end.
    let last = header.len().saturating_sub(1);
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, u16::from(at < last)));
    }
    table.trim_fmt()
}
