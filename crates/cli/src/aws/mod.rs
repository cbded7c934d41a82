//! What the operator's tool asks of AWS.

use std::error::Error;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustls::pki_types::CertificateDer;

use zendesk_jwt::aws::trust::AMAZON_ROOTS;
use zendesk_jwt::outcome::causes;

mod signing_key_secret;
pub(crate) mod user_token_items;
pub(crate) mod user_token_table;

pub(crate) use signing_key_secret::SigningKeySecret;

/// The clients of the two services.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    dynamodb: aws_sdk_dynamodb::Client,
    secrets_manager: aws_sdk_secretsmanager::Client,
}

impl Clients {
    /// Clients of whoever runs the tool: profiles, SSO logins and the rest of the usual chain.
    ///
    /// `more_roots` are trusted beside Amazon's.
    pub(crate) async fn new(operator: Operator<'_>, more_roots: &[CertificateDer<'_>]) -> Self {
        let Operator { profile, region, endpoint_url } = operator;
        let mut loader = within_limits(more_roots);
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = region {
            loader = loader.region(aws_config::Region::new(region.to_owned()));
        }
        if let Some(url) = endpoint_url {
            loader = loader.endpoint_url(url);
        }
        Self::of(&loader.load().await)
    }

    /// Clients of a `zendesk-jwt local`, which takes any credentials and is both services at one address.
    pub(crate) async fn local(url: &str) -> Self {
        Self::of(&within_limits(&[]).region("us-east-1").test_credentials().endpoint_url(url).load().await)
    }

    fn of(config: &SdkConfig) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            secrets_manager: aws_sdk_secretsmanager::Client::new(config),
        }
    }
}

/// What an operator chose over the environment and the AWS configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operator<'a> {
    /// A profile of the AWS configuration.
    pub(crate) profile: Option<&'a str>,
    /// The region.
    pub(crate) region: Option<&'a str>,
    /// One address for all services.
    pub(crate) endpoint_url: Option<&'a str>,
}

/// A configuration that lacks credentials only. A person may be on another continent, and would rather wait than begin again.
fn within_limits(more_roots: &[CertificateDer<'_>]) -> ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(Duration::from_secs(15))
        .operation_timeout(Duration::from_mins(1))
        .build();
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http_client(more_roots))
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard())
        // Answers are at most a megabyte, and the attempt's timeout covers one that stalls.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

/// Trusts whom the functions trust.
fn http_client(more_roots: &[CertificateDer<'_>]) -> SharedHttpClient {
    let mut trust_store = TrustStore::empty();
    for root in AMAZON_ROOTS.into_iter().chain(more_roots.iter().map(AsRef::as_ref)) {
        trust_store.add_pem_certificate(pem(root));
    }
    let mut builder = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    // Building a context cannot fail today; should it ever, the system's own roots remain.
    if let Ok(context) = TlsContext::builder().with_trust_store(trust_store).build() {
        builder = builder.tls_context(context);
    }
    builder.build_https()
}

/// RFC 7468, section 5.1, but for its line breaks, which readers do not ask for.
fn pem(certificate: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

/// [`causes`] of an operator's call, with what to do about it where that is known.
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
