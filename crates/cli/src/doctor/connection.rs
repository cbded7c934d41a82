//! DNS, TCP and TLS: how the endpoint is reached, and whether it may get a user token.

use std::net::{IpAddr, SocketAddr};

use url::Url;

use super::certificates;
use super::plan::Plan;
use super::report::{Report, Verdict};
use zendesk_jwt::config::is_loopback;
use zendesk_jwt_rules::Kind;
use zendesk_jwt_simulator::client::{Accept, Failure, Route};

/// An address to use instead of DNS, as with curl's option of the same name.
#[derive(Clone, Debug)]
pub(super) struct Resolve {
    host: String,
    address: SocketAddr,
}

impl Resolve {
    /// For clap: reads `HOST:PORT:ADDRESS`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let parsed = || {
            let (host, rest) = text.split_once(':').filter(|(host, _)| !host.is_empty())?;
            let (port, address) = rest.split_once(':')?;
            let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
            Some(Self { host: host.to_ascii_lowercase(), address: (address, port.parse().ok()?).into() })
        };
        let expected = "it should be HOST:PORT:ADDRESS, such as support.example.com:443:192.0.2.10";
        parsed().ok_or_else(|| expected.to_owned())
    }
}

impl Plan<'_> {
    /// A route to `url` that only a trusted certificate passes.
    pub(super) async fn route(&self, url: &Url) -> Result<Route, Failure> {
        let (address, _) = self.client.connect(&self.addresses(url).await?).await?;
        self.client.route(url, address, Accept::Trusted)
    }

    async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, Failure> {
        match self.resolved_by_option(url) {
            Some(address) => Ok(vec![address]),
            None => self.client.resolve(url).await,
        }
    }

    fn resolved_by_option(&self, url: &Url) -> Option<SocketAddr> {
        let (host, port) = (url.host_str()?, url.port_or_known_default()?);
        let mut given = self.arguments.resolve.iter();
        given.find(|given| given.host == host && given.address.port() == port).map(|given| given.address)
    }
}

/// Makes every check of the connection. Gives the route, if there is one, and whether it is trusted.
pub(super) async fn examine(plan: &Plan<'_>, report: &mut Report) -> Option<(Route, bool)> {
    let (url, client) = (&plan.url, &plan.client);
    let remedy = "Add the record to your DNS zone, or correct the address; to try a server before its DNS record \
                  exists, give --resolve.";
    let addresses = report.require("dns", plan.addresses(url).await, remedy)?;
    report.add("dns", resolved(plan, &addresses));

    let remedy = "Start the server, and open the port in its firewall, security group or load balancer.";
    let (address, stream) = report.require("tcp", client.connect(&addresses).await, remedy)?;
    report.add("tcp", Verdict::pass(format!("{address} accepts connections")));

    let trusted = || client.route(url, address, Accept::Trusted).ok();
    if url.scheme() == "http" {
        // Who reads a user token on the wire can use it.
        if !is_loopback(url) {
            let remedy = "Serve the endpoint over https:// and give that address to Zendesk.";
            report.add("tls", Verdict::fail("the address begins with http://", remedy));
            return None;
        }
        report.skip(&["tls"], "plain HTTP, for tests on this machine only");
        report.skip(&certificates::CHECKS, "plain HTTP, for tests on this machine only");
        return Some((trusted()?, true));
    }
    let handshake = async {
        let route = client.route(url, address, Accept::Any)?;
        Ok::<_, Failure>((client.handshake(&route, stream).await?, route))
    };
    let remedy = "Make this port speak TLS 1.2 or 1.3, with a certificate for this host name.";
    let (handshake, route) = report.require("tls", handshake.await, remedy)?;
    report.add("tls", Verdict::pass(handshake.version));
    if certificates::examine(&handshake, &client.roots, report) {
        // From now on every connection must show a certificate that passes.
        return Some((trusted()?, true));
    }
    Some((route, false))
}

fn resolved(plan: &Plan<'_>, addresses: &[SocketAddr]) -> Verdict {
    let host = plan.url.host_str().unwrap_or_default();
    let listed = addresses.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>().join(", ");
    let seen = format!("{host} has the address {listed}");
    if plan.resolved_by_option(&plan.url).is_some() {
        return Verdict::pass(format!("{seen} by --resolve"));
    }
    if is_loopback(&plan.url) {
        return Verdict::pass(format!("{host} is this machine, where nobody else can reach the endpoint"));
    }
    let Some(private) = addresses.iter().map(SocketAddr::ip).find(|address| is_private(*address)) else {
        return Verdict::pass(seen);
    };
    let seen = format!("{seen}, and {private} is not on the public internet");
    if plan.kind == Kind::Sdk {
        return Verdict::fail(seen, "Give the endpoint a public address: Zendesk's own servers call it.");
    }
    Verdict::warn(seen, "Make sure that the browsers of all your users reach it, or give it a public address.")
}

/// Loopback, link-local, private and shared addresses (RFC 1918, 4193, 4291, 6598).
fn is_private(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let is_of_network = match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || matches!(v4.octets(), [100, 64..128, ..]),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    is_of_network || address.is_loopback() || address.is_unspecified()
}
