//! The workbench: pages that run the flows, manage users, set faults and inspect JWTs.
//!
//! Every page works with plain links and forms. The script only adds comfort.

use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use axum::routing::{get, post};

use super::faults::{Fault, Faults};
use super::functions::Functions;
use super::identity_provider::IdentityProvider;
use super::terminal::LatestLines;
use crate::problem::Problem;
use zendesk_jwt_simulator::web::{self, Menu, Reach};

mod examples;
mod faults_page;
mod inspect_page;
mod request;
mod run;
mod user_form;
mod user_list;
mod users;

pub(super) use user_list::UserList;

pub(super) struct Workbench {
    functions: Arc<Functions>,
    faults: Arc<Faults>,
    identity_provider: Arc<IdentityProvider>,
    users: UserList,
    terminal: LatestLines,
    log: LatestLines,
    /// The address of the simulated Zendesk.
    zendesk: String,
    notice: Mutex<Option<Notice>>,
}

/// The state of every handler.
type Shared = State<Arc<Workbench>>;

/// What the next page shows once.
struct Notice {
    text: String,
    is_failure: bool,
    /// The user token of a new user. Only its hash is stored.
    token: Option<String>,
    /// Whether the deletion of a user can be undone.
    has_undo: bool,
}

/// What surrounds the content of every page.
struct Frame {
    faults: Vec<Fault>,
    notice: Option<Notice>,
}

impl Workbench {
    pub(crate) fn new(
        functions: Arc<Functions>,
        faults: Arc<Faults>,
        identity_provider: Arc<IdentityProvider>,
        users: UserList,
        terminal: LatestLines,
        log: LatestLines,
        zendesk: String,
    ) -> Self {
        Self { functions, faults, identity_provider, users, terminal, log, zendesk, notice: Mutex::default() }
    }

    fn notify(&self, notice: Notice) {
        *self.notice.lock().unwrap_or_else(PoisonError::into_inner) = Some(notice);
    }

    fn notify_of(&self, result: Result<String, Problem>) {
        let is_failure = result.is_err();
        let text = result.unwrap_or_else(|problem| problem.to_string());
        self.notify(Notice { text, is_failure, token: None, has_undo: false });
    }

    /// Takes the notice, so that it is shown once.
    async fn frame(&self) -> Frame {
        let notice = self.notice.lock().unwrap_or_else(PoisonError::into_inner).take();
        Frame { faults: self.faults.on().await, notice }
    }

    fn menu(&self, current: &'static str) -> Menu {
        let links = [("/", "Run"), ("/users", "Users"), ("/faults", "Faults"), ("/inspect", "Inspect")];
        let own = links.into_iter().map(|(path, title)| (path.to_owned(), title));
        let links = own.chain([(self.zendesk.clone(), "Zendesk simulator")]).collect();
        Menu { site: "zendesk-jwt workbench", current, links }
    }
}

pub(super) fn router(workbench: Workbench) -> Router {
    Router::new()
        .route("/", get(run::form))
        .route("/run", get(async || Redirect::to("/")).post(run::run))
        .route("/users", get(users::list))
        .route("/users/change", post(users::change))
        .route("/users/delete", post(users::delete))
        .route("/users/edit", get(users::edit).post(users::save))
        .route("/users/restore", post(users::restore))
        .route("/users/run", get(async || Redirect::to("/users")).post(users::run))
        .route("/users/add", get(async || Redirect::to("/users")).post(users::add))
        .route("/faults", get(faults_page::list))
        .route("/faults/switch", post(faults_page::switch))
        .route("/faults/reset", post(faults_page::reset))
        .route("/faults/cold-start", post(faults_page::cold_start))
        .route("/inspect", get(inspect_page::form).post(inspect_page::inspect))
        .route("/live.js", web::script(include_str!("../../../templates/workbench/live.js")))
        .route("/workbench.js", web::script(include_str!("../../../templates/workbench/workbench.js")))
        .merge(web::files())
        .with_state(Arc::new(workbench))
}

fn page(status: StatusCode, page: &impl Template) -> Response {
    web::page(status, page, Reach::default())
}
