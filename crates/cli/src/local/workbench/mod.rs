//! The workbench: pages on which a person runs the flows, looks after the users, breaks things on purpose and
//! takes JWTs apart.
//!
//! - `run`: each flow with its request (`sent`), response, JWT and log line;
//! - `findings`: a JWT taken apart, with every rule of Zendesk's (shown with `prose`);
//! - `users`, `breaking`, `paste`: the other pages, `new_user` the form on the first of them;
//! - `page`: what all pages share; `guard`: whom they are for.
//!
//! Every page works by plain links and forms; the script adds comfort alone.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::middleware;
use axum::routing::{get, post};

use super::breakage::Switches;
use super::functions::Functions;
use super::terminal::LatestLines;
use crate::aws::user_token_table::UserTokenTable;

mod breaking;
mod findings;
mod guard;
mod new_user;
mod page;
mod paste;
mod prose;
mod run;
mod sent;
mod users;

/// What the pages show and act on.
pub(super) struct Workbench {
    functions: Arc<Functions>,
    switches: Arc<Switches>,
    /// The table of user tokens, which is up even while DynamoDB is switched off.
    user_tokens: UserTokenTable,
    /// What the terminal shows.
    terminal: LatestLines,
    /// What the functions log beside their request lines.
    log: LatestLines,
    /// Where the simulator of Zendesk is.
    simulator: String,
    notice: Mutex<Option<page::Notice>>,
}

impl Workbench {
    /// The workbench of these functions and what they stand on.
    pub(crate) fn new(
        functions: Arc<Functions>,
        switches: Arc<Switches>,
        user_tokens: UserTokenTable,
        terminal: LatestLines,
        log: LatestLines,
        simulator: String,
    ) -> Self {
        Self { functions, switches, user_tokens, terminal, log, simulator, notice: Mutex::default() }
    }

    /// Leaves a notice for the next page that is shown.
    fn leave(&self, notice: page::Notice) {
        *self.notice.lock().unwrap_or_else(PoisonError::into_inner) = Some(notice);
    }

    fn take_notice(&self) -> Option<page::Notice> {
        self.notice.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The pages and what they need.
pub(super) fn router(workbench: Workbench) -> Router {
    Router::new()
        .route("/", get(run::form))
        .route("/run", get(page::to_start).post(run::run))
        .route("/users", get(users::list))
        .route("/users/change", post(users::change))
        .route("/users/add", get(users::to_list).post(users::add))
        .route("/break", get(breaking::list))
        .route("/break/switch", post(breaking::switch))
        .route("/break/mend", post(breaking::mend))
        .route("/break/start-anew", post(breaking::start_anew))
        .route("/inspect", get(paste::form).post(paste::inspect))
        .route("/workbench.css", get(page::style_sheet))
        .route("/workbench.js", get(page::script))
        .route("/workbench.svg", get(page::icon))
        .with_state(Arc::new(workbench))
}

/// Keeps other sites away from these routes. `host` is where the tool listens.
pub(super) fn guarded(routes: Router, host: IpAddr) -> Router {
    let names = if host.is_loopback() { guard::Names::Loopback } else { guard::Names::Any };
    routes.layer(middleware::from_fn_with_state(names, guard::guard))
}
