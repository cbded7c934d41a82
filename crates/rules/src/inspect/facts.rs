//! What the checks know about a JWT, and the phrases that their messages share.

use serde_json::Value;

use super::{Found, Inspection, Signature, Subject, has_three_parts};

/// The input of the checks.
pub(super) struct Facts<'a> {
    pub(super) given: &'a str,
    /// Empty if the text holds no JWT.
    pub(super) found: &'a Found,
    pub(super) secret: Option<&'a [u8]>,
    pub(super) now: u64,
    /// The result, still without checked rules and findings.
    pub(super) inspection: &'a Inspection,
}

impl<'a> Facts<'a> {
    /// Whether the rules about `subject` can be checked.
    pub(super) fn has(&self, subject: Subject) -> bool {
        match subject {
            Subject::Token => true,
            Subject::Encoding => has_three_parts(&self.found.jwt),
            Subject::Header => self.inspection.header.is_some(),
            Subject::Claims => self.inspection.claims.is_some(),
            Subject::Secret => self.secret.is_some(),
            Subject::Signature => self.inspection.signature != Signature::NotChecked,
        }
    }

    /// A field of the header.
    pub(super) fn header(&self, name: &str) -> Option<&'a Value> {
        self.inspection.header.as_ref()?.get(name)
    }

    pub(super) fn claim(&self, name: &str) -> Option<&'a Value> {
        self.inspection.claims.as_ref()?.get(name)
    }

    /// The claim, unless it is null or a string without content.
    pub(super) fn content(&self, name: &str) -> Option<&'a Value> {
        self.claim(name).filter(|value| !matches!(described(Some(value)), "null" | "empty"))
    }

    pub(super) fn is_set(&self, name: &str) -> bool {
        self.content(name).is_some()
    }

    /// The claim, if it is a string with content.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.content(name)?.as_str()
    }

    /// Where an administrator creates the kind's secret.
    pub(super) fn screen(&self) -> String {
        let screens: Vec<&str> = self.inspection.kinds.iter().map(|kind| kind.admin_center_screen()).collect();
        format!("Admin Center > {}", screens.join(" or "))
    }
}

/// What a JSON value is, as part of a sentence.
pub(super) fn described(value: Option<&Value>) -> &'static str {
    match value {
        None => "missing",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "a boolean",
        Some(Value::Number(_)) => "a number",
        Some(Value::String(text)) if text.trim().is_empty() => "empty",
        Some(Value::String(_)) => "a string",
        Some(Value::Array(_)) => "an array",
        Some(Value::Object(_)) => "an object",
    }
}

/// Text from the JWT, escaped for printing and cut after 40 characters.
pub(super) fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    let cut = if text.chars().nth(40).is_some() { "…" } else { "" };
    format!("`{shown}{cut}`")
}

/// "`a`, `b` and 3 more"; `None` without names.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut names = names.into_iter();
    let shown: Vec<String> = names.by_ref().take(5).map(quoted).collect();
    let more = match names.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!shown.is_empty()).then(|| shown.join(", ") + &more)
}

/// Joins the problems of several claims into one message; `None` without problems.
pub(super) fn joined(problems: impl IntoIterator<Item = String>) -> Option<String> {
    let problems: Vec<String> = problems.into_iter().collect();
    (!problems.is_empty()).then(|| format!("{}.", problems.join("; ")))
}
