//! Who may ask: nobody who came here by a foreign name, and no page but our own where something is changed.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HOST, HeaderMap, ORIGIN};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Zendesk;

/// What pages and programs elsewhere post to, as in Zendesk.
const FOR_EVERYBODY: [&str; 2] = ["/access/jwt", "/access/sdk/jwt"];

/// Refuses a name that is not this machine's (somebody else's page, by DNS rebinding), and posts of other origins.
pub(super) async fn expect_own_page(State(zendesk): State<Arc<Zendesk>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = text(headers, HOST.as_str()).unwrap_or_default();
    if !zendesk.has_any_name && !is_this_machine(host) {
        return (StatusCode::MISDIRECTED_REQUEST, "Open the simulator as 127.0.0.1 or localhost.").into_response();
    }
    let is_own = text(headers, ORIGIN.as_str()).is_none_or(|origin| origin == format!("http://{host}"));
    let changes = request.method() != Method::GET && !FOR_EVERYBODY.contains(&request.uri().path());
    if changes && !is_own {
        return (StatusCode::FORBIDDEN, "Only the simulator's own pages may do this.").into_response();
    }
    next.run(request).await
}

/// Whether a header `Host` is an address, which no name leads to, or this machine's own name.
fn is_this_machine(host: &str) -> bool {
    let is_port = |port: &str| port.bytes().all(|digit| digit.is_ascii_digit());
    let name = host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(host, |(name, _)| name);
    name == "localhost" || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

/// A header's text.
pub(super) fn text<'a>(headers: &'a HeaderMap<HeaderValue>, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
