//! A client's request and its answer, independent of the event source.

use super::html;
use serde_json::Value;

/// A client's request. Header names are in lower case.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// `target` is an encoded path, with or without a query.
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (method, path, query) = (method.to_owned(), path.to_owned(), query.to_owned());
        Self { method, path, query, headers: Vec::new(), body: Vec::new() }
    }

    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub fn post(target: &str) -> Self {
        Self::new("POST", target)
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn cookie(self, name: &str, value: &str) -> Self {
        self.header("cookie", &format!("theme=dark; {name}={value}; lang=en"))
    }

    /// Form fields, encoded as a browser encodes them.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.form_body(body)
    }

    /// A form body that the test has encoded.
    pub fn form_body(self, body: impl Into<Vec<u8>>) -> Self {
        self.body("application/x-www-form-urlencoded", body)
    }

    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    /// All values in the request that a function can read as a user token.
    pub fn user_tokens(&self) -> Vec<String> {
        let form = form_urlencoded::parse(&self.body).filter(|(name, _)| name == "user_token");
        let form = form.map(|(_, value)| value.into_owned());
        let bearer = self.headers_named("authorization").filter_map(|value| value.split_once(' '));
        let cookies = self.headers_named("cookie").flat_map(|value| value.split(';')).filter_map(|c| c.split_once('='));
        form.chain(bearer.chain(cookies).map(|(_, value)| value.to_owned())).collect()
    }

    pub fn headers_named(&self, wanted: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }

    pub fn content_type(&self) -> Option<&str> {
        self.headers_named("content-type").next()
    }
}

/// The client's answer. Header names are in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn new(status: u16, headers: &[(&str, &str)], body: impl Into<String>) -> Self {
        let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { status, headers, body: body.into() }
    }

    /// All values of a header.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The value of a header. Panics if there are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.values(name);
        let value = values.next();
        assert_eq!(values.next(), None, "{name} is there twice");
        value
    }

    pub fn media_type(&self) -> &str {
        self.header("content-type").unwrap_or_default().split(';').next().unwrap().trim()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The JWT in the answer of any function.
    pub fn jwt(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.body);
        if self.media_type() == "text/html" {
            return html::hidden_fields(&self.body)["jwt"].clone();
        }
        self.json()["jwt"].as_str().expect("a string named jwt").to_owned()
    }

    /// The members of a problem (RFC 9457). Panics if a required member is missing.
    pub fn problem(&self) -> Value {
        assert_eq!(self.media_type(), "application/problem+json", "{self:?}");
        let problem = self.json();
        for member in ["type", "title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "no {member} in {problem}");
        }
        assert_eq!(problem["status"], self.status, "{problem}");
        problem
    }

    /// Checks the headers that every answer of the service must have.
    pub fn assert_security_headers(&self) {
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self:?}");
        let transport = self.header("strict-transport-security").unwrap_or_default();
        assert!(transport.starts_with("max-age="), "{self:?}");
        let policy = self.header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{self:?}");
        assert_eq!(self.header("referrer-policy"), Some("no-referrer"), "{self:?}");
    }
}
