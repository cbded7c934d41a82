use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Frame, Shared, page};
use crate::id_token::Verdict;
use crate::output;
use zendesk_jwt::jwt::{Clock, Kind, SystemClock};
use zendesk_jwt_rules::inspect::{self, Expectation, find_jwt};
use zendesk_jwt_simulator::web::{self, JwtReport, Menu, Prose};

#[derive(Template)]
#[template(path = "workbench/inspect.html")]
struct Page {
    menu: Menu,
    frame: Frame,
    jwt: String,
    secret: String,
    kind: Option<Kind>,
    report: Option<JwtReport>,
    /// What the functions do with an ID token.
    verdict: Option<Verdict>,
}

pub(super) async fn form(State(workbench): Shared) -> Response {
    let (menu, frame) = (workbench.menu("/inspect"), workbench.frame().await);
    let page = Page { menu, frame, jwt: String::new(), secret: String::new(), kind: None, report: None, verdict: None };
    super::page(StatusCode::OK, &page)
}

/// A POST, so that no address and no history holds the JWT.
pub(super) async fn inspect(State(workbench): Shared, body: String) -> Response {
    let field = |name| web::field(body.as_bytes(), name).unwrap_or_default();
    let (jwt, secret, kind) = (field("jwt"), field("secret"), Kind::parse(&field("kind")));
    let expectation =
        Expectation { kind, secret: (!secret.is_empty()).then_some(secret.as_bytes()), now: SystemClock.now().0 };
    // A text area easily adds a line break.
    let inspection = inspect::inspect(jwt.trim(), &expectation);
    let id_token = find_jwt(&jwt).filter(|_| inspection.id_token.is_some());
    let verdict = id_token.and_then(|found| workbench.identity_provider.verdict(&found.jwt));
    let report = Some(JwtReport::new(&jwt, inspection, "the secret that you entered"));
    let (menu, frame) = (workbench.menu("/inspect"), workbench.frame().await);
    page(StatusCode::OK, &Page { menu, frame, jwt, secret, kind, report, verdict })
}
