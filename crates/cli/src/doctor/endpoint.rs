//! The requests to the endpoint.

use std::fmt::Display;

use hyper::Method;
use hyper::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, COOKIE};
use serde_json::{Value, json};

use super::arguments::Place;
use super::plan::Plan;
use super::report::{Report, State, Verdict, quoted};
use zendesk_jwt_rules::Kind;
use zendesk_jwt_simulator::client::{Answer, Failure, Request, Route};

pub(super) const SEE_LOG: &str = "Look into the server's log for what happened to this request.";

pub(super) const NOT_TRUSTED: &str = "the user token is not sent over a connection that cannot be trusted";

pub(super) struct Endpoint<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) route: Route,
    /// Whether Zendesk and browsers accept the server's certificate.
    pub(super) is_trusted: bool,
}

impl Endpoint<'_> {
    /// The given user token, or why it is not sent.
    pub(super) fn user_token(&self) -> Result<&str, &'static str> {
        match &self.plan.user_token {
            Some(_) if !self.is_trusted => Err(NOT_TRUSTED),
            Some(_) if self.plan.id_token.as_ref().is_some_and(|token| token.is_expired) => {
                Err("the ID token has expired")
            }
            Some(token) => Ok(token),
            None => Err("needs a user token (--token-file)"),
        }
    }

    /// A token that no user has.
    pub(super) fn unknown_token(&self) -> String {
        format!("zendesk-jwt-doctor-{}", self.plan.marker)
    }

    /// A request as Zendesk sends it, or a browser that Zendesk sent here.
    pub(super) fn request(&self, method: Method) -> Request {
        let request = Request::new(method, &self.plan.url);
        if self.plan.kind != Kind::Sso {
            return request;
        }
        let request = like_a_browser(request).query("brand_id", "1").query("locale_id", "1");
        request.query("timestamp", &self.plan.now.0.to_string())
    }

    /// The request that brings this endpoint a user token.
    pub(super) fn request_with(&self, token: &str) -> Request {
        let is_page = self.plan.kind == Kind::Sso && self.plan.place != Place::Form;
        let request = self.request(if is_page { Method::GET } else { Method::POST });
        match self.plan.place {
            Place::Form => request.form(&[("user_token", token)]),
            Place::Bearer => request.header(AUTHORIZATION, &format!("Bearer {token}")),
            Place::Cookie => {
                let name = self.plan.arguments.cookie.as_deref().unwrap_or("session");
                request.header(COOKIE, &format!("{name}={token}"))
            }
        }
    }

    /// The token in JSON, which Zendesk does not send.
    pub(super) fn request_with_json(&self, token: &str) -> Request {
        self.request(Method::POST).body("application/json", json!({ "user_token": token }).to_string())
    }

    /// Whether the endpoint reads another body than the form that Zendesk sends.
    pub(super) async fn reads_other_body(&self, token: &str, is_read: impl Fn(&Answer) -> bool) -> Option<Verdict> {
        if self.plan.place != Place::Form {
            return None;
        }
        let boundary = &self.plan.marker;
        let head = "Content-Disposition: form-data; name=\"user_token\"";
        let multipart = format!("--{boundary}\r\n{head}\r\n\r\n{token}\r\n--{boundary}--\r\n");
        let media_type = format!("multipart/form-data; boundary={boundary}");
        let multipart = self.request(Method::POST).body(&media_type, multipart);
        for (body, request) in [("JSON", self.request_with_json(token)), ("a multipart form", multipart)] {
            if self.send(request).await.is_ok_and(|answer| is_read(&answer)) {
                return Some(Verdict::fail(
                    format!("the endpoint reads {body}, but Zendesk sends a form"),
                    "Read the field user_token from a body of the type application/x-www-form-urlencoded.",
                ));
            }
        }
        None
    }

    pub(super) async fn send(&self, request: Request) -> Result<Answer, Failure> {
        self.plan.client.send(&self.route, request).await
    }

    /// Sends the request of a check on which others depend.
    pub(super) async fn answer(&self, id: &str, request: Request, report: &mut Report) -> Result<Answer, &'static str> {
        report.require(id, self.send(request).await, SEE_LOG).ok_or("no answer")
    }

    pub(super) async fn judge(&self, request: Request, judge: impl FnOnce(&Answer) -> Verdict) -> Verdict {
        self.send(request).await.map_or_else(unanswered, |answer| judge(&answer))
    }
}

/// Adds the header with which a browser asks for a page.
pub(super) fn like_a_browser(request: Request) -> Request {
    request.header(ACCEPT, "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
}

pub(super) fn unanswered(problem: impl Display) -> Verdict {
    Verdict::fail(problem.to_string(), SEE_LOG)
}

/// The status, and where a redirect leads.
pub(super) fn describe(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    answer.redirect().map_or_else(|| status.to_string(), |location| format!("{status} to {}", quoted(&location)))
}

pub(super) const UNWRAP: &str = "Make API Gateway use the Lambda proxy integration, or return the status and body \
                                 themselves: Zendesk does not open the envelope.";

/// The status inside a `{statusCode, body}` envelope, which a Lambda function returns to API Gateway.
pub(super) fn envelope(answer: &Answer) -> Option<u64> {
    let json: Value = serde_json::from_str(&answer.body).ok()?;
    json.get("body").and_then(|_| json.get("statusCode")?.as_u64())
}

/// Whether no cache may keep the answer. Otherwise the verdict has this state.
pub(super) fn caching(answer: &Answer, state: State, remedy: &str) -> Verdict {
    let seen = match answer.header(CACHE_CONTROL) {
        _ if answer.lists(CACHE_CONTROL, "no-store") => return Verdict::pass("Cache-Control is `no-store`"),
        None => "there is no Cache-Control header".to_owned(),
        Some(directives) => format!("Cache-Control is {}", quoted(&directives)),
    };
    Verdict::new(state, seen, remedy)
}
