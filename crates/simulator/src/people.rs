//! Zendesk's users, and what a JWT does to one: absent keeps a value, null clears it, anything else replaces it.

use serde_json::{Map, Value, json};

use crate::verdict::Verdict;
use zendesk_jwt_rules::inspect::Rule;

/// The claims that are fields of a user, in the order in which they are shown.
const FIELDS: [&str; 11] = [
    "name",
    "email",
    "external_id",
    "role",
    "custom_role_id",
    "phone",
    "locale",
    "locale_id",
    "tags",
    "remote_photo_url",
    "organizations",
];

/// Every user of the account.
#[derive(Default)]
pub(super) struct People(Vec<Person>);

/// One user: values by field; those of `user_fields` under `user_fields.KEY`.
pub(super) type Person = Map<String, Value>;

/// What one claim did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Effect {
    pub field: String,
    pub before: String,
    pub after: String,
    /// In words.
    pub what: &'static str,
}

/// A user as Zendesk knows them after a JWT, and what it did.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub person: Person,
    pub is_new: bool,
    pub effects: Vec<Effect>,
    /// The fields that the JWT does not name.
    pub kept: Vec<String>,
}

/// The e-mail address belongs to another external id.
#[derive(Debug)]
pub(super) struct Conflict;

impl People {
    /// Finds or makes the user of an accepted Support SDK or SSO token, and lets its claims change them.
    ///
    /// # Errors
    /// When external id and e-mail address are those of two users.
    pub fn take(&mut self, verdict: &Verdict) -> Result<Known, Conflict> {
        let claims = verdict.claims();
        let by_id = self.position("external_id", claims.get("external_id"));
        let by_email = self.position("email", claims.get("email"));
        if by_id.is_some() && by_email.is_some() && by_id != by_email {
            return Err(Conflict);
        }
        Ok(self.change(by_id.or(by_email), &claims, verdict))
    }

    /// Finds or makes the user of an accepted messaging token.
    ///
    /// # Errors
    /// When its verified address is bound to another external id.
    pub fn take_visitor(&mut self, verdict: &Verdict) -> Result<Known, Conflict> {
        let mut claims = verdict.claims();
        // Nothing but a user's name and address is in a messaging token, and an address that is not verified is not read.
        claims.retain(|claim, _| matches!(claim.as_str(), "external_id" | "name" | "email"));
        if verdict.breaks(Rule::EmailVerified) {
            claims.remove("email");
        }
        let by_id = self.position("external_id", claims.get("external_id"));
        let by_email = self.position("email", claims.get("email"));
        if by_email.is_some() && by_id != by_email {
            return Err(Conflict);
        }
        Ok(self.change(by_id, &claims, verdict))
    }

    /// Lets another external id have this address, and nobody else.
    pub fn bind(&mut self, email: &str, external_id: &str) {
        for person in &mut self.0 {
            if person.get("email").is_some_and(|bound| bound == email) {
                person.remove("email");
            }
        }
        let Value::Object(person) = json!({"name": "Somebody else", "email": email, "external_id": external_id}) else {
            return;
        };
        self.0.retain(|person| person.get("external_id").is_none_or(|bound| bound != external_id));
        self.0.push(person);
    }

    /// Whether Zendesk knows this address as that of an agent or admin.
    pub fn is_team_member(&self, email: Option<&Value>) -> bool {
        let found = self.position("email", email).and_then(|position| self.0.get(position));
        let role = found.and_then(|person| person.get("role")).and_then(Value::as_str);
        matches!(role, Some("agent" | "admin"))
    }

    fn position(&self, field: &str, value: Option<&Value>) -> Option<usize> {
        let value = value.filter(|value| value.as_str().is_some_and(|text| !text.trim().is_empty()))?;
        self.0.iter().position(|person| person.get(field) == Some(value))
    }

    fn change(&mut self, position: Option<usize>, claims: &Map<String, Value>, verdict: &Verdict) -> Known {
        let position = position.unwrap_or_else(|| {
            self.0.push(Person::new());
            self.0.len() - 1
        });
        let Some(person) = self.0.get_mut(position) else { return Known::default() };
        let before = person.clone();
        let is_new = before.is_empty();
        if is_new {
            person.insert("role".to_owned(), json!("end_user"));
        }
        let asked = asked(claims, verdict, &before);
        let effects = asked.iter().map(|(field, value)| effect(person, field, value)).collect();
        let kept = before.keys().filter(|field| !asked.iter().any(|(asked, _)| asked == *field));
        Known { kept: kept.cloned().collect(), person: person.clone(), is_new, effects }
    }
}

/// Sets or clears one field.
fn effect(person: &mut Person, field: &str, value: &Value) -> Effect {
    let old = person.get(field).cloned();
    if value.is_null() {
        person.remove(field);
    } else {
        person.insert(field.to_owned(), value.clone());
    }
    let what = match (&old, field) {
        (None, _) if value.is_null() => "null clears it; nothing was there",
        (Some(_), _) if value.is_null() => "cleared by null",
        (Some(old), _) if old == value => "as before",
        (Some(_), "role") => "changes the stored role",
        (Some(_), "tags") => "replaces all tags",
        (Some(_), _) => "replaced",
        (None, _) => "set",
    };
    Effect { field: field.to_owned(), before: shown(old.as_ref()), after: shown(person.get(field)), what }
}

/// Every field that the claims name, with the value it is to have.
fn asked(claims: &Map<String, Value>, verdict: &Verdict, before: &Person) -> Vec<(String, Value)> {
    let claim = |field: &str| {
        if field == "organizations" { organizations(claims, before) } else { read(claims, verdict, field) }
    };
    let fields = FIELDS.into_iter().filter_map(|field| Some((field.to_owned(), claim(field)?)));
    let user_fields = claims.get("user_fields").and_then(Value::as_object).into_iter().flatten();
    fields.chain(user_fields.map(|(key, value)| (format!("user_fields.{key}"), value.clone()))).collect()
}

/// The value of a claim that Zendesk reads; nothing when it is absent, or passed over without a word.
fn read(claims: &Map<String, Value>, verdict: &Verdict, claim: &str) -> Option<Value> {
    let rule = match claim {
        "role" => Some(Rule::Role),
        "custom_role_id" => Some(Rule::CustomRoleNeedsAgent),
        "phone" => Some(Rule::Phone),
        "remote_photo_url" => Some(Rule::PhotoUrl),
        _ => None,
    };
    if rule.is_some_and(|rule| verdict.breaks(rule)) {
        return None;
    }
    let value = claims.get(claim)?;
    let is_text = |value: &Value| value.is_string();
    let is_read = value.is_null()
        || match claim {
            "locale" | "locale_id" | "custom_role_id" => value.is_i64() || value.is_u64(),
            "tags" => value.as_array().is_some_and(|tags| tags.iter().all(is_text)),
            _ => is_text(value),
        };
    // The Support SDK's word for an end user.
    let is_end_user = claim == "role" && value == "user";
    is_read.then(|| if is_end_user { json!("end_user") } else { value.clone() })
}

/// The organisations in an account where a user may have several: `organizations` and `organization_ids` overwrite,
/// `organization_id` and `organization` are added, and the ids win over the names.
fn organizations(claims: &Map<String, Value>, before: &Person) -> Option<Value> {
    let named = |id: &str| format!("external id {id}");
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str).filter(|text| !text.is_empty());
    let parts = |list: &str| list.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>();
    if let Some(ids) = text("organization_ids") {
        return Some(json!(parts(ids).iter().map(|id| named(id)).collect::<Vec<_>>()));
    }
    if let Some(names) = text("organizations") {
        return Some(json!(parts(names)));
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

/// A value for people.
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
