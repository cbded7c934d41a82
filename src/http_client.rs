//! The HTTP client for AWS and for identity providers: HTTP/1.1 over TLS, with a pool of connections.
//!
//! One type for both, since a second one would be linked a second time.

use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector as Tcp;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;

/// How long an idle connection stays in the pool. Connections die while Lambda has the process frozen.
const IDLE_CONNECTION: Duration = Duration::from_secs(20);

/// A client whose clones share one pool.
pub type HttpClient = Client<HttpsConnector<Tcp>, Full<Bytes>>;

/// Creates a client, without opening a connection. Addresses with http get no TLS.
#[must_use]
pub fn http_client(tls: ClientConfig) -> HttpClient {
    let mut tcp = Tcp::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
    let mut client = Client::builder(TokioExecutor::new());
    client.pool_idle_timeout(IDLE_CONNECTION).pool_timer(TokioTimer::new());
    client.build(https.wrap_connector(tcp))
}
