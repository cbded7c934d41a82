//! The phrases that the messages share.

use serde_json::Value;

use super::Facts;

/// The name of the kind, or of both kinds that it can be.
pub(super) fn title(facts: &Facts<'_>) -> String {
    facts.kinds.iter().map(|kind| kind.title()).collect::<Vec<_>>().join(" or ")
}

/// Where an administrator creates the kind's secret.
pub(super) fn screen(facts: &Facts<'_>) -> String {
    let screens: Vec<&str> = facts.kinds.iter().map(|kind| kind.admin_center_screen()).collect();
    format!("Admin Center > {}", screens.join(" or "))
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

/// "`a`, `b` and 3 more".
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names = names.into_iter();
    let shown: Vec<String> = names.by_ref().take(5).map(quoted).collect();
    match names.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Joins the problems of several claims into one message; `None` without problems.
pub(super) fn joined(problems: impl IntoIterator<Item = String>) -> Option<String> {
    let problems: Vec<String> = problems.into_iter().collect();
    (!problems.is_empty()).then(|| format!("{}.", problems.join("; ")))
}
