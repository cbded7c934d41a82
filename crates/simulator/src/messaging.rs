//! Messaging: a page of the company with a stand-in for the web widget, and whom an agent sees.
//!
//! *Authenticating end users in messaging*

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use serde_json::{Value, json};

use crate::account::MessagingKey;
use crate::environment;
use crate::pages::{self, Menu};
use crate::verdict::{Verdict, Violation, as_json, names};
use crate::{Messaging, UserToken, Zendesk, tell};
use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::inspect::{Expectation, Rule, inspect};

#[derive(Template)]
#[template(path = "zendesk/messaging.html")]
struct Page<'a> {
    menu: Menu<'a>,
    jwt_url: &'a str,
    user_tokens: &'a [UserToken],
    user_token: &'a str,
}

/// The routes.
pub(super) fn router() -> Router<Arc<Zendesk>> {
    Router::new()
        .route("/messaging", get(page))
        .route("/messaging/login", post(log_in))
        .route("/messaging/identities", post(bind))
        .route("/zendesk-auth.js", script(include_str!("../../../web/zendesk-auth.js")))
        .route("/simulator/widget.js", script(include_str!("../templates/zendesk/widget.js")))
        .route("/simulator/messaging.js", script(include_str!("../templates/zendesk/messaging.js")))
}

fn script(source: &'static str) -> MethodRouter<Arc<Zendesk>> {
    get(async move || pages::script(source))
}

async fn page(State(zendesk): State<Arc<Zendesk>>) -> Response {
    let Some(messaging) = &zendesk.account.messaging else { return StatusCode::NOT_FOUND.into_response() };
    let page = Page {
        menu: Menu::of(&zendesk, "messaging"),
        jwt_url: messaging.jwt_url.as_str(),
        user_tokens: &zendesk.account.user_tokens,
        user_token: zendesk.account.user_tokens.first().map_or("", |user_token| &user_token.token),
    };
    pages::respond(&zendesk, &page)
}

/// The widget brings a JWT: 200 with whom the agent sees, 401 for a bad token, 409 when its address is somebody else's.
async fn log_in(State(zendesk): State<Arc<Zendesk>>, body: Bytes) -> Response {
    let Some(messaging) = &zendesk.account.messaging else { return StatusCode::NOT_FOUND.into_response() };
    let verdict = judge(&zendesk, messaging, &String::from_utf8_lossy(&body));
    let violations = verdict.violations();
    if !violations.is_empty() {
        tell("widget login", &format!("401 {}", names(&violations)));
        return refuse(StatusCode::UNAUTHORIZED, "Unauthorized", "Invalid JWT", &violations, &verdict);
    }
    let known = zendesk.people().take_visitor(&verdict);
    let Ok(known) = known else {
        let problem = "The verified `email` is bound to another `external_id`, and Zendesk keeps the first pair: take \
                       the address away from that user, or sign the same external id as before.";
        let violations = [Violation::new("email_conflict", problem)];
        tell("widget login", "409 email_conflict");
        let reason = "The email is in use by another user";
        return refuse(StatusCode::CONFLICT, "Conflict", reason, &violations, &verdict);
    };
    tell("widget login", "200 logged in");
    let claims = verdict.claims();
    let answer = json!({
        "visitor": {
            "name": known.person.get("name"),
            "external_id": known.person.get("external_id"),
            "email": known.person.get("email"),
            "email_is_ignored": verdict.breaks(Rule::EmailVerified),
        },
        "exp": claims.get("exp"),
        "warnings": verdict.warnings(),
        "jwt": verdict.taken_apart(),
    });
    answered(StatusCode::OK, &answer)
}

/// By the key that `kid` names.
fn judge(zendesk: &Zendesk, messaging: &Messaging, jwt: &str) -> Verdict {
    let unchecked = Expectation { kind: Some(Kind::Messaging), secret: None, now: environment::now().0 };
    let header = inspect(jwt, &unchecked).header.unwrap_or_default();
    let kid = header.get("kid").and_then(Value::as_str);
    let key = kid.and_then(|kid| messaging.keys.iter().find(|key| key.kid == kid));
    let secret = key.map(|key: &MessagingKey| key.secret.as_bytes());
    let mut verdict = Verdict::on(zendesk, Kind::Messaging, jwt, secret);
    if kid.is_some_and(|kid| !kid.is_empty()) && key.is_none() {
        let problem = "`kid` in the header names no key of this account: put the Key ID there that belongs to the \
                       secret, from Admin Center > Account > Security > End user authentication.";
        verdict.further.push(Violation::new("kid_unknown", problem));
    }
    verdict
}

/// What the widget hands to the page's second callback, and what Zendesk would not say.
fn refuse(status: StatusCode, message: &str, reason: &str, violations: &[Violation], verdict: &Verdict) -> Response {
    let mut answer = as_json(violations, &verdict.warnings());
    answer["error"] = json!({ "type": "LoginFailedError", "message": message, "reason": reason });
    answer["jwt"] = json!(verdict.taken_apart());
    answered(status, &answer)
}

/// Lets another user have an address first, so that the next login conflicts.
async fn bind(State(zendesk): State<Arc<Zendesk>>, body: Bytes) -> Response {
    let field = |wanted: &str| {
        form_urlencoded::parse(&body).find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    match (field("email"), field("external_id")) {
        (Some(email), Some(external_id)) if !email.is_empty() && !external_id.is_empty() => {
            zendesk.people().bind(&email, &external_id);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => (StatusCode::BAD_REQUEST, "Send the form fields `email` and `external_id`.").into_response(),
    }
}

fn answered(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body.to_string()).into_response()
}
