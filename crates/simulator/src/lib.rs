//! A Zendesk on this machine: the other side of all three flows, as strict as Zendesk's documentation says.
//!
//! | where | what it holds |
//! |---|---|
//! | `account` | what is configured in its Admin Center: addresses and keys |
//! | `support_sdk`, `sso`, `messaging` | one flow each |
//! | `verdict` | a JWT, judged by [`zendesk_jwt_rules::inspect`] and by what only Zendesk can know |
//! | `people`, `memory` | its users; the identifiers, sessions and sign-ins that it remembers |
//! | `client` | its servers' HTTP client, which follows nothing and trusts Mozilla's roots |
//! | `environment` | the time, and random identifiers |
//! | `pages`, `guard` | what a browser sees, and who may ask |
//!
//! It never touches the code that makes JWTs, so that it can bear witness against it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use url::Url;

pub use account::{Account, Keys, Messaging, Sso, SupportSdk, UserToken};
pub use client::Client;
use memory::Memory;
use people::People;

mod account;
pub mod client;
mod environment;
mod guard;
mod memory;
mod messaging;
mod pages;
mod people;
mod sso;
mod support_sdk;
mod verdict;

/// Where it listens unless it is told otherwise.
pub const PORT: u16 = 3001;

/// A simulated Zendesk account.
pub struct Zendesk {
    /// Where browsers reach it.
    origin: Url,
    /// Whether it may be called by any name, because it listens for other machines as well.
    has_any_name: bool,
    account: Account,
    client: Client,
    people: Mutex<People>,
    memory: Mutex<Memory>,
}

impl Zendesk {
    /// The account at `origin`, without users as yet.
    #[must_use]
    pub fn new(origin: Url, has_any_name: bool, account: Account, client: Client) -> Self {
        let (people, memory) = (Mutex::default(), Mutex::default());
        Self { origin, has_any_name, account, client, people, memory }
    }

    /// Serves until the process ends.
    ///
    /// # Errors
    /// When the server ends before that.
    pub async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        axum::serve(listener, Arc::new(self).router()).await
    }

    fn router(self: Arc<Self>) -> Router {
        let mut router = pages::router();
        if self.account.support_sdk.is_some() {
            router = router
                .route("/access/sdk/jwt", post(support_sdk::exchange))
                .route("/sdk", get(support_sdk::page).post(support_sdk::try_out));
        }
        if self.account.sso.is_some() {
            router = router.merge(sso::router());
        }
        if self.account.messaging.is_some() {
            router = router.merge(messaging::router());
        }
        let guard = from_fn_with_state(Arc::clone(&self), guard::expect_own_page);
        router.layer(guard).with_state(self)
    }

    fn people(&self) -> MutexGuard<'_, People> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A line on the terminal; it names rules, never people.
#[expect(clippy::print_stdout, reason = "a person reads this")]
fn tell(request: &str, ending: &str) {
    println!("Zendesk: {request}  {ending}");
}
