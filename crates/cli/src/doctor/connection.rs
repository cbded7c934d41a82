//! DNS, TCP and TLS: how the endpoint is reached, and whether it may get a user token.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use url::Url;

use super::certificates;
use super::report::{Report, Verdict};
use zendesk_jwt::config::is_loopback;
use zendesk_jwt_rules::Kind;
use zendesk_jwt_simulator::Client;
use zendesk_jwt_simulator::client::{Accept, Failure, Route};

/// An address to use instead of DNS, as with curl's option of the same name.
#[derive(Clone, Debug)]
pub(super) struct Resolve {
    host: String,
    port: u16,
    address: IpAddr,
}

impl Resolve {
    /// For clap: reads `HOST:PORT:ADDRESS`.
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

pub(super) struct Network<'a> {
    pub(super) resolve: &'a [Resolve],
    pub(super) client: Client,
}

impl Network<'_> {
    /// A route to `url` that only a trusted certificate passes.
    pub(super) async fn route(&self, url: &Url) -> Result<Route, Failure> {
        let (address, _) = self.client.connect(&self.addresses(url).await?).await?;
        self.client.route(url, address, Accept::Trusted)
    }

    /// Makes every check of the connection. Gives the route, if there is one, and whether it is trusted.
    pub(super) async fn examine(&self, url: &Url, kind: Kind, report: &mut Report) -> Option<(Route, bool)> {
        let remedy = "Add the record to your DNS zone, or correct the address; to try a server before its DNS record \
                      exists, give --resolve.";
        let addresses = report.require("dns", self.addresses(url).await, remedy)?;
        report.add("dns", self.resolved(url, kind, &addresses));

        let remedy = "Start the server, and open the port in its firewall, security group or load balancer.";
        let (address, stream) = report.require("tcp", self.client.connect(&addresses).await, remedy)?;
        report.add("tcp", Verdict::pass(format!("{address} accepts connections")));

        if url.scheme() == "http" {
            return self.without_tls(url, address, report);
        }
        let handshake = async {
            let route = self.client.route(url, address, Accept::Any)?;
            Ok::<_, Failure>((self.client.handshake(&route, stream).await?, route))
        };
        let remedy = "Make this port speak TLS 1.2 or 1.3, with a certificate for this host name.";
        let (handshake, route) = report.require("tls", handshake.await, remedy)?;
        report.add("tls", Verdict::pass(handshake.version));
        if certificates::examine(&handshake, &self.client.roots, report) {
            // From now on every connection must show a certificate that passes.
            return Some((self.client.route(url, address, Accept::Trusted).ok()?, true));
        }
        Some((route, false))
    }

    /// Plain HTTP stays on this machine: who reads a user token on the wire can use it.
    fn without_tls(&self, url: &Url, address: SocketAddr, report: &mut Report) -> Option<(Route, bool)> {
        if !is_loopback(url) {
            let remedy = "Serve the endpoint over https:// and give that address to Zendesk.";
            report.add("tls", Verdict::fail("the address begins with http://", remedy));
            return None;
        }
        let of_tls = ["tls", "certificate-chain", "certificate-name", "certificate-dates", "certificate-expiry"];
        for id in of_tls {
            report.add(id, Verdict::skip("plain HTTP, for tests on this machine only"));
        }
        Some((self.client.route(url, address, Accept::Trusted).ok()?, true))
    }

    fn given(&self, url: &Url) -> Option<&Resolve> {
        let (host, port) = (url.host_str()?, url.port_or_known_default()?);
        self.resolve.iter().find(|given| given.host == host && given.port == port)
    }

    async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, Failure> {
        match self.given(url) {
            Some(given) => Ok(vec![(given.address, given.port).into()]),
            None => self.client.resolve(url).await,
        }
    }

    fn resolved(&self, url: &Url, kind: Kind, addresses: &[SocketAddr]) -> Verdict {
        let host = url.host_str().unwrap_or_default();
        let listed = addresses.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>().join(", ");
        let seen = format!("{host} has the address {listed}");
        if self.given(url).is_some() {
            return Verdict::pass(format!("{seen} by --resolve"));
        }
        if is_loopback(url) {
            return Verdict::pass(format!("{host} is this machine, where nobody else can reach the endpoint"));
        }
        let Some(private) = addresses.iter().map(SocketAddr::ip).find(|address| is_private(*address)) else {
            return Verdict::pass(seen);
        };
        let seen = format!("{seen}, and {private} is not on the public internet");
        if kind == Kind::Sdk {
            let remedy = "Give the endpoint a public address: Zendesk's own servers call it.";
            return Verdict::fail(seen, remedy);
        }
        Verdict::warn(seen, "Make sure that the browsers of all your users reach it, or give it a public address.")
    }
}

/// Loopback, link-local, private and shared addresses (RFC 1918, 4193, 4291, 6598).
fn is_private(address: IpAddr) -> bool {
    let is_private_v4 = |address: Ipv4Addr| {
        let [first, second, ..] = address.octets();
        let is_shared = first == 100 && (64..128).contains(&second);
        let is_local = address.is_loopback() || address.is_link_local() || address.is_unspecified();
        address.is_private() || is_local || is_shared
    };
    match address.to_canonical() {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => {
            let is_special = address.is_loopback() || address.is_unspecified();
            is_special || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}
