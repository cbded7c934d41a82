//! The AWS side, and the only place that names an AWS SDK type.

use std::error::Error;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

mod signing_key_secret;
#[cfg(feature = "cli")]
pub mod user_token_items;
#[cfg(feature = "cli")]
pub mod user_token_table;
mod user_tokens;

pub use signing_key_secret::SigningKeySecret;
pub use user_tokens::DynamoDbUserTokens;

/// The roots that every AWS endpoint chains to: Amazon Root CA 1 to 4 and Starfield Services Root CA G2.
///
/// Reading the system's whole store instead costs a cold start tens of milliseconds.
/// <https://www.amazontrust.com/repository/>
const AMAZON_ROOTS: &str = include_str!("amazon-roots.pem");

/// A pooled connection is dropped after this much idleness: a thawed sandbox holds dead ones.
const IDLE_CONNECTION: Duration = Duration::from_secs(20);

/// The clients of the two services that the functions call.
#[derive(Clone, Debug)]
pub struct Clients {
    dynamodb: aws_sdk_dynamodb::Client,
    secrets_manager: aws_sdk_secretsmanager::Client,
}

impl Clients {
    /// Clients as the SDK's own environment variables have them (`AWS_REGION`, `AWS_ENDPOINT_URL…`, credentials).
    ///
    /// `more_roots` is PEM text of further trusted roots, which must have been checked.
    pub async fn from_environment(more_roots: Option<&str>) -> Self {
        // In Lambda the credentials are in the environment: no chain of providers needs to be asked.
        let credentials = EnvironmentVariableCredentialsProvider::new();
        Self::new(&within_our_limits(more_roots).credentials_provider(credentials).load().await)
    }

    fn new(config: &SdkConfig) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            secrets_manager: aws_sdk_secretsmanager::Client::new(config),
        }
    }

    /// Clients of whoever runs the operator's tool: profiles, SSO logins and the rest of the usual chain.
    ///
    /// `more_roots` is as in [`Self::from_environment`].
    #[cfg(feature = "cli")]
    pub async fn of_operator(operator: Operator<'_>, more_roots: Option<&str>) -> Self {
        let Operator { profile, region, endpoint_url } = operator;
        let mut loader = within_operators_limits(more_roots);
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = region {
            loader = loader.region(aws_config::Region::new(region.to_owned()));
        }
        if let Some(url) = endpoint_url {
            loader = loader.endpoint_url(url);
        }
        Self::new(&loader.load().await)
    }

    /// Clients of an operator of a `zendesk-jwt local`, which takes any credentials and is both services at one address.
    #[cfg(feature = "cli")]
    pub async fn of_local_operator(url: &str) -> Self {
        let loader = within_operators_limits(None).region("us-east-1").test_credentials().endpoint_url(url);
        Self::new(&loader.load().await)
    }

    /// Clients of stand-ins on this machine, the same as in Lambda in all but addresses and credentials.
    #[cfg(feature = "cli")]
    pub async fn local(dynamodb_url: &str, secrets_manager_url: &str) -> Self {
        let config = within_our_limits(None).region("us-east-1").test_credentials().load().await;
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(&config).endpoint_url(dynamodb_url).build();
        let secrets_manager =
            aws_sdk_secretsmanager::config::Builder::from(&config).endpoint_url(secrets_manager_url).build();
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb),
            secrets_manager: aws_sdk_secretsmanager::Client::from_conf(secrets_manager),
        }
    }
}

/// What an operator chose over the environment and the AWS configuration.
#[cfg(feature = "cli")]
#[derive(Clone, Copy, Debug)]
pub struct Operator<'a> {
    /// A profile of the AWS configuration.
    pub profile: Option<&'a str>,
    /// The region.
    pub region: Option<&'a str>,
    /// One address for all services.
    pub endpoint_url: Option<&'a str>,
}

/// A configuration that lacks credentials only: one HTTP client for both services, and how long they may take.
fn within_our_limits(more_roots: Option<&str>) -> ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_millis(800))
        .operation_timeout(Duration::from_millis(2500))
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50))
        .with_max_backoff(Duration::from_millis(200));
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http_client(more_roots))
        .timeout_config(timeouts)
        .retry_config(retries)
        // Answers are a few kilobytes, and the attempt's timeout covers one that stalls.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

/// The same for a person, who may be on another continent, and would rather wait than begin again.
#[cfg(feature = "cli")]
fn within_operators_limits(more_roots: Option<&str>) -> ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(Duration::from_secs(15))
        .operation_timeout(Duration::from_mins(1))
        .build();
    within_our_limits(more_roots).timeout_config(timeouts).retry_config(RetryConfig::standard())
}

fn http_client(more_roots: Option<&str>) -> SharedHttpClient {
    let mut trust_store = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    if let Some(roots) = more_roots {
        trust_store.add_pem_certificate(roots);
    }
    let mut builder =
        Builder::new().pool_idle_timeout(IDLE_CONNECTION).tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    // Building a context cannot fail today; should it ever, the system's own roots remain.
    if let Ok(context) = TlsContext::builder().with_trust_store(trust_store).build() {
        builder = builder.tls_context(context);
    }
    builder.build_https()
}

/// The chain of an SDK error's causes in one line. The SDK quotes neither keys nor values of ours in it.
fn causes(error: &dyn Error) -> String {
    let mut chain = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        chain = format!("{chain}: {error}");
        cause = error.source();
    }
    chain
}

/// [`causes`] of an operator's call, with what to do about it where that is known.
#[cfg(feature = "cli")]
fn remedied<E>(error: &aws_sdk_dynamodb::error::SdkError<E>, what: &str, name: &str) -> String
where
    E: aws_sdk_dynamodb::error::ProvideErrorMetadata + Error + 'static,
{
    use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;

    let told = causes(error);
    let remedy = match error.code() {
        Some("ResourceNotFoundException") => {
            format!("There is no {what} {name} in this account and region: look at its name, --profile and --region")
        }
        Some("AccessDeniedException" | "UnrecognizedClientException" | "InvalidSignatureException") => {
            format!("You may not do this with the {what} {name}: look at --profile, or ask for the right")
        }
        Some("ExpiredTokenException") => {
            "Your login has expired: log in again, with `aws sso login` for instance".into()
        }
        None if told.contains("credentials") => {
            "There are no AWS credentials: log in with `aws sso login` or `aws configure`, and choose with --profile"
                .into()
        }
        None if told.contains("region") => "Choose the region with --region, AWS_REGION or in your profile".into(),
        None => "Is the network up, and does AWS_ENDPOINT_URL or --local lead to something that runs?".into(),
        Some(_) => return told,
    };
    format!("{told}. {remedy}")
}
