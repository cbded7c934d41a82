//! A small Secrets Manager: enough to read a secret, and to store a new value to see what happens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::problem::Problem;

/// Secret values by name, shared by all of its clones.
#[derive(Clone)]
pub(crate) struct Secrets(Arc<Mutex<BTreeMap<String, String>>>);

impl Secrets {
    /// Secrets of these names and values.
    pub(crate) fn new(secrets: BTreeMap<String, String>) -> Self {
        Self(Arc::new(Mutex::new(secrets)))
    }

    /// The value of a secret, if there is such a secret.
    pub(crate) fn get(&self, id: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Stores a new value.
    pub(crate) fn put(&self, id: &str, value: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), value.to_owned());
    }
}

/// Serves these secrets on loopback and gives the address.
pub(crate) async fn start(secrets: Secrets) -> Result<String, Problem> {
    let router = Router::new().route("/", post(call)).with_state(secrets);
    let listener =
        TcpListener::bind("127.0.0.1:0").await.map_err(|error| Problem(format!("Secrets Manager: {error}")))?;
    let address = listener.local_addr().map_err(|error| Problem(format!("Secrets Manager: {error}")))?;
    // It is served until the process ends, so nothing waits for the task.
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}"))
}

async fn call(State(secrets): State<Secrets>, headers: HeaderMap, body: String) -> Response {
    let operation = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let request: Value = serde_json::from_str(&body).unwrap_or_default();
    let id = request["SecretId"].as_str().unwrap_or_default();
    let Some(value) = secrets.get(id) else {
        return error("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
    };
    match (operation, request["SecretString"].as_str()) {
        ("secretsmanager.GetSecretValue", _) => answer(&json!({"Name": id, "SecretString": value})),
        ("secretsmanager.PutSecretValue", Some(value)) => {
            secrets.put(id, value);
            answer(&json!({"Name": id, "VersionStages": ["AWSCURRENT"]}))
        }
        _ => error("InvalidRequestException", "Here are GetSecretValue and PutSecretValue of a SecretString."),
    }
}

fn answer(json: &Value) -> Response {
    ([("content-type", "application/x-amz-json-1.1")], json.to_string()).into_response()
}

fn error(kind: &str, message: &str) -> Response {
    (StatusCode::BAD_REQUEST, answer(&json!({"__type": kind, "message": message}))).into_response()
}
