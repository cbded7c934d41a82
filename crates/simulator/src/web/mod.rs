//! What the simulator and the tool's workbench share: the guard, the layout, the security headers and the JWT report.

use askama::Template;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use cookie::Cookie;

pub use guard::{Guard, check};
pub use html::{Json, Prose};
pub use jwt_report::JwtReport;

mod guard;
mod html;
mod jwt_report;

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
