//! A small Secrets Manager: it reads a secret, and stores a new value of which it keeps the old ones.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use serde_json::{Value, json};

/// Secrets by name. All clones share them.
#[derive(Clone)]
pub(crate) struct Secrets(Arc<Mutex<BTreeMap<String, Secret>>>);

/// All values that were stored, and which of them is the current one.
struct Secret {
    versions: Vec<String>,
    current: usize,
}

impl Secrets {
    pub(crate) fn new(secrets: BTreeMap<String, String>) -> Self {
        let secret = |(id, value)| (id, Secret { versions: vec![value], current: 0 });
        Self(Arc::new(Mutex::new(secrets.into_iter().map(secret).collect())))
    }

    pub(crate) fn get(&self, id: &str) -> Option<String> {
        self.secrets().get(id).map(|secret| secret.versions[secret.current].clone())
    }

    pub(crate) fn put(&self, id: &str, value: &str) {
        if let Some(secret) = self.secrets().get_mut(id) {
            secret.current = secret.add(value);
        }
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
                let value = &secret.versions[secret.current];
                json!({"Name": id, "VersionId": version_id(secret.current), "SecretString": value})
            }
            ("PutSecretValue", Some(value)) => {
                let (new, labels) = (secret.add(value), &request["VersionStages"]);
                let labels = if labels.is_array() { labels.clone() } else { json!(["AWSCURRENT"]) };
                if labels[0] == "AWSCURRENT" {
                    secret.current = new;
                }
                json!({"Name": id, "VersionId": version_id(new), "VersionStages": labels})
            }
            ("UpdateSecretVersionStage", _) if request["VersionStage"] == "AWSCURRENT" => {
                let new = (0..secret.versions.len()).find(|at| request["MoveToVersionId"] == version_id(*at));
                match new.filter(|_| request["RemoveFromVersionId"] == version_id(secret.current)) {
                    Some(new) => secret.current = new,
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
}

/// As long as an id of AWS.
fn version_id(at: usize) -> String {
    format!("{at:032}")
}

fn error(kind: &str, message: &str) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, json!({"__type": kind, "message": message}).to_string())
}
