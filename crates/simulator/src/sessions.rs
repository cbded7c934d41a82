//! What Zendesk remembers between requests, apart from its users, and the steps of the latest sign-in.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;

use crate::sso::{Refusal, SignIn};
use zendesk_jwt_rules::{EpochSeconds, Kind};

/// In seconds; longer than a token with the `jti` is fresh.
const JTI_LIFETIME: u64 = 60 * 60;

/// When there are more, the oldest session ends.
const MAX_SESSIONS: usize = 100;

/// A sign-in has fewer steps. Only a redirect loop reaches this limit.
const MAX_STEPS: usize = 20;

#[derive(Default)]
pub(super) struct Sessions {
    used_jtis: HashMap<(Kind, String), EpochSeconds>,
    open: VecDeque<(String, SignIn)>,
    /// The session that a browser takes along to the host of another brand, by a key that works once.
    pub taken_along: Option<(String, String)>,
    /// Why the last browser was not signed in.
    pub last_refusal: Option<Refusal>,
    /// The error that a person chose for the next sign-in.
    pub next_error: Option<&'static str>,
}

impl Sessions {
    pub fn is_used(&self, kind: Kind, jti: &Value) -> bool {
        self.used_jtis.contains_key(&(kind, jti.to_string()))
    }

    pub fn use_up(&mut self, kind: Kind, jti: &Value, now: EpochSeconds) {
        self.used_jtis.retain(|_, used_at| now.since(*used_at) < JTI_LIFETIME);
        self.used_jtis.insert((kind, jti.to_string()), now);
    }

    pub fn begin(&mut self, id: String, sign_in: SignIn) {
        self.open.truncate(MAX_SESSIONS - 1);
        self.open.push_front((id, sign_in));
    }

    /// The id of the session that was taken along with this key.
    pub fn arrive(&mut self, key: &str) -> Option<String> {
        self.taken_along.take_if(|(found, _)| found == key).map(|(_, id)| id)
    }

    pub fn get(&self, id: &str) -> Option<&SignIn> {
        self.open.iter().find(|(found, _)| found == id).map(|(_, sign_in)| sign_in)
    }

    /// Forgets everything but the used `jti` values, because a JWT stays used.
    pub fn forget(&mut self) {
        *self = Self { used_jtis: std::mem::take(&mut self.used_jtis), ..Self::default() };
    }

    pub fn end(&mut self, id: &str) -> Option<SignIn> {
        let at = self.open.iter().position(|(found, _)| found == id)?;
        self.open.remove(at).map(|(_, sign_in)| sign_in)
    }
}

/// The steps of the latest sign-in. All clones share them, so the company's side can add its own.
#[derive(Clone, Default)]
pub struct Journey(Arc<Mutex<Vec<Step>>>);

/// One request of the browser, and the answer.
#[derive(Clone)]
pub struct Step {
    /// What happened, as a sentence.
    pub title: &'static str,
    /// The request line, or several lines with the fields of a form.
    pub sent: String,
    pub received: String,
    /// Whether this was Zendesk's answer to a JWT.
    pub is_end: bool,
}

impl Journey {
    /// Adds a step. After the end of a sign-in, the step is the first one of the next.
    pub fn add(&self, step: Step) {
        let mut steps = self.0.lock();
        if steps.last().is_some_and(|last| last.is_end) || steps.len() == MAX_STEPS {
            steps.clear();
        }
        steps.push(step);
    }

    pub(super) fn begin(&self, step: Step) {
        *self.0.lock() = vec![step];
    }

    pub(super) fn forget(&self) {
        self.0.lock().clear();
    }

    pub(super) fn steps(&self) -> Vec<Step> {
        self.0.lock().clone()
    }
}

/// The `Location` line of an answer, with the parameters below it.
pub fn located(target: &str) -> String {
    let (address, query) = target.split_once('?').unwrap_or((target, ""));
    format!("\nLocation: {address}{}", listed(query.as_bytes()))
}

/// The parameters of an address or the fields of a form, one in a line.
pub(super) fn listed(query: &[u8]) -> String {
    let fields = form_urlencoded::parse(query).map(|(name, value)| {
        let shown: String = value.chars().take(200).collect();
        let cut = if shown.len() < value.len() { "…" } else { "" };
        format!("\n{name}: {shown}{cut}")
    });
    fields.collect()
}
