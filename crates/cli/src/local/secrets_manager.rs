//! A small Secrets Manager: it reads a secret, and stores a new value of which it keeps the old ones.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::demo;
use zendesk_jwt::jwt::Kind;

/// Secrets by name. All clones share them.
#[derive(Clone)]
pub(crate) struct Secrets(Arc<Mutex<BTreeMap<String, Secret>>>);

/// All values that were stored, and which of them is the current one.
struct Secret {
    versions: Vec<String>,
    current: usize,
    /// Whether readers get what Admin Center shows later. Storing a new value ends that.
    is_redacted: bool,
}

impl Secrets {
    pub(crate) fn new(secrets: BTreeMap<String, String>) -> Self {
        let secret = |(id, value)| (id, Secret { versions: vec![value], current: 0, is_redacted: false });
        Self(Arc::new(Mutex::new(secrets.into_iter().map(secret).collect())))
    }

    pub(crate) fn redact(&self, is_redacted: bool) {
        self.secrets().values_mut().for_each(|secret| secret.is_redacted = is_redacted);
    }

    pub(crate) fn are_redacted(&self) -> bool {
        self.secrets().values().any(|secret| secret.is_redacted)
    }

    fn secrets(&self) -> MutexGuard<'_, BTreeMap<String, Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one request.
    pub(crate) fn call(&self, operation: &str, body: &[u8]) -> (StatusCode, String) {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let id = request["SecretId"].as_str().unwrap_or_default();
        let mut secrets = self.secrets();
        let Some(secret) = secrets.get_mut(id) else {
            return error("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
        };
        let answer = match (operation, request["SecretString"].as_str()) {
            ("GetSecretValue", _) => {
                json!({"Name": id, "VersionId": version_id(secret.current), "SecretString": secret.shown(id)})
            }
            ("PutSecretValue", Some(value)) => {
                let (new, labels) = (secret.add(value), &request["VersionStages"]);
                let labels = if labels.is_array() { labels.clone() } else { json!(["AWSCURRENT"]) };
                if labels[0] == "AWSCURRENT" {
                    secret.replace_with(new);
                }
                json!({"Name": id, "VersionId": version_id(new), "VersionStages": labels})
            }
            ("UpdateSecretVersionStage", _) if request["VersionStage"] == "AWSCURRENT" => {
                let new = (0..secret.versions.len()).find(|at| request["MoveToVersionId"] == version_id(*at));
                match new.filter(|_| request["RemoveFromVersionId"] == version_id(secret.current)) {
                    Some(new) => secret.replace_with(new),
                    None => return error("InvalidParameterException", "AWSCURRENT is attached to another version."),
                }
                json!({"Name": id})
            }
            _ => return error("InvalidRequestException", "zendesk-jwt local does not support this request."),
        };
        (StatusCode::OK, answer.to_string())
    }
}

impl Secret {
    fn add(&mut self, value: &str) -> usize {
        self.versions.push(value.to_owned());
        self.versions.len() - 1
    }

    fn replace_with(&mut self, version: usize) {
        (self.current, self.is_redacted) = (version, false);
    }

    fn shown(&self, id: &str) -> String {
        let value = &self.versions[self.current];
        redacted(id, value).filter(|_| self.is_redacted).unwrap_or_else(|| value.clone())
    }
}

/// As long as an id of AWS.
fn version_id(at: usize) -> String {
    format!("{at:032}")
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
