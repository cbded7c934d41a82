//! DynamoDB and Secrets Manager at one address, served in this process.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::json;

use super::faults::{Fault, Faults};
use super::secrets_manager::Secrets;
use super::user_tokens::Database;

#[derive(Clone)]
pub(super) struct Aws {
    pub(crate) database: Database,
    pub(crate) secrets: Secrets,
    pub(crate) faults: Faults,
}

/// The route of AWS's protocol, where faults apply; and `reliable_path` without faults, for the workbench.
pub(super) fn router(aws: Aws, reliable_path: &str) -> Router {
    Router::new().route("/", post(call)).route(reliable_path, post(call_without_faults)).with_state(aws)
}

async fn call(State(aws): State<Aws>, headers: HeaderMap, body: Bytes) -> Response {
    let (target, faults) = (target(&headers), &aws.faults);
    let (fault, kind, name) = if target.starts_with("secretsmanager.") {
        (Fault::SecretsManagerDown, "InternalServiceError", "Secrets Manager")
    } else {
        (Fault::DynamoDbDown, "com.amazonaws.dynamodb.v20120810#InternalServerError", "DynamoDB")
    };
    if faults.is_set(fault) {
        let body = json!({"__type": kind, "message": format!("{name} is switched off in the workbench")});
        return answer(StatusCode::INTERNAL_SERVER_ERROR, body.to_string());
    }
    call_without_faults(State(aws), headers, body).await
}

async fn call_without_faults(State(aws): State<Aws>, headers: HeaderMap, body: Bytes) -> Response {
    let (status, body) = match target(&headers).split_once('.') {
        Some(("DynamoDB_20120810", operation)) => aws.database.call(operation, &body),
        Some(("secretsmanager", operation)) => aws.secrets.call(operation, &body),
        _ => {
            let advice =
                "POST / is DynamoDB and Secrets Manager, depending on the header X-Amz-Target: use an AWS client";
            return (StatusCode::BAD_REQUEST, advice).into_response();
        }
    };
    answer(status, body)
}

fn target(headers: &HeaderMap) -> &str {
    headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default()
}

fn answer(status: StatusCode, body: String) -> Response {
    (status, [("content-type", "application/x-amz-json-1.0")], body).into_response()
}
