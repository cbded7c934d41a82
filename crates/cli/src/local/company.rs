//! A login page that plays the company's own: the chosen user gets the session cookie.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{HOST, HeaderMap, SET_COOKIE};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::get;
use cookie::{Cookie, SameSite, time::Duration};
use url::Url;

use super::demo::{self, DemoUser};
use zendesk_jwt_simulator::web::{self, Menu, Reach};

/// The cookie with the user token of a remembered user.
const REMEMBERED_COOKIE: &str = "remembered";

/// The path of the page.
pub(super) const LOGIN: &str = "/login";

#[derive(Template)]
#[template(path = "company/login.html")]
struct Login {
    menu: Menu,
    users: Vec<DemoUser>,
    return_to: String,
    remembered: Option<String>,
    problem: &'static str,
}

/// Where a browser without `return_to` goes.
type ZendeskOrigin = Arc<str>;

pub(super) fn router(zendesk: String) -> Router {
    Router::new().route(LOGIN, get(page).post(log_in)).with_state(ZendeskOrigin::from(zendesk))
}

/// A remembered user who comes from a sign-in returns to it at once, as on real login pages.
async fn page(State(zendesk): State<ZendeskOrigin>, request: Request) -> Response {
    let headers = request.headers();
    let return_to = web::field(request.uri().query().unwrap_or_default().as_bytes(), "return_to");
    match (web::cookie(headers, REMEMBERED_COOKIE), own_address(return_to.as_deref(), headers)) {
        (Some(user_token), Some(address)) => {
            let cookie = cookie(demo::SESSION_COOKIE, user_token, "/");
            ([(SET_COOKIE, cookie.to_string())], Redirect::to(address.as_str())).into_response()
        }
        (remembered, _) => show(StatusCode::OK, return_to, remembered, "", &zendesk),
    }
}

fn show(
    status: StatusCode,
    return_to: Option<String>,
    remembered: Option<String>,
    problem: &'static str,
    zendesk: &str,
) -> Response {
    let menu = Menu { site: "Your company", current: LOGIN, links: Vec::new() };
    let page = Login { menu, users: demo::users(), return_to: return_to.unwrap_or_default(), remembered, problem };
    web::page(status, &page, Reach { form_action: zendesk, ..Reach::default() })
}

async fn log_in(State(zendesk): State<ZendeskOrigin>, headers: HeaderMap, body: Bytes) -> Response {
    if web::field(&body, "forget").is_some() {
        let forgotten = Cookie::build((REMEMBERED_COOKIE, "")).path(LOGIN).max_age(Duration::ZERO).build();
        return ([(SET_COOKIE, forgotten.to_string())], Redirect::to(LOGIN)).into_response();
    }
    let return_to = web::field(&body, "return_to");
    let Some(user_token) = web::field(&body, "user_token").filter(|token| is_cookie_value(token)) else {
        let problem = "A user token in a cookie is printable ASCII without white space, quotes, commas and semicolons.";
        return show(StatusCode::BAD_REQUEST, return_to, web::cookie(&headers, REMEMBERED_COOKIE), problem, &zendesk);
    };
    let target = own_address(return_to.as_deref(), &headers).map_or_else(|| format!("{zendesk}/hc"), String::from);
    let is_remembered = web::field(&body, "remember").is_some();
    let remembered = is_remembered.then(|| cookie(REMEMBERED_COOKIE, user_token.clone(), LOGIN));
    let session = cookie(demo::SESSION_COOKIE, user_token, "/");
    let cookies = [session].into_iter().chain(remembered).map(|cookie| (SET_COOKIE, cookie.to_string()));
    (AppendHeaders(cookies.collect::<Vec<_>>()), Redirect::to(&target)).into_response()
}

fn cookie(name: &'static str, value: String, path: &'static str) -> Cookie<'static> {
    Cookie::build((name, value)).path(path).http_only(true).same_site(SameSite::Lax).build()
}

/// The address if it is on this server: a login page must not redirect to other sites.
fn own_address(return_to: Option<&str>, headers: &HeaderMap) -> Option<Url> {
    let own = Url::parse(&format!("http://{}", web::header(headers, HOST.as_str())?)).ok()?;
    Url::parse(return_to?).ok().filter(|url| url.origin() == own.origin())
}

/// RFC 6265, section 4.1.1, `cookie-octet`.
pub(crate) fn is_cookie_value(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte))
}
