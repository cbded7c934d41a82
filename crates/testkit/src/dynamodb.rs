//! Fakes of DynamoDB: an embedded database behind a proxy that records every request and fails on demand, and a table for
//! batch writes.

use super::aws::{Fault, answer};
use super::server::Server;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The embedded database.
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

/// A table for batch writes: it answers slowly, or writes only one item of a batch.
pub struct BatchWrites {
    server: Server,
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    latency: Duration,
    partial_requests: u32,
    items: BTreeMap<String, Value>,
    requests: usize,
    under_way: usize,
    most_under_way: usize,
}

impl BatchWrites {
    /// Every second request takes `latency`, the others twice as long.
    pub fn taking(latency: Duration) -> Self {
        let table = Arc::new(Mutex::new(Table { latency, ..Table::default() }));
        let server = Server::of(axum::Router::new().fallback(batch_write_item).with_state(Arc::clone(&table)));
        Self { server, table }
    }

    /// The next requests write only their first item and return the others as unprocessed.
    pub fn write_one_item_of_the_next(&self, requests: u32) {
        self.table.lock().unwrap().partial_requests = requests;
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The items by token hash, in DynamoDB's JSON.
    pub fn items(&self) -> BTreeMap<String, Value> {
        self.table.lock().unwrap().items.clone()
    }

    pub fn requests(&self) -> usize {
        self.table.lock().unwrap().requests
    }

    pub fn most_under_way(&self) -> usize {
        self.table.lock().unwrap().most_under_way
    }
}

async fn batch_write_item(State(table): State<Arc<Mutex<Table>>>, headers: HeaderMap, body: Bytes) -> Response {
    assert_eq!(headers["x-amz-target"], "DynamoDB_20120810.BatchWriteItem");
    let body: Value = serde_json::from_slice(&body).unwrap();
    let (name, writes) = body["RequestItems"].as_object().unwrap().iter().next().unwrap();
    let writes = writes.as_array().unwrap();
    let hash = |write: &Value| write["PutRequest"]["Item"]["token_hash"]["S"].as_str().unwrap().to_owned();
    let mut hashes: Vec<_> = writes.iter().map(hash).collect();
    hashes.sort_unstable();
    hashes.dedup();
    if writes.len() > 25 || hashes.len() < writes.len() {
        return answer(400, &json!({"__type": "ValidationException", "message": "too many, or duplicates"}));
    }

    let (latency, written) = {
        let mut table = table.lock().unwrap();
        table.requests += 1;
        table.under_way += 1;
        table.most_under_way = table.most_under_way.max(table.under_way);
        let written = if table.partial_requests > 0 { 1 } else { writes.len() };
        table.partial_requests = table.partial_requests.saturating_sub(1);
        (table.latency * if table.requests.is_multiple_of(2) { 1 } else { 2 }, written)
    };
    tokio::time::sleep(latency).await;
    let mut table = table.lock().unwrap();
    table.under_way -= 1;
    for write in &writes[..written] {
        table.items.insert(hash(write), write["PutRequest"]["Item"].clone());
    }
    let left = &writes[written..];
    let unprocessed = if left.is_empty() { json!({}) } else { json!({ name: left }) };
    answer(200, &json!({ "UnprocessedItems": unprocessed }))
}
