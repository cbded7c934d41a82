//! CSV (RFC 4180): a header that names the fields, and a row per user.

use std::collections::VecDeque;
use std::io;

use csv::{ReaderBuilder, StringRecord, Terminator};
use serde_json::{Map, Value};

use super::lines::{Line, Lines, MAX_LINE_BYTES, without_line_break};
use super::records::{Reason, Record, too_long};
use crate::aws::user_token_items::Shape;
use crate::problem::Problem;
use crate::user::cells;

/// A column of a single custom field: `user_fields.KEY`.
const USER_FIELD: &str = "user_fields.";

/// A row of more lines than this has a quotation mark too many.
const MAX_ROW_LINES: usize = 1000;

/// Reads row after row.
pub struct CsvRows {
    lines: Lines,
    /// Lines that turned out not to be of the row before them.
    again: VecDeque<Line>,
    columns: Vec<Column>,
}

/// What may be a row.
struct Row {
    bytes: Vec<u8>,
    /// The lines after its first one.
    more: Vec<Line>,
    /// Whether its quoted cells are.
    is_closed: bool,
}

#[derive(PartialEq)]
enum Column {
    Field { name: String, shape: Shape },
    UserField { key: String },
}

impl CsvRows {
    /// Reads the header.
    ///
    /// # Errors
    /// When there is none, or a column of it is no field. Nothing is quoted, since without a header it is a user.
    pub fn new(mut lines: Lines, may_lack_token: bool) -> Result<Self, Problem> {
        let problem = |text: &str| Problem(format!("the header of the CSV file, its first line, {text}"));
        let first = lines.next().map_err(|error| problem(&format!("cannot be read: {error}")))?;
        let first = first.ok_or_else(|| problem("is missing: the file is empty"))?;
        let row = cells(&first.bytes.unwrap_or_default()).map_err(|reason| problem(&reason))?;
        let mut columns: Vec<Column> = Vec::new();
        for (at, name) in row.iter().enumerate() {
            let column = Column::of(name.trim()).ok_or_else(|| {
                let advice = "column names are field names, with commas between them, and the README lists the fields";
                problem(&format!("names no field in column {}: {advice}", at + 1))
            })?;
            if columns.contains(&column) {
                return Err(problem(&format!("names the field of column {} twice", at + 1)));
            }
            columns.push(column);
        }
        let has = |name: &str| {
            columns.iter().any(|column| matches!(column, Column::Field { name: known, .. } if known == name))
        };
        if !has("external_id") {
            return Err(problem("has no column `external_id`"));
        }
        if !has("token") && !has("token_hash") && !may_lack_token {
            return Err(problem(
                "has neither `token` nor `token_hash`: add one of them, or have --issue-tokens make them",
            ));
        }
        Ok(Self { lines, again: VecDeque::new(), columns })
    }

    /// The lines below the header.
    pub fn lines(&mut self) -> &mut Lines {
        &mut self.lines
    }

    /// The next row that holds anything.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next(&mut self) -> io::Result<Option<Record>> {
        while let Some(Line { number: line, end, bytes }) = self.line()? {
            let Some(bytes) = bytes else {
                return Ok(Some(Record { line, last_line: line, end, fields: Err(too_long()) }));
            };
            let row = self.row(bytes)?;
            let cells = cells(&row.bytes);
            let has_other_cells = cells.as_ref().is_ok_and(|cells| cells.len() != self.columns.len());
            if !row.is_closed || has_other_cells && !row.more.is_empty() {
                // A quotation mark too many: the lines that it took may be good rows.
                for line in row.more.into_iter().rev() {
                    self.again.push_front(line);
                }
                let reason = "a quotation mark opens a cell that is not closed as it should be";
                return Ok(Some(Record { line, last_line: line, end, fields: Err(reason.into()) }));
            }
            let (last_line, end) = row.more.last().map_or((line, end), |last| (last.number, last.end));
            let fields = match cells {
                Ok(cells) if cells.iter().all(str::is_empty) => continue,
                cells => cells.and_then(|cells| self.fields(&cells)),
            };
            return Ok(Some(Record { line, last_line, end, fields }));
        }
        Ok(None)
    }

    fn line(&mut self) -> io::Result<Option<Line>> {
        match self.again.pop_front() {
            Some(line) => Ok(Some(line)),
            None => self.lines.next(),
        }
    }

    /// The row that begins with these bytes, and goes on for as long as a quoted cell is open.
    fn row(&mut self, mut bytes: Vec<u8>) -> io::Result<Row> {
        let mut quotes = Quotes::default();
        quotes.pass(&bytes);
        let mut more = Vec::new();
        while quotes.is_inside() {
            let Some(line) = self.line()? else { break };
            let next = line.bytes.as_deref().unwrap_or_default();
            let fits = line.bytes.is_some() && bytes.len() + next.len() <= MAX_LINE_BYTES;
            quotes.pass(next);
            bytes.extend_from_slice(next);
            more.push(line);
            if !fits || more.len() > MAX_ROW_LINES {
                return Ok(Row { bytes, more, is_closed: false });
            }
        }
        Ok(Row { bytes, more, is_closed: !quotes.is_inside() })
    }

    fn fields(&self, row: &StringRecord) -> Result<Map<String, Value>, Reason> {
        if row.len() != self.columns.len() {
            return Err(format!("the row has {} cells, and the header {}", row.len(), self.columns.len()));
        }
        let mut fields = Map::new();
        let mut user_fields = Map::new();
        for (column, cell) in self.columns.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
            let (shape, name) = match column {
                Column::Field { name, shape } => (*shape, name.as_str()),
                Column::UserField { .. } => (Shape::Text, "user_fields"),
            };
            let value = match cells::read(shape, cell) {
                Some(value) => value,
                // It may still be a date.
                None if name == "expires_at" => Value::from(cell),
                None => return Err(format!("`{name}` must be {}", cells::expected(shape))),
            };
            match column {
                Column::Field { name, .. } => fields.insert(name.clone(), value),
                Column::UserField { key } => user_fields.insert(key.clone(), value),
            };
        }
        if !user_fields.is_empty() {
            let all = fields.entry("user_fields").or_insert_with(|| Value::Object(Map::new()));
            let all = all.as_object_mut().ok_or("`user_fields` is null, and a column of one of them is not empty")?;
            all.extend(user_fields);
        }
        Ok(fields)
    }
}

impl Column {
    fn of(name: &str) -> Option<Self> {
        match name.strip_prefix(USER_FIELD) {
            Some(key) => (!key.is_empty()).then(|| Self::UserField { key: key.to_owned() }),
            None => Some(Self::Field { name: name.to_owned(), shape: Shape::of(name)? }),
        }
    }
}

/// The cells of a row.
fn cells(row: &[u8]) -> Result<StringRecord, Reason> {
    let row = without_line_break(row);
    let mut cells = StringRecord::new();
    // The row was found by its line break, so none within it, nor a lone carriage return, ends it.
    let mut reader = ReaderBuilder::new();
    reader.has_headers(false).flexible(true).terminator(Terminator::Any(b'\n')).buffer_capacity(row.len().max(1));
    reader.from_reader(row).read_record(&mut cells).map_err(|_| "the line is not UTF-8")?;
    Ok(cells)
}

/// Whether a place is inside a quoted cell.
#[derive(Default)]
enum Quotes {
    /// Where a cell begins.
    #[default]
    Start,
    /// In a cell without quotation marks around it, where one means itself.
    Plain,
    /// In a quoted cell.
    Inside,
    /// After a quotation mark in a quoted cell, which ends the cell unless another one follows.
    Closing,
}

impl Quotes {
    fn pass(&mut self, bytes: &[u8]) {
        for byte in bytes {
            *self = match (&self, byte) {
                (Self::Inside, b'"') => Self::Closing,
                (Self::Inside, _) | (Self::Start | Self::Closing, b'"') => Self::Inside,
                (_, b',' | b'\n') => Self::Start,
                _ => Self::Plain,
            };
        }
    }

    fn is_inside(&self) -> bool {
        matches!(self, Self::Inside)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows(input: &[u8]) -> Vec<(u64, u64, Result<Value, Reason>)> {
        let mut rows = CsvRows::new(Lines::new(Box::new(io::Cursor::new(input.to_vec()))), true).unwrap_or_else(|_| {
            panic!("a good header");
        });
        std::iter::from_fn(|| rows.next().unwrap())
            .map(|record| (record.line, record.last_line, record.fields.map(Value::Object)))
            .collect()
    }

    #[test]
    fn cells_are_fields_and_empty_ones_are_absent() {
        let input = b"\xEF\xBB\xBFexternal_id,name,tags,user_fields.plan,user_fields\r\n\
            demo-1,Demo User,vip;beta,,\r\n\
            ,,,,\r\n\
            \r\n\
            demo-2,\\N,,free,\"{\"\"seats\"\": 3}\"\n";
        assert_eq!(
            rows(input),
            [
                (2, 2, Ok(json!({"external_id": "demo-1", "name": "Demo User", "tags": ["vip", "beta"]}))),
                (5, 5, Ok(json!({"external_id": "demo-2", "name": null, "user_fields": {"plan": "free", "seats": 3}}))),
            ]
        );
    }

    #[test]
    fn a_quoted_cell_holds_commas_quotes_and_line_breaks() {
        assert_eq!(
            rows(b"external_id,name\ndemo-1,\"Demo, \"\"the\"\"\r\nUser\"\ndemo-2,5\" nail\n"),
            [
                (2, 3, Ok(json!({"external_id": "demo-1", "name": "Demo, \"the\"\r\nUser"}))),
                (4, 4, Ok(json!({"external_id": "demo-2", "name": "5\" nail"}))),
            ]
        );
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_costs_its_own_line_alone() {
        let many = "demo-1,User\n".repeat(2 * MAX_ROW_LINES);
        let input = format!("external_id,name\ndemo-x,\"Demo\n{many}");
        let rows = rows(input.as_bytes());

        assert_eq!(rows.len(), 1 + 2 * MAX_ROW_LINES);
        assert!(rows[0].2.is_err() && rows[1..].iter().all(|row| row.2.is_ok()));
        assert_eq!((rows[0].0, rows[1].0, rows[2 * MAX_ROW_LINES].0), (2, 3, 2 + 2 * MAX_ROW_LINES as u64));
    }

    #[test]
    fn a_header_that_is_none_is_not_quoted() {
        for (header, told) in [
            ("canary-token,demo-1\n", "column 1"),
            ("external_id,emial\n", "column 2"),
            ("external_id,name,name\n", "column 3 twice"),
            ("token\n", "external_id"),
            ("external_id,name\n", "--issue-tokens"),
            ("", "empty"),
        ] {
            let lines = Lines::new(Box::new(io::Cursor::new(header.as_bytes().to_vec())));
            let Err(problem) = CsvRows::new(lines, false) else { panic!("{header} is taken") };
            assert!(problem.to_string().contains(told), "{problem}");
            assert!(!problem.to_string().contains("canary"), "{problem}");
        }
    }
}
