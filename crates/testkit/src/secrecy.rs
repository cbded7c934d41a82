//! A check at the end of every test: no log and no error contains a secret or personal data.

use super::service::{MESSAGING_SECRET, SDK_SECRET, SSO_SECRET};
use serde_json::Value;
use std::sync::Mutex;

/// Texts that no function may write. Every JWT begins with `eyJ`.
const NEVER: [&str; 6] =
    ["eyJ", SDK_SECRET, MESSAGING_SECRET, SSO_SECRET, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "a-session-token"];

/// The personal attributes of a user.
const PERSONAL: [&str; 4] = ["external_id", "name", "email", "phone"];

/// Tokens, names and addresses that a function or its table received.
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
