//! The SDK's connector over our HTTP client.

use std::fmt;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_util::client::legacy::connect::{CaptureConnection, Connected, capture_connection};
use lambda_http::http::Response;
use rustls::ClientConfig;

use crate::http_client::{self, HttpClient};

/// The longest body to read, in bytes. An item has at most 400 KiB. The JSON of texts is up to nine times as long: an
/// empty text in a list counts 1 byte, but is written as `{"S":""},`.
///
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
pub(super) const LONGEST_ANSWER: usize = 4 * 1024 * 1024;

/// Replaces the SDK's own connector, which links HTTP/2 and the system's roots.
struct Connector(HttpClient);

/// Creates a client whose clones share one pool.
pub(super) fn http_client(tls: ClientConfig) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Connector(http_client::http_client(tls)));
    http_client_fn(move |_, _| connector.clone())
}

impl HttpConnector for Connector {
    /// Sends a request and reads the whole body into memory.
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            // Both calls have their whole body in memory.
            Ok(request) => request.map(|body| Full::from(Bytes::copy_from_slice(body.bytes().unwrap_or_default()))),
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        let connection = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || connection_of(&connection));
        }
        let answer = self.0.request(request);
        HttpConnectorFuture::new(async move {
            let (head, body) = answer.await.map_err(|error| ConnectorError::io(error.into()))?.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await.map_err(body_error)?.to_bytes();
            let answer = Response::from_parts(head, SdkBody::from(body)).try_into();
            answer.map_err(|error| ConnectorError::io(Box::new(error)))
        })
    }
}

/// The SDK retries I/O errors, but an answer that is too long would be too long again.
fn body_error(error: BoxError) -> ConnectorError {
    if error.is::<LengthLimitError>() { ConnectorError::other(error, None) } else { ConnectorError::io(error) }
}

/// Lets the SDK drop a connection after a failure: a new one may reach a healthy host.
fn connection_of(capture: &CaptureConnection) -> Option<ConnectionMetadata> {
    capture.connection_metadata().as_ref()?;
    let capture = capture.clone();
    let poison = move || capture.connection_metadata().iter().for_each(Connected::poison);
    Some(ConnectionMetadata::builder().proxied(false).poison_fn(poison).build())
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector(…)")
    }
}
