use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use crate::sso::{Refusal, SignIn};
use zendesk_jwt_rules::{EpochSeconds, Kind};

/// In seconds; longer than a token with the `jti` is fresh.
const JTI_LIFETIME: u64 = 60 * 60;

/// When there are more, the oldest session ends.
const MAX_SESSIONS: usize = 100;

/// What Zendesk remembers between requests, apart from its users.
#[derive(Default)]
pub(super) struct Sessions {
    used_jtis: HashMap<(Kind, String), EpochSeconds>,
    open: VecDeque<(String, SignIn)>,
    /// The session that a browser takes along to the host of another brand, by a key that works once.
    taken_along: Option<(String, String)>,
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

    pub fn take_along(&mut self, key: String, id: String) {
        self.taken_along = Some((key, id));
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

    pub fn end(&mut self, id: &str) {
        self.open.retain(|(found, _)| found != id);
    }
}
