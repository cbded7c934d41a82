//! Protects the web interfaces from pages of other sites.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::header;

/// What the guard allows.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    /// Whether requests may name any host. Otherwise, only names of this machine (DNS rebinding uses another name).
    pub allows_any_host: bool,
    /// The paths to which pages of other origins may post. A segment in braces stands for any segment.
    pub open_paths: &'static [&'static str],
}

/// The middleware: answers 421 to a foreign host name, and 403 to a request from a page of another origin.
pub async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let host = header(request.headers(), HOST.as_str()).and_then(|host| host.parse::<Authority>().ok());
    if !guard.allows_any_host && !host.as_ref().is_some_and(is_loopback) {
        let advice = "Use http://127.0.0.1 or http://localhost. `zendesk-jwt local --host` allows other names.";
        return (StatusCode::MISDIRECTED_REQUEST, advice).into_response();
    }
    if is_from_another_site(&request, host.as_ref()) && !guard.is_open(request.uri().path()) {
        return (StatusCode::FORBIDDEN, "Pages of other sites may not send this request.").into_response();
    }
    next.run(request).await
}

impl Guard {
    fn is_open(&self, path: &str) -> bool {
        let fits = |(open, segment): (&str, &str)| open == segment || open.starts_with('{');
        let is_it = |open: &str| open.split('/').zip(path.split('/')).all(fits);
        self.open_paths.iter().any(|open| open.matches('/').count() == path.matches('/').count() && is_it(open))
    }
}

fn is_loopback(host: &Authority) -> bool {
    let name = host.host().trim_matches(['[', ']']);
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Programs send neither header; browsers send both with every request that is not a GET or HEAD.
fn is_from_another_site(request: &Request, host: Option<&Authority>) -> bool {
    let is_own = |origin: &str| {
        let authority = origin.split_once("://").and_then(|(_, authority)| authority.parse::<Authority>().ok());
        authority.is_some() && authority.as_ref() == host
    };
    let headers = request.headers();
    let has_own_origin = headers.get_all(ORIGIN).iter().all(|origin| origin.to_str().is_ok_and(is_own));
    let site = headers.get("sec-fetch-site");
    let is_same_site = site.is_none_or(|site| site == "same-origin" || site == "none");
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    !(is_read || has_own_origin && is_same_site)
}
