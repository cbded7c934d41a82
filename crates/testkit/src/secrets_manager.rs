//! A fake Secrets Manager with one secret, which records calls and fails on demand.

use super::fault::{Fault, answer};
use super::server::Server;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

pub struct SecretsManager {
    server: Server,
    secret: Arc<Mutex<Secret>>,
}

#[derive(Default)]
struct Secret {
    id: String,
    value: Option<String>,
    version: usize,
    fault: Option<Fault>,
    calls: Vec<String>,
}

impl SecretsManager {
    pub fn start(secret_id: &str) -> Self {
        let secret = Arc::new(Mutex::new(Secret { id: secret_id.to_owned(), ..Secret::default() }));
        let router = axum::Router::new().fallback(respond).with_state(Arc::clone(&secret));
        Self { server: Server::of(router), secret }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Stores a new version of the secret.
    pub fn set(&self, value: &str) {
        let mut secret = self.secret.lock().unwrap();
        secret.value = Some(value.to_owned());
        secret.version += 1;
    }

    pub fn fail(&self, fault: Fault) {
        self.secret.lock().unwrap().fault = Some(fault);
    }

    pub fn recover(&self) {
        self.secret.lock().unwrap().fault = None;
    }

    /// The actions of all calls so far.
    pub fn calls(&self) -> Vec<String> {
        self.secret.lock().unwrap().calls.clone()
    }
}

async fn respond(State(secret): State<Arc<Mutex<Secret>>>, headers: HeaderMap, body: String) -> Response {
    let action = headers["x-amz-target"].to_str().unwrap().trim_start_matches("secretsmanager.").to_owned();
    let request: Value = serde_json::from_str(&body).unwrap();
    let reply = {
        let mut secret = secret.lock().unwrap();
        secret.calls.push(action.clone());
        match (secret.fault, &secret.value) {
            (Some(fault), _) => Err(fault),
            _ if action != "GetSecretValue" => Err(Fault::ACCESS_DENIED),
            (None, Some(value)) if request["SecretId"] == secret.id => Ok(json!({
                "ARN": format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{}-a1b2c3", secret.id),
                "Name": secret.id,
                "SecretString": value,
                "VersionId": format!("00000000-0000-4000-8000-{:012}", secret.version),
                "VersionStages": ["AWSCURRENT"],
                "CreatedDate": 1_790_000_000.0,
            })),
            _ => Err(Fault::NOT_FOUND),
        }
    };
    match reply {
        Ok(value) => answer(200, &value),
        Err(fault) => fault.response().await,
    }
}
