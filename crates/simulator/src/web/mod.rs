//! What the simulator and the tool's workbench share: the guard, the layout, the security headers and the JWT report.

use std::net::IpAddr;

use askama::Template;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, HOST, ORIGIN, X_CONTENT_TYPE_OPTIONS};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use cookie::Cookie;

pub use html::{Json, JwtReport, Prose};

mod html;

/// What the shared layout shows at the top of a page.
pub struct Menu {
    pub site: &'static str,
    pub current: &'static str,
    pub links: Vec<(&'static str, &'static str)>,
    /// Links to other sites that belong to this one.
    pub sites: Vec<(String, &'static str)>,
}

/// What a page may reach in addition to its own origin: origins for the CSP, empty if there are none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reach<'a> {
    /// Where scripts may send requests.
    pub connect: &'a str,
    /// Where forms may lead.
    pub form_action: &'a str,
}

/// A page with the security headers that every page needs: no inline script or style, no frame, no cache.
pub fn page(status: StatusCode, page: &impl Template, reach: Reach<'_>) -> Response {
    let Reach { connect, form_action } = reach;
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' {connect}; \
         form-action 'self' {form_action}; base-uri 'none'; frame-ancestors 'none'"
    );
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("content-security-policy", policy.as_str()),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        // `no-referrer` would make the browser send `Origin: null` with our own forms.
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ];
    // Rendering strings cannot fail.
    (status, headers, page.render().unwrap_or_default()).into_response()
}

/// The files that the shared layout loads.
pub fn files<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/style.css", file("text/css; charset=utf-8", include_str!("../../templates/shared/style.css")))
        .route("/page.js", script(include_str!("../../templates/shared/page.js")))
        .route("/icon.svg", file("image/svg+xml", include_str!("../../templates/shared/icon.svg")))
}

pub fn script<S: Clone + Send + Sync + 'static>(source: &'static str) -> MethodRouter<S> {
    file("text/javascript; charset=utf-8", source)
}

fn file<S: Clone + Send + Sync + 'static>(content_type: &'static str, content: &'static str) -> MethodRouter<S> {
    // Another version of the program may serve another file at this address.
    let headers = [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-cache"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    get(async move || (headers, content))
}

pub fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// The text of a header, if the header is ASCII text.
pub fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let values = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut cookies = values.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}

/// The item that a form field or query parameter names, or else the first one.
pub(crate) fn chosen<'a, T>(items: &'a [T], form: &[u8], field: &str, name: impl Fn(&T) -> &str) -> Option<&'a T> {
    match form_urlencoded::parse(form).find(|(found, _)| found == field) {
        Some((_, chosen)) => items.iter().find(|item| name(item) == chosen),
        None => items.first(),
    }
}

/// The first non-empty value of a form field or query parameter.
pub fn field(form: &[u8], name: &str) -> Option<String> {
    let mut fields = form_urlencoded::parse(form);
    fields.find(|(found, value)| found == name && !value.is_empty()).map(|(_, value)| value.into_owned())
}

/// What the guard allows, which protects the web interfaces from pages of other sites.
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
