//! A service of AWS, spoken to in its JSON protocol: signed, retried, and never waited for too long.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{HttpConnector, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use lambda_http::http::header::CONTENT_TYPE;
use lambda_http::http::{HeaderValue, Method, Request, Response, StatusCode};
use rustls::ClientConfig;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Settings;
use crate::jwt::{Clock, SystemClock};

/// How often a request is sent before it is given up.
const ATTEMPTS: u32 = 3;

/// How long an attempt may take, with the connection that it may have to open.
const ATTEMPT: Duration = Duration::from_millis(750);

/// The longest pause after the first attempt; the next one is twice as long.
///
/// All attempts and pauses are over after 2.4 seconds, well before a function's own timeout.
const PAUSE: Duration = Duration::from_millis(50);

/// A pooled connection is dropped after this much idleness: a thawed sandbox holds dead ones.
const IDLE_CONNECTION: Duration = Duration::from_secs(20);

/// More bytes than either call can answer: an item has 400 KiB at most, which its JSON form less than doubles.
const LONGEST_ANSWER: usize = 2 * 1024 * 1024;

/// Errors by which DynamoDB and Secrets Manager ask to try again later, beside every status from 500 on.
const TRANSIENT: [&str; 9] = [
    "InternalServerError",
    "InternalServiceError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "RequestTimeoutException",
    "ThrottlingException",
    "TransactionInProgressException",
];

/// How the content types of both versions of the JSON protocol begin.
const MEDIA_TYPE: &str = "application/x-amz-json-";

const TARGET: &str = "x-amz-target";

/// HTTP/1.1 over connections that both services share and that are kept.
#[derive(Clone)]
pub(super) struct HttpClient(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl HttpClient {
    pub(super) fn new(tls: ClientConfig) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        let mut client = Client::builder(TokioExecutor::new());
        client.pool_idle_timeout(IDLE_CONNECTION).pool_timer(TokioTimer::new());
        Self(client.build(https.wrap_connector(tcp)))
    }
}

/// One service in one region, asked by one role.
#[derive(Clone)]
pub(super) struct Service(Arc<Parts>);

struct Parts {
    name: &'static str,
    url: String,
    content_type: &'static str,
    region: String,
    identity: Identity,
    http: HttpClient,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Service({})", self.0.name)
    }
}

impl Service {
    /// The service that signs and is called by `name`. `content_type` is that of its version of the JSON protocol.
    pub(super) fn new(
        name: &'static str,
        url: String,
        content_type: &'static str,
        settings: &Settings,
        http: HttpClient,
    ) -> Self {
        let (region, identity) = (settings.region.clone(), settings.credentials.0.clone());
        Self(Arc::new(Parts { name, url, content_type, region, identity, http }))
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

impl HttpClient {
    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, BoxError> {
        let (head, body) = self.0.request(request).await?.into_parts();
        Ok(Response::from_parts(head, Limited::new(body, LONGEST_ANSWER).collect().await?.to_bytes()))
    }
}

impl Parts {
    async fn attempt<T: DeserializeOwned>(&self, target: &'static str, body: Bytes) -> Result<T, CallError> {
        let mut request = self.signed(target, body).map_err(CallError::NotSent)?;
        let connection = capture_connection(&mut request);
        let ended = match tokio::time::timeout(ATTEMPT, self.http.exchange(request)).await {
            Ok(Ok(answer)) => read(&answer),
            Ok(Err(error)) => Err(CallError::Unanswered(error)),
            Err(_) => Err(CallError::TimedOut),
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
        let headers = [(CONTENT_TYPE.as_str(), self.content_type), (TARGET, target)];
        let signable = SignableRequest::new("POST", &self.url, headers.into_iter(), SignableBody::Bytes(&body))?;
        let parameters = SigningParams::builder()
            .identity(&self.identity)
            .region(&self.region)
            .name(self.name)
            .time(UNIX_EPOCH + SystemClock.since_epoch())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let (instructions, _) = sign(signable, &parameters)?.into_parts();
        let request = Request::builder().method(Method::POST).uri(&self.url);
        let request = request.header(CONTENT_TYPE, self.content_type).header(TARGET, target);
        let mut request = request.body(Full::new(body))?;
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
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

fn read<T: DeserializeOwned>(answer: &Response<Bytes>) -> Result<T, CallError> {
    let (status, body) = (answer.status(), answer.body());
    if !status.is_success() {
        let code = serde_json::from_slice(body).map_or_else(|_| String::new(), |error: ErrorAnswer| error.code());
        return Err(CallError::Refused { status, code });
    }
    // A proxy's page, or nothing at all, must not be read as "there is no such item".
    let media_type = answer.headers().get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    if !media_type.starts_with(MEDIA_TYPE.as_bytes()) {
        return Err(CallError::Unreadable);
    }
    serde_json::from_slice(body).map_err(|_| CallError::Unreadable)
}

/// An error of the JSON protocol. Its message is left alone, since it may quote what was asked.
///
/// <https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization>
#[derive(Deserialize)]
struct ErrorAnswer {
    #[serde(rename = "__type")]
    shape: String,
}

impl ErrorAnswer {
    /// The name of the error, which may stand behind its namespace.
    fn code(self) -> String {
        let name = self.shape.rsplit('#').next().unwrap_or_default();
        name.chars().take_while(char::is_ascii_alphanumeric).collect()
    }
}

type BoxError = Box<dyn Error + Send + Sync>;

/// Why a call brought no answer. `Display` has neither keys nor values.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// The request could not be written.
    #[error("the request cannot be sent: {0}")]
    NotSent(BoxError),
    /// No connection, or one that ended before the answer did.
    #[error("no answer: {}", causes(&**.0))]
    Unanswered(BoxError),
    /// Nothing, or not all of it, came in time.
    #[error("no answer within {} ms", ATTEMPT.as_millis())]
    TimedOut,
    /// An answer that is not of this protocol.
    #[error("an answer that cannot be read")]
    Unreadable,
    /// An error of the service, by its code.
    #[error("{code} (HTTP {})", status.as_u16())]
    Refused {
        /// Of the answer.
        status: StatusCode,
        /// The error's name, such as `AccessDeniedException`; empty when it has none.
        code: String,
    },
}

impl CallError {
    /// The service's own name of the error, if it gave one.
    pub(super) fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Whether the same request may be answered when it is sent again. Both calls only read, so that is safe.
    fn is_transient(&self) -> bool {
        match self {
            Self::NotSent(_) => false,
            Self::Unanswered(_) | Self::TimedOut | Self::Unreadable => true,
            Self::Refused { status, code } => {
                status.is_server_error()
                    || *status == StatusCode::TOO_MANY_REQUESTS
                    || TRANSIENT.contains(&code.as_str())
            }
        }
    }
}

/// The chain of an error's causes in one line.
fn causes(error: &dyn Error) -> String {
    let mut chain = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        chain = format!("{chain}: {error}");
        cause = error.source();
    }
    chain
}
