//! TLS to AWS: trusted roots and cipher suites.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::{CipherSuite, ClientConfig, RootCertStore};

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

/// A TLS configuration that trusts Amazon's roots and `more_roots`.
pub(super) fn tls(more_roots: &[CertificateDer<'static>]) -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(AMAZON_ROOTS.map(CertificateDer::from));
    roots.add_parsable_certificates(more_roots.iter().cloned());
    let versions = ClientConfig::builder_with_provider(Arc::new(provider())).with_safe_default_protocol_versions()?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

/// Prefers the suite with SHA-256, which is faster: a handshake is mostly hashing, and processors have instructions for it.
fn provider() -> CryptoProvider {
    let mut provider = default_provider();
    provider.cipher_suites.sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    provider
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
