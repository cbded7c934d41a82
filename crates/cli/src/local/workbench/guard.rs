//! Whom the workbench is for: people on this machine, and no page of another site that their browser shows.

use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use zendesk_jwt::web;

/// The names under which the workbench may be asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Names {
    /// Those of this machine alone, so that no site can have its own name lead here (DNS rebinding).
    Loopback,
    /// Any, since other machines were let in.
    Any,
}

/// Refuses requests under foreign names, and whatever another site would have changed.
pub(super) async fn guard(State(names): State<Names>, request: Request, next: Next) -> Response {
    let host = host(request.headers());
    if matches!(names, Names::Loopback) && !host.as_ref().is_some_and(is_loopback) {
        let advice = "This is for http://127.0.0.1 and http://localhost alone. Start with --host to let others in.";
        return (StatusCode::MISDIRECTED_REQUEST, advice).into_response();
    }
    let is_own = |origin: &str| {
        let authority = origin.split_once("://").and_then(|(_, authority)| authority.parse::<Authority>().ok());
        authority.is_some() && authority == host
    };
    if web::expect_origin(&request, is_own).is_err() || is_posted_by_another_site(&request) {
        return (StatusCode::FORBIDDEN, "Another site sent this form, which may change nothing here.").into_response();
    }
    next.run(request).await
}

fn host(headers: &HeaderMap) -> Option<Authority> {
    headers.get(HOST)?.to_str().ok()?.parse().ok()
}

fn is_loopback(host: &Authority) -> bool {
    let name = host.host().trim_start_matches('[').trim_end_matches(']');
    let is_address = name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    is_address || name.eq_ignore_ascii_case("localhost")
}

/// Fetch Metadata, `Sec-Fetch-Site`: `none` is a person who reloads; what is no browser sends nothing.
fn is_posted_by_another_site(request: &Request) -> bool {
    let site = request.headers().get("sec-fetch-site");
    let is_own = site.is_none_or(|site| site == "same-origin" || site == "none");
    request.method() == Method::POST && !is_own
}
