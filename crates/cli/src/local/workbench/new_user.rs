//! The form that adds a user, with what was typed into it.

use serde_json::{Map, Value, json};

use super::page::Fields;
use crate::aws::user_token_items::UserTokenItem;
use crate::problem::Problem;
use zendesk_jwt::jwt::{EpochSeconds, Kind};

/// What was typed.
pub(super) struct NewUser {
    pub(crate) name: String,
    pub(crate) external_id: String,
    pub(crate) email: String,
    pub(crate) is_email_verified: bool,
    pub(crate) phone: String,
    pub(crate) organization: String,
    pub(crate) tags: String,
    pub(crate) role: String,
    pub(crate) audiences: Vec<Kind>,
    /// How long the token lives in seconds; empty is for ever.
    pub(crate) lifetime: String,
}

impl Default for NewUser {
    fn default() -> Self {
        let none = String::new;
        Self {
            name: none(),
            external_id: none(),
            email: none(),
            is_email_verified: true,
            phone: none(),
            organization: none(),
            tags: none(),
            role: none(),
            audiences: Kind::ALL.to_vec(),
            lifetime: none(),
        }
    }
}

impl NewUser {
    /// The fields without white space around them.
    pub(crate) fn read(fields: &Fields) -> Self {
        let text = |name: &str| fields.get(name).trim().to_owned();
        Self {
            name: text("name"),
            external_id: text("external_id"),
            email: text("email"),
            is_email_verified: fields.get("email_verified") == "true",
            phone: text("phone"),
            organization: text("organization"),
            tags: text("tags"),
            role: text("role"),
            audiences: fields.all("audience").filter_map(Kind::parse).collect(),
            lifetime: text("lifetime"),
        }
    }

    /// The item to store under `token`. Fields that were left empty are left out, so that Zendesk keeps what it has.
    pub(crate) fn item(&self, token: &str, now: EpochSeconds) -> Result<UserTokenItem, Problem> {
        if self.audiences.is_empty() {
            return Err(Problem("choose at least one flow that the token is for".into()));
        }
        let texts = [
            ("name", &self.name),
            ("external_id", &self.external_id),
            ("email", &self.email),
            ("phone", &self.phone),
            ("organization", &self.organization),
            ("role", &self.role),
        ];
        let given = texts.into_iter().filter(|(_, text)| !text.is_empty());
        let mut item: Map<String, Value> = given.map(|(name, text)| (name.to_owned(), json!(text))).collect();
        item.insert("token".to_owned(), json!(token));
        item.insert("email_verified".to_owned(), json!(self.is_email_verified));
        let tags: Vec<_> = self.tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect();
        if !tags.is_empty() {
            item.insert("tags".to_owned(), json!(tags));
        }
        if self.audiences.len() < Kind::ALL.len() {
            let audiences: Vec<_> = self.audiences.iter().map(|kind| kind.name()).collect();
            item.insert("audiences".to_owned(), json!(audiences));
        }
        if let Ok(seconds) = self.lifetime.parse() {
            item.insert("expires_at".to_owned(), json!(now.plus(seconds)));
        }
        UserTokenItem::from_json(item).map_err(|error| Problem(error.to_string()))
    }

    /// Whether the token is for this flow.
    pub(crate) fn is_for(&self, kind: &str) -> bool {
        self.audiences.iter().any(|audience| audience.name() == kind)
    }
}
