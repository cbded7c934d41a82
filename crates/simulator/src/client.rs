//! The HTTP client of Zendesk's servers: one POST of a form, no redirect followed, TLS verified.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, HeaderMap, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Position, Url};

/// How long a whole exchange may take. Zendesk does not publish its own limit.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

const USER_AGENT_NAME: &str = concat!("zendesk-jwt-simulator/", env!("CARGO_PKG_VERSION"));

/// Posts forms.
pub struct Client(TlsConnector);

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

/// Why nothing came back.
#[derive(Debug)]
pub(super) enum Failure {
    /// The certificate is not one that Zendesk would trust.
    Certificate(String),
    /// There was no answer within [`TIMEOUT`].
    Timeout,
    /// There is no connection, or it broke.
    Connection(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(error) | Self::Connection(error) => f.write_str(error),
            Self::Timeout => write!(f, "no answer within {} seconds", TIMEOUT.as_secs()),
        }
    }
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum UnusableClient {
    /// The file with certificate authorities.
    #[error("{} cannot be used: {error}; give a file of PEM certificates", path.display())]
    CertificateAuthorities {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: String,
    },
    /// TLS itself.
    #[error("TLS cannot be used: {0}")]
    Tls(#[source] rustls::Error),
}

impl Client {
    /// A client that trusts Mozilla's roots and, beside them, those in the PEM file.
    ///
    /// # Errors
    /// When the file holds no certificate that can be used.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, UnusableClient> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(path) = ca_file {
            add_roots(&mut roots, path)
                .map_err(|error| UnusableClient::CertificateAuthorities { path: path.to_owned(), error })?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(UnusableClient::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Posts a form as Zendesk does, and follows nothing.
    pub(super) async fn post_form(&self, url: &Url, form: &str) -> Result<Answer, Failure> {
        tokio::time::timeout(TIMEOUT, self.exchange(url, form)).await.unwrap_or(Err(Failure::Timeout))
    }

    async fn exchange(&self, url: &Url, form: &str) -> Result<Answer, Failure> {
        let broken = |error: &dyn fmt::Display| Failure::Connection(format!("the connection broke: {error}"));
        let stream = TokioIo::new(self.connect(url).await?);
        let (mut sender, connection) = handshake(stream).await.map_err(|error| broken(&error))?;
        let connection = tokio::spawn(connection);
        let request = Request::post(&url[Position::BeforePath..Position::AfterQuery])
            .header(HOST, &url[Position::BeforeHost..Position::AfterPort])
            .header(USER_AGENT, USER_AGENT_NAME)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(CONNECTION, "close")
            .body(Full::<Bytes>::from(form.to_owned()));
        let response = sender.send_request(request.map_err(|error| broken(&error))?).await;
        let (parts, body) = response.map_err(|error| broken(&error))?.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
        connection.abort();
        let body = body.map_err(|error| Failure::Connection(format!("the answer cannot be read: {error}")))?;
        let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    async fn connect(&self, url: &Url) -> Result<Box<dyn Stream>, Failure> {
        let port = url.port_or_known_default().unwrap_or_default();
        let stream = match url.host() {
            Some(Host::Ipv4(address)) => TcpStream::connect((address, port)).await,
            Some(Host::Ipv6(address)) => TcpStream::connect((address, port)).await,
            _ => TcpStream::connect((url.host_str().unwrap_or_default(), port)).await,
        };
        let stream = stream.map_err(|error| Failure::Connection(format!("no connection: {error}")))?;
        if url.scheme() == "http" {
            return Ok(Box::new(stream));
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(host).map_err(|error| Failure::Connection(error.to_string()))?;
        match self.0.connect(name, stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) if is_of_the_certificate(&error) => Err(Failure::Certificate(error.to_string())),
            Err(error) => Err(Failure::Connection(format!("no TLS connection: {error}"))),
        }
    }
}

/// A connection, with TLS or without.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

fn is_of_the_certificate(error: &std::io::Error) -> bool {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    matches!(cause, Some(rustls::Error::InvalidCertificate(_)))
}

fn add_roots(roots: &mut RootCertStore, path: &Path) -> Result<(), String> {
    let before = roots.len();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())? {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.len() == before { Err("it holds no certificate".to_owned()) } else { Ok(()) }
}

/// The request as it goes over the wire, for people to see.
pub(super) fn as_sent(url: &Url, form: &str) -> String {
    format!(
        "POST {} HTTP/1.1\nHost: {}\nContent-Type: application/x-www-form-urlencoded\nContent-Length: {}\n\n{form}",
        &url[Position::BeforePath..Position::AfterQuery],
        &url[Position::BeforeHost..Position::AfterPort],
        form.len()
    )
}

impl Answer {
    /// The answer as it came over the wire, for people to see.
    pub(super) fn as_received(&self) -> String {
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
        let head: Vec<String> = std::iter::once(format!("HTTP/1.1 {}", self.status)).chain(headers).collect();
        format!("{}\n\n{}", head.join("\n"), self.body)
    }
}
