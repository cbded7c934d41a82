//! Reading requests and writing responses; with [`crate::outcome`] the only place that names a status code.
//!
//! `lambda_http` has already turned the events of an HTTP API, a REST API, a function URL and a load
//! balancer into one request, base64 bodies decoded.

use cookie::Cookie;
use lambda_http::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN,
    REFERRER_POLICY, RETRY_AFTER, SET_COOKIE, STRICT_TRANSPORT_SECURITY, VARY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use lambda_http::http::{HeaderValue, Method, StatusCode};
use lambda_http::{Body, Request, RequestExt, Response};
use percent_encoding::percent_decode;
use serde::Serialize;
use url::Url;

use crate::outcome::{Malformed, Outcome};
use crate::user::{InvalidUserToken, UserToken};

/// The longest body in bytes.
pub const MAX_BODY_BYTES: usize = 8 * 1024;

/// The seconds after which a caller should try again when something was unavailable.
const RETRY_AFTER_SECONDS: &str = "2";

/// Where a flow looks for the user token, first match first.
#[derive(Clone, Copy, Debug)]
pub enum TokenPlace<'a> {
    /// The field `user_token` of a form that was posted.
    Form,
    /// `Authorization: Bearer` (RFC 6750, section 2.1).
    Bearer,
    /// The cookie of this name; its value is the token as it stands.
    Cookie(&'a str),
}

impl<'a> TokenPlace<'a> {
    /// All the places of a flow that browsers and apps call, with the cookie if there is one.
    pub fn all(cookie: Option<&'a str>) -> Vec<Self> {
        [Self::Form, Self::Bearer].into_iter().chain(cookie.map(Self::Cookie)).collect()
    }
}

/// The one user token that the request holds, or `None` when none of the places has one.
///
/// # Errors
/// When one place holds several, the form cannot be read, or the token is too long.
pub fn user_token(request: &Request, places: &[TokenPlace<'_>]) -> Result<Option<UserToken>, Malformed> {
    for place in places {
        let found = match place {
            TokenPlace::Form => {
                only_one(form(request)?.into_iter().filter(|(name, _)| name == "user_token").map(|(_, value)| value))?
            }
            TokenPlace::Bearer => only_one(bearer_tokens(request))?,
            TokenPlace::Cookie(name) => only_one(cookies(request, name))?,
        };
        match found.map(UserToken::parse) {
            Some(Ok(token)) => return Ok(Some(token)),
            Some(Err(InvalidUserToken::TooLong)) => return Err(Malformed::TooLarge),
            Some(Err(InvalidUserToken::Empty)) | None => {}
        }
    }
    Ok(None)
}

/// Refuses any method but those of the comma-separated list `allow`.
///
/// # Errors
/// When the request has another method.
pub fn expect_method(request: &Request, allow: &'static str) -> Result<(), Malformed> {
    let allowed = allow.split(", ").any(|method| method == request.method().as_str());
    if allowed { Ok(()) } else { Err(Malformed::Method { allow }) }
}

/// Refuses a form that a page of a foreign origin posted: it may not sign a visitor in as somebody (login CSRF).
///
/// Browsers send `Origin` with every cross-origin post; a caller without one is no browser.
///
/// # Errors
/// When there is an `Origin` that `is_allowed` does not know.
pub fn expect_origin(request: &Request, is_allowed: impl Fn(&str) -> bool) -> Result<(), Malformed> {
    let mut origins = request.headers().get_all(ORIGIN).into_iter();
    let all_allowed = origins.all(|origin| origin.to_str().is_ok_and(&is_allowed));
    if request.method() != Method::POST || all_allowed { Ok(()) } else { Err(Malformed::ForeignOrigin) }
}

/// Refuses what a browser asks for on behalf of a script or a frame (Fetch Metadata, `Sec-Fetch-Dest`).
///
/// # Errors
/// When the answer would not become the page in the browser's window.
pub fn expect_page(request: &Request) -> Result<(), Malformed> {
    let is_page = request.headers().get("sec-fetch-dest").is_none_or(|destination| destination == "document");
    if is_page { Ok(()) } else { Err(Malformed::NotAPage) }
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
    let mut response = respond(StatusCode::NO_CONTENT, "text/plain; charset=utf-8", String::new());
    let headers = response.headers_mut();
    headers.remove(CONTENT_TYPE);
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

/// The value of a cookie, the first of that name.
pub fn cookie(request: &Request, name: &str) -> Option<String> {
    cookies(request, name).next()
}

/// Lambda's id of this invocation; empty outside of Lambda.
pub fn request_id(request: &Request) -> &str {
    request.lambda_context_ref().map_or("", |context| &context.request_id)
}

/// The fields of a posted form in their order; none when nothing was posted.
fn form(request: &Request) -> Result<Vec<(String, String)>, Malformed> {
    let body: &[u8] = request.body();
    if request.method() != Method::POST || body.is_empty() {
        return Ok(Vec::new());
    }
    if body.len() > MAX_BODY_BYTES {
        return Err(Malformed::TooLarge);
    }
    if !is_form(request) {
        return Err(Malformed::MediaType);
    }
    // The form parser replaces what is not UTF-8; a token must not be changed on its way.
    if percent_decode(body).decode_utf8().is_err() {
        return Err(Malformed::NotUtf8);
    }
    Ok(form_urlencoded::parse(body).into_owned().collect())
}

/// The full address that the caller asked for, if the request tells its host.
pub fn address(request: &Request) -> Option<Url> {
    let uri = request.uri();
    if uri.host().is_some() {
        return Url::parse(&uri.to_string()).ok();
    }
    // A load balancer with multi-value headers leaves the host among the headers alone.
    let host = request.headers().get(HOST)?.to_str().ok()?;
    Url::parse(&format!("https://{host}{uri}")).ok()
}

/// The first value of a query parameter; what is not UTF-8 in it comes out replaced.
pub fn query_value(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

fn is_form(request: &Request) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type
        .and_then(|value| value.parse::<mime::Mime>().ok())
        .is_some_and(|media_type| media_type.essence_str() == mime::APPLICATION_WWW_FORM_URLENCODED.essence_str())
}

fn bearer_tokens(request: &Request) -> impl Iterator<Item = String> {
    request.headers().get_all(AUTHORIZATION).into_iter().filter_map(|value| {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    })
}

fn cookies<'a>(request: &'a Request, name: &'a str) -> impl Iterator<Item = String> + 'a {
    request
        .headers()
        .get_all(COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .filter(move |cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

fn only_one(mut values: impl Iterator<Item = String>) -> Result<Option<String>, Malformed> {
    let first = values.next();
    match values.next() {
        Some(_) => Err(Malformed::UserTokenRepeated),
        None => Ok(first),
    }
}

/// 200 with a JSON body.
pub fn json(value: &impl Serialize) -> Response<Body> {
    // Only a map with keys that are not strings fails to serialise, and no answer holds one.
    let body = serde_json::to_string(value).unwrap_or_default();
    respond(StatusCode::OK, "application/json", body)
}

/// A problem (RFC 9457) that says of an outcome what the caller may know.
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

/// A page for a browser, with the content security policy under which it works.
pub fn page(outcome: &Outcome, html: String, content_security_policy: &str) -> Response<Body> {
    let mut response = respond(StatusCode::OK, "text/html; charset=utf-8", html);
    let headers = response.headers_mut();
    let policy = HeaderValue::from_str(content_security_policy);
    headers.insert(CONTENT_SECURITY_POLICY, policy.unwrap_or(HeaderValue::from_static("default-src 'none'")));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    for_outcome(response, outcome)
}

/// 303, so that the browser comes to `location` with a GET.
pub fn redirect(location: &Url) -> Response<Body> {
    let mut response = respond(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", String::new());
    // A `Url` serialises to ASCII without control characters, which every header value may hold.
    if let Ok(location) = HeaderValue::from_str(location.as_str()) {
        response.headers_mut().insert(LOCATION, location);
    }
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// The response with one more cookie set.
#[must_use]
pub fn with_cookie(mut response: Response<Body>, cookie: &Cookie<'_>) -> Response<Body> {
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

/// The status and the headers that go with an outcome.
fn for_outcome(mut response: Response<Body>, outcome: &Outcome) -> Response<Body> {
    let status = outcome.facts().status;
    *response.status_mut() = status;
    let headers = response.headers_mut();
    match status {
        StatusCode::UNAUTHORIZED => {
            // RFC 9110, section 11.6.1: a 401 names the scheme that would be heard.
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

/// Every response is made here, so that every response carries these headers.
fn respond(status: StatusCode, content_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    response
}

#[cfg(test)]
mod tests {
    use lambda_http::http::header::HeaderName;
    use proptest::prelude::*;

    use super::*;

    fn request(header: HeaderName, value: &str, body: &str) -> Request {
        let request = lambda_http::http::Request::post("https://example.com/").header(header, value);
        request.body(Body::from(body)).unwrap()
    }

    fn posted(body: &str) -> Request {
        request(CONTENT_TYPE, "application/x-www-form-urlencoded", body)
    }

    fn hash(request: &Request, places: &[TokenPlace<'_>]) -> Option<String> {
        user_token(request, places).unwrap().map(|token| token.hash())
    }

    proptest! {
        #[test]
        fn any_text_reaches_us_through_a_form_as_it_was_sent(text in "\\PC{1,200}|[\u{0}-\u{20}&=+%;\u{10FFFF}]{1,50}") {
            let body = form_urlencoded::Serializer::new(String::new())
                .append_pair("other", &text).append_pair("user_token", &text).finish();
            let sent = UserToken::parse(text).unwrap().hash();
            prop_assert_eq!(hash(&posted(&body), &[TokenPlace::Form]), Some(sent));
        }

        #[test]
        fn no_body_is_too_strange(body in any::<Vec<u8>>()) {
            let mut request = posted("");
            *request.body_mut() = Body::Binary(body);
            user_token(&request, &[TokenPlace::Form]).ok();
        }

        #[test]
        fn no_cookie_is_too_strange(value in "[\\x20-\\x7E]{0,100}") {
            user_token(&request(COOKIE, &value, ""), &[TokenPlace::Cookie("session")]).ok();
        }
    }

    #[test]
    fn the_form_comes_before_the_bearer_and_the_bearer_before_the_cookie() {
        let mut all = posted("user_token=form");
        all.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("Bearer bearer"));
        all.headers_mut().insert(COOKIE, HeaderValue::from_static("session=cookie"));
        let places = TokenPlace::all(Some("session"));
        for place in ["form", "bearer", "cookie"] {
            assert_eq!(hash(&all, &places), Some(UserToken::parse(place).unwrap().hash()));
            match place {
                "form" => *all.body_mut() = Body::Empty,
                _ => drop(all.headers_mut().remove(AUTHORIZATION)),
            }
        }
    }

    #[test]
    fn a_cookie_or_bearer_that_comes_twice_is_refused() {
        let twice = request(COOKIE, "session=a; session=b", "");
        assert_eq!(user_token(&twice, &[TokenPlace::Cookie("session")]).unwrap_err(), Malformed::UserTokenRepeated);
        let mut twice = request(AUTHORIZATION, "Bearer a", "");
        twice.headers_mut().append(AUTHORIZATION, HeaderValue::from_static("bearer b"));
        assert_eq!(user_token(&twice, &[TokenPlace::Bearer]).unwrap_err(), Malformed::UserTokenRepeated);
    }
}
