//! JSON Lines: an object per line.

use std::io;

use serde_json::{Map, Value};

use super::lines::Lines;
use super::records::{Reason, Record, too_long};

/// The next object, past empty lines.
///
/// # Errors
/// When the file cannot be read.
pub fn next(lines: &mut Lines) -> io::Result<Option<Record>> {
    while let Some(line) = lines.next()? {
        let fields = match &line.bytes {
            Some(bytes) if bytes.trim_ascii().is_empty() => continue,
            Some(bytes) => object(bytes),
            None => Err(too_long()),
        };
        return Ok(Some(Record { line: line.number, last_line: line.number, end: line.end, fields }));
    }
    Ok(None)
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, Reason> {
    let text = str::from_utf8(bytes).map_err(|_| "the line is not UTF-8")?;
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err("the line is JSON, but not an object".into()),
        // Its own message could quote the line.
        Err(error) => Err(format!("the line is not JSON: look at column {}", error.column())),
    }
}
