//! Running a flow: whom for, what was sent, what came back, what is in it, and what the logs say.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use scraper::{Html, Selector};
use serde_json::Value;

use super::super::demo;
use super::Workbench;
use super::findings::Findings;
use super::page::{Fields, Frame, Shared, host, page};
use super::sent::Sent;
use super::users::Row;
use zendesk_jwt::handlers::Answer;
use zendesk_jwt::jwt::{Clock, Kind, SystemClock};
use zendesk_jwt::outcome::{Outcome, Severity};
use zendesk_jwt_rules::inspect::Expectation;

#[derive(Template)]
#[template(path = "workbench/run.html")]
struct Page {
    frame: Frame,
    choices: Vec<Choice>,
    /// A user token that was pasted instead.
    pasted: String,
    ran: Option<Ran>,
}

/// A demo user to choose.
struct Choice {
    token: &'static str,
    label: String,
    is_chosen: bool,
}

/// What became of a run.
struct Ran {
    title: &'static str,
    status: StatusCode,
    code: &'static str,
    severity: &'static str,
    meaning: &'static str,
    curl: String,
    request: String,
    response_head: String,
    response_body: String,
    findings: Option<Findings>,
    key: Option<KeyInUse>,
    log_line: String,
    other_log_lines: Vec<String>,
    terminal: Vec<String>,
}

/// What is known of the key that signed.
struct KeyInUse {
    age: u64,
    failure: Option<&'static str>,
}

/// The form.
pub(super) async fn form(State(workbench): Shared) -> Response {
    page(StatusCode::OK, &workbench.run_page(demo::USER_TOKEN, "", None).await)
}

/// Runs the flow that was asked for.
pub(super) async fn run(State(workbench): Shared, headers: HeaderMap, body: String) -> Response {
    let fields = Fields::read(&body);
    let (chosen, pasted) = (fields.get("user"), fields.get("user_token"));
    let Some(kind) = Kind::parse(fields.get("kind")) else {
        return page(StatusCode::BAD_REQUEST, &workbench.run_page(chosen, pasted, None).await);
    };
    let user_token = if pasted.is_empty() { chosen } else { pasted };
    let ran = workbench.run(kind, user_token, host(&headers)).await;
    page(StatusCode::OK, &workbench.run_page(chosen, pasted, Some(ran)).await)
}

impl Workbench {
    async fn run_page(&self, chosen: &str, pasted: &str, ran: Option<Ran>) -> Page {
        let rows = self.rows().await.unwrap_or_default().rows;
        let choices = demo::users().into_iter().map(|user| Choice {
            token: user.token,
            label: label(rows.iter().find(|row| row.token == Some(user.token))),
            is_chosen: user.token == chosen,
        });
        Page { choices: choices.collect(), pasted: pasted.to_owned(), ran, frame: self.frame("/").await }
    }

    async fn run(&self, kind: Kind, user_token: &str, host: &str) -> Ran {
        let now = SystemClock.now();
        let sent = Sent::new(kind, user_token, host, now.0);
        let invocation = self.functions.call(kind, sent.request()).await;
        let Answer { outcome, response, observed } = invocation.answer;
        let body = String::from_utf8_lossy(response.body()).into_owned();
        let secret = demo::shared_secret(kind);
        let expectation = Expectation { kind: Some(kind), secret: Some(secret.as_bytes()), now: now.0 };
        let findings = jwt(kind, &body).map(|jwt| Findings::of(&jwt, &expectation, "the demo's shared secret"));
        let facts = outcome.facts();
        Ran {
            title: name(kind),
            status: response.status(),
            code: facts.code,
            severity: severity(facts.severity),
            meaning: meaning(kind, &outcome, findings.as_ref().is_none_or(|findings| findings.is_accepted)),
            curl: sent.curl(),
            request: sent.raw(),
            response_head: head(&response),
            response_body: body,
            findings,
            key: observed.signing_key_age.map(|age| KeyInUse { age, failure: observed.signing_key_failure }),
            log_line: invocation.log_line,
            other_log_lines: self.log.all(),
            terminal: self.terminal.all(),
        }
    }
}

fn label(row: Option<&Row>) -> String {
    match row {
        Some(row) => format!("{}: {}", row.name, row.standing()),
        None => "not stored any more".to_owned(),
    }
}

/// What a flow is called on the pages.
const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Sdk => "Support SDK exchange",
        Kind::Messaging => "Messaging token",
        Kind::Sso => "SSO sign-in",
    }
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "INFO",
        Severity::Warn => "WARN",
        Severity::Error => "ERROR",
    }
}

/// What Zendesk does with the answer, and what the user sees of it.
fn meaning(kind: Kind, outcome: &Outcome, is_accepted: bool) -> &'static str {
    match (outcome, kind, is_accepted) {
        (Outcome::Signed | Outcome::SignInLoop, Kind::Sdk, true) => {
            "Zendesk takes the JWT and gives the app an access token: its user is signed in."
        }
        (Outcome::Signed | Outcome::SignInLoop, Kind::Messaging, true) => {
            "The widget hands the JWT to Zendesk: agents see who the visitor is."
        }
        (Outcome::Signed | Outcome::SignInLoop, Kind::Sso, true) => {
            "The page posts the JWT to Zendesk by itself: the browser is signed in at /hc/en-us."
        }
        (Outcome::Signed | Outcome::SignInLoop, Kind::Sdk, false) => {
            "Zendesk refuses the JWT, and the app's user is not signed in. Our log takes it for a success."
        }
        (Outcome::Signed | Outcome::SignInLoop, Kind::Messaging, false) => {
            "Zendesk refuses the JWT: the visitor can write, but agents do not see who it is. Our log takes it for a success."
        }
        (Outcome::Signed | Outcome::SignInLoop, Kind::Sso, false) => {
            "Zendesk refuses the JWT and sends the browser to the remote logout URL with an error, which our page explains and the log classes."
        }
        (Outcome::Refused(_), Kind::Sdk, _) => {
            "Zendesk is told no, without a reason: the app's user is not signed in, and the SDK may forget who they were."
        }
        (Outcome::Refused(_), Kind::Messaging, _) => {
            "Your page is told no, without a reason: the visitor goes on without being known."
        }
        (Outcome::Refused(_), Kind::Sso, _) => {
            "The browser is not sent on to Zendesk: with LOGIN_URL it would go to your login page, here it gets a page that says so."
        }
        (Outcome::Unavailable(_), Kind::Sdk, _) => {
            "Zendesk sees an outage and not a refusal, so no app forgets its user. Trying again later works."
        }
        (Outcome::Unavailable(_), Kind::Messaging, _) => {
            "Your page sees an outage and not a refusal: it can try again, as Retry-After says."
        }
        (Outcome::Unavailable(_), Kind::Sso, _) => {
            "The browser gets a page that says that sign-in is not available just now. Nothing reaches Zendesk."
        }
        (Outcome::Malformed(_), ..) => "The request is not one that the function takes; the body says what it takes.",
        (Outcome::Preflight | Outcome::SignedOut | Outcome::ReturnedByZendesk(_), ..) => "",
    }
}

/// The JWT in the body of a success, which Zendesk or the browser would take out of it.
fn jwt(kind: Kind, body: &str) -> Option<String> {
    match kind {
        Kind::Sdk | Kind::Messaging => {
            let body: Value = serde_json::from_str(body).ok()?;
            body["jwt"].as_str().map(str::to_owned)
        }
        Kind::Sso => {
            let field = Selector::parse("input[name=jwt]").ok()?;
            Html::parse_document(body).select(&field).next()?.attr("value").map(str::to_owned)
        }
    }
}

fn head(response: &lambda_http::Response<lambda_http::Body>) -> String {
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| format!("\n{name}: {}", String::from_utf8_lossy(value.as_bytes())));
    format!("HTTP/1.1 {}{}", response.status(), headers.collect::<String>())
}
