//! All users of the table, read once and kept until something is written.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use serde_json::Value;

use super::super::demo;
use crate::aws::error::AwsError;
use crate::aws::user_token_items::StoredItem;
use crate::aws::user_token_table::UserTokenTable;
use crate::output;
use crate::users::MIN_DIGITS;
use zendesk_jwt::jwt::{Clock, EpochSeconds, Kind, SystemClock};
use zendesk_jwt::user::{ExternalId, UserToken};

/// What an item without `audiences` is good for.
const EVERY_FLOW: &str = "all three flows";

pub(crate) struct UserList {
    /// This table works even while DynamoDB is down for everyone else.
    pub(super) table: UserTokenTable,
    writes: Arc<AtomicU64>,
    /// The rows, and how often the table had been written to before they were read.
    kept: Mutex<Option<(u64, Arc<[Row]>)>>,
    /// The user tokens that this process knows, by the keys of the items that they stand for.
    pub(super) tokens: Mutex<HashMap<String, String>>,
    /// What the last deletion deleted.
    pub(super) deleted: Mutex<Option<StoredItem>>,
}

impl UserList {
    pub(crate) fn new(table: UserTokenTable, writes: Arc<AtomicU64>) -> Self {
        let tokens = demo::users().into_iter().filter_map(|user| Some((hash(user.token)?, user.token.to_owned())));
        Self { table, writes, kept: Mutex::default(), tokens: Mutex::new(tokens.collect()), deleted: Mutex::default() }
    }

    /// All rows, by external id.
    pub(super) async fn all(&self) -> Result<Arc<[Row]>, AwsError> {
        let writes = self.writes.load(Ordering::Relaxed);
        if let Some((_, rows)) = self.kept.lock().as_ref().filter(|(before, _)| *before == writes) {
            return Ok(Arc::clone(rows));
        }
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            let (items, next) = self.table.page(after.as_deref()).await?;
            rows.extend(items.into_iter().map(|item| Row::of(item, &self.tokens.lock())));
            after = next;
            if after.is_none() {
                break;
            }
        }
        rows.sort_by(|one, other| one.external_id.cmp(&other.external_id));
        let rows: Arc<[Row]> = rows.into();
        *self.kept.lock() = Some((writes, Arc::clone(&rows)));
        Ok(rows)
    }
}

pub(super) fn hash(token: &str) -> Option<String> {
    UserToken::parse(token).ok().map(|token| token.hash())
}

/// A user token and its user.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) token_hash: String,
    /// The token itself, if this process knows it.
    pub(super) token: Option<String>,
    pub(super) name: String,
    pub(super) external_id: String,
    pub(super) email: String,
    pub(super) is_email_verified: bool,
    pub(super) audiences: String,
    pub(super) is_suspended: bool,
    expires_at: Option<EpochSeconds>,
    /// The attribute that the functions cannot read.
    pub(super) malformed: Option<&'static str>,
    /// What a search looks at, in lower case.
    text: String,
}

impl Row {
    pub(super) fn of(item: StoredItem, tokens: &HashMap<String, String>) -> Self {
        let record = item.record();
        let token_hash = item.token_hash().to_owned();
        let is_record = item.is_user_record();
        let fields = item.into_json();
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut audiences: Vec<&str> =
            fields.get("audiences").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        audiences.sort_unstable();
        let (name, external_id, email) = (text("name"), text("external_id"), text("email"));
        Self {
            token: tokens.get(&token_hash).filter(|token| hash(token).as_ref() == Some(&token_hash)).cloned(),
            text: [&*name, &*external_id, &*email, &*text("phone"), &*text("organization")].join("\n").to_lowercase(),
            name: if name.is_empty() { external_id.clone() } else { name },
            external_id,
            email,
            is_email_verified: fields.get("email_verified") == Some(&Value::Bool(true)),
            audiences: match audiences.as_slice() {
                [] if is_record => "those of the provider".to_owned(),
                [] => EVERY_FLOW.to_owned(),
                audiences => audiences.join(", "),
            },
            is_suspended: record.as_ref().is_ok_and(|record| record.suspended),
            expires_at: record.as_ref().ok().and_then(|record| record.expires_at),
            malformed: record.err(),
            token_hash,
        }
    }

    /// Whether the words, a user token or the first digits of its hash mean this row.
    pub(super) fn matches(&self, words: &[String], token_hash: Option<&String>) -> bool {
        let is_start = |word: &String| word.len() >= MIN_DIGITS && self.token_hash.starts_with(word.as_str());
        token_hash == Some(&self.token_hash) || words.iter().all(|word| self.text.contains(word) || is_start(word))
    }

    /// What the functions do with the token, in a few words.
    pub(super) fn summary(&self) -> String {
        let words = [
            self.malformed.map(|attribute| format!("malformed {attribute}")),
            self.is_suspended.then(|| "suspended".to_owned()),
            self.is_expired().then(|| "token expired".to_owned()),
            (!self.is_email_verified).then(|| "e-mail not verified".to_owned()),
            (self.audiences != EVERY_FLOW).then(|| format!("{} only", self.audiences)),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        if words.is_empty() { EVERY_FLOW.to_owned() } else { words.join(", ") }
    }

    /// Whether this is a user record, which overrides the ID tokens of a user.
    pub(super) fn is_record(&self) -> bool {
        self.token_hash.starts_with(ExternalId::RECORD_KEY_START)
    }

    pub(super) fn is_expired(&self) -> bool {
        self.expires_at.is_some_and(|at| at <= SystemClock.now())
    }

    /// The minute in which the token will expire.
    pub(super) fn expires(&self) -> Option<String> {
        self.expires_at.filter(|_| !self.is_expired()).map(output::minute)
    }

    pub(super) fn is_refused(&self) -> bool {
        self.is_suspended || self.is_expired() || self.malformed.is_some()
    }

    pub(super) fn edit_link(&self) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("key", &self.token_hash).finish();
        format!("/users/edit?{query}")
    }

    /// The buttons that run a flow as this user. A record needs an ID token, which only its provider makes.
    pub(super) fn runs(&self) -> &'static [(Kind, &'static str)] {
        const RUNS: &[(Kind, &str)] = &[(Kind::Sdk, "SDK"), (Kind::Messaging, "Messaging"), (Kind::Sso, "SSO")];
        if self.is_record() { &[] } else { RUNS }
    }
}
