//! A login page that plays the company's own. The session cookie holds the user token of the chosen user, or the ID
//! token of the demo identity provider.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::http::header::{HOST, HeaderMap, LOCATION, SET_COOKIE};
use axum::middleware::Next;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::get;
use cookie::{Cookie, SameSite, time::Duration};
use form_urlencoded::Serializer;
use url::Url;

use super::demo;
use super::identity_provider::{self, IdentityProvider, code_challenge};
use crate::output;
use zendesk_jwt::jwt::{JtiSource as _, RandomJti};
use zendesk_jwt_rules::id_token::IdToken;
use zendesk_jwt_simulator::web::{self, Menu, Reach};
use zendesk_jwt_simulator::{Journey, Step, located};

/// The cookie with the user token of a remembered user.
const REMEMBERED_COOKIE: &str = "remembered";

/// The cookie of a login that waits for the identity provider.
const PENDING_COOKIE: &str = "pending_login";

/// The path of the page.
pub(super) const LOGIN: &str = "/login";

/// Where the login with the identity provider begins, and where the provider sends the browser back to.
const BEGIN: &str = "/login/identity-provider";
const CALLBACK: &str = "/login/callback";

#[derive(Template)]
#[template(path = "company/login.html")]
struct Login {
    menu: Menu,
    return_to: String,
    remembered: Option<String>,
    /// The ID token of the session, and what it says.
    session: Option<(String, IdToken)>,
    problem: &'static str,
}

pub(super) struct Company {
    /// Where a browser without `return_to` goes.
    pub(crate) zendesk: String,
    pub(crate) identity_provider: Arc<IdentityProvider>,
}

type Shared = State<Arc<Company>>;

/// Adds the answers of the company's pages to the steps that the simulated Zendesk shows.
pub(super) async fn watch(State(journey): State<Journey>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_remote_login = path.starts_with("/sso/") && path.ends_with("/login");
    let is_step = is_remote_login || path == LOGIN || path.starts_with("/login/");
    let sent = format!("{} {}", request.method(), path);
    let response = next.run(request).await;
    if is_step {
        let target = response.headers().get(LOCATION).and_then(|target| target.to_str().ok());
        let title = match (is_remote_login, target) {
            (true, Some(_)) => "Your remote login URL knows no session. It sends the browser to your login page.",
            (true, None) => {
                "Your remote login URL answers with a page. With a session, its form posts the JWT to Zendesk."
            }
            (false, Some(_)) => "Your login page sends the browser on.",
            (false, None) => "The browser shows your login page.",
        };
        let received = format!("{}{}", response.status(), target.map(located).unwrap_or_default());
        journey.add(Step { title, sent, received, is_end: false });
    }
    response
}

pub(super) fn router(company: Company) -> Router {
    Router::new()
        .route(LOGIN, get(page).post(log_in))
        .route(BEGIN, get(begin))
        .route(CALLBACK, get(callback))
        .with_state(Arc::new(company))
}

/// A remembered user who comes from a sign-in returns to it at once, as on real login pages.
async fn page(State(company): Shared, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let return_to = web::field(query.unwrap_or_default().as_bytes(), "return_to");
    match (web::cookie(&headers, REMEMBERED_COOKIE), own_address(return_to.as_deref(), &headers)) {
        (Some(user_token), Some(address)) => redirect([cookie(demo::SESSION_COOKIE, user_token, "/")], &address),
        _ => company.show(&headers, return_to, ""),
    }
}

impl Company {
    /// The login page, with a problem if there is one.
    fn show(&self, headers: &HeaderMap, return_to: Option<String>, problem: &'static str) -> Response {
        let session = web::cookie(headers, demo::SESSION_COOKIE);
        let session = session.and_then(|cookie| Some((cookie.clone(), IdToken::read(&cookie)?)));
        let sites = vec![("/".to_owned(), "Workbench"), (self.zendesk.clone(), "Zendesk simulator")];
        let page = Login {
            menu: Menu { site: "Your company", current: LOGIN, links: Vec::new(), sites },
            return_to: return_to.unwrap_or_default(),
            remembered: web::cookie(headers, REMEMBERED_COOKIE),
            session,
            problem,
        };
        let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        web::page(status, &page, Reach { form_action: &self.zendesk, ..Reach::default() })
    }
}

async fn log_in(State(company): Shared, headers: HeaderMap, form: Bytes) -> Response {
    if web::field(&form, "forget").is_some() {
        return redirect([removed(REMEMBERED_COOKIE, LOGIN)], LOGIN);
    }
    if web::field(&form, "log_out").is_some() {
        return redirect([removed(demo::SESSION_COOKIE, "/")], identity_provider::END_SESSION);
    }
    let return_to = web::field(&form, "return_to");
    let Some(user_token) = web::field(&form, "user_token").filter(|token| is_cookie_value(token)) else {
        let problem = "A user token in a cookie is printable ASCII without white space, quotes, commas and semicolons.";
        return company.show(&headers, return_to, problem);
    };
    let address = own_address(return_to.as_deref(), &headers).unwrap_or_else(|| format!("{}/hc", company.zendesk));
    let is_remembered = web::field(&form, "remember").is_some();
    let remembered = is_remembered.then(|| cookie(REMEMBERED_COOKIE, user_token.clone(), LOGIN));
    redirect([cookie(demo::SESSION_COOKIE, user_token, "/")].into_iter().chain(remembered), &address)
}

/// Sends the browser to the identity provider (OpenID Connect Core 1.0, section 3.1.2.1).
async fn begin(headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let random = || RandomJti.next().map(|id| id.as_str().to_owned());
    let (Ok(state), Ok(first), Ok(second)) = (random(), random(), random()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let code_verifier = first + &second;
    let return_to = web::field(query.unwrap_or_default().as_bytes(), "return_to").unwrap_or_default();
    let pending = [("state", &state), ("code_verifier", &code_verifier), ("return_to", &return_to)];
    let pending = cookie(PENDING_COOKIE, Serializer::new(String::new()).extend_pairs(pending).finish(), LOGIN);
    let query = Serializer::new(String::new())
        .extend_pairs([("client_id", identity_provider::CLIENT_ID), ("response_type", "code")])
        .extend_pairs([("scope", "openid profile email"), ("redirect_uri", &callback_address(&headers))])
        .extend_pairs([("code_challenge", &*code_challenge(&code_verifier)), ("code_challenge_method", "S256")])
        .append_pair("state", &state)
        .finish();
    redirect([pending], &format!("{}?{query}", identity_provider::AUTHORIZE))
}

/// Exchanges the provider's code for the ID token, which becomes the session.
async fn callback(State(company): Shared, headers: HeaderMap, RawQuery(answer): RawQuery) -> Response {
    let pending = web::cookie(&headers, PENDING_COOKIE).unwrap_or_default();
    let pending = |name| web::field(pending.as_bytes(), name);
    let answer = answer.unwrap_or_default();
    let answer = |name| web::field(answer.as_bytes(), name);
    let id_token = || {
        pending("state").filter(|state| answer("state").as_ref() == Some(state))?;
        let (code, verifier) = (answer("code")?, pending("code_verifier")?);
        // A site on another server posts these values to the provider's token endpoint.
        company.identity_provider.redeem(&code, &verifier, &callback_address(&headers))
    };
    let return_to = pending("return_to");
    let Some(id_token) = id_token() else {
        return company.show(&headers, return_to, "This login was not begun here, or has ended: begin again.");
    };
    let cookies = [cookie(demo::SESSION_COOKIE, id_token, "/"), removed(PENDING_COOKIE, LOGIN)];
    // Without a sign-in to return to, the page shows what the ID token is good for.
    redirect(cookies, &own_address(return_to.as_deref(), &headers).unwrap_or_else(|| LOGIN.to_owned()))
}

fn callback_address(headers: &HeaderMap) -> String {
    format!("http://{}{CALLBACK}", web::header(headers, HOST.as_str()).unwrap_or_default())
}

pub(super) fn cookie(name: &'static str, value: String, path: &'static str) -> Cookie<'static> {
    Cookie::build((name, value)).path(path).http_only(true).same_site(SameSite::Lax).build()
}

pub(super) fn removed(name: &'static str, path: &'static str) -> Cookie<'static> {
    Cookie::build((name, "")).path(path).max_age(Duration::ZERO).build()
}

pub(super) fn redirect(cookies: impl IntoIterator<Item = Cookie<'static>>, target: &str) -> Response {
    let cookies = cookies.into_iter().map(|cookie| (SET_COOKIE, cookie.to_string()));
    (AppendHeaders(cookies), Redirect::to(target)).into_response()
}

/// The address if it is on this server: a login page must not redirect to other sites.
fn own_address(return_to: Option<&str>, headers: &HeaderMap) -> Option<String> {
    let own = Url::parse(&format!("http://{}", web::header(headers, HOST.as_str())?)).ok()?;
    Url::parse(return_to?).ok().filter(|url| url.origin() == own.origin()).map(String::from)
}

/// RFC 6265, section 4.1.1, `cookie-octet`.
pub(crate) fn is_cookie_value(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte))
}
