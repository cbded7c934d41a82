//! Writing responses: JSON, problem details, pages and redirects, with their security headers.

use cookie::Cookie;
use lambda_http::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE,
    STRICT_TRANSPORT_SECURITY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Response};
use serde::Serialize;
use url::Url;

use crate::outcome::{Malformed, Outcome};

/// How many seconds a caller should wait after a 503.
pub const RETRY_AFTER_SECONDS: &str = "2";

/// The content security policy of responses that are not pages: if a browser shows one, nothing loads or runs.
const DENY_ALL: &str = "default-src 'none'; frame-ancestors 'none'";

/// 200 with a JSON body.
pub fn json(value: &impl Serialize) -> Response<Body> {
    // Serialising fails only for maps whose keys are not strings; no answer has one.
    let body = serde_json::to_string(value).unwrap_or_default();
    respond(StatusCode::OK, "application/json", body)
}

/// Problem details (RFC 9457) with the outcome's status and explanation.
pub fn problem(outcome: &Outcome) -> Response<Body> {
    #[derive(Serialize)]
    struct Problem {
        r#type: &'static str,
        title: &'static str,
        status: u16,
        detail: &'static str,
    }
    let facts = outcome.facts();
    let mut response = json(&Problem {
        r#type: "about:blank",
        title: facts.status.canonical_reason().unwrap_or_default(),
        status: facts.status.as_u16(),
        detail: facts.explanation,
    });
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    for_outcome(response, outcome)
}

/// A page with the outcome's status and its own content security policy.
pub fn page(outcome: &Outcome, html: String, content_security_policy: &str) -> Response<Body> {
    let mut response = respond(StatusCode::OK, "text/html; charset=utf-8", html);
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(content_security_policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    for_outcome(response, outcome)
}

/// 303: the browser requests `location` with GET.
pub fn redirect(location: &Url) -> Response<Body> {
    let mut response = respond(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", String::new());
    // A `Url` is ASCII without control characters, so it always is a header value.
    if let Ok(location) = HeaderValue::from_str(location.as_str()) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// Adds a `Set-Cookie` header.
#[must_use]
pub fn with_cookie(mut response: Response<Body>, cookie: &Cookie<'_>) -> Response<Body> {
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

/// 204, without a body and without a media type.
pub(super) fn no_content() -> Response<Body> {
    let mut response = respond(StatusCode::NO_CONTENT, "text/plain", String::new());
    response.headers_mut().remove(CONTENT_TYPE);
    response
}

/// Sets the status of the outcome and the headers that it requires.
fn for_outcome(mut response: Response<Body>, outcome: &Outcome) -> Response<Body> {
    let status = outcome.facts().status;
    *response.status_mut() = status;
    let headers = response.headers_mut();
    match status {
        StatusCode::UNAUTHORIZED => {
            // RFC 9110, section 11.6.1: a 401 names the accepted scheme.
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        _ => {}
    }
    if let Outcome::Malformed(Malformed::Method { allow }) = outcome {
        headers.insert(ALLOW, HeaderValue::from_static(allow));
    }
    response
}

/// Every response is made here, so every response has these headers.
fn respond(status: StatusCode, content_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(DENY_ALL));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
