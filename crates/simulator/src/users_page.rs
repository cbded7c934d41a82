//! What Zendesk knows of its users, and how a person makes Zendesk forget it.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{Redirect, Response};
use axum::routing::{get, post};

use crate::users::Moved;
use crate::web::{self, Menu};
use crate::{Zendesk, log, pages};

pub(super) const PATH: &str = "/simulator/users";

#[derive(Template)]
#[template(path = "zendesk/users.html")]
struct Page {
    menu: Menu,
    users: Vec<Vec<(String, String)>>,
    moved: Option<Moved>,
    is_forgotten: bool,
}

pub(super) fn router() -> Router<Arc<Zendesk>> {
    Router::new()
        .route(PATH, get(page))
        .route("/simulator/forget", post(forget))
        .route("/simulator/undo-conflict", post(undo_conflict))
}

async fn page(State(zendesk): State<Arc<Zendesk>>) -> Response {
    show(&zendesk, false)
}

fn show(zendesk: &Zendesk, is_forgotten: bool) -> Response {
    let users = zendesk.users();
    let (users, moved) = (users.in_words(), users.moved.clone());
    pages::respond(zendesk, &Page { menu: pages::menu(zendesk, PATH), users, moved, is_forgotten })
}

/// Deletes all users, sessions and refusals. Used `jti` values stay used.
async fn forget(State(zendesk): State<Arc<Zendesk>>) -> Response {
    zendesk.users().forget_all();
    zendesk.sessions().forget();
    zendesk.account.journey.forget();
    log("all users", "forgotten");
    show(&zendesk, true)
}

async fn undo_conflict(State(zendesk): State<Arc<Zendesk>>, body: Bytes) -> Redirect {
    zendesk.users().undo_bind();
    let is_messaging = web::field(&body, "from").as_deref() == Some("messaging");
    Redirect::to(if is_messaging { "/messaging" } else { PATH })
}
