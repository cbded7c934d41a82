//! What Zendesk remembers between requests: identifiers that were used, sessions, and the last refused sign-in.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use crate::sso::{Refusal, SignIn};
use zendesk_jwt_rules::{EpochSeconds, Kind};

/// How long an identifier is remembered, in seconds: longer than any token that carries it is fresh.
const REMEMBERED: u64 = 60 * 60;

/// How many sessions are kept; then the oldest ends.
const MAX_SESSIONS: usize = 100;

/// The memory.
#[derive(Default)]
pub(super) struct Memory {
    used: HashMap<(Kind, String), EpochSeconds>,
    sessions: VecDeque<(String, SignIn)>,
    /// Why the last browser was not signed in.
    pub last_refusal: Option<Refusal>,
}

impl Memory {
    /// Whether a token with this `jti` came before.
    pub fn has_seen(&self, kind: Kind, jti: &Value) -> bool {
        self.used.contains_key(&(kind, jti.to_string()))
    }

    /// Remembers that a token with this `jti` came at `now`.
    pub fn remember(&mut self, kind: Kind, jti: &Value, now: EpochSeconds) {
        self.used.retain(|_, seen| now.since(*seen) < REMEMBERED);
        self.used.insert((kind, jti.to_string()), now);
    }

    /// Begins a session under this id.
    pub fn begin_session(&mut self, id: String, sign_in: SignIn) {
        self.sessions.truncate(MAX_SESSIONS - 1);
        self.sessions.push_front((id, sign_in));
    }

    /// Who is signed in under this id.
    pub fn session(&self, id: &str) -> Option<&SignIn> {
        self.sessions.iter().find(|(found, _)| found == id).map(|(_, sign_in)| sign_in)
    }

    /// Ends a session.
    pub fn end_session(&mut self, id: &str) {
        self.sessions.retain(|(found, _)| found != id);
    }
}
