use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use crate::web::{self, Menu, Reach};
use crate::{Zendesk, users_page};

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

/// Links to the pages of the kinds that are simulated.
pub(super) fn menu(zendesk: &Zendesk, current: &'static str) -> Menu {
    let account = &zendesk.account;
    let links = [
        ("/", "Start", true),
        ("/hc", "Help center", !account.sso.is_empty()),
        ("/agent", "Agent interface", !account.sso.is_empty()),
        ("/sdk", "Support SDK", !account.apps.is_empty()),
        ("/messaging", "Messaging", account.messaging.is_some()),
        (users_page::PATH, "Users", true),
    ];
    let links = links.into_iter().filter(|(.., is_simulated)| *is_simulated);
    let links = links.map(|(path, title, _)| (path.to_owned(), title)).collect();
    let sites = account.workbench.iter().map(|url| (url.to_string(), "Workbench")).collect();
    Menu { site: "Zendesk simulator", current, links, sites }
}

/// The routes that every simulator has.
pub(super) fn router() -> Router<Arc<Zendesk>> {
    Router::new().route("/", get(home)).merge(web::files()).fallback(not_found)
}

async fn home(State(zendesk): State<Arc<Zendesk>>) -> Response {
    respond(&zendesk, &Home { menu: menu(&zendesk, "/") })
}

async fn not_found(State(zendesk): State<Arc<Zendesk>>) -> Response {
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
    #[derive(Template)]
    #[template(
        source = "<html><body>You are being <a href=\"{{ location }}\">redirected</a>.</body></html>",
        ext = "html"
    )]
    struct Redirected<'a> {
        location: &'a str,
    }
    let body = Html(Redirected { location }.render().unwrap_or_default());
    (StatusCode::FOUND, [(LOCATION, location), (CACHE_CONTROL, "no-store")], body).into_response()
}
