//! A service of AWS, spoken to in its JSON protocol: signed, retried, and never waited for too long.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_util::client::legacy::connect::capture_connection;
use lambda_http::http::header::{CONTENT_TYPE, USER_AGENT};
use lambda_http::http::{HeaderValue, Method, Request, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Settings;
use super::call_error::{BoxError, CallError};
use super::http_client::HttpClient;
use crate::jwt::{Clock, SystemClock};

/// How often a request is sent before it is given up.
const ATTEMPTS: u32 = 3;

/// How long an attempt may take, with the connection that it may have to open.
const ATTEMPT: Duration = Duration::from_millis(750);

/// The longest pause after the first attempt; the next one is twice as long.
///
/// All attempts and pauses are over after 2.4 seconds, well before a function's own timeout.
const PAUSE: Duration = Duration::from_millis(50);

const TARGET: &str = "x-amz-target";

/// Who asks, as AWS's own logs show it.
const PRODUCT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// How a service is spoken to.
pub(super) struct Protocol {
    /// The name by which it signs.
    pub(super) name: &'static str,
    /// The content type of requests, which tells the version of the JSON protocol.
    pub(super) content_type: &'static str,
    /// The content type without which an answer is not the service's, where the body alone does not tell.
    pub(super) answers: Option<&'static str>,
}

/// One service in one region, asked by one role.
#[derive(Clone)]
pub(super) struct Service(Arc<Parts>);

struct Parts {
    protocol: Protocol,
    url: String,
    region: String,
    identity: Identity,
    http: HttpClient,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Service({})", self.0.protocol.name)
    }
}

impl Service {
    pub(super) fn new(protocol: Protocol, url: String, settings: &Settings, http: HttpClient) -> Self {
        let (region, identity) = (settings.region.clone(), settings.credentials.0.clone());
        Self(Arc::new(Parts { protocol, url, region, identity, http }))
    }

    /// What the service answers to `request`; `target` is the operation as the header `X-Amz-Target` names it.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        target: &'static str,
        request: &impl Serialize,
    ) -> Result<T, CallError> {
        let body = Bytes::from(serde_json::to_vec(request).map_err(|error| CallError::NotSent(error.into()))?);
        let mut pause = PAUSE;
        for _ in 1..ATTEMPTS {
            match self.0.attempt(target, body.clone()).await {
                Err(error) if error.is_transient() => tokio::time::sleep(shortened(pause)).await,
                ended => return ended,
            }
            pause *= 2;
        }
        self.0.attempt(target, body).await
    }
}

impl Parts {
    async fn attempt<T: DeserializeOwned>(&self, target: &'static str, body: Bytes) -> Result<T, CallError> {
        let mut request = self.signed(target, body).map_err(CallError::NotSent)?;
        let connection = capture_connection(&mut request);
        let ended = match tokio::time::timeout(ATTEMPT, self.http.exchange(request)).await {
            Ok(Ok(answer)) => self.read(&answer),
            Ok(Err(error)) => Err(CallError::Unanswered(error)),
            Err(_) => Err(CallError::TimedOut(ATTEMPT)),
        };
        if ended.as_ref().is_err_and(CallError::is_transient)
            && let Some(connected) = &*connection.connection_metadata()
        {
            // Whoever failed may not be whom the next connection leads to.
            connected.poison();
        }
        ended
    }

    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>
    fn signed(&self, target: &'static str, body: Bytes) -> Result<Request<Full<Bytes>>, BoxError> {
        let headers = [(CONTENT_TYPE.as_str(), self.protocol.content_type), (TARGET, target)];
        let signable = SignableRequest::new("POST", &self.url, headers.into_iter(), SignableBody::Bytes(&body))?;
        let parameters = SigningParams::builder()
            .identity(&self.identity)
            .region(&self.region)
            .name(self.protocol.name)
            .time(UNIX_EPOCH + SystemClock.since_epoch())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let (instructions, _) = sign(signable, &parameters)?.into_parts();
        let request = Request::builder().method(Method::POST).uri(&self.url);
        let request =
            request.header(CONTENT_TYPE, self.protocol.content_type).header(TARGET, target).header(USER_AGENT, PRODUCT);
        let mut request = request.body(Full::new(body))?;
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }

    fn read<T: DeserializeOwned>(&self, answer: &Response<Bytes>) -> Result<T, CallError> {
        let (status, body) = (answer.status(), answer.body());
        if !status.is_success() {
            return Err(CallError::refused(status, body));
        }
        let content_type = answer.headers().get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
        if self.protocol.answers.is_some_and(|expected| !content_type.starts_with(expected.as_bytes())) {
            return Err(CallError::Unreadable);
        }
        serde_json::from_slice(body).map_err(|_| CallError::Unreadable)
    }
}

/// Half to all of the pause, by chance, so that the sandboxes of a function do not ask in step.
fn shortened(pause: Duration) -> Duration {
    let mut chance = [0];
    // Without chance the pause is half as long, which is still a pause.
    aws_lc_rs::rand::fill(&mut chance).ok();
    let half = pause / 2;
    half + half * u32::from(chance[0]) / 255
}
