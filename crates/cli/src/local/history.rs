//! The requests that reached the functions, in memory and only as long as the process lives.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use lambda_http::Request;
use parking_lot::Mutex;
use time::OffsetDateTime;
use tokio::sync::watch;

use super::demo;
use zendesk_jwt::handlers::Answer;
use zendesk_jwt::jwt::{Clock as _, Kind, SystemClock};
use zendesk_jwt::outcome::Outcome;
use zendesk_jwt::user::ExternalId;
use zendesk_jwt_rules::inspect::{Expectation, Inspection, find_jwt, inspect};

const MAX_EXCHANGES: usize = 500;

/// How many lines of a log are kept.
const MAX_LINES: usize = 8;

#[derive(Default)]
pub(super) struct History {
    exchanges: Mutex<VecDeque<Arc<Exchange>>>,
    /// The number of exchanges since the start, also of those that were deleted.
    count: watch::Sender<u64>,
    /// What the terminal shows.
    pub(super) terminal: LatestLines,
    /// What CloudWatch would get in addition to the line of each request.
    pub(super) log: LatestLines,
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
    jwt: Option<(String, Inspection)>,
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
    /// Shows a line of the exchange on the terminal, and keeps the exchange.
    pub(super) fn add(
        &self,
        kind: Kind,
        request: Request,
        answer: Answer,
        duration: Duration,
        log_line: String,
    ) -> Arc<Exchange> {
        let line = line(&request, &answer, duration);
        // A closed terminal is not an error of the request.
        writeln!(io::stdout(), "{line}").ok();
        self.terminal.add(line);
        let jwt = inspected(kind, &answer);
        let mut exchanges = self.exchanges.lock();
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
            jwt,
        });
        exchanges.push_front(Arc::clone(&exchange));
        exchanges.truncate(MAX_EXCHANGES);
        self.count.send_replace(id);
        exchange
    }

    /// The latest comes first.
    pub(super) fn all(&self) -> Vec<Arc<Exchange>> {
        self.exchanges.lock().iter().cloned().collect()
    }

    pub(super) fn get(&self, id: &str) -> Option<Arc<Exchange>> {
        let id: u64 = id.parse().ok()?;
        self.all().into_iter().find(|exchange| exchange.id == id)
    }

    pub(super) fn delete(&self) {
        self.exchanges.lock().clear();
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

    pub(super) fn body(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.answer.response.body())
    }

    /// The JWT in the answer, inspected as Zendesk would at that time.
    pub(super) fn jwt(&self) -> Option<&(String, Inspection)> {
        self.jwt.as_ref()
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

/// The latest lines of a log. All clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct LatestLines(Arc<Mutex<VecDeque<String>>>);

impl LatestLines {
    pub(crate) fn add(&self, line: impl Into<String>) {
        let mut lines = self.0.lock();
        lines.push_back(line.into());
        if lines.len() > MAX_LINES {
            lines.pop_front();
        }
    }

    /// Oldest first.
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().iter().cloned().collect()
    }
}

impl Write for LatestLines {
    /// Takes whole lines, as `tracing` writes them.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for line in String::from_utf8_lossy(bytes).lines() {
            self.add(console::strip_ansi_codes(line));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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

/// The JWT in the answer, inspected as Zendesk would now.
fn inspected(kind: Kind, answer: &Answer) -> Option<(String, Inspection)> {
    let body = String::from_utf8_lossy(answer.response.body());
    let jwt = find_jwt(&body).filter(|_| answer.response.status().is_success())?.jwt;
    let secret = demo::shared_secret(kind, answer.observed.configuration.as_ref());
    let now = SystemClock.now().0;
    let inspection = inspect(&jwt, &Expectation { kind: Some(kind), secret: Some(secret.as_bytes()), now });
    Some((jwt, inspection))
}

fn line(request: &Request, answer: &Answer, duration: Duration) -> String {
    let facts = answer.outcome.facts();
    let milliseconds = duration.as_secs_f64() * 1e3;
    let (method, path, status) = (request.method(), request.uri().path(), answer.response.status().as_u16());
    let detail = answer.outcome.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{method} {path}  {status} {}  {milliseconds:.1} ms{detail}", facts.code)
}
