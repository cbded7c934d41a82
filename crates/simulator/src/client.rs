//! The HTTP client that plays Zendesk's servers: it follows no redirect and verifies TLS against Mozilla's roots.
//!
//! `zendesk-jwt doctor` takes its steps one by one (resolve, connect, handshake, send) and reports each.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, LOCATION, USER_AGENT};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, ProtocolVersion, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use url::{Position, Url};

use crate::now;
use zendesk_jwt_rules::EpochSeconds;

/// How long an exchange may take. Zendesk does not publish its own limit.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Sends one request on each connection.
#[derive(Debug)]
pub struct Client {
    pub roots: Arc<RootCertStore>,
    pub user_agent: &'static str,
    /// How long each step may take.
    pub timeout: Duration,
}

/// The way to a server: its address and, for https, the TLS to use.
#[derive(Clone)]
pub struct Route {
    address: SocketAddr,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// Which certificates of a server are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Those that Zendesk accepts.
    Trusted,
    /// Every certificate, to find out what is wrong with it.
    Any,
}

#[derive(Debug)]
pub struct Handshake {
    /// Such as `TLS 1.3`.
    pub version: &'static str,
    /// Its certificates, in the order in which it sent them.
    pub certificates: Vec<CertificateDer<'static>>,
    /// The name that the certificate should have.
    pub name: ServerName<'static>,
}

/// A request before it is sent. No `Debug`: it may hold a user token.
#[derive(Clone)]
pub struct Request {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: String,
}

/// What a server answered. No `Debug`: it may hold a JWT.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The body; what is not UTF-8 in it is replaced.
    pub body: String,
    /// From before the connection was opened to the end of the answer.
    pub took: Duration,
    /// When the request was sent.
    pub sent_at: EpochSeconds,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{host} has no address: {source}")]
    Address {
        host: String,
        #[source]
        source: io::Error,
    },
    #[error("{}", .0.iter().map(|(address, error)| format!("{address}: {error}")).collect::<Vec<_>>().join("; "))]
    Unreachable(Vec<(SocketAddr, io::Error)>),
    /// Zendesk would not trust the certificate.
    #[error("{0}")]
    Certificate(#[source] io::Error),
    #[error("no TLS connection: {0}")]
    Tls(#[source] Box<dyn Error + Send + Sync>),
    /// The server did not speak HTTP, or hung up.
    #[error("the connection broke: {0}")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
    #[error("{missing} within {} s", .limit.as_secs())]
    Timeout { missing: &'static str, limit: Duration },
}

/// Why a file of certificate authorities cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be used: {source}; give a file of PEM certificates", path.display())]
pub struct UnusableAuthorities {
    path: PathBuf,
    source: Box<dyn Error + Send + Sync>,
}

impl Client {
    /// A client that trusts Mozilla's roots and those in the PEM file `ca_file`.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, UnusableAuthorities> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(path) = ca_file {
            add_roots(&mut roots, path).map_err(|source| UnusableAuthorities { path: path.to_owned(), source })?;
        }
        let user_agent = concat!("zendesk-jwt-simulator/", env!("CARGO_PKG_VERSION"));
        Ok(Self { roots: Arc::new(roots), user_agent, timeout: TIMEOUT })
    }

    pub async fn resolve(&self, url: &Url) -> Result<Vec<SocketAddr>, Failure> {
        let port = url.port_or_known_default().unwrap_or_default();
        let host = host(url);
        let found = self.in_time("DNS gave no answer", lookup_host((host, port))).await?;
        found.map(Iterator::collect).map_err(|source| Failure::Address { host: host.to_owned(), source })
    }

    /// Connects to the first of the addresses that takes connections.
    pub async fn connect(&self, addresses: &[SocketAddr]) -> Result<(SocketAddr, TcpStream), Failure> {
        let mut failed = Vec::new();
        for &address in addresses {
            let attempt = tokio::time::timeout(self.timeout, TcpStream::connect(address)).await;
            match attempt.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                Ok(stream) => return Ok((address, stream)),
                Err(error) => failed.push((address, error)),
            }
        }
        Err(Failure::Unreachable(failed))
    }

    pub fn route(&self, url: &Url, address: SocketAddr, accept: Accept) -> Result<Route, Failure> {
        if url.scheme() == "http" {
            return Ok(Route { address, tls: None });
        }
        let name = ServerName::try_from(host(url).to_owned()).map_err(|error| Failure::Tls(error.into()))?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::Tls(error.into()))?;
        let builder = match accept {
            Accept::Trusted => builder.with_root_certificates(Arc::clone(&self.roots)),
            Accept::Any => {
                let verifier = AnyCertificate(provider.signature_verification_algorithms);
                builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
            }
        };
        let config = Arc::new(builder.with_no_client_auth());
        Ok(Route { address, tls: Some((TlsConnector::from(config), name)) })
    }

    /// Shakes hands over `stream`, and reports what the server showed.
    pub async fn handshake(&self, route: &Route, stream: TcpStream) -> Result<Handshake, Failure> {
        let Some((connector, name)) = &route.tls else { return Err(Failure::Tls("the address is http".into())) };
        let shaken = self.in_time("no TLS handshake", connector.connect(name.clone(), stream)).await?;
        let stream = shaken.map_err(tls_failure)?;
        let (_, session) = stream.get_ref();
        let version = match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
            _ => "TLS 1.3",
        };
        let certificates = session.peer_certificates().unwrap_or_default().to_vec();
        Ok(Handshake { version, certificates, name: name.clone() })
    }

    /// Sends a request on a new connection, and waits for the whole answer.
    pub async fn send(&self, route: &Route, request: Request) -> Result<Answer, Failure> {
        let exchange = async {
            let unreachable = |error| Failure::Unreachable(vec![(route.address, error)]);
            let stream = TcpStream::connect(route.address).await.map_err(unreachable)?;
            self.exchange(route, stream, request).await
        };
        self.in_time("no answer", exchange).await?
    }

    /// Posts a form as Zendesk does.
    pub async fn post(&self, request: Request) -> Result<Answer, Failure> {
        let exchange = async {
            let addresses = self.resolve(&request.url).await?;
            let (address, stream) = self.connect(&addresses).await?;
            let route = self.route(&request.url, address, Accept::Trusted)?;
            self.exchange(&route, stream, request).await
        };
        self.in_time("no answer", exchange).await?
    }

    async fn exchange(&self, route: &Route, stream: TcpStream, request: Request) -> Result<Answer, Failure> {
        let (started, sent_at) = (Instant::now(), now());
        let stream: Box<dyn Stream> = match &route.tls {
            None => Box::new(stream),
            Some((connector, name)) => Box::new(connector.connect(name.clone(), stream).await.map_err(tls_failure)?),
        };
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let connection = tokio::spawn(connection);
        let response = sender.send_request(request.into_http(self.user_agent)?).await.map_err(broken)?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
        connection.abort();
        let body = body.map_err(Failure::Broken)?.to_bytes();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
            took: started.elapsed(),
            sent_at,
        })
    }

    async fn in_time<T>(&self, missing: &'static str, step: impl Future<Output = T>) -> Result<T, Failure> {
        let limit = self.timeout;
        tokio::time::timeout(limit, step).await.map_err(|_| Failure::Timeout { missing, limit })
    }
}

/// Without the brackets of an IPv6 address.
fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default().trim_matches(['[', ']'])
}

fn add_roots(roots: &mut RootCertStore, path: &Path) -> Result<(), Box<dyn Error + Send + Sync>> {
    let before = roots.len();
    for certificate in CertificateDer::pem_file_iter(path)? {
        roots.add(certificate?)?;
    }
    if roots.len() == before { Err("it holds no certificate".into()) } else { Ok(()) }
}

fn tls_failure(error: io::Error) -> Failure {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    let is_about_certificate = matches!(cause, Some(rustls::Error::InvalidCertificate(_)));
    if is_about_certificate { Failure::Certificate(error) } else { Failure::Tls(error.into()) }
}

fn broken(error: impl Error + Send + Sync + 'static) -> Failure {
    Failure::Broken(error.into())
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Request {
    pub fn new(method: Method, url: &Url) -> Self {
        Self { method, url: url.clone(), headers: HeaderMap::new(), body: String::new() }
    }

    /// Adds a header; a value that cannot be in a header is left out.
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.append(name, value);
        }
        self
    }

    /// Sends the request to another path of the server.
    pub fn path(mut self, path: &str) -> Self {
        self.url.set_path(path);
        self
    }

    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    pub fn body(mut self, media_type: &str, body: impl Into<String>) -> Self {
        self.body = body.into();
        self.header(CONTENT_TYPE, media_type)
    }

    pub fn form<T: AsRef<str>>(self, fields: &[(T, T)]) -> Self {
        self.encoded_form(form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
    }

    pub fn encoded_form(self, encoded: impl Into<String>) -> Self {
        self.body("application/x-www-form-urlencoded", encoded)
    }

    fn into_http(self, user_agent: &str) -> Result<hyper::Request<Full<Bytes>>, Failure> {
        let mut request = hyper::Request::builder()
            .method(self.method)
            .uri(&self.url[Position::BeforePath..Position::AfterQuery])
            .header(HOST, &self.url[Position::BeforeHost..Position::AfterPort])
            .header(USER_AGENT, user_agent)
            .header(CONNECTION, "close");
        if let Some(headers) = request.headers_mut() {
            headers.extend(self.headers);
        }
        request.body(Full::from(self.body)).map_err(broken)
    }

    /// The request as it goes over the wire, for people to see.
    pub(super) fn as_sent(&self) -> String {
        format!(
            "{} {} HTTP/1.1\nHost: {}\n{}Content-Length: {}\n\n{}",
            self.method,
            &self.url[Position::BeforePath..Position::AfterQuery],
            &self.url[Position::BeforeHost..Position::AfterPort],
            shown(&self.headers),
            self.body.len(),
            self.body
        )
    }
}

impl Answer {
    /// All values of a header, joined by commas.
    pub fn header(&self, name: HeaderName) -> Option<String> {
        let values = self.headers.get_all(name).iter();
        let values: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The media type in lower case, without parameters.
    pub fn media_type(&self) -> String {
        let value = self.header(CONTENT_TYPE).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Where a redirect leads, without its query, which may hold anything.
    pub fn redirect(&self) -> Option<String> {
        let location = self.header(LOCATION).filter(|_| self.status.is_redirection())?;
        location.split(['?', '#']).next().map(str::to_owned)
    }

    /// Whether a header lists this word, in any case.
    pub fn lists(&self, name: HeaderName, word: &str) -> bool {
        let words = self.header(name).unwrap_or_default();
        words.split(',').any(|found| found.trim().eq_ignore_ascii_case(word))
    }

    /// The answer as it came over the wire, for people to see.
    pub(super) fn as_received(&self) -> String {
        format!("HTTP/1.1 {}\n{}\n{}", self.status, shown(&self.headers), self.body)
    }
}

fn shown(headers: &HeaderMap) -> String {
    let shown = headers.iter().map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    shown.collect::<Vec<_>>().concat()
}

/// Accepts every certificate, but no handshake that was not signed with its key.
#[derive(Debug)]
struct AnyCertificate(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
