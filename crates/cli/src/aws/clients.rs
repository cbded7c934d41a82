//! The clients of DynamoDB and Secrets Manager.

use std::time::Duration;

use aws_config::profile::{self, ProfileFileCredentialsProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::os_shim_internal::{Env, Fs};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustls::pki_types::CertificateDer;

use super::error::Place;
use crate::problem::Problem;
use zendesk_jwt::aws::AMAZON_ROOTS;
use zendesk_jwt::outcome::causes;

/// The clients of the two services, and where their calls go.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    pub(super) dynamodb: aws_sdk_dynamodb::Client,
    pub(super) secrets_manager: aws_sdk_secretsmanager::Client,
    pub(super) place: Place,
}

impl Clients {
    /// Clients for AWS, with credentials from the usual chain: environment, profiles, SSO logins and so on.
    ///
    /// What the operator gives wins. The clients trust Amazon's roots and `more_roots`.
    pub(crate) async fn new(
        given_profile: Option<&str>,
        given_region: Option<&str>,
        endpoint_url: Option<&str>,
        more_roots: &[CertificateDer<'_>],
    ) -> Result<Self, Problem> {
        require_profile(given_profile).await?;
        let http_client = http_client(more_roots);
        let mut loader = loader(http_client.clone());
        if let Some(profile) = given_profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = given_region {
            loader = loader.region(Region::new(region.to_owned()));
        }
        if let Some(url) = endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let mut config = loader.load().await;
        let region = config.region().cloned().ok_or_else(|| {
            Problem("choose the AWS region with --region, AWS_REGION, or `region` in your profile".into())
        })?;
        if !region.as_ref().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(Problem(format!("the AWS region cannot be {:?}: give one such as eu-west-1", region.as_ref())));
        }
        if let Some(profile) = given_profile {
            // The default chain prefers keys in the environment. As in the AWS CLI, an explicit profile wins.
            let provider = ProviderConfig::without_region().with_region(Some(region.clone()));
            let provider = provider.with_http_client(http_client);
            let provider = ProfileFileCredentialsProvider::builder().profile_name(profile).configure(&provider).build();
            config = config.into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build();
        }
        let place = Place::Aws { region: region.to_string(), profile: given_profile.map(str::to_owned) };
        Ok(Self::of(&config, place))
    }

    /// Clients for the `zendesk-jwt local` at `url`, which is both services and accepts any credentials.
    pub(crate) async fn local(url: &str) -> Self {
        let config = loader(http_client(&[])).region("us-east-1").test_credentials().endpoint_url(url).load().await;
        Self::of(&config, Place::Local(url.to_owned()))
    }

    fn of(config: &SdkConfig, place: Place) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            secrets_manager: aws_sdk_secretsmanager::Client::new(config),
            place,
        }
    }
}

/// Refuses a profile that does not exist. Otherwise the SDK would look for credentials elsewhere.
#[expect(deprecated, reason = "the type's new name is in another crate")]
async fn require_profile(given: Option<&str>) -> Result<(), Problem> {
    let files = profile::profile_file::ProfileFiles::default();
    let profiles = profile::load(&Fs::real(), &Env::real(), &files, None).await;
    let profiles =
        profiles.map_err(|error| Problem(format!("your AWS configuration cannot be read: {}", causes(&error))))?;
    let name = given.unwrap_or(profiles.selected_profile());
    if profiles.get_profile(name).is_some() || given.is_none() && name == "default" {
        return Ok(());
    }
    let mut names: Vec<_> = profiles.profiles().collect();
    names.sort_unstable();
    let known = match names.as_slice() {
        [] => format!("`aws configure --profile {name}` makes one"),
        names => format!("the profiles are {}", names.join(", ")),
    };
    Err(Problem(format!("there is no profile {name} in your AWS configuration: {known}")))
}

/// The limits are generous: an operator may be on another continent.
fn loader(http_client: SharedHttpClient) -> ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(Duration::from_secs(15))
        .operation_timeout(Duration::from_mins(1))
        .build();
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http_client)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard())
        // The attempt's timeout covers an answer that stalls.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

fn http_client(more_roots: &[CertificateDer<'_>]) -> SharedHttpClient {
    let mut trust_store = TrustStore::empty();
    for root in AMAZON_ROOTS.into_iter().chain(more_roots.iter().map(AsRef::as_ref)) {
        trust_store.add_pem_certificate(pem(root));
    }
    let mut builder = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    // Building the context does not fail today. If it ever does, the system's own roots remain.
    if let Ok(context) = TlsContext::builder().with_trust_store(trust_store).build() {
        builder = builder.tls_context(context);
    }
    builder.build_https()
}

/// RFC 7468, section 5.1, in one line, which readers accept.
fn pem(certificate: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}
