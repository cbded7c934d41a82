//! Servers on loopback ports that the operating system chooses: of a router, or of a function that answers requests, over
//! HTTP or over HTTPS with any certificates.

use super::http::{Answer, Request};
use aws_lc_rs::digest;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use axum::serve::Listener;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CertifiedKey, CustomExtension, DnType, IsCa, KeyPair,
    KeyUsagePurpose, PublicKeyData,
};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Long, because a browser opens connections before it needs them.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(20);

/// An HTTP server in its own thread. Dropping the value closes its port and its connections.
pub struct Server {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Server {
    pub fn of(router: Router) -> Self {
        Self::running(|listener| async { axum::serve(listener, router).await.unwrap() })
    }

    /// Starts `serve` with the listener. The port accepts connections from now on.
    pub fn running<S, R>(serve: S) -> Self
    where
        S: FnOnce(TcpListener) -> R + Send + 'static,
        R: Future<Output = ()>,
    {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    () = serve(listener) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        });
        Self { address, _stop: stop }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// A server that answers with any function, such as with one mistake, and records its requests.
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
        let config = Arc::new(tls(certificates, key));
        let (requests, router) = recording(answer);
        let server = Server::running(|listener| async move {
            axum::serve(Handshakes::of(listener, config), router).await.unwrap();
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

/// An HTTPS server for several host names, with a self-signed certificate.
pub struct HttpsServer {
    pub(super) server: BrokenServer,
    public_key: String,
    certificate: String,
}

impl HttpsServer {
    /// Answers requests to these hosts. `answer` can block, and can read the host from the header `host`.
    pub fn of(hosts: &[&str], answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let names: Vec<_> = hosts.iter().map(|&host| host.to_owned()).collect();
        let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).unwrap();
        let (public_key, certificate) = (fingerprint(&signing_key), pem(cert.der()));
        let server = BrokenServer::https(vec![cert.der().clone()], signing_key, answer);
        Self { server, public_key, certificate }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.server.address()
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
        pem(&self.root)
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

/// SHA-256 of the `SubjectPublicKeyInfo` (RFC 7469, section 2.4).
fn fingerprint(key: &KeyPair) -> String {
    BASE64_STANDARD.encode(digest::digest(&digest::SHA256, &key.subject_public_key_info()))
}

/// RFC 7468, section 5.1.
fn pem(certificate: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(certificate);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// The settings of a server that sends these certificates in this order.
pub fn tls(certificates: Vec<CertificateDer<'static>>, key: KeyPair) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates, key.into())
        .unwrap()
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

type Handler = Arc<dyn Fn(&Request) -> Answer + Send + Sync>;

async fn respond(State(answer): State<Handler>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
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
struct Handshakes {
    address: SocketAddr,
    done: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl Handshakes {
    fn of(listener: TcpListener, config: Arc<ServerConfig>) -> Self {
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
