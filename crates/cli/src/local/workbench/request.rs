use axum::http::{Method, Uri};
use lambda_http::Body;

use super::super::company::is_cookie_value;
use super::super::demo;
use zendesk_jwt_rules::Kind;

/// The request of a flow, as its usual caller sends it.
pub(super) struct FlowRequest {
    method: Method,
    address: Uri,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl FlowRequest {
    /// `now` is in seconds since 1970.
    pub(crate) fn new(kind: Kind, user_token: &str, host: &str, now: u64) -> Self {
        let login = format!("/sso/login?return_to=%2Fhc%2Fen-us&brand_id=1&locale_id=1&timestamp={now}");
        match kind {
            Kind::Sdk => Self::form(host, "/sdk/jwt", user_token),
            Kind::Messaging => Self::form(host, "/messaging/jwt", user_token),
            Kind::Sso if is_cookie_value(user_token) => {
                let cookie = format!("{}={user_token}", demo::SESSION_COOKIE);
                let headers = vec![("Host", host.to_owned()), ("Cookie", cookie)];
                Self { method: Method::GET, address: address(host, &login), headers, body: String::new() }
            }
            Kind::Sso => Self::form(host, &login, user_token),
        }
    }

    fn form(host: &str, path: &str, user_token: &str) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).append_pair("user_token", user_token).finish();
        let headers = vec![
            ("Host", host.to_owned()),
            ("Content-Type", "application/x-www-form-urlencoded".to_owned()),
            ("Content-Length", body.len().to_string()),
        ];
        Self { method: Method::POST, address: address(host, path), headers, body }
    }

    /// A command that sends the request.
    pub(crate) fn curl(&self) -> String {
        let cookie = self.headers.iter().find(|(name, _)| *name == "Cookie");
        let cookie = cookie.map(|(_, cookie)| format!(" -b {}", quoted(cookie))).unwrap_or_default();
        let body = if self.method == Method::POST { format!(" -d {}", quoted(&self.body)) } else { String::new() };
        format!("curl -i {}{cookie}{body}", quoted(&self.address.to_string()))
    }

    /// The text of the HTTP request.
    pub(crate) fn text(&self) -> String {
        let target = self.address.path_and_query().map_or("/", |target| target.as_str());
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        format!("{} {target} HTTP/1.1\n{}\n\n{}", self.method, headers.join("\n"), self.body)
    }

    pub(crate) fn to_lambda(&self) -> lambda_http::Request {
        let request = lambda_http::http::Request::builder().method(self.method.clone()).uri(self.address.clone());
        let request = self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        // All values are valid headers: the host came as one.
        request.body(Body::from(self.body.clone())).unwrap_or_default()
    }
}

fn address(host: &str, target: &str) -> Uri {
    format!("http://{host}{target}").parse().unwrap_or_default()
}

/// One word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
