//! The functions' two AWS calls: `GetItem` for each request, and `GetSecretValue` when a signing key is due.
//!
//! Both use the AWS SDK. Its defaults suit long-running programs, so [`Clients::new`] sets what a function needs.

mod http_client;
mod response_check;
pub mod signing_key_secret;
pub mod user_tokens;

use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    AppName, BehaviorVersion, IdentityCache, Region, SharedCredentialsProvider, SharedHttpClient,
    StalledStreamProtectionConfig,
};
use aws_sdk_dynamodb::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_types::SdkConfig;
use aws_types::endpoint_config::AccountIdEndpointMode;
use http_body_util::LengthLimitError;
use response_check::{NOT_OF_THE_SERVICE, ResponseCheck, RetryUnreadable};
use rustls::pki_types::CertificateDer;

use crate::outcome::Failure;

pub use http_client::AMAZON_ROOTS;
pub use signing_key_secret::SigningKeySecret;
pub use user_tokens::DynamoDbUserTokens;

/// How often a request is sent.
const ATTEMPTS: u32 = 3;

/// The time limit of one attempt, including the connection that it may open.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(750);

/// The longest pause after the first attempt.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);

/// The longest pause after the second attempt, and the longest that a response may ask for.
///
/// A call ends within 2.45 seconds. A time limit of its own would be one more timer and system call for each request.
const LONGEST_BACKOFF: Duration = Duration::from_millis(100);

/// How to reach the two services.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The region of the table and the secret.
    pub region: String,
    /// The credentials that sign requests.
    pub credentials: Credentials,
    /// The addresses of the services.
    pub endpoints: Endpoints,
    /// Root certificates to trust in addition to Amazon's.
    pub more_roots: Vec<CertificateDer<'static>>,
}

/// The addresses of the services. The SDK derives a missing URL from the region.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// The URL of DynamoDB or of a replacement.
    pub dynamodb: Option<String>,
    /// The URL of Secrets Manager or of a replacement.
    pub secrets_manager: Option<String>,
    /// `AWS_USE_FIPS_ENDPOINT`: use cryptography validated by FIPS 140-3.
    pub fips: bool,
    /// `AWS_USE_DUALSTACK_ENDPOINT`: use IPv4 and IPv6.
    pub dual_stack: bool,
}

/// The credentials of the function's role. Lambda sets them once for the life of a process.
#[derive(Clone)]
pub struct Credentials(SharedCredentialsProvider);

impl Credentials {
    /// The values of `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
    #[must_use]
    pub fn new(access_key_id: String, secret_access_key: String, session_token: Option<String>) -> Self {
        use aws_sdk_dynamodb::config::Credentials;

        let source = "environment";
        let credentials = Credentials::new(access_key_id, secret_access_key, session_token, None, source);
        Self(SharedCredentialsProvider::new(credentials))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// The clients of both services, which share one HTTP client.
#[derive(Clone)]
pub struct Clients {
    dynamodb: aws_sdk_dynamodb::Client,
    secrets_manager: aws_sdk_secretsmanager::Client,
}

impl Clients {
    /// Creates both clients, without opening a connection.
    ///
    /// # Errors
    /// If this build supports neither TLS 1.2 nor 1.3.
    pub fn new(settings: &Settings) -> Result<Self, rustls::Error> {
        Ok(Self::with_http_client(http_client::http_client(&settings.more_roots)?, settings))
    }

    fn with_http_client(http_client: SharedHttpClient, settings: &Settings) -> Self {
        let Settings { region, credentials, endpoints, .. } = settings;
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(FIRST_BACKOFF)
            .with_max_backoff(LONGEST_BACKOFF);
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(http_client)
            .region(Region::new(region.clone()))
            .use_fips(endpoints.fips)
            .use_dual_stack(endpoints.dual_stack)
            // Credentials from the environment carry no account id.
            .account_id_endpoint_mode(AccountIdEndpointMode::Disabled)
            .credentials_provider(credentials.0.clone())
            // The credentials never change.
            .identity_cache(IdentityCache::no_cache())
            .retry_config(retries)
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build())
            // The attempt timeout already ends a response that stalls.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        // Shows in CloudTrail.
        config.set_app_name(AppName::new(env!("CARGO_PKG_NAME")).ok());
        let config = config.build();
        // The SDK's retry quota runs out during an outage, and the first fault after it would then not be retried.
        let partition = RetryPartition::custom("unlimited").token_bucket(TokenBucket::unlimited()).build();

        let mut dynamodb = aws_sdk_dynamodb::config::Builder::from(&config)
            .retry_partition(partition.clone())
            .retry_classifier(RetryUnreadable)
            .interceptor(ResponseCheck(response_check::is_from_dynamodb));
        let mut secrets_manager = aws_sdk_secretsmanager::config::Builder::from(&config)
            .retry_partition(partition)
            .retry_classifier(RetryUnreadable)
            .interceptor(ResponseCheck(response_check::is_from_secrets_manager));
        // The SDK refuses a URL together with FIPS or dual stack. Here, the URL takes precedence.
        if let Some(url) = &endpoints.dynamodb {
            dynamodb = dynamodb.endpoint_url(url).use_fips(false).use_dual_stack(false);
        }
        if let Some(url) = &endpoints.secrets_manager {
            secrets_manager = secrets_manager.endpoint_url(url).use_fips(false).use_dual_stack(false);
        }
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            secrets_manager: aws_sdk_secretsmanager::Client::from_conf(secrets_manager.build()),
        }
    }

    /// Creates clients of local fakes of both services, with the settings that a function has in Lambda.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn local(url: &str) -> Result<Self, rustls::Error> {
        let (dynamodb, secrets_manager) = (Some(url.to_owned()), Some(url.to_owned()));
        Self::new(&Settings {
            region: "us-east-1".to_owned(),
            credentials: Credentials::new("local".to_owned(), "local".to_owned(), None),
            endpoints: Endpoints { dynamodb, secrets_manager, ..Endpoints::default() },
            more_roots: Vec::new(),
        })
    }
}

impl fmt::Debug for Clients {
    /// Hides the SDK's own output, which names the access key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clients(…)")
    }
}

/// Why a call failed. `Display` and `Debug` show nothing of the request and nothing of the response's text.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The request could not be built.
    #[error("the request cannot be sent")]
    NotSent(#[source] BoxError),
    /// The connection failed, or ended before the response did.
    #[error("no answer")]
    NoAnswer(#[source] BoxError),
    /// The last attempt exceeded its time limit.
    #[error("no answer within {} ms", ATTEMPT_TIMEOUT.as_millis())]
    TimedOut,
    /// The response is longer than any that the service should send.
    #[error("an answer of more than {} bytes", http_client::LONGEST_ANSWER)]
    TooLong,
    /// The response does not come from the service, or breaks its protocol.
    #[error("the answer cannot be read")]
    Unreadable,
    /// An error of the service.
    #[error("{} (HTTP {status})", code.as_deref().unwrap_or("an error without a name"))]
    ServiceError {
        /// The name of the error, for example `AccessDeniedException`.
        code: Option<String>,
        /// The status of the response.
        status: u16,
        /// What an operator can do about it.
        remedy: Option<String>,
    },
}

impl CallError {
    /// Converts the SDK's error. `remedy` returns the remedy for an error code.
    fn new<E>(error: SdkError<E>, remedy: impl FnOnce(&str) -> Option<String>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        match error {
            SdkError::ServiceError(answer) => {
                let (code, status) = (answer.err().code(), answer.raw().status());
                if status.is_success() || code == Some(NOT_OF_THE_SERVICE) {
                    return Self::Unreadable;
                }
                Self::ServiceError {
                    code: code.map(str::to_owned),
                    status: status.as_u16(),
                    remedy: code.and_then(remedy),
                }
            }
            SdkError::ResponseError(_) => Self::Unreadable,
            SdkError::TimeoutError(_) => Self::TimedOut,
            SdkError::ConstructionFailure(_) => Self::NotSent(cause(error)),
            error => match cause(error).downcast::<LengthLimitError>() {
                Ok(_) => Self::TooLong,
                Err(cause) => Self::NoAnswer(cause),
            },
        }
    }
}

/// The first cause below the layers of the SDK, which add no information.
fn cause<E: Error + Send + Sync + 'static>(error: SdkError<E>) -> BoxError {
    let cause = error.into_source().unwrap_or_else(Into::into);
    cause.downcast::<ConnectorError>().map_or_else(|cause| cause, |error| error.into_source())
}

impl Failure for CallError {
    fn remedy(&self) -> Option<&str> {
        match self {
            Self::ServiceError { remedy, .. } => remedy.as_deref(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_sdk_dynamodb::config::http::HttpResponse;
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_types::body::SdkBody;
    use lambda_http::http::Response;

    use super::*;

    /// A fake of both services, which fails the next `faults` requests and records the URL of each.
    #[derive(Clone, Debug, Default)]
    struct Fake(Arc<Mutex<State>>);

    #[derive(Debug, Default)]
    struct State {
        fault: Fault,
        faults: usize,
        urls: Vec<String>,
    }

    #[derive(Clone, Copy, Debug, Default)]
    enum Fault {
        #[default]
        Reset,
        Silence,
        /// A 503 that asks to wait for a minute.
        RetryAfter,
    }

    impl Fake {
        fn fail_next(&self, faults: usize) {
            self.0.lock().unwrap().faults = faults;
        }

        fn clients(&self, region: &str, endpoints: Endpoints) -> Clients {
            let connector = SharedHttpConnector::new(self.clone());
            let settings = Settings {
                region: region.to_owned(),
                credentials: Credentials::new("a".to_owned(), "b".to_owned(), None),
                endpoints,
                more_roots: Vec::new(),
            };
            Clients::with_http_client(http_client_fn(move |_, _| connector.clone()), &settings)
        }
    }

    impl HttpConnector for Fake {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let mut state = self.0.lock().unwrap();
            state.urls.push(request.uri().to_owned());
            if state.faults > 0 {
                state.faults -= 1;
                return match state.fault {
                    Fault::Reset => HttpConnectorFuture::ready(Err(ConnectorError::io("reset".into()))),
                    Fault::Silence => HttpConnectorFuture::new(std::future::pending()),
                    Fault::RetryAfter => {
                        let response = Response::builder().status(503).header("x-amz-retry-after", "60000");
                        let response = response.body(SdkBody::empty()).unwrap();
                        HttpConnectorFuture::ready(Ok(HttpResponse::try_from(response).unwrap()))
                    }
                };
            }
            let response = Response::builder().header("content-type", "application/x-amz-json-1.0");
            let response = response.body(SdkBody::from(r#"{"SecretString": "secret"}"#)).unwrap();
            HttpConnectorFuture::ready(Ok(HttpResponse::try_from(response).unwrap()))
        }
    }

    async fn get_item(clients: &Clients) -> bool {
        let key = AttributeValue::S("hash".to_owned());
        clients.dynamodb.get_item().table_name("table").key("token_hash", key).send().await.is_ok()
    }

    async fn get_secret_value(clients: &Clients) -> bool {
        clients.secrets_manager.get_secret_value().secret_id("secret").send().await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_single_fault_is_retried_right_after_a_long_outage() {
        let attempts = usize::try_from(ATTEMPTS).unwrap();
        let fake = Fake::default();
        let clients = fake.clients("eu-west-1", Endpoints::default());
        for _ in 0..500 {
            fake.fail_next(2 * attempts);
            assert!(!get_item(&clients).await && !get_secret_value(&clients).await);
            assert_eq!(fake.0.lock().unwrap().faults, 0, "each call makes all of its attempts");
        }
        fake.fail_next(1);
        assert!(get_item(&clients).await, "DynamoDB");
        fake.fail_next(1);
        assert!(get_secret_value(&clients).await, "Secrets Manager");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_ends_within_2500_milliseconds_whatever_the_service_does() {
        for fault in [Fault::Reset, Fault::Silence, Fault::RetryAfter] {
            let fake = Fake::default();
            *fake.0.lock().unwrap() = State { fault, faults: usize::MAX, ..State::default() };
            let clients = fake.clients("eu-west-1", Endpoints::default());
            let started = tokio::time::Instant::now();
            assert!(!get_item(&clients).await);
            assert!(started.elapsed() < Duration::from_millis(2500), "{fault:?}: {:?}", started.elapsed());
            assert_eq!(fake.0.lock().unwrap().urls.len(), usize::try_from(ATTEMPTS).unwrap());
        }
    }

    #[tokio::test]
    async fn region_and_settings_choose_the_endpoints() {
        let public = |fips, dual_stack| Endpoints { fips, dual_stack, ..Endpoints::default() };
        let url = Endpoints { dynamodb: Some("https://a.example".to_owned()), ..public(true, false) };
        for (region, endpoints, dynamodb, secrets_manager) in [
            (
                "eu-west-1",
                public(false, false),
                "dynamodb.eu-west-1.amazonaws.com",
                "secretsmanager.eu-west-1.amazonaws.com",
            ),
            (
                "us-east-1",
                public(true, false),
                "dynamodb-fips.us-east-1.amazonaws.com",
                "secretsmanager-fips.us-east-1.amazonaws.com",
            ),
            (
                "us-gov-west-1",
                public(true, false),
                "dynamodb.us-gov-west-1.amazonaws.com",
                "secretsmanager-fips.us-gov-west-1.amazonaws.com",
            ),
            ("eu-west-1", public(false, true), "dynamodb.eu-west-1.api.aws", "secretsmanager.eu-west-1.amazonaws.com"),
            (
                "cn-north-1",
                public(false, false),
                "dynamodb.cn-north-1.amazonaws.com.cn",
                "secretsmanager.cn-north-1.amazonaws.com.cn",
            ),
            ("us-east-1", url, "a.example", "secretsmanager-fips.us-east-1.amazonaws.com"),
        ] {
            let fake = Fake::default();
            let clients = fake.clients(region, endpoints);
            assert!(get_item(&clients).await && get_secret_value(&clients).await);
            let urls = fake.0.lock().unwrap().urls.clone();
            assert_eq!(urls, [format!("https://{dynamodb}/"), format!("https://{secrets_manager}/")]);
        }
    }
}
