//! A login page that plays the company's own: the chosen user gets the session cookie.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{HOST, HeaderMap, SET_COOKIE};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use cookie::{Cookie, SameSite};
use url::Url;

use super::demo::{self, DemoUser};
use zendesk_jwt_simulator::web::{self, Menu, Reach};

/// The path of the page.
pub(super) const LOGIN: &str = "/login";

#[derive(Template)]
#[template(path = "company/login.html")]
struct Login {
    menu: Menu,
    users: Vec<DemoUser>,
    return_to: String,
    problem: &'static str,
}

/// Where a browser without `return_to` goes.
type ZendeskOrigin = Arc<str>;

pub(super) fn router(zendesk: String) -> Router {
    Router::new().route(LOGIN, get(page).post(log_in)).with_state(ZendeskOrigin::from(zendesk))
}

async fn page(State(zendesk): State<ZendeskOrigin>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    show(StatusCode::OK, web::field(query.as_bytes(), "return_to"), "", &zendesk)
}

fn show(status: StatusCode, return_to: Option<String>, problem: &'static str, zendesk: &str) -> Response {
    let menu = Menu { site: "Your company", current: LOGIN, links: Vec::new() };
    let page = Login { menu, users: demo::users(), return_to: return_to.unwrap_or_default(), problem };
    web::page(status, &page, Reach { form_action: zendesk, ..Reach::default() })
}

async fn log_in(State(zendesk): State<ZendeskOrigin>, headers: HeaderMap, body: Bytes) -> Response {
    let return_to = web::field(&body, "return_to");
    let Some(user_token) = web::field(&body, "user_token").filter(|token| is_cookie_value(token)) else {
        let problem = "A user token in a cookie is printable ASCII without white space, quotes, commas and semicolons.";
        return show(StatusCode::BAD_REQUEST, return_to, problem, &zendesk);
    };
    let cookie = Cookie::build((demo::SESSION_COOKIE, user_token)).path("/").http_only(true).same_site(SameSite::Lax);
    let target = own_address(return_to, &headers).map_or_else(|| format!("{zendesk}/hc"), String::from);
    ([(SET_COOKIE, cookie.build().to_string())], Redirect::to(&target)).into_response()
}

/// The address if it is on this server: a login page must not redirect to other sites.
fn own_address(return_to: Option<String>, headers: &HeaderMap) -> Option<Url> {
    let own = Url::parse(&format!("http://{}", web::header(headers, HOST.as_str())?)).ok()?;
    Url::parse(&return_to?).ok().filter(|url| url.origin() == own.origin())
}

/// RFC 6265, section 4.1.1, `cookie-octet`.
pub(super) fn is_cookie_value(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte))
}
