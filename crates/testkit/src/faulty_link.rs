//! Network faults between a function and AWS or an identity provider: a proxy with TLS that breaks connections and answers on demand.

use super::server::{Authority, Server, tls};
use super::{Aws, IdentityProvider, Setup, eventually};
use serde_json::json;
use std::fmt;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::NamedTempFile;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The AWS service at the other end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    DynamoDb,
    SecretsManager,
}

impl Upstream {
    pub const ALL: [Self; 2] = [Self::DynamoDb, Self::SecretsManager];

    /// The environment variable with the address of this service.
    pub fn variable(self) -> &'static str {
        match self {
            Self::DynamoDb => "AWS_ENDPOINT_URL_DYNAMODB",
            Self::SecretsManager => "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        }
    }

    fn address(self, aws: &Aws) -> String {
        let url = match self {
            Self::DynamoDb => aws.dynamodb().url(),
            Self::SecretsManager => aws.secrets_manager().url(),
        };
        url.trim_start_matches("http://").to_owned()
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(match self {
            Self::DynamoDb => "DynamoDB GetItem",
            Self::SecretsManager => "Secrets Manager GetSecretValue",
        })
    }
}

/// The media type of the AWS JSON protocols.
pub const AWS_JSON: &str = "application/x-amz-json-1.0";

/// The pause before each byte of a slow body.
const TRICKLE_PAUSE: Duration = Duration::from_millis(250);

/// What happens instead of a good answer or a good TLS handshake.
#[derive(Clone, Copy, Debug)]
pub enum Breakage {
    /// The link accepts the connection and never answers the handshake.
    SilentHandshake,
    /// The link answers the handshake in plain text.
    PlainText,
    /// The function does not know the authority that issued the certificate.
    UntrustedCertificate,
    /// The certificate is valid for another host.
    OtherHostsCertificate,
    /// The link reads the request and never answers.
    Silence,
    /// The link reads the request and closes the connection.
    Closed,
    /// The link reads the request and resets the connection.
    Reset,
    /// The link sends half of the answer's body and resets the connection.
    ResetHalfway,
    /// The link sends half of the answer's body and closes the connection.
    Truncated,
    /// The link sends the head of the answer, and then its body slowly, byte by byte.
    Trickle,
    /// The link answers with an error of the AWS JSON protocols.
    Error { status: u16, code: &'static str },
    /// The link answers with this instead.
    Answer { status: u16, content_type: &'static str, body: &'static str },
}

impl Breakage {
    fn breaks_the_handshake(self) -> bool {
        use Breakage::{OtherHostsCertificate, PlainText, SilentHandshake, UntrustedCertificate};
        matches!(self, SilentHandshake | PlainText | UntrustedCertificate | OtherHostsCertificate)
    }
}

/// How open connections end.
#[derive(Clone, Copy, Debug)]
pub enum Ending {
    Closed,
    Reset,
    /// They stay open, but no data arrives any more.
    Silence,
}

impl Ending {
    pub const ALL: [Self; 3] = [Self::Closed, Self::Reset, Self::Silence];
}

/// The links to both services. One authority issues their certificates.
pub struct FaultyLinks {
    links: [FaultyLink; 2],
    authority: Authority,
    _roots: NamedTempFile,
}

impl FaultyLinks {
    /// Working links between the function of `setup` and its AWS, which must be the fakes.
    pub fn of(setup: Setup) -> (Self, Setup) {
        let authority = Authority::new();
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(authority.root_pem().as_bytes()).unwrap();
        let links = Upstream::ALL.map(|upstream| FaultyLink::to(&upstream.address(setup.aws()), &authority));
        let setup = setup.env("AWS_CA_BUNDLE", file.path().to_str().unwrap());
        let setup = Upstream::ALL.iter().zip(&links).fold(setup, |setup, (upstream, link)| {
            setup.env(upstream.variable(), &format!("https://{}", link.server.address()))
        });
        (Self { links, authority, _roots: file }, setup)
    }

    /// A working link between the function and this provider, whose issuer becomes the address of the link.
    pub fn link_to(&self, provider: &IdentityProvider) -> FaultyLink {
        let link = FaultyLink::to(provider.url().trim_start_matches("http://"), &self.authority);
        provider.set_issuer(&format!("https://{}", link.server.address()));
        link
    }

    pub fn link(&self, upstream: Upstream) -> &FaultyLink {
        let [dynamodb, secrets_manager] = &self.links;
        match upstream {
            Upstream::DynamoDb => dynamodb,
            Upstream::SecretsManager => secrets_manager,
        }
    }
}

/// One link. Dropping it ends its connections.
pub struct FaultyLink {
    server: Server,
    state: Arc<State>,
}

struct State {
    upstream: String,
    good: TlsAcceptor,
    untrusted: TlsAcceptor,
    other_hosts: TlsAcceptor,
    plan: Mutex<Plan>,
    /// Ends the open connections.
    open: Mutex<watch::Sender<Option<Ending>>>,
}

#[derive(Default)]
struct Plan {
    breakage: Option<Breakage>,
    once: bool,
    count: usize,
}

impl FaultyLink {
    fn to(upstream: &str, authority: &Authority) -> Self {
        let state = Arc::new(State {
            upstream: upstream.to_owned(),
            good: acceptor(authority, "127.0.0.1"),
            untrusted: acceptor(&Authority::new(), "127.0.0.1"),
            other_hosts: acceptor(authority, "aws.example.org"),
            plan: Mutex::default(),
            open: watch::Sender::default().into(),
        });
        let accepting = Arc::clone(&state);
        let server = Server::running(|listener| accept(listener, accepting));
        Self { server, state }
    }

    /// Breaks only the next request or handshake.
    pub fn break_once(&self, breakage: Breakage) {
        self.plan(Plan { breakage: Some(breakage), once: true, count: 0 });
    }

    /// Breaks every request or handshake until [`Self::repair`].
    pub fn break_lastingly(&self, breakage: Breakage) {
        self.plan(Plan { breakage: Some(breakage), once: false, count: 0 });
    }

    pub fn repair(&self) {
        self.state.plan.lock().unwrap().breakage = None;
    }

    /// How often the link broke since the last call of `break_once` or `break_lastingly`.
    pub fn broken(&self) -> usize {
        self.state.plan.lock().unwrap().count
    }

    fn plan(&self, plan: Plan) {
        let new_connections_only = plan.breakage.is_some_and(Breakage::breaks_the_handshake);
        *self.state.plan.lock().unwrap() = plan;
        if new_connections_only {
            self.end_connections(Ending::Closed);
        }
    }

    /// Ends all open connections and waits until they have ended. Returns their number.
    pub fn end_connections(&self, ending: Ending) -> usize {
        let open = std::mem::take(&mut *self.state.open.lock().unwrap());
        let count = open.receiver_count();
        open.send_replace(Some(ending));
        eventually("connections end", Duration::from_secs(10), || (open.receiver_count() == 0).then_some(()));
        count
    }
}

fn acceptor(authority: &Authority, host: &str) -> TlsAcceptor {
    let (certificate, key) = authority.issue(host, -1, 1);
    Arc::new(tls(vec![certificate, authority.intermediate.clone()], key)).into()
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            // Most tests break this connection, so an error is expected.
            state.connection(stream).await.ok();
        });
    }
}

impl State {
    /// The fault of this handshake or request, if any.
    fn breakage(&self, of_handshake: bool) -> Option<Breakage> {
        let mut plan = self.plan.lock().unwrap();
        let breakage = plan.breakage.filter(|breakage| breakage.breaks_the_handshake() == of_handshake)?;
        plan.count += 1;
        if plan.once {
            plan.breakage = None;
        }
        Some(breakage)
    }

    async fn connection(&self, mut stream: TcpStream) -> io::Result<()> {
        let acceptor = match self.breakage(true) {
            None => &self.good,
            Some(Breakage::UntrustedCertificate) => &self.untrusted,
            Some(Breakage::OtherHostsCertificate) => &self.other_hosts,
            Some(Breakage::PlainText) => return speak_plain_text(&mut stream).await,
            Some(_) => return std::future::pending().await,
        };
        let mut stream = acceptor.accept(stream).await?;
        let mut end = self.open.lock().unwrap().subscribe();
        let ending = tokio::select! {
            served = self.serve(&mut stream) => return served,
            _ = end.changed() => *end.borrow(),
        };
        drop(end);
        match ending {
            Some(Ending::Silence) => std::future::pending().await,
            Some(Ending::Reset) => stream.get_ref().0.set_zero_linger(),
            _ => stream.shutdown().await,
        }
    }

    async fn serve(&self, stream: &mut TlsStream<TcpStream>) -> io::Result<()> {
        let mut upstream = TcpStream::connect(&self.upstream).await?;
        loop {
            let request = message(stream).await?;
            let breakage = self.breakage(false);
            if let Some(breakage) = breakage
                && let Some(answer) = instead_of_upstream(breakage)
            {
                stream.write_all(answer.as_bytes()).await?;
                stream.flush().await?;
                continue;
            }
            match breakage {
                Some(Breakage::Silence) => std::future::pending().await,
                Some(Breakage::Closed) => return stream.shutdown().await,
                Some(Breakage::Reset) => return stream.get_ref().0.set_zero_linger(),
                _ => {}
            }
            upstream.write_all(&request).await?;
            let answer = message(&mut upstream).await?;
            let body = head_length(&answer).unwrap_or_default();
            let half = body.midpoint(answer.len());
            let sent = match breakage {
                Some(Breakage::ResetHalfway | Breakage::Truncated) => half,
                Some(Breakage::Trickle) => body,
                _ => answer.len(),
            };
            stream.write_all(&answer[..sent]).await?;
            stream.flush().await?;
            match breakage {
                Some(Breakage::ResetHalfway) => return stream.get_ref().0.set_zero_linger(),
                Some(Breakage::Truncated) => return stream.shutdown().await,
                _ => {}
            }
            for byte in &answer[sent..] {
                tokio::time::sleep(TRICKLE_PAUSE).await;
                stream.write_all(std::slice::from_ref(byte)).await?;
                stream.flush().await?;
            }
        }
    }
}

async fn speak_plain_text(stream: &mut TcpStream) -> io::Result<()> {
    stream.read_buf(&mut Vec::new()).await?;
    stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await?;
    stream.shutdown().await
}

fn instead_of_upstream(breakage: Breakage) -> Option<String> {
    let (status, content_type, body) = match breakage {
        Breakage::Error { status, code } => {
            (status, AWS_JSON, json!({ "__type": code, "message": "an error of a test" }).to_string())
        }
        Breakage::Answer { status, content_type, body } => (status, content_type, body.to_owned()),
        _ => return None,
    };
    let length = body.len();
    Some(format!("HTTP/1.1 {status} Test\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}"))
}

/// One HTTP/1.1 message in raw bytes. Its head says how long the body is.
async fn message(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        if head_length(&message).is_some_and(|head| message.len() >= head + body_length(&message[..head])) {
            return Ok(message);
        }
        if stream.read_buf(&mut message).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn head_length(message: &[u8]) -> Option<usize> {
    const END: &[u8] = b"\r\n\r\n";
    Some(message.windows(END.len()).position(|window| window == END)? + END.len())
}

fn body_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    length.map_or(0, |length| length.trim().parse().unwrap())
}
