use axum::http::Uri;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST};
use lambda_http::http::Request;

use super::super::company::is_cookie_value;
use super::super::demo;
use zendesk_jwt_rules::Kind;

/// The request of a flow, as its usual caller sends it.
pub(super) struct FlowRequest(Request<String>);

impl FlowRequest {
    /// `now` is in seconds since 1970.
    pub(crate) fn new(kind: Kind, user_token: &str, host: &str, now: u64) -> Self {
        let login = format!("/sso/login?return_to=%2Fhc%2Fen-us&brand_id=1&locale_id=1&timestamp={now}");
        match kind {
            Kind::Sdk => Self::form(host, "/sdk/jwt", user_token),
            Kind::Messaging => Self::form(host, "/messaging/jwt", user_token),
            Kind::Sso if is_cookie_value(user_token) => {
                let request = Request::get(address(host, &login)).header(HOST, host);
                let request = request.header(COOKIE, format!("{}={user_token}", demo::SESSION_COOKIE));
                Self(request.body(String::new()).unwrap_or_default())
            }
            Kind::Sso => Self::form(host, &login, user_token),
        }
    }

    fn form(host: &str, path: &str, user_token: &str) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).append_pair("user_token", user_token).finish();
        let request = Request::post(address(host, path)).header(HOST, host);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        // All values are valid headers: the host came as one.
        Self(request.header(CONTENT_LENGTH, body.len()).body(body).unwrap_or_default())
    }

    /// A command that sends the request.
    pub(crate) fn curl(&self) -> String {
        let cookie = self.0.headers().get(COOKIE).and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.map(|cookie| format!(" -b {}", quoted(cookie))).unwrap_or_default();
        let body = self.0.body();
        let body = if body.is_empty() { String::new() } else { format!(" -d {}", quoted(body)) };
        format!("curl -i {}{cookie}{body}", quoted(&self.0.uri().to_string()))
    }

    /// The text of the HTTP request.
    pub(crate) fn text(&self) -> String {
        let target = self.0.uri().path_and_query().map_or("/", |target| target.as_str());
        let headers = self.0.headers().iter();
        let headers = headers.map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
        format!("{} {target} HTTP/1.1\n{}\n{}", self.0.method(), headers.collect::<String>(), self.0.body())
    }

    pub(crate) fn to_lambda(&self) -> lambda_http::Request {
        self.0.clone().map(lambda_http::Body::from)
    }
}

fn address(host: &str, target: &str) -> Uri {
    format!("http://{host}{target}").parse().unwrap_or_default()
}

/// One word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
