//! A small Secrets Manager: it reads a secret and stores a new value.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::demo;
use zendesk_jwt::jwt::Kind;

/// Secrets by name. All clones share them.
#[derive(Clone)]
pub(crate) struct Secrets(Arc<Mutex<BTreeMap<String, Secret>>>);

struct Secret {
    value: String,
    /// Whether readers get what Admin Center shows later. Storing a new value ends that.
    is_redacted: bool,
}

impl Secret {
    fn shown(&self, id: &str) -> String {
        redacted(id, &self.value).filter(|_| self.is_redacted).unwrap_or_else(|| self.value.clone())
    }
}

impl Secrets {
    pub(crate) fn new(secrets: BTreeMap<String, String>) -> Self {
        let secrets = secrets.into_iter().map(|(id, value)| (id, Secret { value, is_redacted: false }));
        Self(Arc::new(Mutex::new(secrets.collect())))
    }

    pub(crate) fn redact(&self, is_redacted: bool) {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.values_mut().for_each(|secret| secret.is_redacted = is_redacted);
    }

    pub(crate) fn are_redacted(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().any(|secret| secret.is_redacted)
    }

    /// Answers one request.
    pub(crate) fn call(&self, operation: &str, body: &[u8]) -> (StatusCode, String) {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let id = request["SecretId"].as_str().unwrap_or_default();
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(secret) = secrets.get_mut(id) else {
            return error("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
        };
        let answer = match (operation, request["SecretString"].as_str()) {
            ("GetSecretValue", _) => json!({"Name": id, "SecretString": secret.shown(id)}),
            ("PutSecretValue", Some(value)) => {
                *secret = Secret { value: value.to_owned(), is_redacted: false };
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

/// The value of a secret as Admin Center shows it later; `None` if the value holds no secret.
fn redacted(id: &str, value: &str) -> Option<String> {
    let characters = if id == demo::secret_id(Kind::Sdk) { 9 } else { 6 };
    let mut value: Value = serde_json::from_str(value).ok()?;
    let secret = value.get_mut("secret")?;
    *secret = Value::String(secret.as_str()?.chars().take(characters).collect());
    Some(value.to_string())
}
