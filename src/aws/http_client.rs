//! The HTTP client of both services: HTTP/1.1 over TLS, on connections that are kept.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use lambda_http::http::{Request, Response};
use rustls::ClientConfig;

use super::call_error::BoxError;

/// A pooled connection is dropped after this much idleness: a thawed sandbox holds dead ones.
const IDLE_CONNECTION: Duration = Duration::from_secs(20);

/// More bytes than either call can answer: an item has 400 KiB at most, which its JSON form less than doubles.
const LONGEST_ANSWER: usize = 2 * 1024 * 1024;

/// A handle; all clones share their connections.
#[derive(Clone)]
pub(super) struct HttpClient(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl HttpClient {
    pub(super) fn new(tls: ClientConfig) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        let mut client = Client::builder(TokioExecutor::new());
        client.pool_idle_timeout(IDLE_CONNECTION).pool_timer(TokioTimer::new());
        Self(client.build(https.wrap_connector(tcp)))
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, BoxError> {
        let (head, body) = self.0.request(request).await?.into_parts();
        Ok(Response::from_parts(head, Limited::new(body, LONGEST_ANSWER).collect().await?.to_bytes()))
    }
}
