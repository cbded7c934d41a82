//! Readers of a function's log, and checks that no log and no error contains a secret or personal data.

use super::now;
use super::service::{MESSAGING_SECRET, SDK_SECRET, SSO_SECRET};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use std::sync::Mutex;

/// The lines of a log. Panics unless each line is a JSON object.
pub fn lines(log: &str) -> Vec<Value> {
    let parse = |line: &str| -> Value {
        let parsed = serde_json::from_str(line).unwrap_or_else(|error| panic!("not JSON ({error}): {line}"));
        assert!(matches!(parsed, Value::Object(_)), "not an object: {line}");
        parsed
    };
    log.lines().filter(|line| !line.is_empty()).map(parse).collect()
}

/// The request line in the log of one invocation.
pub fn request_line(log: &str) -> Value {
    let reports: Vec<_> = lines(log).into_iter().filter(|line| line.get("outcome").is_some()).collect();
    assert_eq!(reports.len(), 1, "request lines in: {log}");
    reports.into_iter().next().unwrap()
}

/// The names of the metrics in a line. Panics unless the line follows the embedded metric format:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
pub fn metric_names(line: &Value) -> Vec<String> {
    let timestamp = line["_aws"]["Timestamp"].as_u64().expect("milliseconds since the epoch");
    assert!((timestamp / 1000).abs_diff(now()) < 60, "{timestamp}");
    let mut names = Vec::new();
    for directive in line["_aws"]["CloudWatchMetrics"].as_array().expect("directives") {
        assert!(directive["Namespace"].as_str().is_some_and(|namespace| !namespace.is_empty()), "{directive}");
        for set in directive["Dimensions"].as_array().expect("sets of dimensions") {
            for dimension in set.as_array().expect("a set of dimensions") {
                let value = line[dimension.as_str().unwrap()].as_str();
                assert!(value.is_some_and(|value| !value.is_empty()), "{dimension} has no text in {line}");
            }
        }
        for metric in directive["Metrics"].as_array().expect("metrics") {
            let name = metric["Name"].as_str().expect("a name");
            assert!(line[name].is_number(), "{name} has no number in {line}");
            names.push(name.to_owned());
        }
    }
    names
}

/// Panics if a line of the log has `marker` in any case, as bytes, as hexadecimal or inside Base64.
pub fn assert_without(log: &str, marker: &str, place: &str) {
    let bytes: Vec<_> = marker.bytes().map(|byte| byte.to_string()).collect();
    let in_any_case = [marker.to_owned(), bytes.join(", "), bytes.join(","), hex::encode(marker)];
    // The Base64 of a text depends on its position modulo 3. Characters that depend on other bytes are cut off.
    let encoded = [(0, 0), (1, 2), (2, 3)].map(|(offset, unstable)| {
        let padded = "?".repeat(offset) + marker;
        BASE64_STANDARD.encode(&padded[..padded.len() / 3 * 3]).split_off(unstable)
    });
    for line in log.lines() {
        let lower_case = line.to_lowercase();
        let found = in_any_case.iter().find(|form| lower_case.contains(*form));
        let found = found.or_else(|| encoded.iter().find(|form| line.contains(*form)));
        assert_eq!(found, None, "{place}: {line}");
    }
}

/// Texts that no function may write. Every JWT begins with `eyJ`.
const NEVER: [&str; 6] =
    ["eyJ", SDK_SECRET, MESSAGING_SECRET, SSO_SECRET, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "a-session-token"];

/// The personal attributes of a user.
const PERSONAL: [&str; 4] = ["external_id", "name", "email", "phone"];

/// Tokens, names and addresses that a function or its table received. At the end of every test, none of them may be in a log.
#[derive(Default)]
pub struct Canaries(Mutex<Vec<String>>);

impl Canaries {
    /// Adds the personal attributes of an item in DynamoDB's JSON.
    pub fn remember_item(&self, item: &Value) {
        for attribute in PERSONAL {
            self.remember(item[attribute]["S"].as_str().unwrap_or_default());
        }
    }

    /// Adds `text`, unless it is so short or common that a log can contain it by chance.
    pub fn remember(&self, text: &str) {
        let text = text.trim();
        let is_a_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let is_distinctive = text.len() >= 6 && text.chars().any(|character| !character.is_ascii_alphabetic());
        if !is_a_number && (is_distinctive || text.len() >= 16) {
            self.0.lock().unwrap().push(text.to_lowercase());
        }
    }

    /// Panics if `text` contains one of them.
    pub fn assert_absent(&self, text: &str, place: &str) {
        for secret in NEVER {
            assert!(!text.contains(secret), "a secret is in {place}: {secret}");
        }
        let text = text.to_lowercase();
        for canary in self.0.lock().unwrap().iter() {
            assert!(!text.contains(canary), "{place} contains {canary}:\n{text}");
        }
    }
}
