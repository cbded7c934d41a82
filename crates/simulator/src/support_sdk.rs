//! The Support SDK: an app sends a user token, Zendesk sends it to the JWT URL, and the app gets an access token.
//!
//! *Building a dedicated JWT endpoint for the Support SDK*

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderMap};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::client::{Answer, Failure, Request};
use crate::users::Update;
use crate::verdict::{Verdict, Violation, as_json, names};
use crate::web::{self, Menu, Prose};
use crate::{Account, App, Shared, Zendesk, log, pages, random_id};
use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::inspect::Rule;

/// One exchange, from the app's request to Zendesk's answer.
#[derive(Default)]
struct Exchange {
    sent: String,
    received: String,
    status: StatusCode,
    verdict: Option<Verdict>,
    violations: Vec<Violation>,
    update: Update,
    access_token: String,
}

impl Exchange {
    fn warnings(&self) -> Vec<Violation> {
        self.verdict.as_ref().map(Verdict::warnings).unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "zendesk/sdk.html")]
struct Page<'a> {
    menu: Menu,
    account: &'a Account,
    /// The name of the chosen app.
    app: &'a str,
    user_token: &'a str,
    exchange: Option<Exchange>,
}

/// 200 with an access token, 401 or 403 for a token that is refused, 502 for an endpoint that answers wrongly.
/// The parameter `app` chooses the app, which the real Zendesk knows by the SDK's app id.
pub(super) async fn exchange(State(zendesk): Shared, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let Some(app) = app(&zendesk, uri.query().unwrap_or_default().as_bytes()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(user_token) = user_token(&headers, &body) else {
        let expected = "Send the user token as form field `user_token`, or as JSON {\"user_token\": \"…\"}.";
        return web::json(StatusCode::BAD_REQUEST, &as_json(&[Violation::new("user_token_missing", expected)], &[]));
    };
    let exchange = exchange_token(&zendesk, app, &user_token).await;
    let body = match exchange.status {
        StatusCode::OK => json!({ "access_token": exchange.access_token, "warnings": exchange.warnings() }),
        _ => as_json(&exchange.violations, &exchange.warnings()),
    };
    web::json(exchange.status, &body)
}

pub(super) async fn page(State(zendesk): Shared) -> Response {
    let first = zendesk.account.user_tokens.first().map(|user_token| user_token.token.clone());
    show(&zendesk, "", &first.unwrap_or_default(), None)
}

pub(super) async fn try_out(State(zendesk): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let user_token = user_token(&headers, &body).unwrap_or_default();
    let Some(app) = app(&zendesk, &body) else { return StatusCode::NOT_FOUND.into_response() };
    let exchange = exchange_token(&zendesk, app, &user_token).await;
    show(&zendesk, &app.name, &user_token, Some(exchange))
}

fn show(zendesk: &Zendesk, app: &str, user_token: &str, exchange: Option<Exchange>) -> Response {
    let (menu, account) = (pages::menu(zendesk, "/sdk"), &zendesk.account);
    pages::respond(zendesk, &Page { menu, account, app, user_token, exchange })
}

fn app<'a>(zendesk: &'a Zendesk, form: &[u8]) -> Option<&'a App> {
    web::chosen(&zendesk.account.apps, form, "app", |app| &app.name)
}

fn user_token(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let is_json = web::header(headers, CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("application/json"));
    if is_json {
        let json: Value = serde_json::from_slice(body).ok()?;
        json["user_token"].as_str().filter(|token| !token.is_empty()).map(str::to_owned)
    } else {
        web::field(body, "user_token")
    }
}

async fn exchange_token(zendesk: &Zendesk, app: &App, user_token: &str) -> Exchange {
    let request = Request::new(Method::POST, &app.jwt_url).form(&[("user_token", user_token)]);
    let sent = request.as_sent();
    let answer = zendesk.client.post(request).await;
    let received = match &answer {
        Ok(answer) => answer.as_received(),
        Err(failure) => format!("Nothing: {failure}."),
    };
    let mut exchange = match answer.map_err(|failure| unreached(&failure)).and_then(|answer| jwt(&answer)) {
        Ok(jwt) => check(zendesk, app, &jwt),
        Err((status, violation)) => Exchange { status, violations: vec![violation], ..Exchange::default() },
    };
    (exchange.sent, exchange.received) = (sent, received);
    match exchange.violations.as_slice() {
        [] => log("POST /access/sdk/jwt", "200 access token given"),
        violations => log("POST /access/sdk/jwt", &format!("{} {}", exchange.status.as_u16(), names(violations))),
    }
    exchange
}

/// Checks the JWT, and signs its user in.
fn check(zendesk: &Zendesk, app: &App, jwt: &str) -> Exchange {
    let mut verdict = Verdict::on(zendesk, Kind::Sdk, jwt, Some(&app.key));
    let mut users = zendesk.users.lock();
    if users.is_team_member(verdict.claims().get("email")) {
        let problem = "The e-mail address belongs to a team member, and the Support SDK is for end users: refuse team \
                       members at your endpoint.";
        verdict.further.push(Violation::new(Rule::EndUsersOnly.code(), problem));
    }
    let mut update = Update::default();
    if verdict.is_accepted() {
        match users.update(&verdict) {
            Ok(updated) => update = updated,
            Err(conflict) => verdict.further.push(conflict),
        }
    }
    let (violations, access_token) = (verdict.violations(), random_id().unwrap_or_default());
    let status = if violations.iter().any(|violation| violation.rule == Rule::EndUsersOnly.code()) {
        StatusCode::FORBIDDEN
    } else if !violations.is_empty() {
        StatusCode::UNAUTHORIZED
    } else if access_token.is_empty() {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::OK
    };
    Exchange { status, violations, update, access_token, verdict: Some(verdict), ..Exchange::default() }
}

fn unreached(failure: &Failure) -> (StatusCode, Violation) {
    let (rule, message) = match failure {
        Failure::Certificate(error) => (
            "endpoint_certificate",
            format!(
                "Zendesk does not trust the certificate of the JWT URL ({error}): serve the whole chain of a \
                 certificate for this host name, from an authority that Mozilla trusts. To trust your own authority \
                 here, use --ca-file."
            ),
        ),
        Failure::Timeout { .. } => (
            "endpoint_timeout",
            format!("The JWT URL gave {failure}: answer in less than a second, because the user waits."),
        ),
        failure => (
            "endpoint_unreachable",
            format!("The JWT URL cannot be reached ({failure}): start the endpoint, and check its address and port."),
        ),
    };
    (StatusCode::BAD_GATEWAY, Violation::new(rule, message))
}

/// The JWT in an answer that Zendesk accepts: status 200, a JSON object, a string `jwt`.
fn jwt(answer: &Answer) -> Result<String, (StatusCode, Violation)> {
    let status = answer.status.as_u16();
    let (rule, message) = match answer.status {
        StatusCode::OK => {
            match serde_json::from_str(&answer.body).map(|body: Map<String, Value>| body.get("jwt").cloned()) {
                Ok(Some(Value::String(jwt))) => return Ok(jwt),
                Ok(Some(_)) => ("answer_jwt", "`jwt` in the answer is not a string: send {\"jwt\": \"…\"}.".to_owned()),
                Ok(None) => {
                    ("answer_jwt", "`jwt` is missing in the answer: send {\"jwt\": \"…\"}, in lower case.".to_owned())
                }
                Err(_) => ("answer_json", "The answer is not a JSON object: send only {\"jwt\": \"…\"}.".to_owned()),
            }
        }
        StatusCode::UNAUTHORIZED => {
            let message = "The JWT URL answered 401: it refuses this user token. Your endpoint's log should say why.";
            return Err((StatusCode::UNAUTHORIZED, Violation::new("endpoint_refused", message)));
        }
        _ if answer.status.is_redirection() => {
            let location = answer.redirect().unwrap_or_default();
            let message = format!(
                "The JWT URL answered {status} to `{location}`, and Zendesk does not follow redirects: enter the final \
                 address in Admin Center."
            );
            ("endpoint_redirects", message)
        }
        _ => {
            let message = format!(
                "The JWT URL answered {status}, and Zendesk accepts only 200: look at your endpoint's log. Answer 401 \
                 to refuse a user token, and 503 during an outage."
            );
            ("endpoint_status", message)
        }
    };
    Err((StatusCode::BAD_GATEWAY, Violation::new(rule, message)))
}
