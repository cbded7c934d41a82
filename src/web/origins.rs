//! Pages of other origins: which may post a form here, and which may read an answer.

use lambda_http::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    ORIGIN, VARY,
};
use lambda_http::http::{HeaderValue, Method};
use lambda_http::{Body, Request, Response};

use super::responses::no_content;
use crate::outcome::Malformed;

/// Refuses a form that a page of a foreign origin posted: it may not sign a visitor in as somebody (login CSRF).
///
/// Browsers send `Origin` with every cross-origin post; a caller without one is no browser.
///
/// # Errors
/// When there is an `Origin` that `is_allowed` does not know.
pub fn expect_origin<B>(
    request: &lambda_http::http::Request<B>,
    is_allowed: impl Fn(&str) -> bool,
) -> Result<(), Malformed> {
    let mut origins = request.headers().get_all(ORIGIN).into_iter();
    let all_allowed = origins.all(|origin| origin.to_str().is_ok_and(&is_allowed));
    if request.method() != Method::POST || all_allowed { Ok(()) } else { Err(Malformed::ForeignOrigin) }
}

/// Whether a browser asks if a page of another origin may send a request (Fetch Standard, "CORS-preflight request").
pub fn is_preflight(request: &Request) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// 204 with what a page of another origin may send; [`with_cors`] adds whether this one may.
pub fn preflight() -> Response<Body> {
    let mut response = no_content();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

/// The response, which pages of the allowed origins may read with their visitor's cookie (Fetch Standard, "CORS protocol").
///
/// API Gateway answers for itself where the template's CORS is on, and passes over these headers.
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
