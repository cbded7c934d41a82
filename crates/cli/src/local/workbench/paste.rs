//! The paste box: any JWT taken apart. It is posted, so that no address and no history holds it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::findings::Findings;
use super::page::{Fields, Frame, Shared, page};
use zendesk_jwt::jwt::{Clock, Kind, SystemClock};
use zendesk_jwt_rules::inspect::Expectation;

#[derive(Template)]
#[template(path = "workbench/inspect.html")]
struct Page {
    frame: Frame,
    jwt: String,
    secret: String,
    kinds: Vec<Choice>,
    findings: Option<Findings>,
}

/// A kind to choose.
struct Choice {
    name: &'static str,
    title: &'static str,
    is_chosen: bool,
}

/// The empty form.
pub(super) async fn form(State(workbench): Shared) -> Response {
    let frame = workbench.frame("/inspect").await;
    let shown = Page { frame, jwt: String::new(), secret: String::new(), kinds: choices(None), findings: None };
    page(StatusCode::OK, &shown)
}

/// The form as it was filled in, with what is to be said of the JWT.
pub(super) async fn inspect(State(workbench): Shared, body: String) -> Response {
    let fields = Fields::read(&body);
    let (jwt, secret) = (fields.get("jwt").to_owned(), fields.get("secret").to_owned());
    let kind = Kind::parse(fields.get("kind"));
    let expectation =
        Expectation { kind, secret: (!secret.is_empty()).then_some(secret.as_bytes()), now: SystemClock.now().0 };
    // A text area adds a line end easily, and it is not what anybody asks about.
    let findings = Findings::of(jwt.trim(), &expectation, "the secret that you gave");
    let frame = workbench.frame("/inspect").await;
    page(StatusCode::OK, &Page { frame, jwt, secret, kinds: choices(kind), findings: Some(findings) })
}

fn choices(chosen: Option<Kind>) -> Vec<Choice> {
    let choice = |kind: Kind| Choice { name: kind.name(), title: kind.title(), is_chosen: chosen == Some(kind) };
    Kind::ALL.map(choice).into()
}
