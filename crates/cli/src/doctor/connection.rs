//! DNS, TCP and TLS: how the endpoint is reached, and whether it may be told a user token.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::certificates;
use super::report::{Group, Report, Verdict};
use zendesk_jwt_rules::Kind;

/// The checks that only TLS has.
const CERTIFICATE_CHECKS: [&str; 4] =
    ["certificate-chain", "certificate-name", "certificate-dates", "certificate-expiry"];

/// An address to use in place of what DNS says, as curl's option of the same name has it.
#[derive(Clone, Debug)]
pub(super) struct Resolve {
    host: String,
    port: u16,
    address: IpAddr,
}

impl Resolve {
    /// Reads `HOST:PORT:ADDRESS`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(3, ':');
        let host = parts.next().filter(|host| !host.is_empty());
        let port = parts.next().and_then(|port| port.parse().ok());
        let address = parts.next().and_then(|address| address.trim_matches(['[', ']']).parse().ok());
        match (host, port, address) {
            (Some(host), Some(port), Some(address)) => Ok(Self { host: host.to_ascii_lowercase(), port, address }),
            _ => Err("it should be HOST:PORT:ADDRESS, such as support.example.com:443:192.0.2.10".to_owned()),
        }
    }
}

/// How this run reaches the network.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) resolve: Vec<Resolve>,
    pub(super) roots: Arc<RootCertStore>,
    /// For each step, and for each answer.
    pub(super) timeout: Duration,
}

/// Where the addresses of a host come from.
enum Addresses {
    /// `--resolve`.
    Given(SocketAddr),
    /// The URL itself.
    InUrl(SocketAddr),
    Dns(Vec<SocketAddr>),
}

impl Addresses {
    fn all(&self) -> &[SocketAddr] {
        match self {
            Self::Given(address) | Self::InUrl(address) => std::slice::from_ref(address),
            Self::Dns(addresses) => addresses,
        }
    }
}

/// A way to a server that worked once; each request takes it anew.
#[derive(Clone)]
pub(super) struct Route {
    address: SocketAddr,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    /// Whether Zendesk, or a browser, would take this for the server that it says it is.
    pub(super) is_trusted: bool,
}

/// A connection to it.
pub(super) trait Connection: AsyncRead + AsyncWrite + Unpin + Send {}

impl<C: AsyncRead + AsyncWrite + Unpin + Send> Connection for C {}

impl Route {
    /// Connects.
    pub(super) async fn open(&self) -> Result<Box<dyn Connection>, String> {
        let stream = TcpStream::connect(self.address).await.map_err(|error| error.to_string())?;
        match &self.tls {
            None => Ok(Box::new(stream)),
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await;
                Ok(Box::new(stream.map_err(|error| error.to_string())?))
            }
        }
    }
}

/// Whether the URL means this machine itself.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl Network {
    /// A way to `url` that is only taken when it is trusted.
    pub(super) async fn route(&self, url: &Url) -> Result<Route, String> {
        let addresses = self.addresses(url).await?;
        let (address, _) = self.connect(addresses.all()).await?;
        if url.scheme() == "http" {
            return Ok(Route { address, tls: None, is_trusted: is_loopback(url) });
        }
        let tls = (self.strict()?, server_name(url)?);
        Ok(Route { address, tls: Some(tls), is_trusted: true })
    }

    /// Makes every check on the way to `url`; nothing when there is no way, or none to be taken.
    pub(super) async fn examine(&self, url: &Url, kind: Kind, report: &mut Report) -> Option<Route> {
        let connection = Group::Connection;
        let addresses = match self.addresses(url).await {
            Ok(addresses) => addresses,
            Err(problem) => {
                let remedy = "Add the record to your DNS zone, or correct the address; to try a server before DNS \
                              knows it, give --resolve.";
                report.add(connection, "dns", Verdict::fail(problem, remedy));
                report.skip(connection, ["tcp", "tls"], "no address");
                report.skip(connection, CERTIFICATE_CHECKS, "no address");
                return None;
            }
        };
        report.add(connection, "dns", resolved(url, kind, &addresses));

        let (address, stream) = match self.connect(addresses.all()).await {
            Ok(connected) => connected,
            Err(problem) => {
                let port = url.port_or_known_default().unwrap_or_default();
                let remedy = format!(
                    "Start the server, and let port {port} through its firewall, security group or load balancer."
                );
                report.add(connection, "tcp", Verdict::fail(problem, remedy));
                report.skip(connection, ["tls"], "no connection");
                report.skip(connection, CERTIFICATE_CHECKS, "no connection");
                return None;
            }
        };
        report.add(connection, "tcp", Verdict::pass(format!("{address} takes connections")));
        if url.scheme() == "http" {
            return without_tls(url, address, report);
        }
        self.examine_tls(url, address, stream, report).await
    }

    async fn examine_tls(
        &self,
        url: &Url,
        address: SocketAddr,
        stream: TcpStream,
        report: &mut Report,
    ) -> Option<Route> {
        let connection = Group::Connection;
        let shaken = async {
            let (connector, name) = (self.lenient()?, server_name(url)?);
            let stream = self.in_time("the TLS handshake", connector.connect(name.clone(), stream)).await?;
            let (_, session) = stream.get_ref();
            let version = match session.protocol_version() {
                Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
                _ => "TLS 1.3",
            };
            let chain: Vec<_> = session.peer_certificates().unwrap_or_default().to_vec();
            Ok::<_, String>((connector, name, version, chain))
        };
        let (connector, name, version, chain) = match shaken.await {
            Ok(shaken) => shaken,
            Err(problem) => {
                let remedy = "Let this port speak TLS 1.2 or 1.3, with a certificate for this host name.";
                report.add(connection, "tls", Verdict::fail(problem, remedy));
                report.skip(connection, CERTIFICATE_CHECKS, "no TLS connection");
                return None;
            }
        };
        report.add(connection, "tls", Verdict::pass(version));
        let is_trusted = certificates::examine(&chain, &name, &self.roots, report);
        // A certificate that passed is held to it in every connection from now on.
        let connector = if is_trusted { self.strict().ok()? } else { connector };
        Some(Route { address, tls: Some((connector, name)), is_trusted })
    }

    async fn addresses(&self, url: &Url) -> Result<Addresses, String> {
        let port = url.port_or_known_default().unwrap_or_default();
        let host = url.host_str().unwrap_or_default();
        if let Some(given) = self.resolve.iter().find(|given| given.host == host && given.port == port) {
            return Ok(Addresses::Given(SocketAddr::from((given.address, port))));
        }
        match url.host() {
            Some(Host::Ipv4(address)) => return Ok(Addresses::InUrl(SocketAddr::from((address, port)))),
            Some(Host::Ipv6(address)) => return Ok(Addresses::InUrl(SocketAddr::from((address, port)))),
            _ => {}
        }
        let found = self.in_time("the answer of DNS", tokio::net::lookup_host((host, port))).await;
        let addresses: Vec<_> = found.map_err(|problem| format!("{host} has no address: {problem}"))?.collect();
        if addresses.is_empty() { Err(format!("{host} has no address")) } else { Ok(Addresses::Dns(addresses)) }
    }

    /// The first of the addresses that takes a connection.
    async fn connect(&self, addresses: &[SocketAddr]) -> Result<(SocketAddr, TcpStream), String> {
        let mut problems = Vec::new();
        for &address in addresses {
            match self.in_time("the connection", TcpStream::connect(address)).await {
                Ok(stream) => return Ok((address, stream)),
                Err(problem) => problems.push(format!("{address}: {problem}")),
            }
        }
        Err(problems.join("; "))
    }

    async fn in_time<T, E: fmt::Display>(
        &self,
        what: &str,
        step: impl Future<Output = Result<T, E>>,
    ) -> Result<T, String> {
        match tokio::time::timeout(self.timeout, step).await {
            Ok(done) => done.map_err(|error| error.to_string()),
            Err(_) => Err(format!("{what} took longer than {} s", self.timeout.as_secs())),
        }
    }

    /// TLS as Zendesk and browsers do it.
    fn strict(&self) -> Result<TlsConnector, String> {
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(Arc::clone(&self.roots))
            .with_no_client_auth();
        Ok(TlsConnector::from(Arc::new(config)))
    }

    /// TLS that shakes hands with whatever certificate, so that all that is wrong with it can be told.
    #[expect(clippy::unused_self, reason = "the counterpart of `strict`")]
    fn lenient(&self) -> Result<TlsConnector, String> {
        let provider = provider();
        let verifier = Lenient(provider.signature_verification_algorithms);
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn server_name(url: &Url) -> Result<ServerName<'static>, String> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    ServerName::try_from(host.to_owned()).map_err(|_| format!("{host} cannot be the name of a TLS server"))
}

/// Plain HTTP goes no further than this machine: a user token on the wire lets its reader in.
fn without_tls(url: &Url, address: SocketAddr, report: &mut Report) -> Option<Route> {
    if is_loopback(url) {
        report.skip(Group::Connection, ["tls"], "plain HTTP, which is for trying out on this machine alone");
        report.skip(Group::Connection, CERTIFICATE_CHECKS, "plain HTTP");
        return Some(Route { address, tls: None, is_trusted: true });
    }
    let remedy = "Serve the endpoint over https:// and give that address to Zendesk.";
    report.add(Group::Connection, "tls", Verdict::fail("the address begins with http://", remedy));
    report.skip(Group::Connection, CERTIFICATE_CHECKS, "plain HTTP");
    None
}

fn resolved(url: &Url, kind: Kind, addresses: &Addresses) -> Verdict {
    let host = url.host_str().unwrap_or_default();
    let ips: Vec<IpAddr> = addresses.all().iter().map(SocketAddr::ip).collect();
    let listed = ips.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let private = ips.iter().find(|address| is_private(**address));
    match (addresses, private) {
        (Addresses::Given(_), _) => Verdict::pass(format!("{host} is at {listed} by --resolve")),
        _ if is_loopback(url) => {
            Verdict::pass(format!("{host} is this machine, where nobody else can reach the endpoint"))
        }
        (_, Some(private)) if kind == Kind::Sdk => Verdict::fail(
            format!("{host} is at {listed}, and {private} is not on the public internet"),
            "Zendesk's own servers call this endpoint: give it a public address, which Zendesk can reach from \
             anywhere.",
        ),
        (_, Some(private)) => Verdict::warn(
            format!("{host} is at {listed}, and {private} is not on the public internet"),
            "Make sure that the browsers of all your users can reach it, or give it a public address.",
        ),
        (Addresses::InUrl(_), None) => Verdict::pass(format!("{host} is an address itself")),
        (Addresses::Dns(_), None) => Verdict::pass(format!("{host} is at {listed}")),
    }
}

/// Loopback, link-local, private and shared addresses (RFC 1918, 4193, 4291, 6598).
fn is_private(address: IpAddr) -> bool {
    let is_private_v4 = |address: Ipv4Addr| {
        let [first, second, ..] = address.octets();
        let is_shared = first == 100 && (64..128).contains(&second);
        address.is_private()
            || address.is_loopback()
            || address.is_link_local()
            || address.is_unspecified()
            || is_shared
    };
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => {
            let is_special = address.is_loopback() || address.is_unspecified();
            let is_local = address.is_unique_local() || address.is_unicast_link_local();
            is_special || is_local || address.to_ipv4_mapped().is_some_and(is_private_v4)
        }
    }
}

/// Takes every certificate, but no handshake that its key did not sign.
#[derive(Debug)]
struct Lenient(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Lenient {
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
