//! The two documents of a provider: its configuration (OpenID Connect Discovery 1.0, section 4) and its keys.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Collected, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use lambda_http::http::Request;
use lambda_http::http::header::{ACCEPT, USER_AGENT};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use url::Url;

use super::configuration::{is_fetchable, is_loopback};
use super::keys::{InvalidKeySet, KeySet};
use crate::backoff;
use crate::http_client::{HttpClient, http_client};

/// How often each document is requested.
const ATTEMPTS: u32 = 3;

/// The time limit of one attempt, including the connection that it opens.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(750);

/// The longest pauses after a failed attempt.
const BACKOFF: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(100)];

/// The time limit of both documents together, so that a request ends within 2.5 seconds.
const TIMEOUT: Duration = Duration::from_millis(2300);

/// The longest document to read, in bytes. Documents of a few kilobytes are usual.
const LONGEST_DOCUMENT: usize = 256 * 1024;

/// Reads the documents of providers. No connection stays open: the next read is minutes away.
#[derive(Clone, Debug)]
pub struct Documents(ClientConfig);

/// Why the keys of a provider could not be read. The text names the address, and nothing that the provider sent.
#[derive(Debug, thiserror::Error)]
#[error("{url}")]
pub struct DocumentError {
    /// The address of the document.
    pub url: String,
    /// What is wrong with the document.
    #[source]
    pub problem: DocumentProblem,
}

/// What is wrong with a document.
#[derive(Debug, thiserror::Error)]
pub enum DocumentProblem {
    /// The connection failed, or ended before the answer did.
    #[error("no answer")]
    NoAnswer(#[source] Box<dyn Error + Send + Sync>),
    /// The answer did not come in time.
    #[error("no answer in time")]
    TimedOut,
    /// The provider answered another status than 200.
    #[error("the answer is HTTP {0}")]
    Status(u16),
    /// The provider redirects. A redirect could lead to http or to another host, so it is not followed.
    #[error("the answer is a redirect (HTTP {0}), which is not followed")]
    Redirect(u16),
    /// The document is longer than any that a provider should send.
    #[error("the answer has more than {LONGEST_DOCUMENT} bytes")]
    TooLong,
    /// The document is not JSON with `issuer` and `jwks_uri`: perhaps an HTML page.
    #[error("the answer is not JSON with `issuer` and `jwks_uri`")]
    NotDiscovery,
    /// The document names another issuer.
    #[error("`issuer` is not the configured issuer, which must be the same to the last slash")]
    OtherIssuer,
    /// The address of the keys is not an https:// address.
    #[error("`jwks_uri` is not an https:// address")]
    InsecureKeys,
    /// The keys cannot be used.
    #[error("the answer is not a set of keys")]
    Keys(#[source] InvalidKeySet),
}

impl DocumentError {
    pub(super) fn too_slow(issuer: &str) -> Self {
        Self { url: issuer.to_owned(), problem: DocumentProblem::TimedOut }
    }
}

impl Documents {
    /// A reader that trusts the roots of Mozilla and `more_roots`.
    ///
    /// # Errors
    /// If this build supports neither TLS 1.2 nor 1.3.
    pub fn new(more_roots: &[CertificateDer<'static>]) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        roots.add_parsable_certificates(more_roots.iter().cloned());
        let versions = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let tls = versions.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth();
        Ok(Self(tls))
    }

    /// The keys that the issuer publishes now.
    ///
    /// # Errors
    /// The document that is missing or wrong.
    pub async fn keys(&self, issuer: &str) -> Result<KeySet, DocumentError> {
        let discovery = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let at = |url: &str| {
            let url = url.to_owned();
            move |problem| DocumentError { url, problem }
        };
        let client = http_client(self.0.clone());
        let both = async {
            let keys_at =
                read(&client, &discovery, |json| address_of_keys(json, issuer)).await.map_err(at(&discovery))?;
            let keys = |json: &[u8]| KeySet::parse(json).map_err(DocumentProblem::Keys);
            read(&client, &keys_at, keys).await.map_err(at(&keys_at))
        };
        let in_time = tokio::time::timeout(TIMEOUT, both).await;
        in_time.unwrap_or_else(|_| Err(DocumentError::too_slow(issuer)))
    }
}

/// The address of the keys in the discovery document of `issuer`.
fn address_of_keys(json: &[u8], issuer: &str) -> Result<String, DocumentProblem> {
    #[derive(Deserialize)]
    struct Discovery {
        issuer: String,
        jwks_uri: String,
    }
    let discovery: Discovery = serde_json::from_slice(json).map_err(|_| DocumentProblem::NotDiscovery)?;
    if discovery.issuer != issuer {
        return Err(DocumentProblem::OtherIssuer);
    }
    // A provider elsewhere must not make a function call an address of its own machine.
    let both_are_local = || Url::parse(issuer).is_ok_and(|issuer| is_loopback(&issuer));
    let is_safe = |url: &Url| is_fetchable(url) && (!is_loopback(url) || both_are_local());
    let keys_at = Url::parse(&discovery.jwks_uri).ok().filter(is_safe);
    keys_at.map(String::from).ok_or(DocumentProblem::InsecureKeys)
}

/// Requests a document, again after a fault that may pass.
async fn read<T>(
    client: &HttpClient,
    url: &str,
    parse: impl Fn(&[u8]) -> Result<T, DocumentProblem>,
) -> Result<T, DocumentProblem> {
    let mut failures = 0;
    loop {
        let answer = tokio::time::timeout(ATTEMPT_TIMEOUT, read_once(client, url)).await;
        match answer.unwrap_or(Err(DocumentProblem::TimedOut)).and_then(|json| parse(&json)) {
            Err(problem) if problem.may_pass() && failures + 1 < ATTEMPTS => {
                failures += 1;
                tokio::time::sleep(backoff::pause(failures, BACKOFF[0], BACKOFF[1])).await;
            }
            result => return result,
        }
    }
}

async fn read_once(client: &HttpClient, url: &str) -> Result<Bytes, DocumentProblem> {
    let agent = concat!("zendesk-jwt/", env!("CARGO_PKG_VERSION"));
    let request = Request::get(url).header(ACCEPT, "application/json").header(USER_AGENT, agent);
    let request = request.body(Full::default()).map_err(no_answer)?;
    let answer = client.request(request).await.map_err(no_answer)?;
    match answer.status() {
        status if status.is_redirection() => return Err(DocumentProblem::Redirect(status.as_u16())),
        status if !status.is_success() => return Err(DocumentProblem::Status(status.as_u16())),
        _ => {}
    }
    let body = Limited::new(answer.into_body(), LONGEST_DOCUMENT).collect().await;
    body.map(Collected::to_bytes).map_err(body_problem)
}

fn no_answer(error: impl Into<Box<dyn Error + Send + Sync>>) -> DocumentProblem {
    DocumentProblem::NoAnswer(error.into())
}

fn body_problem(error: Box<dyn Error + Send + Sync>) -> DocumentProblem {
    if error.is::<LengthLimitError>() { DocumentProblem::TooLong } else { DocumentProblem::NoAnswer(error) }
}

impl DocumentProblem {
    fn may_pass(&self) -> bool {
        match self {
            // A proxy or a captive portal may have answered instead of the provider.
            Self::NoAnswer(_) | Self::TimedOut | Self::NotDiscovery | Self::Keys(InvalidKeySet::NotASet) => true,
            Self::Status(status) => *status >= 500 || *status == 429,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_not_utf_8_is_not_a_document() {
        let page = b"<h1>Anmeldung f\xfcr Kunden</h1>";
        assert!(matches!(address_of_keys(page, "https://id.example.com"), Err(DocumentProblem::NotDiscovery)));
        assert!(matches!(KeySet::parse(page), Err(InvalidKeySet::NotASet)));
    }
}
