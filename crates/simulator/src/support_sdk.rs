//! The Support SDK: an app brings a user token, Zendesk asks the JWT URL about it, and gives an access token.
//!
//! *Building a dedicated JWT endpoint for the Support SDK*

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderMap};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::client::{Answer, Failure, Request};
use crate::pages::{self, Menu};
use crate::people::Known;
use crate::verdict::{Checked, Verdict, Violation, as_json, names};
use crate::{SupportSdk, UserToken, Zendesk, guard, tell};
use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::inspect::Rule;

use crate::environment::random_id;

/// One exchange, from the app's request to Zendesk's answer.
struct Exchange {
    sent: String,
    received: String,
    status: StatusCode,
    verdict: Option<Verdict>,
    violations: Vec<Violation>,
    known: Known,
    access_token: String,
}

#[derive(Template)]
#[template(path = "zendesk/sdk.html")]
struct Page<'a> {
    menu: Menu<'a>,
    jwt_url: &'a str,
    user_tokens: &'a [UserToken],
    user_token: &'a str,
    exchange: Option<Shown>,
}

/// An exchange on the page.
struct Shown {
    exchange: Exchange,
    taken_apart: String,
    warnings: Vec<Violation>,
    rules: Vec<Checked>,
}

/// `POST /access/sdk/jwt`: 200 with an access token, 401 or 403 for a token that is refused, 502 for an endpoint
/// that does not answer as it must.
pub(super) async fn exchange(State(zendesk): State<Arc<Zendesk>>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(user_token) = user_token(&headers, &body) else {
        let expected = "Send the user token as form field `user_token`, or as JSON {\"user_token\": \"…\"}.";
        return answer(StatusCode::BAD_REQUEST, &as_json(&[Violation::new("user_token_missing", expected)], &[]));
    };
    let Some(exchange) = exchanged(&zendesk, &user_token).await else { return StatusCode::NOT_FOUND.into_response() };
    let warnings = exchange.verdict.as_ref().map(Verdict::warnings).unwrap_or_default();
    let body = match exchange.status {
        StatusCode::OK => json!({ "access_token": exchange.access_token, "warnings": warnings }),
        _ => as_json(&exchange.violations, &warnings),
    };
    answer(exchange.status, &body)
}

/// The page to try it from.
pub(super) async fn page(State(zendesk): State<Arc<Zendesk>>) -> Response {
    let first = zendesk.account.user_tokens.first().map(|user_token| user_token.token.clone());
    show(&zendesk, &first.unwrap_or_default(), None)
}

/// The same page with an exchange.
pub(super) async fn try_out(State(zendesk): State<Arc<Zendesk>>, headers: HeaderMap, body: Bytes) -> Response {
    let user_token = user_token(&headers, &body).unwrap_or_default();
    let exchange = exchanged(&zendesk, &user_token).await;
    show(&zendesk, &user_token, exchange)
}

fn show(zendesk: &Zendesk, user_token: &str, exchange: Option<Exchange>) -> Response {
    let jwt_url = zendesk.account.support_sdk.as_ref().map_or("", |support_sdk| support_sdk.jwt_url.as_str());
    let exchange = exchange.map(|exchange| {
        let verdict = exchange.verdict.as_ref();
        Shown {
            taken_apart: verdict.map(Verdict::taken_apart).unwrap_or_default(),
            warnings: verdict.map(Verdict::warnings).unwrap_or_default(),
            rules: verdict.map(Verdict::checked).unwrap_or_default(),
            exchange,
        }
    });
    let user_tokens = &zendesk.account.user_tokens;
    pages::respond(zendesk, &Page { menu: Menu::of(zendesk, "sdk"), jwt_url, user_tokens, user_token, exchange })
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body.to_string()).into_response()
}

/// The user token in a form or in JSON.
fn user_token(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let is_json = guard::text(headers, CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("application/json"));
    let found = if is_json {
        serde_json::from_slice::<Value>(body).ok()?["user_token"].as_str().map(str::to_owned)
    } else {
        form_urlencoded::parse(body).find(|(name, _)| name == "user_token").map(|(_, value)| value.into_owned())
    };
    found.filter(|token| !token.is_empty())
}

async fn exchanged(zendesk: &Zendesk, user_token: &str) -> Option<Exchange> {
    let support_sdk = zendesk.account.support_sdk.as_ref()?;
    let form = form_urlencoded::Serializer::new(String::new()).append_pair("user_token", user_token).finish();
    let request = Request::new(Method::POST, &support_sdk.jwt_url).form(form);
    let sent = request.as_sent();
    let answered = zendesk.client.post(request).await;
    let mut exchange = Exchange {
        sent,
        received: match &answered {
            Ok(answer) => answer.as_received(),
            Err(failure) => format!("Nothing: {failure}."),
        },
        status: StatusCode::OK,
        verdict: None,
        violations: Vec::new(),
        known: Known::default(),
        access_token: String::new(),
    };
    match answered.map_err(|failure| unreached(&failure)).and_then(|answer| jwt(&answer)) {
        Ok(jwt) => judge(zendesk, support_sdk, &jwt, &mut exchange),
        Err((status, violation)) => {
            exchange.status = status;
            exchange.violations.push(violation);
        }
    }
    match exchange.violations.as_slice() {
        [] => tell("POST /access/sdk/jwt", "200 access token given"),
        violations => tell("POST /access/sdk/jwt", &format!("{} {}", exchange.status.as_u16(), names(violations))),
    }
    Some(exchange)
}

/// Judges the JWT, and signs its user in.
fn judge(zendesk: &Zendesk, support_sdk: &SupportSdk, jwt: &str, exchange: &mut Exchange) {
    let mut verdict = Verdict::on(zendesk, Kind::Sdk, jwt, Some(support_sdk.secret.as_bytes()));
    let mut people = zendesk.people();
    if people.is_team_member(verdict.claims().get("email")) {
        let problem = "The e-mail address is that of a team member here, and the Support SDK is for end users: refuse \
                       team members at your endpoint.";
        verdict.further.push(Violation::new("end_users_only", problem));
    }
    if verdict.is_accepted() {
        match people.take(&verdict) {
            Ok(known) => exchange.known = known,
            Err(_) => verdict.further.push(Violation::new("email_conflict", CONFLICT)),
        }
    }
    exchange.violations = verdict.violations();
    exchange.status = match exchange.violations.as_slice() {
        [] => StatusCode::OK,
        violations if violations.iter().any(|violation| violation.rule == Rule::EndUsersOnly.code()) => {
            StatusCode::FORBIDDEN
        }
        _ => StatusCode::UNAUTHORIZED,
    };
    if exchange.violations.is_empty() {
        match random_id() {
            Some(id) => exchange.access_token = id,
            None => exchange.status = StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
    exchange.verdict = Some(verdict);
}

/// Two users at once.
pub(super) const CONFLICT: &str = "`external_id` and `email` are those of two users here: correct one of them, or \
                                   merge the two users.";

fn unreached(failure: &Failure) -> (StatusCode, Violation) {
    let violation = match failure {
        Failure::Certificate(error) => Violation::new(
            "endpoint_certificate",
            format!(
                "Zendesk does not trust the certificate of the JWT URL ({error}): serve a whole chain to an authority \
                 that Mozilla trusts, for this host name; to trust one of your own here, give --ca-file."
            ),
        ),
        Failure::Timeout { .. } => Violation::new(
            "endpoint_timeout",
            format!("The JWT URL gave {failure}: answer well below one second, since the user is waiting."),
        ),
        failure => Violation::new(
            "endpoint_unreachable",
            format!("The JWT URL cannot be reached ({failure}): start the endpoint, and check address and port."),
        ),
    };
    (StatusCode::BAD_GATEWAY, violation)
}

/// The JWT in an answer that is as Zendesk wants it: exactly 200, a JSON object, a string `jwt`.
fn jwt(answer: &Answer) -> Result<String, (StatusCode, Violation)> {
    let bad = |rule, message: String| Err((StatusCode::BAD_GATEWAY, Violation::new(rule, message)));
    match answer.status {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED => {
            let message = "The JWT URL answered 401: it does not know or trust this user token. If it should, look \
                           into your endpoint's log for the reason.";
            return Err((StatusCode::UNAUTHORIZED, Violation::new("endpoint_refused", message)));
        }
        status if status.is_redirection() => {
            let location = answer.redirect().unwrap_or_default();
            return bad(
                "endpoint_redirects",
                format!(
                    "The JWT URL answered {} to `{location}`, and Zendesk follows no redirect: give Zendesk the address \
                     that answers itself.",
                    status.as_u16()
                ),
            );
        }
        status => {
            return bad(
                "endpoint_status",
                format!(
                    "The JWT URL answered {}, and Zendesk takes exactly 200: look into your endpoint's log. A refusal \
                     is 401; an outage is 503, so that it does not look like a refusal.",
                    status.as_u16()
                ),
            );
        }
    }
    match serde_json::from_str::<Value>(&answer.body) {
        Ok(Value::Object(body)) => match body.get("jwt") {
            Some(Value::String(jwt)) => Ok(jwt.clone()),
            Some(_) => bad("answer_jwt", "`jwt` in the answer is not a string: send {\"jwt\": \"…\"}.".to_owned()),
            None => bad(
                "answer_jwt",
                "There is no `jwt` in the answer's object: send {\"jwt\": \"…\"}, in lower case.".to_owned(),
            ),
        },
        _ => bad(
            "answer_json",
            "The answer is not a JSON object: send {\"jwt\": \"…\"} and nothing around it.".to_owned(),
        ),
    }
}
