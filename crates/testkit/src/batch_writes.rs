//! A fake DynamoDB table for batch writes: it answers slowly, or writes only one item of a batch.

use super::fault::answer;
use super::server::Server;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

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
