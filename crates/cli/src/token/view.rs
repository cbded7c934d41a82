//! A stored token as the tool shows it. The token itself is not stored, and so not in here.

use serde::Serialize;
use serde_json::{Map, Value};

use super::kinds::FlowAnswer;
use crate::aws::user_token_items::{StoredItem, is_of_the_token};
use crate::output::{self, Detail};
use crate::problem::Problem;
use zendesk_jwt::jwt::{Clock, EpochSeconds, SystemClock};

/// What is about the token and not about its user.
#[derive(Debug, Serialize)]
pub(crate) struct TokenView {
    /// The key under which it is stored.
    pub(crate) token_hash: String,
    /// The kinds of JWT that it may be exchanged for; null means all three.
    audiences: Value,
    /// Epoch seconds; null means never.
    expires_at: Value,
    suspended: Value,
    flows: [FlowAnswer; 3],
}

impl TokenView {
    /// The token of that item, now.
    pub(crate) fn of(item: &StoredItem) -> Self {
        let mut fields = item.clone().into_json();
        let mut field = |name: &str| fields.remove(name).unwrap_or_default();
        Self {
            token_hash: item.token_hash().to_owned(),
            audiences: field("audiences"),
            expires_at: field("expires_at"),
            suspended: match field("suspended") {
                Value::Null => Value::Bool(false),
                stored => stored,
            },
            flows: FlowAnswer::all(item, SystemClock.now()),
        }
    }

    /// When it expires, in words.
    pub(crate) fn expiry(&self) -> String {
        match &self.expires_at {
            Value::Null => "never".into(),
            value => {
                value.as_u64().map_or_else(|| output::visible(value), |seconds| output::minute(EpochSeconds(seconds)))
            }
        }
    }

    /// What the flows would answer, a sentence each.
    pub(crate) fn sentences(&self) -> impl Iterator<Item = String> {
        self.flows.iter().map(FlowAnswer::sentence)
    }
}

/// The tokens of a user: those first that count longest.
pub(crate) fn views(items: &[StoredItem]) -> Vec<TokenView> {
    let mut views: Vec<_> = items.iter().map(TokenView::of).collect();
    let until = |view: &TokenView| std::cmp::Reverse(view.expires_at.as_u64().unwrap_or(u64::MAX));
    views.sort_by_key(|view| (until(view), view.token_hash.clone()));
    views
}

/// The tokens as a table.
pub(crate) fn table(views: &[TokenView]) -> String {
    let row = |view: &TokenView, detail: Detail| {
        let own = [detail.token_hash(&view.token_hash), view.expiry()];
        own.into_iter().chain(view.flows.iter().map(FlowAnswer::cell)).collect()
    };
    output::table(&["token hash", "expires", "sdk", "messaging", "sso"], |detail| {
        views.iter().map(|view| row(view, detail)).collect()
    })
}

/// What an item holds about its user, external id and all.
pub(crate) fn profile(item: &StoredItem) -> Map<String, Value> {
    item.clone().into_json().into_iter().filter(|(field, _)| !is_of_the_token(field)).collect()
}

/// Nobody has that external id.
pub(crate) fn no_such_user() -> Problem {
    Problem("no token is stored for that user: look at --external-id, and at --table and the account".into())
}
