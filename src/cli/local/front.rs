//! The HTTP server in front of the flows: the template's routes, and a line on the terminal per request.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{self, Bytes};
use axum::extract::State;
use axum::http::Uri;
use axum::http::header::HOST;
use axum::response::IntoResponse;
use axum::routing::any;
use lambda_http::{Body, Request, Response};
use tokio::net::TcpListener;

use super::super::Problem;
use crate::flows::{Answer, Flow};

/// API Gateway's own limit on a payload, in bytes.
const MAX_PAYLOAD_BYTES: usize = 10 * 1024 * 1024;

/// The routes of the template, each with the flow of its function.
pub(super) fn router<A: Flow + 'static, B: Flow + 'static, C: Flow + 'static>(
    sdk_exchange: A,
    messaging_token: B,
    sso_redirect: C,
) -> Router {
    let sso_redirect = Arc::new(sso_redirect);
    Router::new()
        .route("/sdk/jwt", any(call::<A>).with_state(Arc::new(sdk_exchange)))
        .route("/messaging/jwt", any(call::<B>).with_state(Arc::new(messaging_token)))
        .route("/sso/login", any(call::<C>).with_state(Arc::clone(&sso_redirect)))
        .route("/sso/logout", any(call::<C>).with_state(sso_redirect))
}

/// Serves until the process is interrupted.
///
/// # Errors
/// When the server ends before that.
pub(super) async fn serve(listener: TcpListener, router: Router) -> Result<(), Problem> {
    let interrupted = async {
        tokio::signal::ctrl_c().await.ok();
    };
    let served = axum::serve(listener, router).with_graceful_shutdown(interrupted).await;
    served.map_err(|error| Problem(format!("the server ended: {error}")))
}

async fn call<F: Flow>(State(flow): State<Arc<F>>, request: axum::extract::Request) -> Response<body::Body> {
    let started = Instant::now();
    let (mut parts, body) = request.into_parts();
    let Ok(bytes) = body::to_bytes(body, MAX_PAYLOAD_BYTES).await else {
        return axum::http::StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    parts.uri = absolute(&parts);
    let request = Request::from_parts(parts, Body::from(bytes.to_vec()));
    let answer = flow.handle(&request).await;
    tell(&request, &answer, started);
    answer.response.map(|body| body::Body::from(Bytes::copy_from_slice(&body)))
}

/// The full address that the browser asked for, which `lambda_http` gives the flows in Lambda as well.
fn absolute(parts: &axum::http::request::Parts) -> Uri {
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    format!("http://{host}{path}").parse().unwrap_or_else(|_| parts.uri.clone())
}

#[expect(clippy::print_stdout, reason = "a person reads this")]
fn tell(request: &Request, answer: &Answer, started: Instant) {
    let facts = answer.outcome.facts();
    let milliseconds = started.elapsed().as_secs_f64() * 1e3;
    let (method, path, status) = (request.method(), request.uri().path(), answer.response.status().as_u16());
    let detail = answer.outcome.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    println!("{method} {path}  {status} {}  {milliseconds:.1} ms{detail}", facts.code);
}
