//! One HTTP request and its answer, without following anything.

use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_TYPE, COOKIE, DATE, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION,
    USER_AGENT,
};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use url::{Position, Url};

use super::connection::Route;
use super::report::quoted;
use zendesk_jwt::jwt::{Clock, EpochSeconds, SystemClock};
use zendesk_jwt::web::TokenPlace;

/// The longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// A request before it is sent.
#[derive(Clone)]
pub(super) struct Ask {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: String,
}

impl Ask {
    pub(super) fn new(method: Method, url: &Url) -> Self {
        Self { method, url: url.clone(), headers: HeaderMap::new(), body: String::new() }
    }

    /// A header; left out when its value cannot be one, which is checked where values come in.
    pub(super) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.append(name, value);
        }
        self
    }

    pub(super) fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    /// A form as it goes over the wire.
    pub(super) fn form_body(self, body: impl Into<String>) -> Self {
        self.body("application/x-www-form-urlencoded", body)
    }

    pub(super) fn body(mut self, media_type: &str, body: impl Into<String>) -> Self {
        self.body = body.into();
        self.header(CONTENT_TYPE, media_type)
    }

    pub(super) fn token(self, place: TokenPlace<'_>, token: &str) -> Self {
        match place {
            TokenPlace::Form => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                self.form_body(form.append_pair("user_token", token).finish())
            }
            TokenPlace::Bearer => self.header(AUTHORIZATION, &format!("Bearer {token}")),
            TokenPlace::Cookie(name) => self.header(COOKIE, &format!("{name}={token}")),
        }
    }

    /// Sends it on a new connection, and waits for the whole answer.
    pub(super) async fn send(self, route: &Route, timeout: Duration) -> Result<Answer, String> {
        let (started, sent_at) = (Instant::now(), SystemClock.now());
        let answer = tokio::time::timeout(timeout, self.exchange(route)).await;
        let (status, headers, body) = answer.map_err(|_| format!("no answer within {} s", timeout.as_secs()))??;
        Ok(Answer { status, headers, body, took: started.elapsed(), sent_at })
    }

    async fn exchange(self, route: &Route) -> Result<(StatusCode, HeaderMap, String), String> {
        let stream = TokioIo::new(route.open().await?);
        let said = |error: hyper::Error| format!("the connection broke: {error}");
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.map_err(said)?;
        let connection = tokio::spawn(connection);
        let response = sender.send_request(self.into_request()?).await.map_err(said)?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
        connection.abort();
        let body = body.map_err(|error| format!("the answer cannot be read: {error}"))?.to_bytes();
        Ok((parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned()))
    }

    fn into_request(self) -> Result<Request<Full<Bytes>>, String> {
        let host = &self.url[Position::BeforeHost..Position::AfterPort];
        let mut request = Request::builder()
            .method(self.method)
            .uri(&self.url[Position::BeforePath..Position::AfterQuery])
            .header(HOST, host)
            .header(USER_AGENT, concat!("zendesk-jwt-doctor/", env!("CARGO_PKG_VERSION")))
            .header(CONNECTION, "close");
        if let Some(headers) = request.headers_mut() {
            headers.extend(self.headers);
        }
        request.body(Full::from(self.body)).map_err(|error| error.to_string())
    }
}

/// What came back. It may hold a JWT, so it has no `Debug`.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
    /// From before the connection was opened to the end of the answer.
    pub(super) took: Duration,
    pub(super) sent_at: EpochSeconds,
}

impl Answer {
    /// All values of a header, joined as if they had come in one.
    pub(super) fn header(&self, name: HeaderName) -> Option<String> {
        let values: Vec<_> =
            self.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The media type without its parameters, in lower case.
    pub(super) fn media_type(&self) -> String {
        let value = self.header(CONTENT_TYPE).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The time that the server says it is.
    pub(super) fn date(&self) -> Option<EpochSeconds> {
        let date = httpdate::parse_http_date(&self.header(DATE)?).ok()?;
        Some(EpochSeconds(date.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()))
    }

    /// The status, and where a redirect leads; its query may hold anything, so it is left out.
    pub(super) fn told(&self) -> String {
        let status = self.status.as_u16();
        match self.header(LOCATION) {
            Some(location) if self.status.is_redirection() => {
                let location = location.split(['?', '#']).next().unwrap_or_default();
                format!("{status} to {}", quoted(location))
            }
            _ => status.to_string(),
        }
    }

    /// Whether caches are told to keep nothing of it.
    pub(super) fn is_no_store(&self) -> bool {
        let directives = self.header(hyper::header::CACHE_CONTROL).unwrap_or_default().to_ascii_lowercase();
        directives.split(',').any(|directive| directive.trim() == "no-store")
    }

    /// What `Cache-Control` says, for a sentence.
    pub(super) fn caching(&self) -> String {
        match self.header(hyper::header::CACHE_CONTROL) {
            None => "there is no Cache-Control header".to_owned(),
            Some(directives) => format!("Cache-Control is {}", quoted(&directives)),
        }
    }
}
