//! An HTTPS server for several host names, with a self-signed certificate.

use super::http::{Answer, Request};
use super::server::Server;
use aws_lc_rs::digest;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use axum::serve::Listener;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{CertifiedKey, KeyPair, PublicKeyData};
use rustls::ServerConfig;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Long, because a browser opens connections before it needs them.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(20);

/// A running server. Dropping it closes its port and its connections.
pub struct HttpsServer {
    server: Server,
    public_key: String,
    certificate: String,
}

impl HttpsServer {
    /// Answers requests to these hosts. `answer` can block, and can read the host from the header `host`.
    pub fn of(hosts: &[&str], answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let names: Vec<_> = hosts.iter().map(|&host| host.to_owned()).collect();
        let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).unwrap();
        let (public_key, certificate) = (fingerprint(&signing_key), pem(cert.der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], signing_key.into())
            .unwrap();
        let answer: Handler = Arc::new(answer);
        let router = axum::Router::new().fallback(respond).with_state(answer);
        let server = Server::running(|listener| async move {
            axum::serve(Handshakes::of(listener, config.into()), router).await.unwrap();
        });
        Self { server, public_key, certificate }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The self-signed certificate in PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The fingerprint with which a browser trusts only this self-signed certificate.
    pub fn public_key(&self) -> &str {
        &self.public_key
    }
}

/// SHA-256 of the `SubjectPublicKeyInfo` (RFC 7469, section 2.4).
fn fingerprint(key: &KeyPair) -> String {
    BASE64_STANDARD.encode(digest::digest(&digest::SHA256, &key.subject_public_key_info()))
}

/// RFC 7468, section 5.
fn pem(certificate: &[u8]) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64_STANDARD.encode(certificate))
}

pub(super) type Handler = Arc<dyn Fn(&Request) -> Answer + Send + Sync>;

pub(super) async fn respond(
    State(answer): State<Handler>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = Request {
        headers: headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect(),
        body: body.into(),
        ..Request::new(method.as_str(), uri.path_and_query().map_or("/", |target| target.as_str()))
    };
    let answer = tokio::task::spawn_blocking(move || answer(&request)).await.unwrap();
    let response = Response::builder().status(answer.status);
    let response = answer.headers.iter().fold(response, |response, (name, value)| response.header(name, value));
    response.body(Body::from(answer.body)).unwrap()
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

/// Connections after their handshake. Each handshake has its own task, so that a slow one does not delay the others.
pub(super) struct Handshakes {
    address: SocketAddr,
    done: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl Handshakes {
    pub(super) fn of(listener: TcpListener, config: Arc<ServerConfig>) -> Self {
        let address = listener.local_addr().unwrap();
        let (sender, done) = mpsc::channel(16);
        let acceptor = TlsAcceptor::from(config);
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let (handshake, sender) = (acceptor.accept(stream), sender.clone());
                tokio::spawn(async move {
                    if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_WITHIN, handshake).await {
                        sender.send((stream, peer)).await.ok();
                    }
                });
            }
        });
        Self { address, done }
    }
}

impl Listener for Handshakes {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.done.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
