use std::fmt::{self, Write as _};

use askama::filters::{Html, HtmlSafe, escape};
use serde::Serialize;
use serde_json::Value;

/// JSON in HTML: indented, with a class for the names and for each type of value.
#[derive(Clone, Debug)]
pub struct Json(Value);

impl Json {
    pub fn of(value: &impl Serialize) -> Self {
        Self(serde_json::to_value(value).unwrap_or_default())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        value(f, &self.0, 0)
    }
}

impl HtmlSafe for Json {}

fn value(f: &mut fmt::Formatter<'_>, json: &Value, depth: usize) -> fmt::Result {
    match json {
        Value::Object(members) if !members.is_empty() => list(f, ['{', '}'], depth, members, |f, (name, member)| {
            scalar(f, "name", &Value::from(name.as_str()))?;
            f.write_str(": ")?;
            value(f, member, depth + 1)
        }),
        Value::Array(items) if !items.is_empty() => {
            list(f, ['[', ']'], depth, items, |f, item| value(f, item, depth + 1))
        }
        Value::String(_) => scalar(f, "text", json),
        _ => scalar(f, "number", json),
    }
}

fn list<T>(
    f: &mut fmt::Formatter<'_>,
    [open, close]: [char; 2],
    depth: usize,
    items: impl IntoIterator<Item = T>,
    each: impl Fn(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    f.write_char(open)?;
    for (index, item) in items.into_iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(f, "{comma}\n{:1$}", "", 2 * depth + 2)?;
        each(f, item)?;
    }
    write!(f, "\n{:1$}{close}", "", 2 * depth)
}

fn scalar(f: &mut fmt::Formatter<'_>, class: &str, json: &Value) -> fmt::Result {
    let Ok(text) = escape(json.to_string(), Html);
    write!(f, "<span class=\"json-{class}\">{text}</span>")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_indented_as_serde_does_and_markup_is_text() {
        let json = json!({"a": [1, {"b": null}], "c": {}, "d": [], "<e>": "<b>\"&"});
        let html = Json::of(&json).to_string();
        assert!(
            !html.contains("<b>") && html.contains("<span class=\"json-name\">&#34;&#60;e&#62;&#34;</span>"),
            "{html}"
        );
        let text =
            html.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).collect::<String>();
        let text = text.replace("&#34;", "\"").replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&");
        assert_eq!(text, serde_json::to_string_pretty(&json).unwrap());
    }
}
