//! Endpoints with one mistake each, over HTTP or HTTPS with any certificate chain.

use super::draft;
use super::http::{Answer, Request};
use super::https::{Handler, Handshakes, respond};
use super::server::Server;
use axum::Router;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use time::OffsetDateTime;

/// A running server that records its requests. Dropping it ends the server.
pub struct BrokenServer {
    server: Server,
    scheme: &'static str,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl BrokenServer {
    /// Answers over plain HTTP.
    pub fn http(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let (requests, router) = recording(answer);
        Self { server: Server::of(router), scheme: "http", requests }
    }

    /// Answers over HTTPS, with these certificates sent in this order.
    pub fn https(
        certificates: Vec<CertificateDer<'static>>,
        key: KeyPair,
        answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(certificates, key.into())
            .unwrap();
        let (requests, router) = recording(answer);
        let server = Server::running(|listener| async move {
            axum::serve(Handshakes::of(listener, config.into()), router).await.unwrap();
        });
        Self { server, scheme: "https", requests }
    }

    pub fn port(&self) -> u16 {
        self.server.address().port()
    }

    /// The URL of `path` with this host name.
    pub fn url_at(&self, host: &str, path: &str) -> String {
        format!("{}://{host}:{}{path}", self.scheme, self.port())
    }

    pub fn url(&self, path: &str) -> String {
        self.url_at("127.0.0.1", path)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn recording(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> (Arc<Mutex<Vec<Request>>>, Router) {
    let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
    let recorder = Arc::clone(&requests);
    let handler: Handler = Arc::new(move |request: &Request| {
        recorder.lock().unwrap().push(request.clone());
        answer(request)
    });
    (requests, Router::new().fallback(respond).with_state(handler))
}

/// An HS256 JWT with any header and claims.
pub fn sign(header: &Value, claims: &Value, secret: &str) -> String {
    draft::sign(&header.to_string(), &claims.to_string(), secret.as_bytes())
}

/// The address of the intermediate certificate in the certificates of the servers.
pub const INTERMEDIATE_URL: &str = "http://example.org/intermediate.der";

/// A certificate authority: a root, and an intermediate that issues certificates. No client trusts it by default.
pub struct Authority {
    pub root: CertificateDer<'static>,
    pub intermediate: CertificateDer<'static>,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let root = CertifiedIssuer::self_signed(authority("Demo Root"), KeyPair::generate().unwrap()).unwrap();
        let issuer =
            CertifiedIssuer::signed_by(authority("Demo Intermediate"), KeyPair::generate().unwrap(), &root).unwrap();
        Self { root: root.der().clone(), intermediate: issuer.der().clone(), issuer }
    }

    /// The root in PEM.
    pub fn root_pem(&self) -> String {
        let text = BASE64_STANDARD.encode(&self.root);
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// A server's certificate for `host`. `from` and `until` are days from now.
    pub fn issue(&self, host: &str, from: i64, until: i64) -> (CertificateDer<'static>, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let mut server = CertificateParams::new([host.to_owned()]).unwrap();
        server.distinguished_name.push(DnType::CommonName, host);
        server.not_before = in_days(from);
        server.not_after = in_days(until);
        server.custom_extensions.push(issuer_at(INTERMEDIATE_URL));
        (server.signed_by(&key, &self.issuer).unwrap().der().clone(), key)
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn in_days(days: i64) -> OffsetDateTime {
    // One hour is added, so that the number of whole days does not change while the test runs.
    let seconds = i64::try_from(super::now()).unwrap() + days * 24 * 60 * 60 + 60 * 60;
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}

/// `AuthorityInfoAccess` with one `caIssuers` (RFC 5280, section 4.2.2.1), in DER.
fn issuer_at(url: &str) -> CustomExtension {
    const CA_ISSUERS: [u8; 10] = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02];
    let tagged = |tag: u8, content: &[u8]| {
        let length = u8::try_from(content.len()).unwrap();
        [&[tag, length], content].concat()
    };
    let description = tagged(0x30, &[&CA_ISSUERS, tagged(0x86, url.as_bytes()).as_slice()].concat());
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], tagged(0x30, &description))
}
