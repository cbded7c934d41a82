//! The HTTP server in front of the functions, with the routes of the template.

use std::sync::Arc;

use axum::Router;
use axum::body::{self, Bytes};
use axum::extract::State;
use axum::http::Uri;
use axum::http::header::HOST;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, any};
use lambda_http::{Body, Request, Response};
use tokio::net::TcpListener;

use super::functions::Functions;
use crate::problem::Problem;
use zendesk_jwt_rules::Kind;

/// API Gateway's own limit on a payload, in bytes.
const MAX_PAYLOAD_BYTES: usize = 10 * 1024 * 1024;

/// The routes of the template, each with its function.
pub(super) fn router(functions: &Arc<Functions>) -> Router {
    let to = |kind| -> MethodRouter { any(call).with_state((kind, Arc::clone(functions))) };
    Router::new()
        .route("/sdk/jwt", to(Kind::Sdk))
        .route("/messaging/jwt", to(Kind::Messaging))
        .route("/sso/login", to(Kind::Sso))
        .route("/sso/logout", to(Kind::Sso))
}

/// Serves until the process is interrupted.
pub(super) async fn serve(listener: TcpListener, router: Router) -> Result<(), Problem> {
    let interrupted = async {
        tokio::signal::ctrl_c().await.ok();
    };
    let served = axum::serve(listener, router).with_graceful_shutdown(interrupted).await;
    served.map_err(|error| Problem(format!("the server ended: {error}")))
}

async fn call(
    State((kind, functions)): State<(Kind, Arc<Functions>)>,
    request: axum::extract::Request,
) -> Response<body::Body> {
    let (mut parts, body) = request.into_parts();
    let Ok(bytes) = body::to_bytes(body, MAX_PAYLOAD_BYTES).await else {
        return axum::http::StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    parts.uri = absolute(&parts);
    let request = Request::from_parts(parts, Body::from(bytes.to_vec()));
    let response = functions.call(kind, request).await.answer.response;
    response.map(|body| body::Body::from(Bytes::copy_from_slice(&body)))
}

/// The full address that the browser asked for, which `lambda_http` gives the flows in Lambda as well.
fn absolute(parts: &axum::http::request::Parts) -> Uri {
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    format!("http://{host}{path}").parse().unwrap_or_else(|_| parts.uri.clone())
}
