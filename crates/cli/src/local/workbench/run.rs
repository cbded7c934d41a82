use askama::Template;
use axum::extract::State;
use axum::http::header::HOST;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use scraper::{Html, Selector};
use serde_json::Value;

use super::super::demo;
use super::request::FlowRequest;
use super::user_list::Row;
use super::{Frame, Shared, Workbench, page};
use zendesk_jwt::handlers::Answer;
use zendesk_jwt::jwt::{Clock, Kind, SystemClock};
use zendesk_jwt::outcome::{Outcome, Severity};
use zendesk_jwt_rules::inspect::{Expectation, inspect};
use zendesk_jwt_simulator::web::{self, JwtReport, Menu};

#[derive(Template)]
#[template(path = "workbench/run.html")]
struct Page {
    menu: Menu,
    frame: Frame,
    choices: Vec<Choice>,
    id_token_choices: Vec<Choice>,
    /// A user token that was entered instead of a choice.
    entered: String,
    run: Option<Run>,
}

/// A demo user to choose.
struct Choice {
    value: String,
    label: String,
    is_chosen: bool,
}

/// The start of a choice that means a new ID token for a user of the demo identity provider.
const ID_TOKEN_OF: &str = "id-token-of:";

/// A flow that has run.
struct Run {
    kind: Kind,
    request: FlowRequest,
    answer: Answer,
    body: String,
    report: Option<JwtReport>,
    log_line: String,
    other_log_lines: Vec<String>,
    terminal: Vec<String>,
}

impl Run {
    fn title(&self) -> &'static str {
        match self.kind {
            Kind::Sdk => "Support SDK exchange",
            Kind::Messaging => "Messaging token",
            Kind::Sso => "SSO sign-in",
        }
    }

    /// Whether Zendesk accepts the JWT.
    fn is_accepted(&self) -> bool {
        self.report.as_ref().is_none_or(|report| report.inspection.is_accepted())
    }

    fn response_head(&self) -> String {
        let headers = self.answer.response.headers().iter();
        let headers = headers.map(|(name, value)| format!("\n{name}: {}", String::from_utf8_lossy(value.as_bytes())));
        format!("HTTP/1.1 {}{}", self.answer.response.status(), headers.collect::<String>())
    }
}

pub(super) async fn form(State(workbench): Shared) -> Response {
    page(StatusCode::OK, &workbench.run_page(demo::USER_TOKEN, String::new(), None).await)
}

pub(super) async fn run(State(workbench): Shared, headers: HeaderMap, body: String) -> Response {
    let field = |name| web::field(body.as_bytes(), name).unwrap_or_default();
    let (chosen, entered) = (field("user"), field("user_token"));
    let Some(kind) = Kind::parse(&field("kind")) else {
        return page(StatusCode::BAD_REQUEST, &workbench.run_page(&chosen, entered, None).await);
    };
    let new = chosen.strip_prefix(ID_TOKEN_OF).and_then(|user| workbench.identity_provider.id_token(user, None));
    let user_token = if entered.is_empty() { new.as_ref().unwrap_or(&chosen) } else { &entered };
    let host = web::header(&headers, HOST.as_str()).unwrap_or("127.0.0.1:3000");
    let run = workbench.run(kind, user_token, host).await;
    page(StatusCode::OK, &workbench.run_page(&chosen, entered, Some(run)).await)
}

impl Workbench {
    async fn run_page(&self, chosen: &str, entered: String, run: Option<Run>) -> Page {
        let rows = self.users.all().await.unwrap_or_default();
        let choices = demo::users().into_iter().map(|user| Choice {
            value: user.token.to_owned(),
            label: format!(
                "{} ({})",
                label(rows.iter().find(|row| row.token.as_deref() == Some(user.token))),
                user.token
            ),
            is_chosen: user.token == chosen,
        });
        let id_token_choices = demo::identity_provider_users().into_iter().map(|user| Choice {
            value: format!("{ID_TOKEN_OF}{}", user.subject),
            label: format!("{}: {}", user.name, user.shows),
            is_chosen: chosen.strip_prefix(ID_TOKEN_OF) == Some(user.subject),
        });
        Page {
            menu: self.menu("/"),
            choices: choices.collect(),
            id_token_choices: id_token_choices.collect(),
            entered,
            run,
            frame: self.frame().await,
        }
    }

    async fn run(&self, kind: Kind, user_token: &str, host: &str) -> Run {
        let now = SystemClock.now();
        let request = FlowRequest::new(kind, user_token, host, now.0);
        let invocation = self.functions.call(kind, request.to_lambda()).await;
        let body = String::from_utf8_lossy(invocation.answer.response.body()).into_owned();
        let secret = demo::shared_secret(kind);
        let expectation = Expectation { kind: Some(kind), secret: Some(secret.as_bytes()), now: now.0 };
        let report = jwt(kind, &body)
            .map(|jwt| JwtReport::new(&jwt, inspect(&jwt, &expectation), "the shared secret of the demo"));
        Run {
            kind,
            request,
            answer: invocation.answer,
            body,
            report,
            log_line: invocation.log_line,
            other_log_lines: self.log.all(),
            terminal: self.terminal.all(),
        }
    }
}

fn label(row: Option<&Row>) -> String {
    match row {
        Some(row) => format!("{}: {}", row.name, row.summary()),
        None => "not in the table any more".to_owned(),
    }
}

/// The JWT in the body of a success.
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
