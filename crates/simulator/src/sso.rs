//! Single sign-on: Zendesk sends the browser to the remote login URL, and takes the JWT that it brings back.
//!
//! *Enabling JWT single sign-on*

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, COOKIE, HeaderMap, SET_COOKIE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cookie::{Cookie, SameSite, time::Duration};
use serde_json::Value;
use url::{Position, Url};

use crate::pages::{self, Refused, Visitor};
use crate::people::Known;
use crate::verdict::{Verdict, Violation, names};
use crate::{Sso, Zendesk, guard, support_sdk, tell};
use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::inspect::Rule;

use crate::environment::{self, random_id};

/// The cookie of a browser that is signed in.
const SESSION_COOKIE: &str = "_zendesk_session";

/// The one brand of this account.
const BRAND_ID: &str = "360000000001";

/// English, in Zendesk's numbers.
const LOCALE_ID: &str = "1";

/// Where a browser goes that did not say where.
const HELP_CENTER: &str = "/hc";

/// A browser that was signed in.
#[derive(Clone)]
pub(super) struct SignIn {
    pub verdict: Verdict,
    pub known: Known,
}

/// A browser that was not.
#[derive(Clone)]
pub(super) struct Refusal {
    /// What the remote logout URL is told.
    pub message: String,
    pub violations: Vec<Violation>,
    pub verdict: Option<Verdict>,
}

/// The routes.
pub(super) fn router() -> Router<Arc<Zendesk>> {
    Router::new()
        .route("/hc", get(help_center))
        .route("/hc/{*page}", get(help_center))
        .route("/agent", get(agent_interface))
        .route("/agent/{*page}", get(agent_interface))
        .route("/access/login", get(log_in))
        .route("/access/jwt", get(deprecated).post(take_jwt))
        .route("/access/logout", get(log_out))
        .route("/access/normal", get(normal))
        .route("/access/unauthenticated", get(unauthenticated))
}

async fn help_center(State(zendesk): State<Arc<Zendesk>>, request: Request) -> Response {
    let return_to = request.uri().path_and_query().map_or(HELP_CENTER, |path| path.as_str()).to_owned();
    visitor(&zendesk, request.headers(), &return_to, "hc")
}

/// The agent interface names itself with its full address, where the help center has a path.
async fn agent_interface(State(zendesk): State<Arc<Zendesk>>, request: Request) -> Response {
    let path = request.uri().path_and_query().map_or("/agent", |path| path.as_str());
    let return_to = zendesk.origin.join(path).map_or_else(|_| path.to_owned(), String::from);
    visitor(&zendesk, request.headers(), &return_to, "agent")
}

fn visitor(zendesk: &Zendesk, headers: &HeaderMap, return_to: &str, place: &'static str) -> Response {
    let Some(sso) = &zendesk.account.sso else { return StatusCode::NOT_FOUND.into_response() };
    let sign_in = session_id(headers).and_then(|id| zendesk.memory().session(&id).cloned());
    let was_refused = zendesk.memory().last_refusal.is_some();
    let remote_login = remote_login(sso, return_to);
    pages::respond(zendesk, &Visitor::new(zendesk, place, return_to, remote_login.as_str(), sign_in, was_refused))
}

/// To the remote login URL, as Zendesk sends a browser there.
async fn log_in(State(zendesk): State<Arc<Zendesk>>, request: Request) -> Response {
    let Some(sso) = &zendesk.account.sso else { return StatusCode::NOT_FOUND.into_response() };
    let asked = query_value(&request, "return_to").unwrap_or_default();
    let return_to = own_address(&zendesk, &asked).map_or(HELP_CENTER, |_| &asked);
    tell("GET /access/login", "sent to the remote login URL");
    pages::redirect(remote_login(sso, return_to).as_str())
}

fn remote_login(sso: &Sso, return_to: &str) -> Url {
    let mut url = sso.login_url.clone();
    url.query_pairs_mut()
        .append_pair("return_to", return_to)
        .append_pair("brand_id", BRAND_ID)
        .append_pair("locale_id", LOCALE_ID)
        .append_pair("timestamp", &environment::now().0.to_string());
    url
}

/// A JWT in an address ends up in histories and logs, so Zendesk does not take it there any more.
async fn deprecated(State(zendesk): State<Arc<Zendesk>>) -> Response {
    let text = "Zendesk takes the JWT from a form that the browser posts to /access/jwt, with the fields jwt and \
                return_to. GET with ?jwt= is deprecated, since an address ends up in histories and logs.";
    tell("GET /access/jwt", "405 deprecated: post a form");
    let page = pages::message(&zendesk, "A JWT does not go into an address", text);
    (StatusCode::METHOD_NOT_ALLOWED, [("allow", "POST")], page).into_response()
}

/// `POST /access/jwt`: signs the browser in and sends it to `return_to`, or to the remote logout URL with the reason.
async fn take_jwt(State(zendesk): State<Arc<Zendesk>>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(sso) = &zendesk.account.sso else { return StatusCode::NOT_FOUND.into_response() };
    if guard::text(&headers, "sec-fetch-dest").is_some_and(|destination| destination != "document") {
        tell("POST /access/jwt", "403 not the browser's own form");
        return (StatusCode::FORBIDDEN, "Let the browser post a form: a script or a frame signs in nobody.")
            .into_response();
    }
    match sign_in(&zendesk, sso, &headers, &body) {
        Ok((return_to, sign_in)) => signed_in(&zendesk, &return_to, sign_in),
        Err(refusal) => refused(&zendesk, sso, *refusal),
    }
}

fn sign_in(zendesk: &Zendesk, sso: &Sso, headers: &HeaderMap, body: &[u8]) -> Result<(String, SignIn), Box<Refusal>> {
    let is_form = guard::text(headers, CONTENT_TYPE.as_str())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let field =
        |wanted| form_urlencoded::parse(body).find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
    let Some(jwt) = field("jwt").filter(|_| is_form) else {
        let problem = "There is no form field `jwt`: post a form with the fields `jwt` and `return_to`.";
        return Err(Refusal::of(vec![Violation::new("jwt_missing", problem)], None));
    };
    let mut verdict = Verdict::on(zendesk, Kind::Sso, &jwt, Some(sso.secret.as_bytes()));
    let asked = field("return_to").filter(|asked| !asked.is_empty()).unwrap_or_else(|| HELP_CENTER.to_owned());
    let return_to = own_address(zendesk, &asked).ok_or_else(|| {
        let problem = "`return_to` leads to another host: send back what the remote login URL was given, and check it.";
        verdict.further.push(Violation::new("return_to_foreign", problem));
    });
    let known = if verdict.is_accepted() {
        zendesk.people().take(&verdict).map_err(|_| {
            verdict.further.push(Violation::new("email_conflict", support_sdk::CONFLICT));
        })
    } else {
        Err(())
    };
    match (return_to, known) {
        (Ok(return_to), Ok(known)) => Ok((return_to, SignIn { verdict, known })),
        _ => Err(Refusal::of(verdict.violations(), Some(verdict))),
    }
}

/// The address when it is on this Zendesk: a path stays one.
fn own_address(zendesk: &Zendesk, asked: &str) -> Option<String> {
    let url = zendesk.origin.join(asked).ok()?;
    if url.origin() != zendesk.origin.origin() {
        return None;
    }
    let is_path = asked.starts_with('/');
    Some(if is_path { url[Position::BeforePath..].to_owned() } else { url.into() })
}

fn signed_in(zendesk: &Zendesk, return_to: &str, sign_in: SignIn) -> Response {
    let Some(id) = random_id() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    tell("POST /access/jwt", "302 signed in");
    zendesk.memory().last_refusal = None;
    zendesk.memory().begin_session(id.clone(), sign_in);
    let cookie = session_cookie(&id).build().to_string();
    ([(SET_COOKIE, cookie)], pages::redirect(return_to)).into_response()
}

fn refused(zendesk: &Zendesk, sso: &Sso, refusal: Refusal) -> Response {
    tell("POST /access/jwt", &format!("302 refused: {}", names(&refusal.violations)));
    let reason = [("kind", "error"), ("message", refusal.message.as_str())];
    let verdict = refusal.verdict.as_ref();
    let claims = verdict.map(Verdict::claims).unwrap_or_default();
    let target = if let Some(url) = &sso.logout_url {
        let mut url = url.clone();
        url.query_pairs_mut().append_pair("brand_id", BRAND_ID).extend_pairs(about(&claims)).extend_pairs(reason);
        url.into()
    } else {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(reason).finish();
        format!("/access/unauthenticated?{query}")
    };
    zendesk.memory().last_refusal = Some(refusal);
    pages::redirect(&target)
}

/// Ends the session, and tells the remote logout URL whose it was.
async fn log_out(State(zendesk): State<Arc<Zendesk>>, headers: HeaderMap) -> Response {
    let Some(sso) = &zendesk.account.sso else { return StatusCode::NOT_FOUND.into_response() };
    let mut target = HELP_CENTER.to_owned();
    if let Some(id) = session_id(&headers) {
        let mut memory = zendesk.memory();
        if let (Some(sign_in), Some(url)) = (memory.session(&id), &sso.logout_url) {
            let mut url = url.clone();
            url.query_pairs_mut().extend_pairs(about(&sign_in.known.person)).append_pair("brand_id", BRAND_ID);
            target = url.into();
        }
        memory.end_session(&id);
    }
    tell("GET /access/logout", "302 signed out");
    let cookie = session_cookie("").max_age(Duration::ZERO).build().to_string();
    ([(SET_COOKIE, cookie)], pages::redirect(&target)).into_response()
}

/// `email` and `external_id` of a user, as the remote logout URL is told them.
fn about(user: &serde_json::Map<String, Value>) -> impl Iterator<Item = (&'static str, &str)> {
    ["email", "external_id"].into_iter().filter_map(|name| Some((name, user.get(name)?.as_str()?)))
}

async fn normal(State(zendesk): State<Arc<Zendesk>>) -> Response {
    let text = "This is the way round single sign-on. In Zendesk a form for e-mail address and Zendesk password is here; \
                the simulator has no passwords.";
    pages::message(&zendesk, "Sign in with a Zendesk password", text)
}

async fn unauthenticated(State(zendesk): State<Arc<Zendesk>>) -> Response {
    let refusal = zendesk.memory().last_refusal.clone();
    let remote_logout = zendesk.account.sso.as_ref().and_then(|sso| sso.logout_url.as_ref());
    pages::respond(&zendesk, &Refused::new(&zendesk, refusal, remote_logout.is_some()))
}

fn session_cookie(value: &str) -> cookie::CookieBuilder<'_> {
    // Without `Secure`, since the simulator speaks plain HTTP.
    Cookie::build((SESSION_COOKIE, value)).path("/").http_only(true).same_site(SameSite::Lax)
}

fn session_id(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut cookies = values.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == SESSION_COOKIE).map(|cookie| cookie.value().to_owned())
}

fn query_value(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

impl Refusal {
    /// The message names one rule, the one that Zendesk would stop at.
    fn of(violations: Vec<Violation>, verdict: Option<Verdict>) -> Box<Self> {
        let (gist, rule) = gist(&violations, verdict.as_ref());
        Box::new(Self { message: format!("{gist} ({rule})"), violations, verdict })
    }
}

/// What Zendesk says, by its known gists, and the rule that it is about.
///
/// Whoever cannot sign is told nothing else; then comes whether the token can be read, then what it says.
fn gist(violations: &[Violation], verdict: Option<&Verdict>) -> (&'static str, &'static str) {
    let of_the_signature = [Rule::Algorithm, Rule::Type, Rule::Signature].map(Rule::code);
    let first = violations.iter().find(|violation| of_the_signature.contains(&violation.rule)).or(violations.first());
    let rule = first.map_or("", |violation| violation.rule);
    let has = |wanted: &[Rule]| wanted.iter().any(|wanted| wanted.code() == rule);
    let gist = if of_the_signature.contains(&rule) {
        "Signature verification failed"
    } else if has(&[Rule::IatFresh, Rule::NotMilliseconds]) {
        "The iat is not within 3 minutes of our clock"
    } else if has(&[Rule::ExpAhead]) {
        "The token has expired"
    } else if has(&[Rule::EmailAddress]) {
        "User creation failed: Email is invalid"
    } else if has(&[Rule::RequiredClaims]) && verdict.is_some_and(lacks_profile) {
        "User creation failed: Name or email is invalid"
    } else {
        match rule {
            "jti_reused" => "The unique identifier has been reused",
            "email_conflict" => "User creation failed: external id and email are those of two users",
            "return_to_foreign" => "The address to return to is on another host",
            "jwt_missing" => "The token is missing",
            _ => "Invalid JWT token",
        }
    };
    (gist, rule)
}

fn lacks_profile(verdict: &Verdict) -> bool {
    let claims = verdict.claims();
    let has = |claim: &&str| claims.get(*claim).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
    !["name", "email"].iter().all(has)
}
