//! HTTP to AWS: the SDK's connector over our HTTP client, the trusted roots and the cipher suites.

use std::fmt;
use std::sync::Arc;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_util::client::legacy::connect::{CaptureConnection, Connected, capture_connection};
use lambda_http::http::Response;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::{CipherSuite, ClientConfig, RootCertStore};

use crate::http_client::{self, HttpClient};

/// The longest body to read, in bytes. An item has at most 400 KiB. The JSON of texts is up to nine times as long: an
/// empty text in a list counts 1 byte, but is written as `{"S":""},`.
///
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
pub(super) const LONGEST_ANSWER: usize = 4 * 1024 * 1024;

/// The roots of every AWS endpoint, in DER: <https://www.amazontrust.com/repository/>.
///
/// Reading the system's whole store instead would add tens of milliseconds to a cold start.
pub const AMAZON_ROOTS: [&[u8]; 5] = [
    include_bytes!("amazon-roots/amazon-root-ca-1.der"),
    include_bytes!("amazon-roots/amazon-root-ca-2.der"),
    include_bytes!("amazon-roots/amazon-root-ca-3.der"),
    include_bytes!("amazon-roots/amazon-root-ca-4.der"),
    include_bytes!("amazon-roots/starfield-services-root-ca-g2.der"),
];

/// Replaces the SDK's own connector, which links HTTP/2 and the system's roots.
struct Connector(HttpClient);

/// Creates a client that trusts Amazon's roots and `more_roots`. Its clones share one pool.
pub(super) fn http_client(more_roots: &[CertificateDer<'static>]) -> Result<SharedHttpClient, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(AMAZON_ROOTS.map(CertificateDer::from));
    roots.add_parsable_certificates(more_roots.iter().cloned());
    let versions = ClientConfig::builder_with_provider(Arc::new(provider())).with_safe_default_protocol_versions()?;
    let tls = versions.with_root_certificates(roots).with_no_client_auth();
    let connector = SharedHttpConnector::new(Connector(http_client::http_client(tls)));
    Ok(http_client_fn(move |_, _| connector.clone()))
}

/// Prefers the suite with SHA-256, which is faster: a handshake is mostly hashing, and processors have instructions for it.
fn provider() -> CryptoProvider {
    let mut provider = default_provider();
    provider.cipher_suites.sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    provider
}

impl HttpConnector for Connector {
    /// Sends a request and reads the whole body into memory.
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            // Both calls have their whole body in memory.
            Ok(request) => request.map(|body| Full::from(Bytes::copy_from_slice(body.bytes().unwrap_or_default()))),
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        let connection = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || connection_of(&connection));
        }
        let answer = self.0.request(request);
        HttpConnectorFuture::new(async move {
            let (head, body) = answer.await.map_err(|error| ConnectorError::io(error.into()))?.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await.map_err(body_error)?.to_bytes();
            let answer = Response::from_parts(head, SdkBody::from(body)).try_into();
            answer.map_err(|error| ConnectorError::io(Box::new(error)))
        })
    }
}

/// The SDK retries I/O errors, but an answer that is too long would be too long again.
fn body_error(error: BoxError) -> ConnectorError {
    if error.is::<LengthLimitError>() { ConnectorError::other(error, None) } else { ConnectorError::io(error) }
}

/// Lets the SDK drop a connection after a failure: a new one may reach a healthy host.
fn connection_of(capture: &CaptureConnection) -> Option<ConnectionMetadata> {
    capture.connection_metadata().as_ref()?;
    let capture = capture.clone();
    let poison = move || capture.connection_metadata().iter().for_each(Connected::poison);
    Some(ConnectionMetadata::builder().proxied(false).poison_fn(poison).build())
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector(…)")
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};

    use super::*;

    #[test]
    fn the_roots_are_those_that_amazon_publishes() {
        let published = [
            "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
            "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
            "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
            "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
            "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
        ];
        assert_eq!(AMAZON_ROOTS.map(|root| hex::encode(digest(&SHA256, root))), published);
    }

    #[test]
    fn every_root_is_valid() {
        let mut roots = RootCertStore::empty();
        assert_eq!(roots.add_parsable_certificates(AMAZON_ROOTS.map(CertificateDer::from)), (5, 0));
    }
}
