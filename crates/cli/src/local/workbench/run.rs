use std::convert::Infallible;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::stream::{Stream, unfold};
use lambda_http::{Body, Request};
use serde_json::Value;

use super::super::company::is_cookie_value;
use super::super::demo;
use super::super::history::{Exchange, Meaning};
use super::{Frame, Notice, Shared, Workbench, not_found, page};
use zendesk_jwt::jwt::{Clock, Kind, SystemClock};
use zendesk_jwt_simulator::web::{self, Json, JwtReport, Menu};

#[derive(Template)]
#[template(path = "workbench/run.html")]
struct Page {
    menu: Menu,
    frame: Frame,
    form: Form,
    filter: Filter,
    exchanges: Vec<Arc<Exchange>>,
    are_any: bool,
    /// The address of the simulated Zendesk.
    zendesk: String,
}

#[derive(Template)]
#[template(path = "workbench/result.html")]
struct ResultPage {
    menu: Menu,
    frame: Frame,
    form: Form,
    run: Arc<Exchange>,
    report: Option<JwtReport>,
    /// The latest exchanges of all.
    latest: Vec<Arc<Exchange>>,
}

/// The form that runs a flow.
struct Form {
    choices: Vec<Choice>,
    id_token_choices: Vec<Choice>,
    /// A user token that was entered instead of a choice.
    entered: String,
}

/// A demo user to choose.
struct Choice {
    value: String,
    label: String,
    is_chosen: bool,
}

/// The headers that curl sends by itself.
const HEADERS_OF_CURL: [&str; 6] = ["accept", "accept-encoding", "connection", "content-length", "host", "user-agent"];

/// The start of a choice that means a new ID token for a user of the demo identity provider.
const ID_TOKEN_OF: &str = "id-token-of:";

/// Which exchanges the list shows.
#[derive(Default)]
struct Filter {
    flow: String,
    result: String,
    text: String,
}

impl Filter {
    fn of(query: &str) -> Self {
        let field = |name| web::field(query.as_bytes(), name).unwrap_or_default();
        Self { flow: field("flow"), result: field("result"), text: field("text") }
    }

    fn accepts(&self, exchange: &Exchange) -> bool {
        let text = self.text.trim().to_lowercase();
        let (user, code) = (exchange.user().to_lowercase(), exchange.answer.outcome.facts().code);
        let texts = [user.as_str(), code, exchange.request.uri().path()];
        (self.flow.is_empty() || self.flow == exchange.kind.name())
            && (self.result.is_empty() || self.result == exchange.meaning().name())
            && texts.iter().any(|found| found.contains(&text))
    }
}

impl Exchange {
    fn time(&self) -> String {
        let (hour, minute, second) = self.at.to_hms();
        format!("{hour:02}:{minute:02}:{second:02}")
    }

    fn milliseconds(&self) -> String {
        format!("{:.1}", self.duration.as_secs_f64() * 1e3)
    }

    fn response_head(&self) -> String {
        format!("HTTP/1.1 {}\n{}", self.answer.response.status(), lines(self.answer.response.headers()))
    }

    /// The body, if it is JSON.
    fn json_body(&self) -> Option<Value> {
        serde_json::from_str(&self.body()).ok()
    }

    fn log(&self) -> Value {
        serde_json::from_str(&self.log_line).unwrap_or_default()
    }
}

pub(super) async fn form(State(workbench): Shared, RawQuery(query): RawQuery) -> Response {
    let filter = Filter::of(&query.unwrap_or_default());
    page(StatusCode::OK, &workbench.run_page(demo::USER_TOKEN, String::new(), filter).await)
}

pub(super) async fn run(State(workbench): Shared, headers: HeaderMap, body: String) -> Response {
    let field = |name| web::field(body.as_bytes(), name).unwrap_or_default();
    let (chosen, entered) = (field("user"), field("user_token"));
    let Some(kind) = Kind::parse(&field("kind")) else {
        return page(StatusCode::BAD_REQUEST, &workbench.run_page(&chosen, entered, Filter::default()).await);
    };
    let new = chosen.strip_prefix(ID_TOKEN_OF).and_then(|user| workbench.identity_provider.id_token(user, None));
    let user_token = if entered.is_empty() { new.as_ref().unwrap_or(&chosen) } else { &entered };
    let host = web::header(&headers, HOST.as_str()).unwrap_or("127.0.0.1:3000");
    let request = request(kind, user_token, host, SystemClock.now().0);
    *workbench.chosen.lock() = (chosen, entered);
    leads_to(&*workbench.functions.call(kind, request).await)
}

/// Runs the same request once more.
pub(super) async fn again(State(workbench): Shared, Path(id): Path<String>) -> Response {
    let Some(old) = workbench.history.get(&id) else { return not_found(State(workbench)).await };
    leads_to(&*workbench.functions.call(old.kind, old.request.clone()).await)
}

fn leads_to(exchange: &Exchange) -> Response {
    Redirect::to(&format!("/runs/{}", exchange.id)).into_response()
}

pub(super) async fn result(State(workbench): Shared, Path(id): Path<String>) -> Response {
    let Some(run) = workbench.history.get(&id) else { return not_found(State(workbench)).await };
    let report =
        run.jwt().map(|(jwt, inspection)| JwtReport::new(jwt, inspection.clone(), "the shared secret of the demo"));
    let (chosen, entered) = workbench.chosen.lock().clone();
    let (menu, form) = (workbench.menu("/"), workbench.form(&chosen, entered).await);
    let mut latest = workbench.history.all();
    latest.truncate(8);
    page(StatusCode::OK, &ResultPage { menu, frame: workbench.live_frame().await, form, run, report, latest })
}

pub(super) async fn delete(State(workbench): Shared) -> Redirect {
    workbench.history.delete();
    Redirect::to("/")
}

/// An event for each change of the history. The stream ends with the process.
pub(super) async fn changes(State(workbench): Shared) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(unfold(workbench.history.changes(), async |mut changes| {
        tokio::select! {
            changed = changes.changed() => changed.ok().map(|()| (Ok(Event::default().data("changed")), changes)),
            _ = tokio::signal::ctrl_c() => None,
        }
    }))
}

impl Workbench {
    async fn run_page(&self, chosen: &str, entered: String, filter: Filter) -> Page {
        let mut exchanges = self.history.all();
        let are_any = !exchanges.is_empty();
        exchanges.retain(|exchange| filter.accepts(exchange));
        let form = self.form(chosen, entered).await;
        let (menu, zendesk) = (self.menu("/"), self.zendesk.clone());
        Page { menu, frame: self.live_frame().await, form, filter, exchanges, are_any, zendesk }
    }

    async fn form(&self, chosen: &str, entered: String) -> Form {
        let rows = self.users.all().await.unwrap_or_default();
        let label = |token: &str| match rows.iter().find(|row| row.token.as_deref() == Some(token)) {
            Some(row) => format!("{}: {} ({token})", row.name, row.summary()),
            None => format!("not in the table any more ({token})"),
        };
        let choices = demo::users().into_iter().map(|user| Choice {
            value: user.token.to_owned(),
            label: label(user.token),
            is_chosen: user.token == chosen,
        });
        let id_token_choices = demo::identity_provider_users().into_iter().map(|user| Choice {
            value: format!("{ID_TOKEN_OF}{}", user.subject),
            label: format!("{}: {}", user.name, user.shows),
            is_chosen: chosen.strip_prefix(ID_TOKEN_OF) == Some(user.subject),
        });
        Form { choices: choices.collect(), id_token_choices: id_token_choices.collect(), entered }
    }
}

/// The request of a flow, as its usual caller sends it. `now` is in seconds since 1970.
fn request(kind: Kind, user_token: &str, host: &str, now: u64) -> Request {
    let path = match kind {
        Kind::Sdk => "/sdk/jwt",
        Kind::Messaging => "/messaging/jwt",
        Kind::Sso => &format!("/sso/login?return_to=%2Fhc%2Fen-us&brand_id=1&locale_id=1&timestamp={now}"),
    };
    let address = format!("http://{host}{path}");
    let request = if kind == Kind::Sso && is_cookie_value(user_token) {
        let cookie = format!("{}={user_token}", demo::SESSION_COOKIE);
        lambda_http::http::Request::get(address).header(HOST, host).header(COOKIE, cookie).body(Body::Empty)
    } else {
        let body = form_urlencoded::Serializer::new(String::new()).append_pair("user_token", user_token).finish();
        lambda_http::http::Request::post(address)
            .header(HOST, host)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(CONTENT_LENGTH, body.len())
            .body(Body::Text(body))
    };
    // All values are valid: the host came as a header.
    request.unwrap_or_default()
}

/// A command that sends the request.
fn curl(request: &Request) -> String {
    let mut words = vec![format!("curl -i {}", quoted(&request.uri().to_string()))];
    let has_body = !request.body().is_empty();
    if request.method() != if has_body { "POST" } else { "GET" } {
        words.push(format!("-X {}", request.method()));
    }
    for (name, value) in request.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        let is_default = name == CONTENT_TYPE && has_body && value == "application/x-www-form-urlencoded";
        if name == COOKIE {
            words.push(format!("-b {}", quoted(&value)));
        } else if !is_default && !HEADERS_OF_CURL.contains(&name.as_str()) && !name.as_str().starts_with("sec-") {
            words.push(format!("-H {}", quoted(&format!("{name}: {value}"))));
        }
    }
    if has_body {
        words.push(format!("-d {}", quoted(&String::from_utf8_lossy(request.body()))));
    }
    words.join(" ")
}

/// The text of the HTTP request.
fn text(request: &Request) -> String {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let body = String::from_utf8_lossy(request.body());
    format!("{} {target} HTTP/1.1\n{}\n{body}", request.method(), lines(request.headers()))
}

fn lines(headers: &HeaderMap) -> String {
    let lines = headers.iter().map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    lines.collect()
}

/// One word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
