//! The workbench: pages that run the flows, manage users, set faults and inspect JWTs.
//!
//! Every page works with plain links and forms. The script only adds comfort.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use parking_lot::Mutex;

use super::SIGNING_KEY_MAX_AGE;
use super::faults::{Fault, Faults};
use super::functions::Functions;
use super::history::History;
use super::identity_provider::IdentityProvider;
use crate::problem::Problem;
use zendesk_jwt_simulator::web::{self, Menu, Reach};

mod inspect_page;
mod pages_page;
mod run;
mod user_list;
mod users;

pub(super) use user_list::UserList;

pub(super) struct Workbench {
    functions: Arc<Functions>,
    faults: Faults,
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
enum Notice {
    Done(String),
    Failed(Problem),
    /// A new user, with the user token, of which only the hash is stored.
    Added {
        text: String,
        token: String,
    },
    /// The deletion of a user, which can be undone.
    Deleted(String),
}

/// What surrounds the content of every page.
struct Frame {
    faults: Vec<Fault>,
    notice: Option<Notice>,
}

impl Workbench {
    pub(crate) fn new(
        functions: Arc<Functions>,
        faults: Faults,
        identity_provider: Arc<IdentityProvider>,
        users: UserList,
        history: Arc<History>,
        zendesk: String,
    ) -> Self {
        let (notice, chosen) = (Mutex::default(), Mutex::default());
        Self { functions, faults, identity_provider, users, history, zendesk, notice, chosen }
    }

    /// Leads to a page, which shows the result once.
    fn redirect(&self, page: &str, result: Result<Notice, Problem>) -> Redirect {
        *self.notice.lock() = Some(result.unwrap_or_else(Notice::Failed));
        Redirect::to(page)
    }

    /// Takes the notice, so that it is shown once.
    async fn frame(&self) -> Frame {
        let notice = self.notice.lock().take();
        Frame { notice, ..self.live_frame().await }
    }

    /// For pages that a script reads again in the background: the notice is for the page to which an action leads.
    async fn live_frame(&self) -> Frame {
        Frame { faults: self.faults.on().await, notice: None }
    }

    fn menu(&self, current: &'static str) -> Menu {
        let links = vec![
            ("/", "Run"),
            ("/users", "Users"),
            ("/faults", "Faults"),
            ("/inspect", "Inspect"),
            ("/pages", "Pages"),
        ];
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
        .route("/faults", get(faults))
        .route("/faults/switch", post(switch_fault))
        .route("/faults/reset", post(reset_faults))
        .route("/faults/cold-start", post(cold_start))
        .route("/inspect", get(inspect_page::inspect).post(inspect_page::inspect))
        .route("/typing.js", web::script(include_str!("../../../templates/workbench/typing.js")))
        .route("/pages", get(pages_page::list))
        .route("/pages/view", get(pages_page::view))
        .merge(web::files())
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .with_state(Arc::new(workbench))
}

#[derive(Template)]
#[template(path = "workbench/faults.html")]
struct FaultsPage {
    menu: Menu,
    frame: Frame,
}

impl Fault {
    const fn title(self) -> &'static str {
        match self {
            Self::RedactedSecrets => "Redacted secrets",
            Self::ClockAhead => "Clock 10 minutes ahead",
            Self::EmailUnverified => "Demo User's e-mail address is not verified",
            Self::DynamoDbDown => "DynamoDB is down",
            Self::SecretsManagerDown => "Secrets Manager is down",
        }
    }
}

async fn faults(State(workbench): Shared) -> Response {
    page(StatusCode::OK, &FaultsPage { menu: workbench.menu("/faults"), frame: workbench.frame().await })
}

async fn switch_fault(State(workbench): Shared, body: String) -> Redirect {
    let field = |name| web::field(body.as_bytes(), name).unwrap_or_default();
    let Some(fault) = Fault::parse(&field("fault")) else { return Redirect::to("/faults") };
    let is_on = field("on") == "true";
    let done = if is_on { "Fault set" } else { "Fault reset" };
    let result = workbench.faults.set(fault, is_on).await;
    workbench.redirect("/faults", result.map(|()| Notice::Done(format!("{done}: {}.", fault.title()))))
}

/// The cold start makes the functions read their keys at once.
async fn reset_faults(State(workbench): Shared) -> Redirect {
    for fault in workbench.faults.on().await {
        if let Err(problem) = workbench.faults.set(fault, false).await {
            return workbench.redirect("/faults", Err(problem));
        }
    }
    workbench.functions.cold_start();
    let done = "All faults are reset. The next request of each function is a cold start.";
    workbench.redirect("/faults", Ok(Notice::Done(done.to_owned())))
}

async fn cold_start(State(workbench): Shared) -> Redirect {
    workbench.functions.cold_start();
    let done = "The next request of each function is a cold start.";
    workbench.redirect("/faults", Ok(Notice::Done(done.to_owned())))
}

#[derive(Template)]
#[template(path = "workbench/not_found.html")]
struct NotFound {
    menu: Menu,
    frame: Frame,
}

async fn not_found(State(workbench): Shared) -> Response {
    page(StatusCode::NOT_FOUND, &NotFound { menu: workbench.menu(""), frame: workbench.frame().await })
}

fn page(status: StatusCode, page: &impl Template) -> Response {
    web::page(status, page, Reach::default())
}
