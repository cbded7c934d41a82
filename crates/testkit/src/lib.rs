//! The testkit: everything that the tests and benchmarks need besides the binaries, which they run from outside.
//!
//! | modules | what they hold |
//! |---|---|
//! | `service` | a function with its AWS, the start of nearly every test |
//! | `function`, `runtime_api` | the process of a function behind a fake Lambda Runtime API |
//! | `events`, `http`, `html` | requests as events of each event source, and readers of the answers |
//! | `aws`, `dynamodb` | fakes of AWS, which fail on demand |
//! | `identity_provider` | an OpenID provider on loopback, and its ID tokens |
//! | `faulty_link` | network faults between a function and AWS |
//! | `users`, `jwt` | test data: users and JWTs |
//! | `logs` | readers of a function's log, and the check that no secret is in it |
//! | `operator` | runs of the operator's tool |
//! | `server` | servers on loopback |
//! | `chromium`, `webdriver` | a browser, its remote control, and checks of accessibility |
//!
//! No module uses code of the service, and only `jwt` uses the rules, so no fault there can hide itself from the tests.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::new_without_default,
    clippy::return_self_not_must_use,
    missing_docs,
    reason = "for this workspace's tests only"
)]

pub mod aws;
pub mod chromium;
pub mod dynamodb;
pub mod events;
pub mod faulty_link;
pub mod function;
pub mod html;
pub mod http;
pub mod identity_provider;
pub mod jwt;
pub mod logs;
pub mod operator;
pub mod runtime_api;
pub mod server;
pub mod service;
pub mod users;
pub mod webdriver;

pub use aws::{Aws, Fault};
pub use events::EventSource;
pub use function::{Exit, Function, Kind};
pub use http::{Answer, Request};
pub use identity_provider::IdentityProvider;
pub use jwt::Jwt;
pub use operator::Operator;
pub use service::{Service, Setup};

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds since the Unix epoch.
#[allow(clippy::disallowed_methods, reason = "the clock that the functions themselves are measured against")]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Says why a test is skipped on this machine. Panics instead in CI (`CI=true`).
#[allow(clippy::print_stdout, reason = "reports a skipped test")]
pub fn skipped(reason: &str) {
    assert!(std::env::var_os("CI").is_none_or(|value| value != "true"), "skipped: {reason}");
    println!("skipped: {reason}");
}

/// Repeats `look` until it returns a value. Panics with `what` after `bound`.
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
