use serde_json::{Map, Value, json};

use crate::verdict::{Verdict, Violation};
use zendesk_jwt_rules::inspect::Rule;

/// The claims that are fields of a user, in the order in which they are shown, and the rule that makes Zendesk ignore one.
const FIELDS: [(&str, Option<Rule>); 11] = [
    ("name", None),
    ("email", None),
    ("external_id", None),
    ("role", Some(Rule::Role)),
    ("custom_role_id", Some(Rule::CustomRoleNeedsAgent)),
    ("phone", Some(Rule::Phone)),
    ("locale", None),
    ("locale_id", None),
    ("tags", None),
    ("remote_photo_url", Some(Rule::PhotoUrl)),
    ("organizations", None),
];

/// Zendesk's users, and what a JWT does to one: an absent claim changes nothing, null clears a field, a value replaces it.
#[derive(Default)]
pub(super) struct Users {
    /// In the order in which Zendesk met them.
    pub all: Vec<User>,
    pub moved: Option<Moved>,
}

/// An address that a person gave to another user, so that the next login of its owner conflicts.
#[derive(Clone)]
pub(super) struct Moved {
    pub email: String,
    pub external_id: String,
    /// The external id of the owner, if the address had one.
    owner: Option<Value>,
}

/// The fields of one user. Those of `user_fields` have the names `user_fields.KEY`.
pub(super) type User = Map<String, Value>;

/// What one claim did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub field: String,
    pub before: String,
    pub after: String,
    pub effect: &'static str,
}

/// A user after a JWT, and what the JWT changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Update {
    pub user: User,
    pub is_new: bool,
    pub changes: Vec<Change>,
    /// The fields that the JWT does not name.
    pub unchanged: Vec<String>,
}

impl Update {
    pub fn name(&self) -> String {
        shown(self.user.get("name"))
    }

    pub fn is_end_user(&self) -> bool {
        self.user.get("role").is_none_or(|role| role == "end_user")
    }
}

impl Users {
    /// Finds or creates the user of an accepted Support SDK or SSO token, and applies the claims.
    pub fn update(&mut self, verdict: &Verdict) -> Result<Update, Violation> {
        let claims = verdict.claims();
        let [by_id, by_email] = self.owners(&claims);
        if by_id.is_some() && by_email.is_some() && by_id != by_email {
            let problem = "`external_id` and `email` belong to two different users: correct one of them, or merge the \
                           two users in Zendesk.";
            return Err(Violation::new("email_conflict", problem));
        }
        Ok(self.change(by_id.or(by_email), &claims, verdict))
    }

    /// Finds or creates the user of an accepted messaging token.
    pub fn update_visitor(&mut self, verdict: &Verdict) -> Result<Update, Violation> {
        let mut claims = verdict.claims();
        claims.retain(|claim, _| matches!(claim.as_str(), "external_id" | "name" | "email"));
        if verdict.breaks(Rule::EmailVerified) {
            claims.remove("email");
        }
        let [by_id, by_email] = self.owners(&claims);
        if by_email.is_some() && by_id != by_email {
            let problem = "The verified `email` belongs to another `external_id`, and Zendesk keeps the first pair: \
                           remove the address from that user, or sign the same external id as before.";
            return Err(Violation::new("email_conflict", problem));
        }
        Ok(self.change(by_id, &claims, verdict))
    }

    /// The users who have the external id and the address of these claims.
    fn owners(&self, claims: &Map<String, Value>) -> [Option<usize>; 2] {
        ["external_id", "email"].map(|claim| self.position(claim, claims.get(claim)))
    }

    /// Moves the address to a new user with this external id.
    pub fn bind(&mut self, email: String, external_id: String) {
        self.undo_bind();
        let owner = self.position("email", Some(&json!(email))).and_then(|at| self.all.get_mut(at));
        let owner = owner.and_then(|user| user.remove("email").and(user.get("external_id").cloned()));
        self.all.retain(|user| user.get("external_id").is_none_or(|bound| *bound != external_id));
        let fields = [("name", "Another user"), ("email", &email), ("external_id", &external_id)];
        self.all.push(fields.into_iter().map(|(field, value)| (field.to_owned(), value.into())).collect());
        self.moved = Some(Moved { email, external_id, owner });
    }

    /// Gives the address back to its owner.
    pub fn undo_bind(&mut self) {
        let Some(Moved { email, external_id, owner }) = self.moved.take() else { return };
        self.all.retain(|user| user.get("external_id").is_none_or(|bound| *bound != external_id));
        let owner = self.position("external_id", owner.as_ref()).and_then(|at| self.all.get_mut(at));
        owner.and_then(|user| user.insert("email".to_owned(), email.into()));
    }

    /// Whether this is the address of an agent or admin.
    pub fn is_team_member(&self, email: Option<&Value>) -> bool {
        let user = self.position("email", email).and_then(|position| self.all.get(position));
        let role = user.and_then(|user| user.get("role")).and_then(Value::as_str);
        matches!(role, Some("agent" | "admin"))
    }

    fn position(&self, field: &str, value: Option<&Value>) -> Option<usize> {
        let value = value.filter(|value| value.as_str().is_some_and(|text| !text.trim().is_empty()))?;
        self.all.iter().position(|user| user.get(field) == Some(value))
    }

    fn change(&mut self, position: Option<usize>, claims: &Map<String, Value>, verdict: &Verdict) -> Update {
        let position = position.unwrap_or_else(|| {
            self.all.push(User::new());
            self.all.len() - 1
        });
        let user = &mut self.all[position];
        let before = user.clone();
        let is_new = before.is_empty();
        if is_new {
            user.insert("role".to_owned(), json!("end_user"));
        }
        let values = new_values(claims, verdict, &before);
        let changes = values.iter().map(|(field, value)| set(user, field, value)).collect();
        let unchanged = before.keys().filter(|field| !values.iter().any(|(named, _)| named == *field));
        Update { unchanged: unchanged.cloned().collect(), user: user.clone(), is_new, changes }
    }
}

fn set(user: &mut User, field: &str, value: &Value) -> Change {
    let old = user.get(field).cloned();
    if value.is_null() {
        user.remove(field);
    } else {
        user.insert(field.to_owned(), value.clone());
    }
    let effect = match (&old, field) {
        (None, _) if value.is_null() => "null clears it; the field was empty",
        (Some(_), _) if value.is_null() => "cleared by null",
        (Some(old), _) if old == value => "unchanged",
        (Some(_), "role") => "changes the stored role",
        (Some(_), "tags") => "replaces all tags",
        (Some(_), _) => "replaced",
        (None, _) => "set",
    };
    Change { field: field.to_owned(), before: shown(old.as_ref()), after: shown(user.get(field)), effect }
}

/// The fields that the claims name, with their new values.
fn new_values(claims: &Map<String, Value>, verdict: &Verdict, before: &User) -> Vec<(String, Value)> {
    let heeded = FIELDS.into_iter().filter(|(_, rule)| !rule.is_some_and(|rule| verdict.breaks(rule)));
    let fields = heeded.filter_map(|(field, _)| Some((field.to_owned(), read(field, claims, before)?)));
    let user_fields = claims.get("user_fields").and_then(Value::as_object).into_iter().flatten();
    fields.chain(user_fields.map(|(key, value)| (format!("user_fields.{key}"), value.clone()))).collect()
}

/// The value that Zendesk reads; `None` if the claim is absent or has another type.
fn read(claim: &str, claims: &Map<String, Value>, before: &User) -> Option<Value> {
    if claim == "organizations" {
        return organizations(claims, before);
    }
    let value = claims.get(claim)?;
    let is_read = value.is_null()
        || match claim {
            "locale" | "locale_id" | "custom_role_id" => value.is_i64() || value.is_u64(),
            "tags" => value.as_array().is_some_and(|tags| tags.iter().all(Value::is_string)),
            _ => value.is_string(),
        };
    // The Support SDK calls an end user `user`.
    let is_end_user = claim == "role" && value == "user";
    is_read.then(|| if is_end_user { json!("end_user") } else { value.clone() })
}

/// The organizations in an account where a user may have several: `organizations` and `organization_ids` overwrite,
/// `organization_id` and `organization` are added, and ids take precedence over names.
fn organizations(claims: &Map<String, Value>, before: &User) -> Option<Value> {
    let named = |id: &str| format!("external id {id}");
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(ids) = text("organization_ids") {
        return Some(ids.split(',').map(|id| named(id.trim())).collect());
    }
    if let Some(names) = text("organizations") {
        return Some(names.split(',').map(str::trim).collect());
    }
    let added = text("organization_id").map(named).or_else(|| text("organization").map(str::to_owned));
    let Some(added) = added else {
        let claimed = ["organizations", "organization_ids", "organization", "organization_id"];
        let is_cleared = claimed.iter().any(|claim| claims.get(*claim).is_some_and(Value::is_null));
        return is_cleared.then_some(Value::Null);
    };
    let mut all = before.get("organizations").and_then(Value::as_array).cloned().unwrap_or_default();
    if !all.contains(&json!(added)) {
        all.push(json!(added));
    }
    Some(Value::Array(all))
}

/// A value in words.
pub(super) fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "nothing".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "an empty text".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(values)) if values.is_empty() => "an empty list".to_owned(),
        Some(Value::Array(values)) => values.iter().map(|value| shown(Some(value))).collect::<Vec<_>>().join(", "),
        Some(other) => other.to_string(),
    }
}
