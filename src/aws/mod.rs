//! What the functions ask of AWS: `GetItem` for each request, and `GetSecretValue` when a signing key is due.
//!
//! Two calls do not need the AWS SDK, whose clients cost more CPU at each start and for each request than
//! all the rest of a function: `docs/performance.md` has the figures. The operator's tool, which asks much
//! more, uses the SDK in [`operator`].

mod call_error;
mod endpoints;
mod http_client;
mod service;
mod signing_key_secret;
mod stored_attributes;
mod trust;
mod user_tokens;

use std::fmt;

use aws_smithy_runtime_api::client::identity::Identity;
use http_client::HttpClient;
use rustls::pki_types::CertificateDer;
use service::{Protocol, Service};

pub use call_error::causes;
pub use endpoints::{Endpoints, Variant};
pub use signing_key_secret::{SigningKeySecret, is_binary, remedy};
pub use stored_attributes::Attribute;
pub use trust::AMAZON_ROOTS;
pub use user_tokens::{DynamoDbUserTokens, GotItem, Malformed, record};

const DYNAMODB: Protocol = Protocol {
    name: "dynamodb",
    content_type: "application/x-amz-json-1.0",
    // An empty object says that there is no such item: a proxy must not say that.
    answers: Some("application/x-amz-json-1.0"),
};

const SECRETS_MANAGER: Protocol = Protocol {
    name: "secretsmanager",
    content_type: "application/x-amz-json-1.1",
    // An answer without a secret is none. Some emulators send JSON as `text/html`.
    answers: None,
};

/// Where the services are and who asks them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The region that requests are signed for.
    pub region: String,
    /// The role that signs them.
    pub credentials: Credentials,
    /// Where the two services are.
    pub endpoints: Endpoints,
    /// Roots that are trusted beside Amazon's.
    pub more_roots: Vec<CertificateDer<'static>>,
}

/// The credentials of the function's role, which Lambda gives a process for all its life.
#[derive(Clone)]
pub struct Credentials(Identity);

impl Credentials {
    /// The parts as `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN` hold them.
    #[must_use]
    pub fn new(access_key_id: String, secret_access_key: String, session_token: Option<String>) -> Self {
        let credentials = aws_credential_types::Credentials::new(
            access_key_id,
            secret_access_key,
            session_token,
            None,
            "environment",
        );
        Self(credentials.into())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// The two services, over connections that are kept.
#[derive(Clone, Debug)]
pub struct Clients {
    dynamodb: Service,
    secrets_manager: Service,
}

impl Clients {
    /// Clients that have connected to nothing yet.
    ///
    /// # Errors
    /// When this build has no cipher suite in common with TLS 1.2 or 1.3.
    pub fn new(settings: &Settings) -> Result<Self, rustls::Error> {
        let http = HttpClient::new(trust::tls(&settings.more_roots)?);
        let Endpoints { dynamodb, secrets_manager } = settings.endpoints.clone();
        Ok(Self {
            dynamodb: Service::new(DYNAMODB, dynamodb, settings, http.clone()),
            secrets_manager: Service::new(SECRETS_MANAGER, secrets_manager, settings, http),
        })
    }

    /// Clients of stand-ins on this machine, the same as in Lambda in all but addresses and credentials.
    ///
    /// # Errors
    /// As [`Self::new`]; an address that is none leads nowhere, and every call says so.
    pub fn local(url: &str) -> Result<Self, rustls::Error> {
        Self::new(&Settings {
            region: "us-east-1".to_owned(),
            credentials: Credentials::new("local".to_owned(), "local".to_owned(), None),
            endpoints: Endpoints { dynamodb: url.to_owned(), secrets_manager: url.to_owned() },
            more_roots: Vec::new(),
        })
    }
}
