//! Pages of other origins: which ones may post a form here, and which ones may read an answer.

use lambda_http::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    ORIGIN, VARY,
};
use lambda_http::http::{HeaderValue, Method};
use lambda_http::{Body, Request, Response};

use super::responses::no_content;
use crate::outcome::Malformed;

/// Refuses a form that a page of a foreign origin posted: that page could sign its visitor in as another user
/// (login CSRF).
///
/// Browsers send `Origin` with every cross-origin post. A caller that sends none is not a browser, and passes.
///
/// # Errors
/// If the request is a POST with the `Origin` `null`, or with one for which `is_allowed` is false.
pub fn expect_origin(request: &Request, is_allowed: impl Fn(&str) -> bool) -> Result<(), Malformed> {
    let mut origins = request.headers().get_all(ORIGIN).into_iter();
    // Every sandboxed page has the origin `null`.
    let is_known = |origin: &str| origin != "null" && is_allowed(origin);
    let all_allowed = origins.all(|origin| origin.to_str().is_ok_and(is_known));
    if request.method() != Method::POST || all_allowed { Ok(()) } else { Err(Malformed::ForeignOrigin) }
}

/// Whether the request is a CORS preflight (Fetch Standard, "CORS-preflight request").
pub fn is_preflight(request: &Request) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a preflight: 204 with the methods and headers that a page may send. [`with_cors`] adds whether the
/// page's origin is allowed.
pub fn preflight() -> Response<Body> {
    let mut response = no_content();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

/// Adds the headers with which a page of an allowed origin may read the response and send its visitor's cookie
/// (Fetch Standard, "CORS protocol").
///
/// API Gateway replaces these headers with its own if the API has a CORS configuration, as in the template.
#[must_use]
pub fn with_cors(mut response: Response<Body>, request: &Request, allowed_origins: &[String]) -> Response<Body> {
    if allowed_origins.is_empty() {
        return response;
    }
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("origin"));
    let is_allowed = |origin: &&HeaderValue| allowed_origins.iter().any(|allowed| *origin == allowed);
    if let Some(origin) = request.headers().get(ORIGIN).filter(is_allowed) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    }
    response
}
