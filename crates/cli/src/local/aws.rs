//! DynamoDB and a small Secrets Manager at one address, served in this process.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::demo;
use super::faults::{Fault, Faults};
use super::user_tokens::Database;
use zendesk_jwt_rules::Kind;
use zendesk_jwt_simulator::web;

/// What answers the calls of one route.
#[derive(Clone)]
pub(super) struct Aws {
    pub(crate) database: Database,
    pub(crate) secrets: Secrets,
    /// `None` for a route without faults.
    pub(crate) faults: Option<Faults>,
}

/// The route of AWS's protocol, where faults apply; and `reliable_path` without faults, for the workbench.
pub(super) fn router(aws: Aws, reliable_path: &str) -> Router {
    let reliable = Aws { faults: None, ..aws.clone() };
    Router::new().route("/", post(call).with_state(aws)).route(reliable_path, post(call).with_state(reliable))
}

async fn call(State(Aws { database, secrets, faults }): State<Aws>, headers: HeaderMap, body: Bytes) -> Response {
    let is_down = |fault| faults.as_ref().is_some_and(|faults| faults.is_set(fault));
    let down = |kind, name| {
        error(StatusCode::INTERNAL_SERVER_ERROR, kind, &format!("{name} is switched off in the workbench"))
    };
    let (status, body) = match web::header(&headers, "x-amz-target").unwrap_or_default().split_once('.') {
        Some(("DynamoDB_20120810", _)) if is_down(Fault::DynamoDbDown) => {
            down("com.amazonaws.dynamodb.v20120810#InternalServerError", "DynamoDB")
        }
        Some(("secretsmanager", _)) if is_down(Fault::SecretsManagerDown) => {
            down("InternalServiceError", "Secrets Manager")
        }
        Some(("DynamoDB_20120810", operation)) => database.call(operation, &body),
        Some(("secretsmanager", operation)) => secrets.call(operation, &body),
        _ => {
            let advice =
                "POST / is DynamoDB and Secrets Manager, depending on the header X-Amz-Target: use an AWS client";
            return (StatusCode::BAD_REQUEST, advice).into_response();
        }
    };
    (status, [("content-type", "application/x-amz-json-1.0")], body).into_response()
}

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
        self.0.lock().values_mut().for_each(|secret| secret.is_redacted = is_redacted);
    }

    pub(crate) fn are_redacted(&self) -> bool {
        self.0.lock().values().any(|secret| secret.is_redacted)
    }

    /// Reads a secret, stores a new value, or makes a stored value the current one.
    fn call(&self, operation: &str, body: &[u8]) -> (StatusCode, String) {
        let refusal = |kind, message| error(StatusCode::BAD_REQUEST, kind, message);
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let id = request["SecretId"].as_str().unwrap_or_default();
        let mut secrets = self.0.lock();
        let Some(secret) = secrets.get_mut(id) else {
            return refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
        };
        let answer = match (operation, request["SecretString"].as_str()) {
            ("GetSecretValue", _) => {
                json!({"Name": id, "VersionId": version_id(secret.current), "SecretString": secret.shown(id)})
            }
            ("PutSecretValue", Some(value)) => {
                let (new, labels) = (secret.versions.len(), &request["VersionStages"]);
                secret.versions.push(value.to_owned());
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
                    None => return refusal("InvalidParameterException", "AWSCURRENT is attached to another version."),
                }
                json!({"Name": id})
            }
            _ => return refusal("InvalidRequestException", "zendesk-jwt local does not support this request."),
        };
        (StatusCode::OK, answer.to_string())
    }
}

impl Secret {
    fn replace_with(&mut self, version: usize) {
        (self.current, self.is_redacted) = (version, false);
    }

    fn shown(&self, id: &str) -> String {
        let stored = &self.versions[self.current];
        match serde_json::from_str(stored) {
            Ok(mut value) if self.is_redacted => {
                redact(&mut value, if id == demo::secret_id(Kind::Sdk) { 9 } else { 6 });
                value.to_string()
            }
            _ => stored.clone(),
        }
    }
}

/// As long as an id of AWS.
fn version_id(at: usize) -> String {
    format!("{at:032}")
}

/// Cuts the secret of each configuration, as Admin Center shows it later.
fn redact(value: &mut Value, characters: usize) {
    for (name, member) in value.as_object_mut().into_iter().flatten() {
        match member {
            Value::String(secret) if name == "secret" => *secret = secret.chars().take(characters).collect(),
            member => redact(member, characters),
        }
    }
}

/// An error of either service.
fn error(status: StatusCode, kind: &str, message: &str) -> (StatusCode, String) {
    (status, json!({"__type": kind, "message": message}).to_string())
}
