use axum::http::Uri;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST};
use lambda_http::{Body, Request};

use super::super::company::is_cookie_value;
use super::super::demo;
use zendesk_jwt_rules::Kind;

/// The headers that curl sends by itself.
const HEADERS_OF_CURL: [&str; 7] =
    ["accept", "accept-encoding", "connection", "content-length", "host", "user-agent", "cookie"];

/// The request of a flow, as its usual caller sends it. `now` is in seconds since 1970.
pub(super) fn of_flow(kind: Kind, user_token: &str, host: &str, now: u64) -> Request {
    let login = format!("/sso/login?return_to=%2Fhc%2Fen-us&brand_id=1&locale_id=1&timestamp={now}");
    match kind {
        Kind::Sdk => form(host, "/sdk/jwt", user_token),
        Kind::Messaging => form(host, "/messaging/jwt", user_token),
        Kind::Sso if is_cookie_value(user_token) => {
            let cookie = format!("{}={user_token}", demo::SESSION_COOKIE);
            let request = lambda_http::http::Request::get(address(host, &login)).header(HOST, host);
            request.header(COOKIE, cookie).body(Body::Empty).unwrap_or_default()
        }
        Kind::Sso => form(host, &login, user_token),
    }
}

fn form(host: &str, path: &str, user_token: &str) -> Request {
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("user_token", user_token).finish();
    let request = lambda_http::http::Request::post(address(host, path)).header(HOST, host);
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    // All values are valid headers: the host came as one.
    request.header(CONTENT_LENGTH, body.len()).body(Body::Text(body)).unwrap_or_default()
}

/// A command that sends the request.
pub(super) fn curl(request: &Request) -> String {
    let mut words = vec![format!("curl -i {}", quoted(&request.uri().to_string()))];
    let has_body = !request.body().is_empty();
    if request.method() != if has_body { "POST" } else { "GET" } {
        words.push(format!("-X {}", request.method()));
    }
    for (name, value) in request.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        let is_default = name == CONTENT_TYPE && has_body && value == "application/x-www-form-urlencoded";
        if name == COOKIE {
            words.push(format!("-b {}", quoted(&value)));
        } else if !is_default && !HEADERS_OF_CURL.contains(&name.as_str()) && !name.as_str().starts_with("sec-") {
            words.push(format!("-H {}", quoted(&format!("{name}: {value}"))));
        }
    }
    if has_body {
        words.push(format!("-d {}", quoted(&String::from_utf8_lossy(request.body()))));
    }
    words.join(" ")
}

/// The text of the HTTP request.
pub(super) fn text(request: &Request) -> String {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    let body = String::from_utf8_lossy(request.body());
    format!("{} {target} HTTP/1.1\n{}\n{body}", request.method(), headers.collect::<String>())
}

fn address(host: &str, target: &str) -> Uri {
    format!("http://{host}{target}").parse().unwrap_or_default()
}

/// One word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
