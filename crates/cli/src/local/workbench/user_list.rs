//! The users of the table, read once and kept until something is written, and what the pages change in them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use serde_json::{Map, Value, json};

use super::super::demo;
use super::Notice;
use super::users::UserForm;
use crate::aws::error::AwsError;
use crate::aws::user_token_items::{StoredItem, UserTokenItem};
use crate::aws::user_token_table::{Change, Changed, UserTokenTable};
use crate::output;
use crate::problem::Problem;
use crate::users::{MIN_DIGITS, new_token};
use zendesk_jwt::jwt::{Clock, EpochSeconds, SystemClock};
use zendesk_jwt::user::{ExternalId, UserToken};
use zendesk_jwt_rules::user_values::Remark;

/// What an item without `audiences` is good for.
const EVERY_FLOW: &str = "all three flows";

/// The lifetime of a token that the workbench makes for a run, in seconds.
const RUN_LIFETIME: u64 = 60 * 60;

pub(crate) struct UserList {
    /// This table works even while DynamoDB is down for everyone else.
    table: UserTokenTable,
    writes: Arc<AtomicU64>,
    /// The rows, and how often the table had been written to before they were read.
    kept: Mutex<Option<(u64, Arc<[Row]>)>>,
    /// The user tokens that this process knows, by the keys of the items that they stand for.
    tokens: Mutex<HashMap<String, String>>,
    /// What the last deletion deleted.
    deleted: Mutex<Option<StoredItem>>,
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
            rows.extend(items.iter().map(|item| Row::of(item, &self.tokens.lock())));
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

    pub(super) async fn item(&self, key: &str) -> Result<StoredItem, Problem> {
        self.table.get(key).await?.ok_or_else(gone)
    }

    pub(super) async fn add(&self, form: &UserForm) -> Result<Notice, Problem> {
        let token = new_token::random()?.to_string();
        let mut fields = form.fields(SystemClock.now())?;
        fields.insert("token".to_owned(), json!(token));
        let item = UserTokenItem::from_json(fields)?;
        let text = format!("{} is added{}", form.get("name"), sentences(&item.warnings));
        self.tokens.lock().insert(item.token_hash().to_owned(), token.clone());
        self.table.put_for_its_user(&item).await?;
        Ok(Notice::Added { text, token })
    }

    /// Stores the edited fields of an item, and removes the others that the form can show.
    pub(super) async fn save(&self, form: &UserForm) -> Result<Notice, Problem> {
        let item = self.item(form.get("key")).await?;
        let (old, _) = item.clone().into_fields();
        let mut new = form.fields(SystemClock.now())?;
        // A flag that is not stored leaves the decision to the provider's ID token.
        new.retain(|name, value| old.contains_key(name) || *value != json!(false));
        new.insert("external_id".to_owned(), old.get("external_id").cloned().unwrap_or_default());
        let is_kept = |name: &str| name == "token_hash" || new.contains_key(name);
        let removed: Vec<_> = old.keys().map(String::as_str).filter(|name| !is_kept(name)).collect();
        let change = Change::new(new, removed)?;
        let (name, warnings) = (self.name(&change.preview(&item)?), sentences(&change.warnings));
        self.apply(item, &change).await?;
        Ok(Notice::Done(format!("{name} is changed{warnings}.")))
    }

    /// Makes a change of a user, and returns the user's name.
    async fn apply(&self, item: StoredItem, change: &Change) -> Result<String, Problem> {
        let user = item.external_id().ok_or_else(|| Problem("this item has no external id".into()))?;
        match self.table.change(item.token_hash(), &user, change).await? {
            Changed::NoSuchItem => Err(gone()),
            Changed::Yes | Changed::No => Ok(self.name(&item)),
        }
    }

    fn name(&self, item: &StoredItem) -> String {
        Row::of(item, &self.tokens.lock()).name
    }

    /// Makes a change, and describes it.
    pub(super) async fn change(&self, token_hash: &str, name: &str) -> Result<Notice, Problem> {
        let (change, done) = match name {
            "suspend" => (Change::set("suspended", true), "is suspended: all flows refuse the token"),
            "resume" => (Change::set("suspended", false), "is not suspended any more"),
            "expire" => (Change::set("expires_at", SystemClock.now().0), "has an expired token now"),
            "renew" => (Change::new(Map::new(), ["expires_at"]), "has a token that does not expire now"),
            "verify" => (Change::set("email_verified", true), "has a verified e-mail address now"),
            "unverify" => (Change::set("email_verified", false), "has an unverified e-mail address now"),
            _ => return Err(Problem("this change does not exist".into())),
        };
        if name == "expire" && token_hash.starts_with(ExternalId::RECORD_KEY_START) {
            return Err(Problem("A user record never expires, because DynamoDB would delete a suspension".into()));
        }
        let name = self.apply(self.item(token_hash).await?, &change?).await?;
        Ok(Notice::Done(format!("{name} {done}.")))
    }

    pub(super) async fn delete(&self, key: &str) -> Result<Notice, Problem> {
        let item = self.item(key).await?;
        self.table.delete(key, item.external_id().as_ref()).await?;
        let name = self.name(&item);
        *self.deleted.lock() = Some(item);
        Ok(Notice::Deleted(format!("{name} is deleted.")))
    }

    pub(super) async fn restore(&self) -> Result<Notice, Problem> {
        let deleted = self.deleted.lock().take();
        let item = deleted.ok_or_else(|| Problem("no deletion is left to undo".into()))?;
        let name = self.name(&item);
        if !self.table.restore(item).await? {
            return Err(Problem(format!("{name} was stored again in the meantime")));
        }
        Ok(Notice::Done(format!("{name} is in the table again.")))
    }

    /// A user token for the item. The table has only a hash, so it may be a new token for the same user.
    pub(super) async fn token_for_run(&self, key: &str) -> Result<String, Problem> {
        let known = self.tokens.lock().get(key).cloned();
        if let Some(token) = known.clone().filter(|token| hash(token).as_deref() == Some(key)) {
            return Ok(token);
        }
        let (mut copied, _) = self.item(key).await?.into_fields();
        copied.remove("token_hash");
        let token = known.map_or_else(|| new_token::random().map(|token| token.to_string()), Ok)?;
        let end = SystemClock.now().plus(RUN_LIFETIME).0;
        let expires_at = copied.get("expires_at").and_then(Value::as_u64).map_or(end, |stored| stored.min(end));
        let own = [("token", json!(token)), ("expires_at", json!(expires_at))];
        let own = own.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
        self.table.put_for_its_user(&UserTokenItem::with_copied(own, copied)?).await?;
        let keys = [hash(&token).unwrap_or_default(), key.to_owned()];
        self.tokens.lock().extend(keys.map(|key| (key, token.clone())));
        Ok(token)
    }
}

fn gone() -> Problem {
    Problem("this user is not in the table any more".into())
}

fn sentences(warnings: &[Remark]) -> String {
    warnings.iter().fold(String::new(), |text, warning| format!("{text}. Warning: {warning}"))
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
    pub(super) fn of(item: &StoredItem, tokens: &HashMap<String, String>) -> Self {
        let record = item.record();
        let token_hash = item.token_hash().to_owned();
        let is_record = item.is_user_record();
        let fields = item.json();
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
}
