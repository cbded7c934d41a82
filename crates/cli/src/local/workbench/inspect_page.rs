use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::demo;
use super::examples::{EXAMPLES, example, signed_texts};
use super::{Frame, Shared, Workbench, page};
use crate::id_token::Verdict;
use crate::output;
use crate::problem::Problem;
use zendesk_jwt::jwt::{Clock, Kind, SystemClock};
use zendesk_jwt_rules::inspect::{Expectation, Signature, find_jwt, inspect as inspect_jwt};
use zendesk_jwt_simulator::web::{self, JwtReport, Menu, Prose};

#[derive(Template)]
#[template(path = "workbench/inspect.html")]
struct Page {
    menu: Menu,
    frame: Frame,
    kind: Option<Kind>,
    jwt: String,
    /// What a person edits and signs again.
    header: String,
    claims: String,
    is_signing: bool,
    problem: Option<Problem>,
    report: Option<JwtReport>,
    /// What the functions do with an ID token.
    verdict: Option<Verdict>,
}

pub(super) async fn form(State(workbench): Shared) -> Response {
    workbench.inspect_page("").await
}

/// A POST, so that no address and no history holds the JWT. Every page with a JWT can post `jwt` and `kind` here.
pub(super) async fn inspect(State(workbench): Shared, body: String) -> Response {
    workbench.inspect_page(&body).await
}

impl Workbench {
    /// The secret is in no page.
    async fn inspect_page(&self, form: &str) -> Response {
        let field = |name| web::field(form.as_bytes(), name).unwrap_or_default();
        let (secret, kind, is_signing) = (field("secret"), Kind::parse(&field("kind")), !field("sign").is_empty());
        let (mut jwt, mut header, mut claims) = (field("jwt"), field("header"), field("claims"));
        let mut problem = None;
        if let Some(example) = example(&field("example"), &self.identity_provider) {
            jwt = example;
        }
        if is_signing {
            let signer = Some(secret.clone()).filter(|secret| !secret.is_empty());
            let signer = signer.or_else(|| self.demo_key(&jwt, kind).map(|(_, secret)| secret));
            let signer = signer.unwrap_or_else(|| demo::shared_secret(kind.unwrap_or(Kind::Sso), None));
            match signed_texts(&header, &claims, &signer) {
                Ok(new) => jwt = new,
                Err(error) => problem = Some(error),
            }
        }
        let key = if secret.is_empty() { self.demo_key(&jwt, kind) } else { None };
        let name = if key.is_some() { "the shared secret of the demo" } else { "the secret that you entered" };
        let own_secret = Some(secret).filter(|secret| !secret.is_empty());
        let (kind_of_key, secret) = key.map_or((None, own_secret), |(kind, secret)| (Some(kind), Some(secret)));
        let expectation = Expectation {
            kind: kind.or(kind_of_key),
            secret: secret.as_deref().map(str::as_bytes),
            now: SystemClock.now().0,
        };
        // A text area easily adds a line break.
        let inspection = inspect_jwt(jwt.trim(), &expectation);
        let id_token = find_jwt(&jwt).filter(|_| inspection.id_token.is_some());
        let verdict = id_token.and_then(|found| self.identity_provider.verdict(&found.jwt));
        if problem.is_none() {
            header = inspection.header.as_ref().map(output::in_json).unwrap_or_default();
            claims = inspection.claims.as_ref().map(output::in_json).unwrap_or_default();
        }
        let report = (!form.is_empty() && problem.is_none()).then(|| JwtReport::new(&jwt, inspection, name));
        let (menu, frame) = (self.menu("/inspect"), self.frame().await);
        page(StatusCode::OK, &Page { menu, frame, kind, jwt, header, claims, is_signing, problem, report, verdict })
    }

    /// The demo's secret that has signed the JWT, or that its key id names.
    fn demo_key(&self, jwt: &str, kind: Option<Kind>) -> Option<(Kind, String)> {
        let kinds = Kind::ALL.into_iter().filter(|one| kind.is_none_or(|kind| kind == *one));
        let names = || std::iter::once(None).chain(self.functions.parts.configurations.names().map(Some));
        kinds.flat_map(|kind| names().map(move |name| (kind, name))).find_map(|(kind, name)| {
            let secret = demo::shared_secret(kind, name);
            let expectation = Expectation { kind: Some(kind), secret: Some(secret.as_bytes()), now: 0 };
            let inspection = inspect_jwt(jwt, &expectation);
            let key_id = inspection.header.and_then(|header| header.get("kid")?.as_str().map(str::to_owned));
            let is_named = kind == Kind::Messaging && key_id == Some(demo::kid(name));
            (inspection.signature == Signature::Verified || is_named).then_some((kind, secret))
        })
    }
}
