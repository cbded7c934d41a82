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
use super::history::History;
use super::identity_provider::IdentityProvider;
use crate::problem::Problem;
use zendesk_jwt_simulator::web::{self, Menu, Reach};

mod examples;
mod faults_page;
mod inspect_page;
mod pages_page;
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
    history: Arc<History>,
    /// The address of the simulated Zendesk.
    zendesk: String,
    notice: Mutex<Option<Notice>>,
    /// The latest choice and entry in the form that runs a flow.
    chosen: Mutex<(String, String)>,
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
        history: Arc<History>,
        zendesk: String,
    ) -> Self {
        let (notice, chosen) = (Mutex::default(), Mutex::default());
        Self { functions, faults, identity_provider, users, history, zendesk, notice, chosen }
    }

    fn choose(&self, user: String, entered: String) {
        *self.chosen.lock().unwrap_or_else(PoisonError::into_inner) = (user, entered);
    }

    fn chosen(&self) -> (String, String) {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
        let links =
            vec![("/", "Run"), ("/users", "Users"), ("/faults", "Faults"), ("/inspect", "Inspect"), ("/pages", "Pages")];
        Menu { site: "Workbench", current, links, sites: vec![(self.zendesk.clone(), "Zendesk simulator")] }
    }
}

pub(super) fn router(workbench: Workbench) -> Router {
    Router::new()
        .route("/", get(run::form))
        .route("/run", get(async || Redirect::to("/")).post(run::run))
        .route("/runs/{id}", get(run::result))
        .route("/runs/{id}/again", post(run::again))
        .route("/runs/delete", post(run::delete))
        .route("/runs/changes", get(run::changes))
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
        .route("/typing.js", web::script(include_str!("../../../templates/workbench/typing.js")))
        .route("/pages", get(pages_page::list))
        .route("/pages/view", get(pages_page::view))
        .merge(web::files())
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .with_state(Arc::new(workbench))
}

#[derive(Template)]
#[template(path = "workbench/not_found.html")]
struct NotFound {
    menu: Menu,
    frame: Frame,
}

async fn not_found(State(workbench): Shared) -> Response {
    let not_found = NotFound { menu: workbench.menu(""), frame: workbench.frame().await };
    page(StatusCode::NOT_FOUND, &not_found)
}

fn page(status: StatusCode, page: &impl Template) -> Response {
    web::page(status, page, Reach::default())
}
