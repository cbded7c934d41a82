//! A Zendesk on this machine: the other side of all three flows, as strict as Zendesk's documentation says.
//!
//! | where | what it holds |
//! |---|---|
//! | `account` | what Admin Center holds: addresses, keys and two brands, one of them host-mapped |
//! | `support_sdk`, `sso`, `messaging` | one flow each |
//! | `verdict` | the check of a JWT by [`zendesk_jwt_rules::inspect`] and by what only Zendesk can know |
//! | `users` | the users, and what a JWT changes |
//! | `sessions` | used `jti` values, browser sessions, the last refused sign-in, the steps of the latest one |
//! | `client` | the HTTP client of Zendesk's servers: no redirects, Mozilla's roots |
//! | `pages` | the pages that no single flow owns, such as that of the users |
//! | [`web`] | what these pages share with the tool's workbench |
//!
//! This crate never depends on the service, so that each checks the other.

#![allow(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "private: only the tool uses this crate"
)]

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use parking_lot::Mutex;
use tokio::net::TcpListener;
use url::{Host, Url};

use account::Brand;
pub use account::{Account, App, Keys, Messaging, NamedKeys, Sso, UserToken};
pub use client::Client;
use sessions::Sessions;
pub use sessions::{Journey, Step, located};
use users::Users;
use zendesk_jwt_rules::EpochSeconds;

mod account;
pub mod client;
mod messaging;
mod pages;
mod sessions;
mod sso;
mod support_sdk;
mod users;
mod verdict;
pub mod web;

pub const PORT: u16 = 3001;

/// What pages of other origins and programs post to, as in Zendesk.
const OPEN_PATHS: &[&str] = &["/access/jwt", "/access/sdk/jwt"];

/// The state of every handler.
type Shared = State<Arc<Zendesk>>;

/// A simulated Zendesk account.
pub struct Zendesk {
    origin: Url,
    /// The first is at the account's own host.
    brands: Vec<Brand>,
    guard: web::Guard,
    account: Account,
    client: Client,
    users: Mutex<Users>,
    sessions: Mutex<Sessions>,
}

impl Zendesk {
    /// The account at `origin`, without users. `allows_any_host` is for a server that other machines reach.
    pub fn new(origin: Url, allows_any_host: bool, account: Account, client: Client) -> Self {
        let guard = web::Guard { allows_any_host, open_paths: OPEN_PATHS };
        let brands = Brand::all(&origin);
        Self { origin, brands, guard, account, client, users: Mutex::default(), sessions: Mutex::default() }
    }

    /// Serves until the process ends.
    pub async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        let mut router = pages::router();
        if !self.account.apps.is_empty() {
            router = router
                .route("/access/sdk/jwt", post(support_sdk::exchange))
                .route("/sdk", get(support_sdk::page).post(support_sdk::try_out));
        }
        if !self.account.sso.is_empty() {
            router = router.merge(sso::router());
        }
        if self.account.messaging.is_some() {
            router = router.merge(messaging::router());
        }
        let router = router.layer(from_fn_with_state(self.guard, web::check)).with_state(Arc::new(self));
        axum::serve(listener, router).await
    }

    /// The hosts of the company that are mapped to this account.
    pub fn mapped_hosts(&self) -> Vec<Host> {
        let mapped = self.brands.iter().filter(|brand| brand.is_host_mapped);
        mapped.filter_map(|brand| Some(brand.origin.host()?.to_owned())).collect()
    }
}

/// A line on the terminal. It names rules and no personal data.
#[expect(clippy::print_stdout, reason = "a person reads this")]
fn log(request: &str, result: &str) {
    println!("Zendesk: {request}  {result}");
}

#[expect(clippy::disallowed_methods, reason = "Zendesk has a clock of its own")]
fn now() -> EpochSeconds {
    EpochSeconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

/// 128 random bits in hexadecimal; `None` if the operating system gives no random bytes.
fn random_id() -> Option<String> {
    let mut bits = [0; 16];
    aws_lc_rs::rand::fill(&mut bits).ok()?;
    Some(hex::encode(bits))
}
