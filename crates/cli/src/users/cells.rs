//! The cells of a CSV file. They keep absent, null and empty values different.

use serde_json::Value;

use crate::aws::fields::Shape;

/// A null. An empty cell is an absent field.
const NULL: &str = r"\N";

/// An empty text. A text that begins with a backslash gets a second one.
const EMPTY: &str = r"\";

/// The content of a cell, for a message.
pub(super) const fn expected(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => r"a text, and begin with two backslashes for one (\N is null, \ is an empty text)",
        Shape::TextSet | Shape::TextList => "texts with `;` between them, or a JSON array of texts",
        Shape::Object => "a JSON object",
        Shape::Flag | Shape::Integer => shape.expected(),
    }
}

/// The value of a cell that is not empty; `None` if the cell is not as [`expected`].
pub(super) fn read(shape: Shape, cell: &str) -> Option<Value> {
    if cell == NULL {
        return Some(Value::Null);
    }
    match shape {
        Shape::Text => text(cell).map(Value::from),
        Shape::Flag if cell.eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
        Shape::Flag if cell.eq_ignore_ascii_case("false") => Some(Value::Bool(false)),
        Shape::Flag => None,
        Shape::Integer => cell.parse::<i64>().ok().map(Value::from),
        Shape::TextSet | Shape::TextList => texts(cell).map(Value::from),
        Shape::Object => serde_json::from_str(cell).ok().filter(Value::is_object),
    }
}

fn text(cell: &str) -> Option<&str> {
    match cell.strip_prefix('\\') {
        None => Some(cell),
        Some("") => Some(""),
        Some(rest) => rest.starts_with('\\').then_some(rest),
    }
}

fn texts(cell: &str) -> Option<Vec<String>> {
    if cell.starts_with('[') {
        return serde_json::from_str(cell).ok();
    }
    Some(cell.split(';').map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect())
}

/// The cell that [`read`] turns into `value`; `None` if the value has another type or a line break.
pub(super) fn write(shape: Shape, value: &Value) -> Option<String> {
    match (shape, value) {
        (_, Value::Null) => Some(NULL.to_owned()),
        (Shape::Text, Value::String(text)) => (!text.contains(['\n', '\r'])).then(|| match text.as_str() {
            "" => EMPTY.to_owned(),
            text if text.starts_with('\\') => format!(r"\{text}"),
            text => text.to_owned(),
        }),
        (Shape::Flag, Value::Bool(flag)) => Some(flag.to_string()),
        (Shape::Integer, Value::Number(number)) => number.as_i64().map(|integer| integer.to_string()),
        (Shape::TextSet | Shape::TextList, Value::Array(values)) => {
            let texts: Vec<&str> = values.iter().map(Value::as_str).collect::<Option<_>>()?;
            let joined = texts.join(";");
            let is_plain = !joined.is_empty() && read(shape, &joined).as_ref() == Some(value);
            Some(if is_plain { joined } else { value.to_string() })
        }
        (Shape::Object, Value::Object(_)) => Some(value.to_string()),
        _ => None,
    }
}

pub(super) fn csv_row(cells: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail.
    writer.write_record(cells).ok();
    writer.into_inner().unwrap_or_default()
}
