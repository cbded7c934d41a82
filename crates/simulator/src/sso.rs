//! Single sign-on: Zendesk sends the browser to the remote login URL and accepts the JWT that the browser brings.
//!
//! *Enabling JWT single sign-on*

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderMap, LOCATION, SET_COOKIE};
use axum::http::{StatusCode, Uri};
use axum::response::{AppendHeaders, Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use cookie::{Cookie, SameSite, time::Duration};
use serde_json::{Map, Value};
use url::{Position, Url};

use crate::account::Brand;
use crate::sessions::{Sessions, Step, listed, located};
use crate::users::{Update, shown};
use crate::verdict::{Verdict, Violation, names};
use crate::web::{self, Menu, Prose};
use crate::{Shared, Sso, Zendesk, log, now, pages, random_id};
use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::inspect::{Expectation, Rule, Signature, inspect};

const SESSION_COOKIE: &str = "_zendesk_session";

/// English, in Zendesk's numbers.
const LOCALE_ID: &str = "1";

/// Where a browser without `return_to` goes.
const HELP_CENTER: &str = "/hc";

/// The known messages begin with "User is invalid" (C: two public SSO clients and Zendesk's API).
const EMAIL_TAKEN: &str = "User is invalid: Email: {email} is already being used by another user";

/// Known messages (C, as above) that the pages of this simulator offer for the next sign-in.
const KNOWN_ERRORS: [&str; 5] = [
    "User is invalid: External {external_id} has already been taken",
    EMAIL_TAKEN,
    "User is invalid: Phone: is invalid",
    "Please use one of the options below to sign in to Zendesk.",
    "Users with the email address {email} are not allowed to sign up for this help desk",
];

/// Other answers to the next sign-in: the page that Zendesk documents, and what a browser or program may get instead.
const OTHER_ANSWERS: [(&str, OtherAnswer); 5] = [
    ("200 and a page of one link, as documented", OtherAnswer::PageOfOneLink),
    ("403 and the page of a bot check", OtherAnswer::BotCheck),
    ("503", OtherAnswer::Unavailable),
    ("A redirect to another host", OtherAnswer::OtherHost),
    ("No answer for a minute", OtherAnswer::Late),
];

#[derive(Clone, Copy)]
enum OtherAnswer {
    PageOfOneLink,
    BotCheck,
    Unavailable,
    OtherHost,
    Late,
}

/// A browser that is signed in.
#[derive(Clone)]
pub(super) struct SignIn {
    verdict: Verdict,
    update: Update,
    /// The name of the configuration whose secret signed the JWT.
    configuration: String,
    steps: Vec<Step>,
}

/// A sign-in that Zendesk refused.
#[derive(Clone)]
pub(super) struct Refusal {
    /// What the remote logout URL receives.
    message: String,
    violations: Vec<Violation>,
    verdict: Option<Verdict>,
    steps: Vec<Step>,
}

/// The help center or the agent interface.
#[derive(Template)]
#[template(path = "zendesk/visitor.html")]
struct Visitor<'a> {
    menu: Menu,
    zendesk: &'a Zendesk,
    sessions: &'a Sessions,
    is_help_center: bool,
    brand: &'a Brand,
    login_link: String,
    remote_login: Url,
    user: Option<&'a SignIn>,
}

/// Why the last browser was not signed in.
#[derive(Template)]
#[template(path = "zendesk/refused.html")]
struct Refused {
    menu: Menu,
    refusal: Option<Refusal>,
    has_remote_logout: bool,
}

pub(super) fn router() -> Router<Arc<Zendesk>> {
    Router::new()
        .route("/hc", get(help_center))
        .route("/hc/{*page}", get(help_center))
        .route("/agent", get(agent_interface))
        .route("/agent/{*page}", get(agent_interface))
        .route("/access/login", get(log_in))
        .route("/access/jwt", get(deprecated).post(receive_jwt))
        .route("/access/logout", get(log_out))
        .route("/access/normal", get(normal))
        .route("/access/unauthenticated", get(unauthenticated))
        .route("/simulator/next-error", post(choose_next_error))
        .route("/simulator/arrive", get(arrive))
}

fn brand<'a>(zendesk: &'a Zendesk, headers: &HeaderMap) -> &'a Brand {
    zendesk.brands.iter().find(|brand| brand.is_of(headers)).unwrap_or(&zendesk.brands[0])
}

async fn help_center(State(zendesk): Shared, request: Request) -> Response {
    visitor(&zendesk, &request, HELP_CENTER)
}

async fn agent_interface(State(zendesk): Shared, request: Request) -> Response {
    visitor(&zendesk, &request, "/agent")
}

fn visitor(zendesk: &Zendesk, request: &Request, page: &'static str) -> Response {
    let Some(primary) = zendesk.account.sso.first() else { return StatusCode::NOT_FOUND.into_response() };
    let sessions = zendesk.sessions.lock();
    let (is_help_center, headers) = (page == HELP_CENTER, request.headers());
    let brand = brand(zendesk, headers);
    let path = request.uri().path_and_query().map_or(page, |path| path.as_str());
    // A mapped host and the agent interface send their full address as `return_to`. The help center sends a path.
    let host = if is_help_center { &brand.origin } else { &zendesk.origin };
    let address = host.join(path).ok().filter(|_| brand.is_host_mapped || !is_help_center);
    let return_to = address.as_ref().map_or(path, Url::as_str);
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", return_to).finish();
    let page = Visitor {
        menu: pages::menu(zendesk, page),
        zendesk,
        sessions: &sessions,
        is_help_center,
        brand,
        login_link: format!("/access/login?{query}"),
        remote_login: remote_login(primary, brand, return_to),
        user: web::cookie(headers, SESSION_COOKIE).and_then(|id| sessions.get(&id)),
    };
    pages::respond(zendesk, &page)
}

async fn log_in(State(zendesk): Shared, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let chosen = web::chosen(&zendesk.account.sso, query, "sso", |sso| &sso.name);
    let Some(sso) = chosen else { return StatusCode::NOT_FOUND.into_response() };
    let asked = web::field(query, "return_to").unwrap_or_default();
    let return_to = own_address(&zendesk, &asked).map_or(HELP_CENTER, |_| &asked);
    log("GET /access/login", "sent to the remote login URL");
    let target = remote_login(sso, brand(&zendesk, request.headers()), return_to);
    zendesk.account.journey.begin(Step {
        title: "Zendesk sends the browser to your remote login URL, with these parameters.",
        sent: "GET /access/login".to_owned(),
        received: format!("302 Found{}", located(&target[..Position::AfterQuery])),
        is_end: false,
    });
    pages::redirect(target.as_str())
}

fn remote_login(sso: &Sso, brand: &Brand, return_to: &str) -> Url {
    let mut url = sso.login_url.clone();
    url.query_pairs_mut()
        .append_pair("return_to", return_to)
        .append_pair("brand_id", brand.id)
        .append_pair("locale_id", LOCALE_ID)
        .append_pair("timestamp", &now().0.to_string());
    url
}

async fn deprecated(State(zendesk): Shared) -> Response {
    let text = "Zendesk accepts the JWT in a form that the browser posts to /access/jwt, with the fields jwt and \
                return_to. GET with ?jwt= is deprecated, because addresses end up in histories and logs.";
    log("GET /access/jwt", "405 deprecated: post a form");
    let page = pages::message(&zendesk, "Do not put a JWT into an address", text);
    (StatusCode::METHOD_NOT_ALLOWED, [("allow", "POST")], page).into_response()
}

/// Signs the browser in and sends it to `return_to`, or sends it to the remote logout URL with the error.
async fn receive_jwt(State(zendesk): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let other = |error: &str| OTHER_ANSWERS.into_iter().find(|(name, _)| *name == error);
    let chosen = zendesk.sessions.lock().next_error.take_if(|error| other(error).is_some());
    let html = |status, page| (status, Html(page)).into_response();
    match chosen.and_then(other).map(|(_, answer)| answer) {
        None => answer_jwt(&zendesk, &headers, &body),
        Some(OtherAnswer::PageOfOneLink) => {
            let mut answer = answer_jwt(&zendesk, &headers, &body);
            answer.headers_mut().remove(LOCATION);
            *answer.status_mut() = StatusCode::OK;
            answer
        }
        Some(OtherAnswer::BotCheck) => html(StatusCode::FORBIDDEN, "<h1>Are you a human?</h1>"),
        Some(OtherAnswer::Unavailable) => html(StatusCode::SERVICE_UNAVAILABLE, "<h1>Down</h1>"),
        Some(OtherAnswer::OtherHost) => pages::redirect("https://www.example.org/welcome?key=1"),
        Some(OtherAnswer::Late) => {
            tokio::time::sleep(std::time::Duration::from_mins(1)).await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
    }
}

fn answer_jwt(zendesk: &Zendesk, headers: &HeaderMap, body: &[u8]) -> Response {
    let jwt = web::field(body, "jwt");
    let Some(sso) = signer(zendesk, jwt.as_deref().unwrap_or_default()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if web::header(headers, "sec-fetch-dest").is_some_and(|destination| destination != "document") {
        log("POST /access/jwt", "403 not a form of the browser");
        let advice = "Make the browser post a form: scripts and frames cannot sign a user in.";
        return (StatusCode::FORBIDDEN, advice).into_response();
    }
    let sent = format!("POST /access/jwt{}", listed(body));
    let is_form = web::header(headers, CONTENT_TYPE.as_str())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let Some(jwt) = jwt.filter(|_| is_form) else {
        let problem = "The form field `jwt` is missing: post a form with the fields `jwt` and `return_to`.";
        let violations = vec![Violation::new("jwt_missing", problem)];
        let message = message(&violations, &Map::new());
        let refusal = Refusal { message, violations, verdict: None, steps: Vec::new() };
        return refuse(zendesk, sso, brand(zendesk, headers), refusal, sent);
    };
    let mut verdict = Verdict::on(zendesk, Kind::Sso, &jwt, Some(&sso.key));
    let asked = web::field(body, "return_to").unwrap_or_else(|| HELP_CENTER.to_owned());
    let return_to = own_address(zendesk, &asked);
    if return_to.is_none() {
        let problem = "`return_to` leads to another host: check it, and send the value that Zendesk sent you.";
        verdict.further.push(Violation::new("return_to_foreign", problem));
    }
    let chosen_error = zendesk.sessions.lock().next_error.take();
    if chosen_error.is_some() {
        verdict.further.push(Violation::new("error_chosen", "You chose this error on a page of the simulator."));
    }
    if verdict.is_accepted() {
        let updated = zendesk.users.lock().update(&verdict);
        match updated {
            Ok(update) => {
                let sign_in = SignIn { verdict, update, configuration: sso.name.clone(), steps: Vec::new() };
                return begin_session(zendesk, &return_to.unwrap_or_default(), sign_in, sent);
            }
            Err(conflict) => verdict.further.push(conflict),
        }
    }
    let (violations, claims) = (verdict.violations(), verdict.claims());
    let message = chosen_error.map_or_else(|| message(&violations, &claims), |error| fill_in(error, &claims));
    let refusal = Refusal { message, violations, verdict: Some(verdict), steps: Vec::new() };
    refuse(zendesk, sso, brand(zendesk, headers), refusal, sent)
}

/// The configuration whose secret signed the JWT. How Zendesk finds it is not known; the Primary SSO is the last resort.
fn signer<'a>(zendesk: &'a Zendesk, jwt: &str) -> Option<&'a Sso> {
    let has_signed = |sso: &&Sso| {
        let secret = Some(sso.key.secret().as_bytes());
        inspect(jwt, &Expectation { kind: Some(Kind::Sso), secret, now: 0 }).signature == Signature::Verified
    };
    zendesk.account.sso.iter().find(has_signed).or(zendesk.account.sso.first())
}

/// The address if it is on a host of this Zendesk; a path stays a path.
fn own_address(zendesk: &Zendesk, asked: &str) -> Option<String> {
    let url = zendesk.origin.join(asked).ok()?;
    let is_path = asked.starts_with('/');
    let own = if is_path { url[Position::BeforePath..].to_owned() } else { url.as_str().to_owned() };
    zendesk.brands.iter().any(|brand| brand.origin.origin() == url.origin()).then_some(own)
}

/// Adds the last step: the form with the JWT, and Zendesk's answer.
fn arrived(zendesk: &Zendesk, title: &'static str, sent: String, target: &str) -> Vec<Step> {
    let received = format!("302 Found{}", located(target));
    zendesk.account.journey.add(Step { title, sent, received, is_end: true });
    zendesk.account.journey.steps()
}

fn begin_session(zendesk: &Zendesk, return_to: &str, mut sign_in: SignIn, sent: String) -> Response {
    let Some(id) = random_id() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    log("POST /access/jwt", "302 signed in");
    let title =
        "The browser posts the form with the JWT. Zendesk signs the user in and sends the browser to return_to.";
    sign_in.steps = arrived(zendesk, title, sent, return_to);
    zendesk.sessions.lock().last_refusal = None;
    zendesk.sessions.lock().begin(id.clone(), sign_in);
    let cookie = session_cookie(&id).build().to_string();
    ([(SET_COOKIE, cookie)], pages::redirect(&with_session(zendesk, return_to, id))).into_response()
}

/// Zendesk takes the session along to a mapped host, which the cookie of the account's host does not reach. How is not
/// known; here it is a key that works once.
fn with_session(zendesk: &Zendesk, return_to: &str, id: String) -> String {
    let is_there = |brand: &&Brand| Url::parse(return_to).is_ok_and(|url| url.origin() == brand.origin.origin());
    let brand = zendesk.brands.iter().filter(|brand| brand.is_host_mapped).find(is_there);
    let (Some(brand), Some(key)) = (brand, random_id()) else { return return_to.to_owned() };
    let mut arrival = brand.origin.clone();
    arrival.set_path("/simulator/arrive");
    arrival.query_pairs_mut().append_pair("key", &key).append_pair("return_to", return_to);
    zendesk.sessions.lock().taken_along = Some((key, id));
    arrival.into()
}

async fn arrive(State(zendesk): Shared, uri: Uri) -> Response {
    let field = |name| web::field(uri.query().unwrap_or_default().as_bytes(), name).unwrap_or_default();
    let id = zendesk.sessions.lock().arrive(&field("key"));
    let return_to = own_address(&zendesk, &field("return_to")).unwrap_or_else(|| HELP_CENTER.to_owned());
    let cookie = id.map(|id| [(SET_COOKIE, session_cookie(&id).build().to_string())]);
    (cookie.map(AppendHeaders), pages::redirect(&return_to)).into_response()
}

fn refuse(zendesk: &Zendesk, sso: &Sso, brand: &Brand, mut refusal: Refusal, sent: String) -> Response {
    log("POST /access/jwt", &format!("302 refused: {}", names(&refusal.violations)));
    let error = [("kind", "error"), ("message", refusal.message.as_str())];
    let claims = refusal.verdict.as_ref().map(Verdict::claims).unwrap_or_default();
    let target: String = if let Some(url) = &sso.logout_url {
        let mut url = url.clone();
        url.query_pairs_mut().append_pair("brand_id", brand.id).extend_pairs(identity(&claims)).extend_pairs(error);
        url.into()
    } else {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(error).finish();
        format!("/access/unauthenticated?{query}")
    };
    let title = "The browser posts the form with the JWT. Zendesk refuses it and sends the browser to your remote logout URL with the reason.";
    refusal.steps = arrived(zendesk, title, sent, &target);
    zendesk.sessions.lock().last_refusal = Some(refusal);
    pages::redirect(&target)
}

/// Ends the session, and sends the browser to the remote logout URL with the user's identity.
async fn log_out(State(zendesk): Shared, headers: HeaderMap) -> Response {
    let ended = web::cookie(&headers, SESSION_COOKIE).and_then(|id| zendesk.sessions.lock().end(&id));
    let remote_logout = ended.and_then(|sign_in| {
        let sso = zendesk.account.sso.iter().find(|sso| sso.name == sign_in.configuration)?;
        let (mut url, brand) = (sso.logout_url.clone()?, brand(&zendesk, &headers));
        url.query_pairs_mut().extend_pairs(identity(&sign_in.update.user)).append_pair("brand_id", brand.id);
        Some(url)
    });
    log("GET /access/logout", "302 signed out");
    let cookie = session_cookie("").max_age(Duration::ZERO).build().to_string();
    let target = remote_logout.as_ref().map_or(HELP_CENTER, Url::as_str);
    ([(SET_COOKIE, cookie)], pages::redirect(target)).into_response()
}

/// What the remote logout URL receives of a user.
fn identity(user: &Map<String, Value>) -> impl Iterator<Item = (&'static str, &str)> {
    ["email", "external_id"].into_iter().filter_map(|name| Some((name, user.get(name)?.as_str()?)))
}

async fn normal(State(zendesk): Shared) -> Response {
    let text = "Zendesk shows a form for e-mail address and Zendesk password here, which bypasses single sign-on. The \
                simulator has no passwords.";
    pages::message(&zendesk, "Sign in with a Zendesk password", text)
}

async fn unauthenticated(State(zendesk): Shared) -> Response {
    let refusal = zendesk.sessions.lock().last_refusal.clone();
    let has_remote_logout = zendesk.account.sso.iter().any(|sso| sso.logout_url.is_some());
    pages::respond(&zendesk, &Refused { menu: pages::menu(&zendesk, ""), refusal, has_remote_logout })
}

/// An empty choice makes Zendesk decide by itself again.
async fn choose_next_error(State(zendesk): Shared, body: Bytes) -> Response {
    let chosen = web::field(&body, "message");
    zendesk.sessions.lock().next_error = choices().find(|error| Some(*error) == chosen.as_deref());
    Redirect::to(HELP_CENTER).into_response()
}

/// What a person can choose for the next sign-in.
fn choices() -> impl Iterator<Item = &'static str> {
    KNOWN_ERRORS.into_iter().chain(OTHER_ANSWERS.map(|(name, _)| name))
}

fn session_cookie(value: &str) -> cookie::CookieBuilder<'_> {
    // Without `Secure`, because the simulator uses plain HTTP.
    Cookie::build((SESSION_COOKIE, value)).path("/").http_only(true).same_site(SameSite::Lax)
}

/// What Zendesk says about broken rules, as far as it is known. The exact texts are not.
const GISTS: [(&str, &str); 11] = [
    (Rule::Algorithm.code(), SIGNATURE_FAILED),
    (Rule::Type.code(), SIGNATURE_FAILED),
    (Rule::Signature.code(), SIGNATURE_FAILED),
    (Rule::IatFresh.code(), IAT_IS_OFF),
    (Rule::NotMilliseconds.code(), IAT_IS_OFF),
    (Rule::ExpAhead.code(), "The token has expired"),
    (Rule::EmailAddress.code(), "User is invalid: Email is invalid"),
    (Rule::RequiredClaims.code(), "User is invalid: Name or email is invalid"),
    ("jti_reused", "The unique identifier has been reused"),
    ("return_to_foreign", "The address to return to is on another host"),
    ("jwt_missing", "The token is missing"),
];
const SIGNATURE_FAILED: &str = "Signature verification failed";
const IAT_IS_OFF: &str = "The iat is not within 3 minutes of our clock";

/// Zendesk stops at one rule: the signature first, then whether the token can be read, then what the token says.
/// The rule in parentheses is ours.
fn message(violations: &[Violation], claims: &Map<String, Value>) -> String {
    let is_of_signature = |violation: &&Violation| GISTS.contains(&(violation.rule, SIGNATURE_FAILED));
    let first = violations.iter().find(is_of_signature).or(violations.first());
    let rule = first.map_or("", |violation| violation.rule);
    if rule == "email_conflict" {
        return fill_in(EMAIL_TAKEN, claims);
    }
    let has = |claim: &str| claims.get(claim).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
    let is_other_claim = rule == Rule::RequiredClaims.code() && has("name") && has("email");
    let known = GISTS.into_iter().find(|(known, _)| *known == rule && !is_other_claim);
    format!("{} ({rule})", known.map_or("Invalid JWT token", |(_, gist)| gist))
}

fn fill_in(message: &str, claims: &Map<String, Value>) -> String {
    let claim = |name| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    message.replace("{email}", claim("email")).replace("{external_id}", claim("external_id"))
}
