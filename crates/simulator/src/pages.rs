//! What a browser sees. The template engine escapes every value by itself, and nothing is fetched from elsewhere.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use crate::Zendesk;
use crate::people::{Effect, shown};
use crate::sso::{Refusal, SignIn};
use crate::verdict::{Checked, Verdict, Violation};

/// The links at the head of every page.
pub(super) struct Menu<'a> {
    /// The page that is shown.
    pub current: &'a str,
    pub links: Vec<Link>,
}

/// A link to a page.
pub(super) struct Link {
    pub id: &'static str,
    pub path: &'static str,
    pub title: &'static str,
}

impl<'a> Menu<'a> {
    /// The pages of the kinds that are simulated.
    pub fn of(zendesk: &Zendesk, current: &'a str) -> Self {
        let account = &zendesk.account;
        let link = |id, path, title| Link { id, path, title };
        let sso = account.sso.iter();
        let sso = sso.flat_map(|_| [link("hc", "/hc", "Help center"), link("agent", "/agent", "Agent interface")]);
        let support_sdk = account.support_sdk.iter().map(|_| link("sdk", "/sdk", "Support SDK"));
        let messaging = account.messaging.iter().map(|_| link("messaging", "/messaging", "Messaging"));
        Self { current, links: sso.chain(support_sdk).chain(messaging).collect() }
    }
}

#[derive(Template)]
#[template(path = "zendesk/home.html")]
struct Home<'a> {
    menu: Menu<'a>,
}

#[derive(Template)]
#[template(path = "zendesk/message.html")]
struct Message<'a> {
    menu: Menu<'a>,
    title: &'a str,
    text: &'a str,
}

/// The help center or the agent interface, with or without somebody signed in.
#[derive(Template)]
#[template(path = "zendesk/visitor.html")]
pub(super) struct Visitor<'a> {
    menu: Menu<'a>,
    title: &'static str,
    login_link: String,
    remote_login: &'a str,
    was_refused: bool,
    person: Option<SignedIn>,
}

/// Somebody signed in.
struct SignedIn {
    name: String,
    is_new: bool,
    is_end_user: bool,
    fields: Vec<(String, String)>,
    effects: Vec<Effect>,
    kept: String,
    warnings: Vec<Violation>,
    taken_apart: String,
    rules: Vec<Checked>,
}

impl<'a> Visitor<'a> {
    /// The page at `return_to`.
    pub fn new(
        zendesk: &Zendesk,
        place: &'static str,
        return_to: &str,
        remote_login: &'a str,
        sign_in: Option<SignIn>,
        was_refused: bool,
    ) -> Self {
        let title = if place == "hc" { "Help center" } else { "Agent interface" };
        let menu = Menu::of(zendesk, place);
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", return_to).finish();
        let login_link = format!("/access/login?{query}");
        Self { menu, title, login_link, remote_login, was_refused, person: sign_in.map(SignedIn::of) }
    }
}

impl SignedIn {
    fn of(SignIn { verdict, known }: SignIn) -> Self {
        Self {
            name: shown(known.person.get("name")),
            is_new: known.is_new,
            is_end_user: known.person.get("role").is_none_or(|role| role == "end_user"),
            fields: known.person.iter().map(|(field, value)| (field.clone(), shown(Some(value)))).collect(),
            effects: known.effects,
            kept: known.kept.join(", "),
            warnings: verdict.warnings(),
            taken_apart: verdict.taken_apart(),
            rules: verdict.checked(),
        }
    }
}

/// Why the last browser was not signed in.
#[derive(Template)]
#[template(path = "zendesk/refused.html")]
pub(super) struct Refused<'a> {
    menu: Menu<'a>,
    refusal: Option<Refusal>,
    taken_apart: String,
    rules: Vec<Checked>,
    has_remote_logout: bool,
}

impl Refused<'_> {
    /// The page about this refusal.
    pub fn new(zendesk: &Zendesk, refusal: Option<Refusal>, has_remote_logout: bool) -> Self {
        let verdict = refusal.as_ref().and_then(|refusal| refusal.verdict.as_ref());
        let taken_apart = verdict.map(Verdict::taken_apart).unwrap_or_default();
        let rules = verdict.map(Verdict::checked).unwrap_or_default();
        Self { menu: Menu::of(zendesk, ""), refusal, taken_apart, rules, has_remote_logout }
    }
}

/// The routes that every simulator has.
pub(super) fn router() -> Router<Arc<Zendesk>> {
    let style = || async { asset("text/css; charset=utf-8", include_str!("../templates/zendesk/style.css")) };
    Router::new().route("/", get(home)).route("/simulator/style.css", get(style)).fallback(nothing)
}

async fn home(State(zendesk): State<Arc<Zendesk>>) -> Response {
    respond(&zendesk, &Home { menu: Menu::of(&zendesk, "") })
}

async fn nothing(State(zendesk): State<Arc<Zendesk>>) -> Response {
    let page = message(&zendesk, "There is nothing here", "The links above lead to what is simulated.");
    (StatusCode::NOT_FOUND, page).into_response()
}

/// A page that says one thing.
pub(super) fn message(zendesk: &Zendesk, title: &str, text: &str) -> Response {
    respond(zendesk, &Message { menu: Menu::of(zendesk, ""), title, text })
}

/// 200 with a page, under a policy by which it loads from here alone.
pub(super) fn respond(zendesk: &Zendesk, page: &impl Template) -> Response {
    let messaging = zendesk.account.messaging.as_ref();
    let endpoint = messaging.map(|messaging| messaging.jwt_url.origin().ascii_serialization()).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self' {endpoint}; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    let headers = [
        (CONTENT_SECURITY_POLICY, policy.as_str()),
        (CACHE_CONTROL, "no-store"),
        // A post from our own page has to say whence it comes.
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ];
    // Rendering fails only when a value's own `Display` fails, and these are strings.
    (headers, Html(page.render().unwrap_or_default())).into_response()
}

/// 302 as Zendesk's, with a page whose one link leads there.
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

/// A message in pieces, each with whether it is code: what stands between backticks.
pub(super) fn prose(text: &str) -> impl Iterator<Item = (bool, &str)> {
    text.split('`').enumerate().map(|(index, part)| (index % 2 == 1, part))
}

/// A script.
pub(super) fn script(source: &'static str) -> Response {
    asset("text/javascript; charset=utf-8", source)
}

fn asset(content_type: &'static str, text: &'static str) -> Response {
    let headers = [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, text).into_response()
}
