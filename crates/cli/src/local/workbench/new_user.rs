use serde_json::{Map, Value, json};

use crate::aws::user_token_items::UserTokenItem;
use crate::problem::Problem;
use zendesk_jwt::jwt::{EpochSeconds, Kind};

/// The fields that become text attributes of the same name.
const TEXTS: [&str; 6] = ["name", "external_id", "email", "phone", "organization", "role"];

/// The form that adds a user: the names and values that were entered.
pub(super) struct NewUser(Vec<(String, String)>);

impl NewUser {
    pub(crate) fn empty() -> Self {
        Self::read(b"email_verified=true&audience=sdk&audience=messaging&audience=sso")
    }

    pub(crate) fn read(form: &[u8]) -> Self {
        let fields = form_urlencoded::parse(form);
        Self(fields.map(|(name, value)| (name.into_owned(), value.trim().to_owned())).collect())
    }

    /// The value of a field; empty if there is no such field.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn is_for(&self, kind: &str) -> bool {
        self.0.iter().any(|(name, value)| name == "audience" && value == kind)
    }

    /// The item to store. Empty fields become absent claims, so that Zendesk does not change these fields.
    pub(crate) fn item(&self, token: &str, now: EpochSeconds) -> Result<UserTokenItem, Problem> {
        let audiences: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).filter(|kind| self.is_for(kind)).collect();
        if audiences.is_empty() {
            return Err(Problem("choose at least one flow for the token".into()));
        }
        let texts = TEXTS.into_iter().filter(|name| !self.get(name).is_empty());
        let mut item: Map<String, Value> = texts.map(|name| (name.to_owned(), json!(self.get(name)))).collect();
        item.insert("token".to_owned(), json!(token));
        item.insert("email_verified".to_owned(), json!(self.get("email_verified") == "true"));
        let tags: Vec<_> = self.get("tags").split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect();
        if !tags.is_empty() {
            item.insert("tags".to_owned(), json!(tags));
        }
        if audiences.len() < Kind::ALL.len() {
            item.insert("audiences".to_owned(), json!(audiences));
        }
        if let Ok(seconds) = self.get("lifetime").parse() {
            item.insert("expires_at".to_owned(), json!(now.plus(seconds)));
        }
        UserTokenItem::from_json(item).map_err(|error| Problem(error.to_string()))
    }
}
