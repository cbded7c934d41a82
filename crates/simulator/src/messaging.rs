//! Messaging: a page of the company with a fake of the web widget, and what an agent sees.
//!
//! *Authenticating end users in messaging*

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::users::Moved;
use crate::verdict::{Verdict, Violation, as_json, names};
use crate::web::{self, Menu};
use crate::{Messaging, Shared, UserToken, Zendesk, log, now, pages};
use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::inspect::{Expectation, Rule, inspect};

#[derive(Template)]
#[template(path = "zendesk/messaging.html")]
struct Page<'a> {
    menu: Menu,
    jwt_url: &'a str,
    user_tokens: &'a [UserToken],
    user_token: &'a str,
    moved: Option<Moved>,
}

pub(super) fn router() -> Router<Arc<Zendesk>> {
    Router::new()
        .route("/messaging", get(page))
        .route("/messaging/login", post(log_in))
        .route("/messaging/identities", post(bind))
        .route("/zendesk-auth.js", web::script(include_str!("../../../web/zendesk-auth.js")))
        .route("/simulator/widget.js", web::script(include_str!("../templates/zendesk/widget.js")))
        .route("/simulator/messaging.js", web::script(include_str!("../templates/zendesk/messaging.js")))
}

async fn page(State(zendesk): Shared) -> Response {
    let Some(messaging) = &zendesk.account.messaging else { return StatusCode::NOT_FOUND.into_response() };
    let page = Page {
        menu: pages::menu(&zendesk, "/messaging"),
        jwt_url: messaging.jwt_url.as_str(),
        user_tokens: &zendesk.account.user_tokens,
        user_token: zendesk.account.user_tokens.first().map_or("", |user_token| &user_token.token),
        moved: zendesk.users.lock().moved.clone(),
    };
    pages::respond(&zendesk, &page)
}

/// The widget's login: 200 with what the agent sees, 401 for a bad token, 409 if another user has the address.
async fn log_in(State(zendesk): Shared, body: Bytes) -> Response {
    let Some(messaging) = &zendesk.account.messaging else { return StatusCode::NOT_FOUND.into_response() };
    let mut verdict = check(&zendesk, messaging, &String::from_utf8_lossy(&body));
    if !verdict.is_accepted() {
        return refuse(StatusCode::UNAUTHORIZED, "Unauthorized", "Invalid JWT", &verdict);
    }
    let update = match zendesk.users.lock().update_visitor(&verdict) {
        Ok(update) => update,
        Err(conflict) => {
            verdict.further.push(conflict);
            return refuse(StatusCode::CONFLICT, "Conflict", "The email is in use by another user", &verdict);
        }
    };
    log("widget login", "200 logged in");
    let answer = json!({
        "visitor": {
            "name": update.user.get("name"),
            "external_id": update.user.get("external_id"),
            "email": update.user.get("email"),
            "email_is_ignored": verdict.breaks(Rule::EmailVerified),
        },
        "exp": verdict.claims().get("exp"),
        "warnings": verdict.warnings(),
        "jwt": verdict.decoded(),
    });
    web::json(StatusCode::OK, &answer)
}

/// Checks the signature with the key that `kid` names.
fn check(zendesk: &Zendesk, messaging: &Messaging, jwt: &str) -> Verdict {
    let unchecked = Expectation { kind: Some(Kind::Messaging), secret: None, now: now().0 };
    let header = inspect(jwt, &unchecked).header.unwrap_or_default();
    let kid = header.get("kid").and_then(Value::as_str);
    let key = kid.and_then(|kid| messaging.keys.iter().find(|key| key.kid() == Some(kid)));
    let mut verdict = Verdict::on(zendesk, Kind::Messaging, jwt, key);
    if kid.is_some_and(|kid| !kid.is_empty()) && key.is_none() {
        let problem = "`kid` in the header is not the id of a key of this account: use the Key ID that belongs to the \
                       secret, from Admin Center > Account > Security > End user authentication.";
        verdict.further.push(Violation::new("kid_unknown", problem));
    }
    verdict
}

/// What the widget passes to the page's second callback, and what Zendesk does not say.
fn refuse(status: StatusCode, message: &str, reason: &str, verdict: &Verdict) -> Response {
    let violations = verdict.violations();
    log("widget login", &format!("{} {}", status.as_u16(), names(&violations)));
    let mut answer = as_json(&violations, &verdict.warnings());
    answer["error"] = json!({ "type": "LoginFailedError", "message": message, "reason": reason });
    answer["jwt"] = json!(verdict.decoded());
    web::json(status, &answer)
}

/// Gives an address to another user, so that the next login conflicts.
async fn bind(State(zendesk): Shared, body: Bytes) -> Response {
    let (Some(email), Some(external_id)) = (web::field(&body, "email"), web::field(&body, "external_id")) else {
        return (StatusCode::BAD_REQUEST, "Send the form fields `email` and `external_id`.").into_response();
    };
    zendesk.users.lock().bind(email, external_id);
    StatusCode::NO_CONTENT.into_response()
}
