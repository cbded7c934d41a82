//! An embedded DynamoDB behind a proxy that records every request and fails on demand.

use super::{fault::Fault, server::Server};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde_json::Value;
use std::sync::{Arc, Mutex};

pub struct DynamoDb {
    database: Server,
    proxy: Server,
    state: Arc<Mutex<Requests>>,
}

type IsAffected = Box<dyn Fn(&RecordedRequest) -> bool + Send>;

#[derive(Default)]
struct Requests {
    recorded: Vec<RecordedRequest>,
    fault: Option<(Fault, IsAffected)>,
}

/// One request that a function made.
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    pub operation: String,
    pub body: Value,
}

impl DynamoDb {
    pub fn start() -> Self {
        let database = Server::running(|listener| async {
            let memory = dynoxide::Database::memory().unwrap();
            dynoxide::server::serve_with_shutdown(listener, memory, std::future::pending()).await.unwrap();
        });
        let state = Arc::<Mutex<Requests>>::default();
        let upstream = Upstream { url: database.url(), state: Arc::clone(&state) };
        let proxy = Server::of(axum::Router::new().fallback(record_and_forward).with_state(upstream));
        Self { database, proxy, state }
    }

    /// The database itself, for the test's own writes.
    pub fn direct_url(&self) -> String {
        self.database.url()
    }

    /// The proxy, for the function.
    pub fn url(&self) -> String {
        self.proxy.url()
    }

    pub fn fail(&self, fault: Fault) {
        self.fail_when(fault, |_| true);
    }

    /// Fails only the requests for which `is_affected` returns true.
    pub fn fail_when(&self, fault: Fault, is_affected: impl Fn(&RecordedRequest) -> bool + Send + 'static) {
        self.state.lock().unwrap().fault = Some((fault, Box::new(is_affected)));
    }

    pub fn recover(&self) {
        self.state.lock().unwrap().fault = None;
    }

    /// The requests since the last call.
    pub fn take_requests(&self) -> Vec<RecordedRequest> {
        std::mem::take(&mut self.state.lock().unwrap().recorded)
    }
}

#[derive(Clone)]
struct Upstream {
    url: String,
    state: Arc<Mutex<Requests>>,
}

async fn record_and_forward(State(upstream): State<Upstream>, headers: HeaderMap, body: Bytes) -> Response {
    let fault = {
        let mut requests = upstream.state.lock().unwrap();
        let target = headers.get("x-amz-target").map_or("", |target| target.to_str().unwrap());
        let request = RecordedRequest {
            operation: target.trim_start_matches("DynamoDB_20120810.").to_owned(),
            body: serde_json::from_slice(&body).unwrap_or_default(),
        };
        let fault = requests.fault.as_ref().filter(|(_, is_affected)| is_affected(&request)).map(|(fault, _)| *fault);
        requests.recorded.push(request);
        fault
    };
    if let Some(fault) = fault {
        return fault.response().await;
    }
    tokio::task::spawn_blocking(move || forward(&upstream.url, &headers, &body)).await.unwrap()
}

fn forward(url: &str, headers: &HeaderMap, body: &[u8]) -> Response {
    let mut request = ureq::post(url).config().http_status_as_error(false).build();
    for (name, value) in headers {
        if name != header::HOST && name != header::CONTENT_LENGTH {
            request = request.header(name.as_str(), value.as_bytes());
        }
    }
    let mut answer = request.send(body).unwrap();
    let mut response = Response::builder().status(answer.status().as_u16());
    for (name, value) in answer.headers() {
        if name.as_str() != "content-length" && name.as_str() != "transfer-encoding" {
            response = response.header(name.as_str(), value.as_bytes());
        }
    }
    response.body(Body::from(answer.body_mut().read_to_vec().unwrap())).unwrap()
}
