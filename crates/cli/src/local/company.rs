//! The company's own login page, which stands for yours: whoever is chosen here has the session cookie.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderMap, LOCATION, SET_COOKIE};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use cookie::{Cookie, SameSite};
use url::Url;

use super::demo::{self, DemoUser};
use zendesk_jwt::jwt::{JtiSource as _, RandomJti};

/// The page's path.
pub(super) const LOGIN: &str = "/login";

#[derive(Template)]
#[template(path = "company/login.html")]
struct Login {
    users: Vec<DemoUser>,
    return_to: String,
    problem: &'static str,
    nonce: String,
}

/// The origin of the simulated Zendesk, where a browser goes that came without a `return_to`.
type ZendeskOrigin = Arc<str>;

/// The route of the login page.
pub(super) fn router(zendesk: String) -> Router {
    Router::new().route(LOGIN, get(page).post(log_in)).with_state(ZendeskOrigin::from(zendesk))
}

async fn page(State(zendesk): State<ZendeskOrigin>, request: Request) -> Response {
    let return_to = value(request.uri().query().unwrap_or_default().as_bytes(), "return_to");
    show(StatusCode::OK, &return_to, "", &zendesk)
}

fn show(status: StatusCode, return_to: &str, problem: &'static str, zendesk: &str) -> Response {
    let Ok(nonce) = RandomJti.next() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let nonce = nonce.as_str();
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self' {zendesk}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let page = Login { users: demo::users(), return_to: return_to.to_owned(), problem, nonce: nonce.to_owned() };
    let headers = [(CONTENT_SECURITY_POLICY, policy.as_str()), (CACHE_CONTROL, "no-store")];
    (status, headers, Html(page.render().unwrap_or_default())).into_response()
}

async fn log_in(State(zendesk): State<ZendeskOrigin>, headers: HeaderMap, body: Bytes) -> Response {
    let (user_token, return_to) = (value(&body, "user_token"), value(&body, "return_to"));
    // RFC 6265, section 4.1.1: what a cookie's value may hold.
    let is_in_cookies = |byte: u8| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte);
    if user_token.is_empty() || !user_token.bytes().all(is_in_cookies) {
        let problem = "A user token in a cookie is printable ASCII without white space, quotes, commas and semicolons.";
        return show(StatusCode::BAD_REQUEST, &return_to, problem, &zendesk);
    }
    let cookie = Cookie::build((demo::SESSION_COOKIE, user_token)).path("/").http_only(true).same_site(SameSite::Lax);
    let target = own_address(&return_to, &headers).map_or_else(|| format!("{zendesk}/hc"), String::from);
    let headers = [(SET_COOKIE, cookie.build().to_string()), (LOCATION, target)];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// The address when it is of this very service, as a login page must check before it sends anybody there.
fn own_address(return_to: &str, headers: &HeaderMap) -> Option<Url> {
    let host = headers.get(HOST)?.to_str().ok()?;
    let own = Url::parse(&format!("http://{host}")).ok()?;
    Url::parse(return_to).ok().filter(|url| url.origin() == own.origin())
}

fn value(form: &[u8], name: &str) -> String {
    let mut fields = form_urlencoded::parse(form);
    fields.find(|(found, _)| found == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}
