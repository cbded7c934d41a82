//! The pages that no single flow owns: start, users, and messages.

use std::sync::Arc;

use askama::Template;
use askama::filters::{self, escape};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use crate::users::{Users, shown};
use crate::web::{self, Menu, Reach};
use crate::{Shared, Zendesk, log};

const USERS: &str = "/simulator/users";

#[derive(Template)]
#[template(path = "zendesk/home.html")]
struct Home {
    menu: Menu,
}

#[derive(Template)]
#[template(path = "zendesk/message.html")]
struct Message<'a> {
    menu: Menu,
    title: &'a str,
    text: &'a str,
}

/// What Zendesk knows of its users, and how a person makes Zendesk forget it.
#[derive(Template)]
#[template(path = "zendesk/users.html")]
struct UsersPage<'a> {
    menu: Menu,
    users: &'a Users,
    is_forgotten: bool,
}

/// Links to the pages of the kinds that are simulated.
pub(super) fn menu(zendesk: &Zendesk, current: &'static str) -> Menu {
    let account = &zendesk.account;
    let links = [
        ("/", "Start", true),
        ("/hc", "Help center", !account.sso.is_empty()),
        ("/agent", "Agent interface", !account.sso.is_empty()),
        ("/sdk", "Support SDK", !account.apps.is_empty()),
        ("/messaging", "Messaging", account.messaging.is_some()),
        (USERS, "Users", true),
    ];
    let links = links.into_iter().filter(|(.., is_simulated)| *is_simulated);
    let links = links.map(|(path, title, _)| (path, title)).collect();
    let sites = account.workbench.iter().map(|url| (url.to_string(), "Workbench")).collect();
    Menu { site: "Zendesk simulator", current, links, sites }
}

/// The routes that every simulator has.
pub(super) fn router() -> Router<Arc<Zendesk>> {
    Router::new()
        .route("/", get(home))
        .route(USERS, get(async |State(zendesk): Shared| users(&zendesk, false)))
        .route("/simulator/forget", post(forget))
        .route("/simulator/undo-conflict", post(undo_conflict))
        .merge(web::files())
        .fallback(not_found)
}

async fn home(State(zendesk): Shared) -> Response {
    respond(&zendesk, &Home { menu: menu(&zendesk, "/") })
}

fn users(zendesk: &Zendesk, is_forgotten: bool) -> Response {
    respond(zendesk, &UsersPage { menu: menu(zendesk, USERS), users: &zendesk.users.lock(), is_forgotten })
}

/// Deletes all users, sessions and refusals. Used `jti` values stay used.
async fn forget(State(zendesk): Shared) -> Response {
    *zendesk.users.lock() = Users::default();
    zendesk.sessions.lock().forget();
    zendesk.account.journey.forget();
    log("all users", "forgotten");
    users(&zendesk, true)
}

async fn undo_conflict(State(zendesk): Shared, body: Bytes) -> Redirect {
    zendesk.users.lock().undo_bind();
    let is_messaging = web::field(&body, "from").as_deref() == Some("messaging");
    Redirect::to(if is_messaging { "/messaging" } else { USERS })
}

async fn not_found(State(zendesk): Shared) -> Response {
    let page = message(
        &zendesk,
        "Page not found",
        "This address does not exist here. The links above lead to everything that is simulated.",
    );
    (StatusCode::NOT_FOUND, page).into_response()
}

pub(super) fn message(zendesk: &Zendesk, title: &str, text: &str) -> Response {
    respond(zendesk, &Message { menu: menu(zendesk, ""), title, text })
}

pub(super) fn respond(zendesk: &Zendesk, page: &impl Template) -> Response {
    let messaging = zendesk.account.messaging.as_ref();
    let endpoint = messaging.map(|messaging| messaging.jwt_url.origin().ascii_serialization()).unwrap_or_default();
    web::page(StatusCode::OK, page, Reach { connect: &endpoint, ..Reach::default() })
}

/// 302 with a page of one link, as Zendesk answers.
pub(super) fn redirect(location: &str) -> Response {
    let Ok(address) = escape(location, filters::Html);
    let body = Html(format!("<html><body>You are being <a href=\"{address}\">redirected</a>.</body></html>"));
    (StatusCode::FOUND, [(LOCATION, location), (CACHE_CONTROL, "no-store")], body).into_response()
}
