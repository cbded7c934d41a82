//! A fake Lambda Runtime API: the HTTP interface from which a function requests its events.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use super::{now, server::Server};
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

/// The timeout of the function.
const DEADLINE: Duration = Duration::from_secs(10);

pub struct RuntimeApi {
    server: Server,
    events: mpsc::UnboundedSender<Event>,
    calls: Arc<Calls>,
}

struct Event {
    request_id: String,
    payload: Value,
}

/// The function's calls so far. `changed` is notified of each call.
struct Calls {
    queue: tokio::sync::Mutex<mpsc::UnboundedReceiver<Event>>,
    seen: Mutex<Seen>,
    changed: Condvar,
}

#[derive(Default)]
struct Seen {
    polls: usize,
    outcomes: HashMap<String, Result<Value, Value>>,
}

impl RuntimeApi {
    pub fn start() -> Self {
        let (events, queue) = mpsc::unbounded_channel();
        let calls = Arc::new(Calls { queue: queue.into(), seen: Mutex::default(), changed: Condvar::new() });
        let router = axum::Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(|| async { StatusCode::ACCEPTED }))
            .with_state(Arc::clone(&calls));
        Self { server: Server::of(router), events, calls }
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub fn authority(&self) -> String {
        self.server.address().to_string()
    }

    pub fn send(&self, request_id: &str, payload: Value) {
        self.events.send(Event { request_id: request_id.to_owned(), payload }).unwrap();
    }

    /// The number of events that the function has requested.
    pub fn polls(&self) -> usize {
        self.calls.seen.lock().unwrap().polls
    }

    /// Whether the function requested more than `count` events within `bound`.
    pub fn polled_more_than(&self, count: usize, bound: Duration) -> bool {
        self.calls.wait(bound, |seen| (seen.polls > count).then_some(())).is_some()
    }

    /// The function's answer to an event, if it came within `bound`.
    pub fn outcome(&self, request_id: &str, bound: Duration) -> Option<Result<Value, Value>> {
        self.calls.wait(bound, |seen| seen.outcomes.remove(request_id))
    }
}

impl Calls {
    fn update(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap());
        self.changed.notify_all();
    }

    fn wait<T>(&self, bound: Duration, mut look: impl FnMut(&mut Seen) -> Option<T>) -> Option<T> {
        let mut found = None;
        let seen = self.seen.lock().unwrap();
        let wanting = |seen: &mut Seen| {
            found = look(seen);
            found.is_none()
        };
        drop(self.changed.wait_timeout_while(seen, bound, wanting).unwrap());
        found
    }
}

type Shared = State<Arc<Calls>>;

async fn next(State(calls): Shared) -> Response {
    calls.update(|seen| seen.polls += 1);
    let Some(event) = calls.queue.lock().await.recv().await else {
        return std::future::pending().await; // the test is over
    };
    let deadline = (now() + DEADLINE.as_secs()) * 1000;
    Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", event.request_id)
        .header("lambda-runtime-deadline-ms", deadline)
        .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-1:123456789012:function:test")
        .header("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0")
        .body(Body::from(event.payload.to_string()))
        .unwrap()
}

async fn response(State(calls): Shared, Path(id): Path<String>, body: Bytes) -> StatusCode {
    let answer = serde_json::from_slice(&body).expect("an answer in JSON");
    calls.update(|seen| drop(seen.outcomes.insert(id, Ok(answer))));
    StatusCode::ACCEPTED
}

async fn error(State(calls): Shared, Path(id): Path<String>, body: Bytes) -> StatusCode {
    let error = serde_json::from_slice(&body).unwrap_or_default();
    calls.update(|seen| drop(seen.outcomes.insert(id, Err(error))));
    StatusCode::ACCEPTED
}
