//! The requests to the endpoint.

use std::fmt::Display;

use hyper::Method;
use hyper::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE};

use super::plan::{Place, Plan};
use super::report::{Verdict, quoted};
use zendesk_jwt_rules::Kind;
use zendesk_jwt_simulator::client::{Answer, Failure, Request, Route};

/// An endpoint that can be reached.
pub(super) struct Endpoint<'a> {
    pub(super) plan: &'a Plan,
    pub(super) route: Route,
    /// Whether Zendesk and browsers accept the server's certificate.
    pub(super) is_trusted: bool,
}

impl Endpoint<'_> {
    /// The given user token, or why it is not sent.
    pub(super) fn user_token(&self) -> Result<&str, &'static str> {
        match &self.plan.user_token {
            Some(_) if !self.is_trusted => Err("the user token is not sent over a connection that cannot be trusted"),
            Some(token) => Ok(token),
            None => Err("needs a user token (--user-token-file)"),
        }
    }

    /// A token that no user has.
    pub(super) fn unknown_token(&self) -> String {
        format!("zendesk-jwt-doctor-{}", self.plan.marker)
    }

    pub(super) fn request(&self, method: Method) -> Request {
        Request::new(method, &self.plan.url)
    }

    /// The request that brings this endpoint a user token.
    pub(super) fn request_with(&self, token: &str) -> Request {
        let is_page = self.plan.kind == Kind::Sso && self.plan.place != Place::Form;
        let request = self.request(if is_page { Method::GET } else { Method::POST });
        match &self.plan.place {
            Place::Form => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                request.form(form.append_pair("user_token", token).finish())
            }
            Place::Bearer => request.header(AUTHORIZATION, &format!("Bearer {token}")),
            Place::Cookie(name) => request.header(COOKIE, &format!("{name}={token}")),
        }
    }

    pub(super) async fn send(&self, request: Request) -> Result<Answer, Failure> {
        self.plan.network.client.send(&self.route, request).await
    }

    /// Sends a request and judges its answer.
    pub(super) async fn judge(&self, request: Request, judge: impl FnOnce(&Answer) -> Verdict) -> Verdict {
        self.send(request).await.map_or_else(unanswered, |answer| judge(&answer))
    }
}

/// The verdict on a request without an answer.
pub(super) fn unanswered(problem: impl Display) -> Verdict {
    Verdict::fail(problem.to_string(), "Look into the server's log for what happened to this request.")
}

/// The status, and where a redirect leads.
pub(super) fn describe(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    answer.redirect().map_or_else(|| status.to_string(), |location| format!("{status} to {}", quoted(&location)))
}

/// What `Cache-Control` says.
pub(super) fn caching(answer: &Answer) -> String {
    match answer.header(CACHE_CONTROL) {
        None => "there is no Cache-Control header".to_owned(),
        Some(directives) => format!("Cache-Control is {}", quoted(&directives)),
    }
}
