//! The rows of a CSV or JSON Lines file. A row is one line, so a missing quotation mark never merges two users.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use csv::{ReaderBuilder, StringRecord, Terminator};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::arguments::Format;
use super::cells;
use crate::aws::fields::{FIELDS, Shape, nearest, shape};
use crate::aws::user_token_items::UserTokenItem;
use crate::input::is_standard_input;
use crate::problem::{Problem, usage_error};

const MAX_LINE_BYTES: usize = 1024 * 1024;

/// How far below an opening quotation mark [`Rows`] looks for the closing one.
const MAX_CELL_BYTES: usize = 8 * MAX_LINE_BYTES;

/// Why a line is bad. A reason names fields and shows no value.
pub(super) type Reason = String;

/// A line that is not empty.
pub(super) struct Row {
    /// The number in the file, from 1.
    pub(super) line: u64,
    /// The text and its fields.
    pub(super) content: Result<(String, Map<String, Value>), Reason>,
}

/// Reads row after row.
pub(super) struct Rows {
    input: Box<dyn BufRead + Send>,
    /// The length of the file, if known, and how much of it was read.
    pub(super) bytes: (Option<u64>, u64),
    line: u64,
    /// Lines that were read in search of the end of a cell.
    ahead: VecDeque<Vec<u8>>,
    /// `None` for JSON Lines.
    pub(super) header: Option<Header>,
    /// The first and the last line of a quoted cell with line breaks.
    split_cell: (u64, u64),
}

/// The first line of a CSV file.
pub(super) struct Header {
    pub(super) cells: StringRecord,
    columns: Vec<(String, Shape)>,
}

/// How the name of a column for one custom field begins.
const USER_FIELD: &str = "user_fields.";

impl Rows {
    /// Opens the file and reads the header of a CSV file. Without a format, the file's name says it.
    pub(super) fn open(path: &Path, format: Option<Format>) -> Result<Self, Problem> {
        if path.is_dir() {
            usage_error(&format!("{} is a directory: give a CSV or JSON Lines file", path.display()));
        }
        let format = format.unwrap_or_else(|| match path.extension().and_then(OsStr::to_str) {
            Some("csv") => Format::Csv,
            Some("jsonl" | "ndjson") => Format::Jsonl,
            _ => usage_error(&format!("give --format, since {} may be CSV or JSON Lines", path.display())),
        });
        if is_standard_input(path) {
            return Self::new(Box::new(BufReader::new(io::stdin())), format, None);
        }
        let file = File::open(path).map_err(|error| Problem(format!("{} cannot be read: {error}", path.display())))?;
        let bytes = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len());
        Self::new(Box::new(BufReader::with_capacity(64 * 1024, file)), format, bytes)
    }

    fn new(input: Box<dyn BufRead + Send>, format: Format, bytes: Option<u64>) -> Result<Self, Problem> {
        let bytes = (bytes, 0);
        let mut rows = Self { input, bytes, line: 0, ahead: VecDeque::new(), header: None, split_cell: (0, 0) };
        let mut first = rows.read_line()?.unwrap_or_default();
        if let Some(advice) = not_text(&first) {
            return Err(Problem(advice.into()));
        }
        if first.starts_with(b"\xEF\xBB\xBF") {
            first.drain(..3);
        }
        if format == Format::Csv {
            let explain = |reason| Problem(format!("the header of the CSV file, its first line, {reason}"));
            (rows.header, rows.line) = (Some(Header::parse(&first).map_err(explain)?), 1);
        } else {
            rows.ahead.push_back(first);
        }
        Ok(rows)
    }

    /// The next row. Empty lines and rows of empty cells are skipped.
    pub(super) fn next(&mut self) -> Result<Option<Row>, Problem> {
        while let Some(bytes) = self.ahead.pop_front().map_or_else(|| self.read_line(), |line| Ok(Some(line)))? {
            self.line += 1;
            let blanks: &[u8] = if self.header.is_some() { b" \t," } else { b" \t" };
            if bytes.iter().all(|byte| blanks.contains(byte)) {
                continue;
            }
            let wrong_quotes = self.wrong_quotes(&bytes)?;
            return Ok(Some(Row { line: self.line, content: wrong_quotes.map_or_else(|| self.content(bytes), Err) }));
        }
        Ok(None)
    }

    fn content(&self, bytes: Vec<u8>) -> Result<(String, Map<String, Value>), Reason> {
        if bytes.len() > MAX_LINE_BYTES {
            return Err(format!("the line is longer than {} KiB", MAX_LINE_BYTES / 1024));
        }
        let text = String::from_utf8(bytes).map_err(|_| "the line is not UTF-8: save the file as UTF-8")?;
        let fields = match &self.header {
            Some(header) => from_csv(&header.columns, &text),
            None => from_json(&text),
        };
        fields.map(|fields| (text, fields))
    }

    /// Why the quotation marks of a CSV line make it unsafe to read. The lines of a quoted cell are not rows: a user who
    /// chose the cell's text could have written them.
    fn wrong_quotes(&mut self, bytes: &[u8]) -> Result<Option<Reason>, Problem> {
        if self.header.is_none() {
            return Ok(None);
        }
        let (opening, closing) = self.split_cell;
        if self.line <= closing {
            return Ok(Some(format!("the line may belong to the quoted cell that line {opening} opens")));
        }
        let reason = match is_quote_open(bytes, false) {
            Some(false) => return Ok(None),
            None => "a quotation mark is in the wrong place: quote the whole cell, and double the mark",
            Some(true) => {
                self.split_cell = (self.line, self.line + self.lines_of_cell()?);
                "a quotation mark opens a cell that the line does not close: a row is one line"
            }
        };
        Ok(Some(reason.into()))
    }

    /// How many lines below belong to the open cell: none if the quotation mark was a mistake.
    fn lines_of_cell(&mut self) -> Result<u64, Problem> {
        let (mut lines, mut length) = (0, 0);
        while length <= MAX_CELL_BYTES {
            if lines == self.ahead.len() {
                let Some(line) = self.read_line()? else { break };
                self.ahead.push_back(line);
            }
            let line = &self.ahead[lines];
            (lines, length) = (lines + 1, length + line.len() + 1);
            match is_quote_open(line, true) {
                None => break,
                Some(false) => return Ok(lines as u64),
                Some(true) => {}
            }
        }
        Ok(0)
    }

    /// A line without its line break. A line that is too long is cut off.
    fn read_line(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        let mut bytes = Vec::new();
        let mut length = (&mut self.input).take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', &mut bytes);
        if bytes.len() > MAX_LINE_BYTES && !bytes.ends_with(b"\n") {
            length = length.and_then(|length| Ok(length + self.input.skip_until(b'\n')?));
        }
        let length = length.map_err(|error| Problem(format!("reading the file failed: {error}")))?;
        self.bytes.1 += length as u64;
        if bytes.ends_with(b"\n") {
            bytes.truncate(bytes.len() - if bytes.ends_with(b"\r\n") { 2 } else { 1 });
        }
        Ok((length > 0).then_some(bytes))
    }
}

/// What to do with a file that is not UTF-8 text, by its first line.
fn not_text(line: &[u8]) -> Option<&'static str> {
    match line {
        [b'P', b'K', 3, 4, ..] => Some("the file is a spreadsheet or an archive: export it as CSV in UTF-8"),
        [0x1F, 0x8B, ..] => Some("the file is compressed: unpack it first"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, ..] | [_, 0, ..] => Some("the file is UTF-16: save it as UTF-8"),
        line if line.contains(&0) => Some("the file is not text: give a CSV or JSON Lines file in UTF-8"),
        _ => None,
    }
}

/// Whether a quoted cell is open at the end of the line. The line begins inside a cell if `is_open`. `None` if a
/// quotation mark neither opens nor closes a whole cell.
fn is_quote_open(line: &[u8], is_open: bool) -> Option<bool> {
    let pieces: Vec<_> = line.split(|byte| *byte == b'"').collect();
    let last = pieces.len() - 1;
    let is_outside = |at: usize| at.is_multiple_of(2) != is_open;
    // An empty piece between two marks is a doubled mark, which stands for itself.
    let fits = |at: usize, piece: &[u8]| {
        piece.is_empty() || (at == 0 || piece.starts_with(b",")) && (at == last || piece.ends_with(b","))
    };
    pieces.iter().enumerate().all(|(at, piece)| !is_outside(at) || fits(at, piece)).then_some(!is_outside(last))
}

/// The cells of a line with correct quotation marks.
pub(super) fn split(line: &str) -> Result<StringRecord, Reason> {
    let mut record = StringRecord::new();
    let mut reader = ReaderBuilder::new();
    // Without this, a lone carriage return would end the row.
    reader.has_headers(false).terminator(Terminator::Any(b'\n')).buffer_capacity(line.len().max(1));
    reader.from_reader(line.as_bytes()).read_record(&mut record).map_err(|_| "the line is not CSV")?;
    Ok(record)
}

impl Header {
    fn parse(line: &[u8]) -> Result<Self, Reason> {
        let text = str::from_utf8(line).map_err(|_| "is not UTF-8")?;
        if text.is_empty() {
            return Err("is missing".into());
        }
        for (separator, found) in [(';', "semicolons"), ('\t', "tabs"), ('|', "vertical bars")] {
            let is_field = |name: &str| shape(name.trim().trim_matches('"')).is_some();
            if !text.contains(',') && text.contains(separator) && text.split(separator).any(is_field) {
                return Err(format!("has {found} between the columns: save the file with commas"));
            }
        }
        if is_quote_open(line, false) != Some(false) {
            return Err("has a quotation mark in the wrong place".into());
        }
        let cells = split(text)?;
        let has_field = cells.iter().any(|name| shape(name.trim()).is_some());
        let (mut columns, mut wrong): (Vec<(String, Shape)>, _) = (Vec::new(), Vec::new());
        for (at, name) in (1..).zip(cells.iter().map(str::trim)) {
            let is_user_field = name.strip_prefix(USER_FIELD).is_some_and(|key| !key.is_empty());
            let shape = if is_user_field { Some(Shape::Text) } else { shape(name) };
            match (shape, nearest(name)) {
                (Some(_), _) if columns.iter().any(|(other, _)| other == name) => {
                    wrong.push(format!("has the column {at} twice"));
                }
                (Some(shape), _) => columns.push((name.to_owned(), shape)),
                (None, Some(field)) => wrong.push(format!("has the column {at} `{name}` (do you mean `{field}`?)")),
                (None, None) if has_field => {
                    wrong.push(format!("has the column {at} `{}`, which is not a field", name.escape_debug()));
                }
                // Without a header the line is a user, whose values are not shown.
                (None, None) => wrong.push(format!("does not name a field in column {at}")),
            }
        }
        if !wrong.is_empty() {
            let fields = FIELDS.map(|(name, _)| name).join(", ");
            return Err(format!("{}. The fields are {fields}", wrong.join("; ")));
        }
        let header = Self { cells, columns };
        if header.place("external_id").is_some() { Ok(header) } else { Err("has no column `external_id`".into()) }
    }

    /// The position of a column.
    pub(super) fn place(&self, field: &str) -> Option<usize> {
        self.columns.iter().position(|(name, _)| name == field)
    }
}

fn from_csv(columns: &[(String, Shape)], text: &str) -> Result<Map<String, Value>, Reason> {
    let (row, mut fields, mut user_fields) = (split(text)?, Map::new(), Map::new());
    if row.len() != columns.len() {
        return Err(format!("the row has {} cells, and the header {}", row.len(), columns.len()));
    }
    for ((field, shape), cell) in columns.iter().zip(&row).filter(|(_, cell)| !cell.is_empty()) {
        let value = match cells::read(*shape, cell) {
            Some(value) => value,
            // The cell may be a date.
            None if field == "expires_at" => Value::from(cell),
            None => return Err(format!("`{field}` must be {}", cells::expected(*shape))),
        };
        match field.strip_prefix(USER_FIELD) {
            None => fields.insert(field.clone(), value),
            Some(key) => user_fields.insert(key.to_owned(), value),
        };
    }
    if !user_fields.is_empty() {
        let all = fields.entry("user_fields").or_insert_with(|| Value::Object(Map::new()));
        let all = all.as_object_mut().ok_or("`user_fields` is null, and a column of one of them is not empty")?;
        all.extend(user_fields);
    }
    Ok(fields)
}

fn from_json(text: &str) -> Result<Map<String, Value>, Reason> {
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(Value::Array(_)) => {
            Err("the line is an array, not an object: write one object per line, as `jq -c '.[]'` does".into())
        }
        Ok(_) => Err("the line is JSON, but not an object".into()),
        Err(_) if matches!(text.trim(), "{" | "[") => {
            Err("the object does not end on its line: write one object per line".into())
        }
        // The message of serde_json may quote the line.
        Err(error) => Err(format!("the line is not JSON: look at column {}", error.column())),
    }
}

/// The item of a row.
pub(super) fn item(mut fields: Map<String, Value>) -> Result<UserTokenItem, Reason> {
    // The time may be as people write it.
    if let Some(Value::String(text)) = fields.get("expires_at") {
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(
            |_| "`expires_at` must be whole seconds since 1970, or a time such as 2027-01-31T12:00:00Z (RFC 3339)",
        )?;
        fields.insert("expires_at".into(), moment.unix_timestamp().into());
    }
    for field in ["external_id", "name", "email", "token"] {
        let text = fields.get(field).and_then(Value::as_str).unwrap_or_default();
        if text.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
            return Err(format!("`{field}` has a line break"));
        }
    }
    UserTokenItem::from_json(fields).map_err(|invalid| invalid.to_string())
}
