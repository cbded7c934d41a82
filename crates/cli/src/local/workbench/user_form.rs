use serde_json::{Map, Value, json};

use crate::aws::user_token_items::StoredItem;
use crate::output;
use crate::problem::Problem;
use zendesk_jwt::jwt::{EpochSeconds, Kind};
use zendesk_jwt::user::ExternalId;

/// The fields that become text attributes of the same name.
const TEXTS: [&str; 6] = ["name", "external_id", "email", "phone", "organization", "role"];

/// The form that adds or edits a user: the names and values that were entered.
pub(super) struct UserForm(Vec<(String, String)>);

impl UserForm {
    pub(super) fn empty() -> Self {
        Self::read(b"email_verified=true&audience=sdk&audience=messaging&audience=sso")
    }

    pub(super) fn read(form: &[u8]) -> Self {
        let fields = form_urlencoded::parse(form);
        Self(fields.map(|(name, value)| (name.into_owned(), value.trim().to_owned())).collect())
    }

    /// The form with what is stored. Fields without an input of their own are JSON in `more`.
    pub(super) fn of(item: StoredItem) -> Self {
        let mut form = vec![("key".to_owned(), item.token_hash().to_owned())];
        let mut add = |name: &str, value: &str| form.push((name.to_owned(), value.to_owned()));
        let is_record = item.is_user_record();
        let (fields, _) = item.into_fields();
        if !is_record && !fields.contains_key("audiences") {
            Kind::ALL.iter().for_each(|kind| add("audience", kind.name()));
        }
        let mut more = Map::new();
        for (name, value) in fields {
            let texts: Option<Vec<&str>> = value.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
            match (&*name, &value, texts) {
                ("token_hash", ..) => {}
                (_, Value::String(text), _) if TEXTS.contains(&&*name) => add(&name, text),
                ("email_verified" | "suspended", Value::Bool(is_set), _) => add(&name, &is_set.to_string()),
                ("expires_at", Value::Number(at), _) if at.is_u64() => {
                    add("expires_at", &at.to_string());
                    add("lifetime", "unchanged");
                }
                ("tags", _, Some(tags)) => add("tags", &tags.join(", ")),
                ("audiences", _, Some(names)) if names.iter().all(|name| Kind::parse(name).is_some()) => {
                    names.into_iter().for_each(|name| add("audience", name));
                }
                _ => {
                    more.insert(name, value);
                }
            }
        }
        if !more.is_empty() {
            add("more", &output::in_json(&more));
        }
        Self(form)
    }

    /// The value of a field; empty if there is no such field.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    pub(super) fn is_for(&self, kind: Kind) -> bool {
        self.0.iter().any(|(name, value)| name == "audience" && value == kind.name())
    }

    /// Whether the form is that of a user record.
    pub(super) fn is_record(&self) -> bool {
        self.get("key").starts_with(ExternalId::RECORD_KEY_START)
    }

    pub(super) fn is_edit(&self) -> bool {
        !self.get("key").is_empty()
    }

    /// The minute at which the stored token expires.
    pub(super) fn expires(&self) -> Option<String> {
        self.get("expires_at").parse().ok().map(|at| output::minute(EpochSeconds(at)))
    }

    /// The fields to store. Empty ones become absent claims, so that Zendesk does not change these fields.
    pub(super) fn fields(&self, now: EpochSeconds) -> Result<Map<String, Value>, Problem> {
        let more = Some(self.get("more")).filter(|more| !more.is_empty());
        let more = more.map_or(Ok(Map::new()), serde_json::from_str);
        let mut fields = more.map_err(|error| Problem(format!("the other fields are not a JSON object: {error}")))?;
        let texts = TEXTS.into_iter().filter(|name| !self.get(name).is_empty());
        fields.extend(texts.map(|name| (name.to_owned(), json!(self.get(name)))));
        fields.insert("email_verified".to_owned(), json!(self.get("email_verified") == "true"));
        if self.is_edit() {
            fields.insert("suspended".to_owned(), json!(self.get("suspended") == "true"));
        }
        let tags: Vec<_> = self.get("tags").split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect();
        if !tags.is_empty() {
            fields.insert("tags".to_owned(), json!(tags));
        }
        let audiences: Vec<_> = Kind::ALL.into_iter().filter(|kind| self.is_for(*kind)).map(Kind::name).collect();
        let is_record = self.is_record();
        if audiences.is_empty() && !is_record && !fields.contains_key("audiences") {
            return Err(Problem("choose at least one flow for the token".into()));
        }
        if !audiences.is_empty() && (is_record || audiences.len() < Kind::ALL.len()) {
            fields.insert("audiences".to_owned(), json!(audiences));
        }
        let lifetime = self.get("lifetime");
        let kept = self.get("expires_at").parse().ok().filter(|_| lifetime == "unchanged").map(EpochSeconds);
        if let Some(at) = lifetime.parse().ok().map(|seconds| now.plus(seconds)).or(kept) {
            fields.insert("expires_at".to_owned(), json!(at));
        }
        Ok(fields)
    }
}
