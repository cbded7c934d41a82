//! Parts of pages: sentences, JSON, and the report on a JWT.

use std::fmt::{self, Write as _};

use askama::Template;
use askama::filters::{Html, HtmlSafe, escape};
use serde::Serialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use zendesk_jwt_rules::inspect::{Inspection, Rule, Signature};

/// A sentence in HTML, in which text between backticks is code. Each piece is escaped.
#[derive(Clone, Debug)]
pub struct Prose<T>(pub T);

impl<T: AsRef<str>> fmt::Display for Prose<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, piece) in self.0.as_ref().split('`').enumerate() {
            let Ok(piece) = escape(piece, Html);
            let is_code = index % 2 == 1;
            if is_code { write!(f, "<code>{piece}</code>")? } else { write!(f, "{piece}")? }
        }
        Ok(())
    }
}

impl<T: AsRef<str>> HtmlSafe for Prose<T> {}

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
    let ([open, close], items): ([char; 2], Vec<(Option<&String>, &Value)>) = match json {
        Value::Object(members) if !members.is_empty() => {
            (['{', '}'], members.iter().map(|(name, member)| (Some(name), member)).collect())
        }
        Value::Array(items) if !items.is_empty() => (['[', ']'], items.iter().map(|item| (None, item)).collect()),
        Value::String(_) => return scalar(f, "text", json),
        _ => return scalar(f, "number", json),
    };
    f.write_char(open)?;
    for (index, (name, item)) in items.into_iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(f, "{comma}\n{:1$}", "", 2 * depth + 2)?;
        if let Some(name) = name {
            scalar(f, "name", &Value::from(name.as_str()))?;
            f.write_str(": ")?;
        }
        value(f, item, depth + 1)?;
    }
    write!(f, "\n{:1$}{close}", "", 2 * depth)
}

fn scalar(f: &mut fmt::Formatter<'_>, class: &str, json: &Value) -> fmt::Result {
    let Ok(text) = escape(json.to_string(), Html);
    write!(f, "<span class=\"json-{class}\">{text}</span>")
}

/// A JWT with every rule that was checked, as a part of a page.
#[derive(Clone, Template)]
#[template(path = "shared/jwt_report.html")]
pub struct JwtReport {
    jwt: String,
    pub inspection: Inspection,
    /// Which secret the inspection used, in words.
    secret_name: &'static str,
}

impl JwtReport {
    pub fn new(jwt: &str, inspection: Inspection, secret_name: &'static str) -> Self {
        Self { jwt: jwt.trim().to_owned(), inspection, secret_name }
    }

    fn passed(&self) -> Vec<Rule> {
        self.inspection.checked_rules().filter(|(_, finding)| finding.is_none()).map(|(rule, _)| rule).collect()
    }
}

/// The time in a claim, in words.
fn time(claims: &Map<String, Value>, claim: &str) -> Option<String> {
    OffsetDateTime::from_unix_timestamp(claims.get(claim)?.as_i64()?).ok()?.format(&Rfc3339).ok()
}

/// The address of the document that `source` abbreviates.
fn address(source: &str) -> Option<String> {
    if let Some(rfc) = source.strip_prefix("RFC ") {
        let (number, section) = rfc.split_once(" §")?;
        return Some(format!("https://www.rfc-editor.org/rfc/rfc{number}#section-{section}"));
    }
    let url = match source.split([',', ':']).next()? {
        "SDK" => {
            "https://developer.zendesk.com/documentation/classic-web-widget-sdks/support-sdk/working-with-the-support-sdk/building-a-dedicated-jwt-endpoint-for-the-support-sdk/"
        }
        "Messaging" => {
            "https://developer.zendesk.com/documentation/zendesk-web-widget-sdks/sdks/web/enabling_auth_visitors/"
        }
        "SSO" => "https://support.zendesk.com/hc/en-us/articles/4408845838874",
        "Anatomy" => "https://support.zendesk.com/hc/en-us/articles/204279616",
        _ => return None,
    };
    Some(url.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_backticks_become_markup() {
        let prose = Prose("`alg` is `<b>` & <i>");
        assert_eq!(prose.to_string(), "<code>alg</code> is <code>&#60;b&#62;</code> &#38; &#60;i&#62;");
    }

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
