//! What the subcommands write: tables that fit the terminal, JSON, notes on standard error, and private files.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use console::Term;
use serde::Serialize;
use serde_json::Value;
use tempfile::NamedTempFile;
use textwrap::{Options, WordSplitter};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::problem::Problem;
use zendesk_jwt::jwt::EpochSeconds;

/// How many digits of a token hash a narrow table shows.
const SHORT_HASH_DIGITS: usize = 12;

/// Writes to standard output, with escapes, but for colours. A reader that closed the pipe is not an error.
pub(crate) fn line(text: &str) -> Result<(), Problem> {
    match try_line(&escaped_except(text, &['\n', '\u{1b}'])) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Problem(format!("standard output cannot be written: {error}"))),
    }
}

/// Writes a line that must not get lost to standard output.
pub(crate) fn try_line(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}

/// Writes a note to standard error, with escapes.
pub(crate) fn note(text: &str) {
    // If standard error is closed, nobody can read the note.
    writeln!(io::stderr(), "{}", escaped_except(text, &['\n'])).ok();
}

/// Writes JSON to standard output.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Problem> {
    line(&in_json(value))
}

/// The value as indented JSON, in which invisible characters are escaped as JSON allows.
pub(crate) fn in_json(value: &impl Serialize) -> String {
    let escape = |character: char| {
        let units = character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<Vec<_>>();
        units.concat()
    };
    escaped_by(&serde_json::to_string_pretty(value).unwrap_or_default(), &['\n'], escape)
}

/// The column of a table with token hashes, of which a narrow terminal shows only the start.
pub(crate) const TOKEN_HASHES: &str = "token hash";

/// A table. If the rows are wider than the terminal, it shortens token hashes and wraps the other cells.
pub(crate) fn table(header: &[&str], mut rows: Vec<Vec<String>>) -> String {
    let full = lay_out(header, rows.clone(), None);
    let widest_line = full.lines().map(console::measure_text_width).max().unwrap_or_default();
    let terminal = Term::stdout().size_checked().map(|(_, columns)| columns).filter(|columns| *columns > 0);
    let Some(width) = terminal.filter(|columns| widest_line > usize::from(*columns)) else { return full };
    if let Some(column) = header.iter().position(|title| *title == TOKEN_HASHES) {
        for row in &mut rows {
            row[column] = row[column].split(' ').map(short_hash).collect::<Vec<_>>().join(" ");
        }
    }
    lay_out(header, rows, Some(width))
}

/// The start of a token hash.
pub(crate) fn short_hash(hash: &str) -> String {
    format!("{}…", hash.chars().take(SHORT_HASH_DIGITS).collect::<String>())
}

/// A stored value in one line, with `""` for an empty text.
pub(crate) fn visible(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() => escaped(text),
        other => escaped(&other.to_string()),
    }
}

/// The text with escapes for characters that are invisible or change what a terminal shows around them.
pub(crate) fn escaped(text: &str) -> String {
    escaped_except(text, &[])
}

fn escaped_except(text: &str, allowed: &[char]) -> String {
    escaped_by(text, allowed, |character| character.escape_unicode().to_string())
}

fn escaped_by(text: &str, allowed: &[char], escape: impl Fn(char) -> String) -> String {
    let is_shown = |character| !is_invisible(character) || allowed.contains(&character);
    text.chars().map(|character| if is_shown(character) { character.to_string() } else { escape(character) }).collect()
}

/// Control, bidirectional, zero-width and filler characters, and tags.
#[rustfmt::skip]
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
                | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// A sentence in lines of readable width, in which words with hyphens stay whole.
pub(crate) fn wrapped(text: &str, first_indent: &str) -> String {
    let indent = " ".repeat(first_indent.len());
    let options = Options::new(100).initial_indent(first_indent).subsequent_indent(&indent);
    textwrap::fill(text, options.word_splitter(WordSplitter::NoHyphenation))
}

/// The minute in UTC (ISO 8601). After the year 9999, the seconds since 1970.
pub(crate) fn minute(EpochSeconds(seconds): EpochSeconds) -> String {
    let moment = seconds.try_into().ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    let text = moment.and_then(|moment| moment.format(&Rfc3339).ok()).unwrap_or_else(|| seconds.to_string());
    text.rsplit_once(':').map_or_else(|| text.clone(), |(minute, _)| format!("{minute}Z"))
}

/// A new file in the directory of `path` that only its owner can read. Unless it is completed, it is deleted.
pub(crate) fn private_file(path: &Path) -> io::Result<NamedTempFile> {
    NamedTempFile::new_in(path.parent().unwrap_or(Path::new("")))
}

/// Puts the file in the place of `path`, safely even if the power fails.
pub(crate) fn complete(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn lay_out(header: &[&str], rows: Vec<Vec<String>>, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('-').junction(' ')));
    table.set_header(header).add_rows(rows);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    // The style's junction is one of the two spaces between columns.
    let last = header.len().saturating_sub(1);
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, u16::from(at < last)));
    }
    table.trim_fmt()
}
