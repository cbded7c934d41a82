//! The test kit: a Lambda Runtime API that runs the real binaries, an AWS for them to call, events of every event source, and
//! readers of the answers.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    missing_docs,
    reason = "for this workspace's tests only"
)]

pub mod aws;
pub mod batch_writes;
pub mod binary;
pub mod broken_server;
pub mod chance;
pub mod chromium;
pub mod draft;
pub mod dynamodb;
pub mod events;
pub mod fault;
pub mod faulty_link;
pub mod function;
pub mod html;
pub mod http;
pub mod https;
pub mod jwt;
pub mod logs;
pub mod operator;
pub mod runtime_api;
pub mod secrecy;
pub mod secrets_manager;
pub mod server;
pub mod service;
pub mod users;
pub mod webdriver;

pub use aws::Aws;
pub use chance::Chance;
pub use events::EventSource;
pub use fault::Fault;
pub use function::{Exit, Function, Kind};
pub use http::{Answer, Request};
pub use jwt::Jwt;
pub use operator::Operator;
pub use service::{Service, Setup};

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds since the Unix epoch.
#[allow(clippy::disallowed_methods, reason = "the clock that the functions themselves are measured against")]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Repeats `look` until it finds something. Fails with `what` after `bound`.
pub fn eventually<T>(what: &str, bound: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < bound, "not within {bound:?}: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
