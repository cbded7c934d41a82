use serde_json::{Map, Value, json};

use crate::aws::user_token_items::UserTokenItem;
use crate::problem::Problem;
use zendesk_jwt::jwt::{EpochSeconds, Kind};
use zendesk_jwt_simulator::web;

/// The form that adds a user, with the values that were entered.
#[derive(Default)]
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
    /// The lifetime of the token in seconds; empty means that the token does not expire.
    pub(crate) lifetime: String,
}

impl NewUser {
    pub(crate) fn empty() -> Self {
        Self { is_email_verified: true, audiences: Kind::ALL.to_vec(), ..Self::default() }
    }

    pub(crate) fn read(form: &[u8]) -> Self {
        let text = |name| web::field(form, name).unwrap_or_default().trim().to_owned();
        let audiences = form_urlencoded::parse(form).filter(|(name, _)| name == "audience");
        Self {
            name: text("name"),
            external_id: text("external_id"),
            email: text("email"),
            is_email_verified: text("email_verified") == "true",
            phone: text("phone"),
            organization: text("organization"),
            tags: text("tags"),
            role: text("role"),
            audiences: audiences.filter_map(|(_, value)| Kind::parse(&value)).collect(),
            lifetime: text("lifetime"),
        }
    }

    /// The item to store. Empty fields become absent claims, so that Zendesk does not change these fields.
    pub(crate) fn item(&self, token: &str, now: EpochSeconds) -> Result<UserTokenItem, Problem> {
        if self.audiences.is_empty() {
            return Err(Problem("choose at least one flow for the token".into()));
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

    pub(crate) fn is_for(&self, kind: &str) -> bool {
        self.audiences.iter().any(|audience| audience.name() == kind)
    }
}
