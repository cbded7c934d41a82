//! The requests that reached the functions, in memory and only as long as the process lives.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use lambda_http::Request;
use scraper::{Html, Selector};
use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::watch;

use super::demo;
use super::terminal::LatestLines;
use zendesk_jwt::handlers::Answer;
use zendesk_jwt::jwt::Kind;
use zendesk_jwt::outcome::Outcome;
use zendesk_jwt::user::ExternalId;
use zendesk_jwt_rules::inspect::{Expectation, Inspection, inspect};

const MAX_EXCHANGES: usize = 500;

pub(super) struct History {
    exchanges: Mutex<VecDeque<Arc<Exchange>>>,
    /// The number of exchanges since the start, also of those that were deleted.
    count: watch::Sender<u64>,
    terminal: LatestLines,
    log: LatestLines,
}

/// A request, and what the function made of it.
pub(super) struct Exchange {
    pub(super) id: u64,
    pub(super) at: OffsetDateTime,
    pub(super) kind: Kind,
    pub(super) request: Request,
    pub(super) answer: Answer,
    pub(super) duration: Duration,
    /// The line that the function would log in Lambda.
    pub(super) log_line: String,
    pub(super) other_log_lines: Vec<String>,
    pub(super) terminal: Vec<String>,
    jwt: OnceLock<Option<(String, Inspection)>>,
}

/// What an exchange means for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Signed,
    /// The function signed a JWT that Zendesk refuses.
    NotAccepted,
    /// Zendesk sent the browser back with an error.
    Returned,
    Refused,
    Unavailable,
    Malformed,
    /// Answers without a JWT, such as that to a sign-out.
    Other,
}

impl Meaning {
    pub(super) const ALL: [Self; 7] = [
        Self::Signed,
        Self::NotAccepted,
        Self::Returned,
        Self::Refused,
        Self::Unavailable,
        Self::Malformed,
        Self::Other,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::NotAccepted => "Zendesk refuses",
            Self::Returned => "returned by Zendesk",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Malformed => "malformed",
            Self::Other => "other",
        }
    }

    /// The CSS class of its color.
    pub(super) fn color(self) -> &'static str {
        match self {
            Self::Signed => "good",
            Self::Refused | Self::Malformed => "warn",
            Self::NotAccepted | Self::Returned | Self::Unavailable => "bad",
            Self::Other => "none",
        }
    }
}

impl History {
    pub(super) fn new(terminal: LatestLines, log: LatestLines) -> Self {
        Self { exchanges: Mutex::default(), count: watch::Sender::new(0), terminal, log }
    }

    pub(super) fn add(
        &self,
        kind: Kind,
        request: Request,
        answer: Answer,
        duration: Duration,
        log_line: String,
    ) -> Arc<Exchange> {
        let mut exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        let id = *self.count.borrow() + 1;
        let exchange = Arc::new(Exchange {
            id,
            at: OffsetDateTime::now_utc(),
            kind,
            request,
            answer,
            duration,
            log_line,
            other_log_lines: self.log.all(),
            terminal: self.terminal.all(),
            jwt: OnceLock::new(),
        });
        exchanges.push_front(Arc::clone(&exchange));
        exchanges.truncate(MAX_EXCHANGES);
        self.count.send_replace(id);
        exchange
    }

    /// The latest comes first.
    pub(super) fn all(&self) -> Vec<Arc<Exchange>> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(super) fn get(&self, id: &str) -> Option<Arc<Exchange>> {
        let id: u64 = id.parse().ok()?;
        self.all().into_iter().find(|exchange| exchange.id == id)
    }

    pub(super) fn delete(&self) {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.count.send_modify(|_| {});
    }

    /// Changes with each new exchange, and when all are deleted.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }
}

impl Exchange {
    pub(super) fn title(&self) -> &'static str {
        match self.kind {
            Kind::Sdk => "Support SDK exchange",
            Kind::Messaging => "Messaging token",
            Kind::Sso if self.request.uri().path().ends_with("/logout") => "SSO sign-out",
            Kind::Sso => "SSO sign-in",
        }
    }

    pub(super) fn body(&self) -> String {
        String::from_utf8_lossy(self.answer.response.body()).into_owned()
    }

    /// The JWT in the answer, inspected as Zendesk would at that time.
    pub(super) fn jwt(&self) -> Option<&(String, Inspection)> {
        let inspected = || {
            let jwt = jwt(self.kind, &self.body()).filter(|_| self.answer.response.status().is_success())?;
            let secret = demo::shared_secret(self.kind, self.answer.observed.configuration.as_ref());
            let now = u64::try_from(self.at.unix_timestamp()).unwrap_or_default();
            let expectation = Expectation { kind: Some(self.kind), secret: Some(secret.as_bytes()), now };
            let inspection = inspect(&jwt, &expectation);
            Some((jwt, inspection))
        };
        self.jwt.get_or_init(inspected).as_ref()
    }

    pub(super) fn meaning(&self) -> Meaning {
        match self.answer.outcome {
            Outcome::Signed | Outcome::SignInLoop => {
                let is_accepted = self.jwt().is_none_or(|(_, inspection)| inspection.is_accepted());
                if is_accepted { Meaning::Signed } else { Meaning::NotAccepted }
            }
            Outcome::Refused(_) => Meaning::Refused,
            Outcome::Unavailable(_) => Meaning::Unavailable,
            Outcome::Malformed(_) => Meaning::Malformed,
            Outcome::ReturnedByZendesk(_) => Meaning::Returned,
            Outcome::Preflight | Outcome::SignedOut => Meaning::Other,
        }
    }

    /// The name in the JWT, or that of the demo user who was found; empty if no user was found.
    pub(super) fn user(&self) -> String {
        let signed = self.jwt().and_then(|(_, inspection)| inspection.claims.as_ref()?.get("name")?.as_str());
        let found = self.answer.observed.external_id_hash.as_deref();
        let name = signed.map(str::to_owned).or_else(|| demo_name(found?));
        name.unwrap_or_else(|| found.map(|hash| hash.chars().take(12).collect()).unwrap_or_default())
    }
}

/// The name of the demo user whose external id has this hash.
fn demo_name(external_id_hash: &str) -> Option<String> {
    let is_it = |id: &str| ExternalId::parse(id).is_some_and(|id| id.hash() == external_id_hash);
    let name = |user: &demo::DemoUser| user.attributes["name"]["S"].as_str().map(str::to_owned);
    let users = demo::users();
    let user = users.iter().find(|user| user.attributes["external_id"]["S"].as_str().is_some_and(is_it));
    let provider = demo::identity_provider_users().into_iter().find(|user| is_it(user.subject));
    user.and_then(name).or_else(|| provider.map(|user| user.name.to_owned()))
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
