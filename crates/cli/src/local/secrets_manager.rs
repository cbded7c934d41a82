//! A small Secrets Manager: it reads a secret and stores a new value.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use serde_json::{Value, json};

/// Secret values by name. All clones share them.
#[derive(Clone)]
pub(crate) struct Secrets(Arc<Mutex<BTreeMap<String, String>>>);

impl Secrets {
    pub(crate) fn new(secrets: BTreeMap<String, String>) -> Self {
        Self(Arc::new(Mutex::new(secrets)))
    }

    pub(crate) fn get(&self, id: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    pub(crate) fn put(&self, id: &str, value: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), value.to_owned());
    }

    /// Answers one request.
    pub(crate) fn call(&self, operation: &str, body: &[u8]) -> (StatusCode, String) {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let id = request["SecretId"].as_str().unwrap_or_default();
        let Some(value) = self.get(id) else {
            return error("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
        };
        let answer = match (operation, request["SecretString"].as_str()) {
            ("GetSecretValue", _) => json!({"Name": id, "SecretString": value}),
            ("PutSecretValue", Some(value)) => {
                self.put(id, value);
                json!({"Name": id, "VersionStages": ["AWSCURRENT"]})
            }
            _ => {
                return error(
                    "InvalidRequestException",
                    "Only GetSecretValue and PutSecretValue with SecretString work.",
                );
            }
        };
        (StatusCode::OK, answer.to_string())
    }
}

fn error(kind: &str, message: &str) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, json!({"__type": kind, "message": message}).to_string())
}
