//! The request of each flow as its caller sends it, to be sent, pasted into a shell, and read.

use axum::http::{Method, Uri};
use lambda_http::Body;

use super::super::demo;
use zendesk_jwt_rules::Kind;

/// A request, before it is sent.
pub(super) struct Sent {
    method: Method,
    address: Uri,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Sent {
    /// The request with this user token to the function of `kind` at `host`. `now` is in seconds since 1970.
    pub(crate) fn new(kind: Kind, user_token: &str, host: &str, now: u64) -> Self {
        match kind {
            Kind::Sdk => Self::form(host, "/sdk/jwt", user_token),
            Kind::Messaging => Self::form(host, "/messaging/jwt", user_token),
            Kind::Sso => {
                let login = format!("/sso/login?return_to=%2Fhc%2Fen-us&brand_id=1&locale_id=1&timestamp={now}");
                if is_cookie_value(user_token) {
                    Self::visit(host, &login, user_token)
                } else {
                    Self::form(host, &login, user_token)
                }
            }
        }
    }

    fn form(host: &str, target: &str, user_token: &str) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).append_pair("user_token", user_token).finish();
        let headers = vec![
            ("Host", host.to_owned()),
            ("Content-Type", "application/x-www-form-urlencoded".to_owned()),
            ("Content-Length", body.len().to_string()),
        ];
        Self { method: Method::POST, address: address(host, target), headers, body }
    }

    fn visit(host: &str, target: &str, user_token: &str) -> Self {
        let cookie = format!("{}={user_token}", demo::SESSION_COOKIE);
        let headers = vec![("Host", host.to_owned()), ("Cookie", cookie)];
        Self { method: Method::GET, address: address(host, target), headers, body: String::new() }
    }

    /// The line that sends it from a shell.
    pub(crate) fn curl(&self) -> String {
        let mut line = format!("curl -i {}", quoted(&self.address.to_string()));
        let cookie = self.headers.iter().find(|(name, _)| *name == "Cookie");
        if let Some((_, cookie)) = cookie {
            line = format!("{line} -b {}", quoted(cookie));
        }
        if self.method == Method::POST { format!("{line} -d {}", quoted(&self.body)) } else { line }
    }

    /// The request as it goes over the wire.
    pub(crate) fn raw(&self) -> String {
        let target = self.address.path_and_query().map_or("/", |target| target.as_str());
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        format!("{} {target} HTTP/1.1\n{}\n\n{}", self.method, headers.join("\n"), self.body)
    }

    /// The same for a function.
    pub(crate) fn request(&self) -> lambda_http::Request {
        let mut request = lambda_http::http::Request::builder().method(self.method.clone()).uri(self.address.clone());
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        // A host that is no header value reaches nobody, so the rest is one.
        request.body(Body::from(self.body.clone())).unwrap_or_default()
    }
}

fn address(host: &str, target: &str) -> Uri {
    format!("http://{host}{target}").parse().unwrap_or_default()
}

/// RFC 6265, section 4.1.1, `cookie-octet`.
fn is_cookie_value(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte))
}

/// One word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
