//! The attributes of an item in the table of user tokens, and their types.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value};

use Shape::{Flag, Integer, Object, Text, TextList, TextSet};

/// Every attribute, called a field where the item is JSON or a row, in the order of the contract.
pub(crate) static FIELDS: [(&str, Shape); 21] = [
    ("token_hash", Text),
    ("external_id", Text),
    ("name", Text),
    ("email", Text),
    ("email_verified", Flag),
    ("audiences", TextSet),
    ("expires_at", Integer),
    ("suspended", Flag),
    ("phone", Text),
    ("locale", Integer),
    ("locale_id", Integer),
    ("organization", Text),
    ("organizations", Text),
    ("organization_id", Text),
    ("organization_ids", Text),
    ("tags", TextList),
    ("remote_photo_url", Text),
    ("role", Text),
    ("custom_role_id", Integer),
    ("user_fields", Object),
    // The item holds only the token's hash.
    ("token", Text),
];

/// The JSON type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Flag,
    Integer,
    /// An array of different strings, stored as a set.
    TextSet,
    /// An array of strings, stored in its order.
    TextList,
    Object,
}

/// The shape of the field with this name, if there is such a field.
pub(crate) fn shape(name: &str) -> Option<Shape> {
    FIELDS.iter().find(|(field, _)| *field == name).map(|(_, shape)| *shape)
}

/// The fields that an item can hold.
pub(crate) fn stored_fields() -> impl Iterator<Item = (&'static str, Shape)> {
    FIELDS.into_iter().filter(|(name, _)| *name != "token")
}

/// The fields about the user that may change. The external id may not.
pub(crate) fn profile_fields() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|(name, _)| *name).filter(|name| *name != "external_id" && !is_about_the_token(name))
}

/// Whether the field is about the token and not about its user.
pub(crate) fn is_about_the_token(name: &str) -> bool {
    matches!(name, "token" | "token_hash" | "audiences" | "expires_at" | "suspended")
}

/// The field that a misspelt name most likely means.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase().replace([' ', '-'], "_");
    let likeness = |(field, _)| (strsim::normalized_damerau_levenshtein(&name, field), field);
    let nearest = FIELDS.into_iter().map(likeness).max_by(|(a, _), (b, _)| a.total_cmp(b));
    nearest.filter(|(likeness, _)| *likeness >= 0.75).map(|(_, field)| field)
}

/// The values in the order of the contract, with unknown names at the end.
pub(crate) fn in_order(values: Map<String, Value>) -> Vec<(String, Value)> {
    let place = |name: &str| FIELDS.iter().position(|(field, _)| *field == name).unwrap_or(FIELDS.len());
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by_key(|(name, _)| place(name));
    values
}

impl Shape {
    /// The type for a message.
    pub(crate) const fn expected(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Flag => "true or false",
            Self::Integer => "a whole number",
            Self::TextSet => "an array of one or more different strings",
            Self::TextList => "an array of strings",
            Self::Object => "an object",
        }
    }

    /// The value as DynamoDB stores it; `None` if it has another type.
    pub(super) fn attribute(self, value: Value) -> Option<AttributeValue> {
        let fits = match (self, &value) {
            (_, Value::Null)
            | (Self::Text, Value::String(_))
            | (Self::Flag, Value::Bool(_))
            | (Self::Object, Value::Object(_)) => true,
            (Self::Integer, Value::Number(number)) => number.is_i64() || number.is_u64(),
            (Self::TextList, Value::Array(values)) => values.iter().all(Value::is_string),
            (Self::TextSet, Value::Array(values)) => return different_texts(values).map(AttributeValue::Ss),
            _ => false,
        };
        fits.then(|| attribute(value))
    }
}

/// DynamoDB refuses an empty set and one that holds a member twice.
fn different_texts(values: &[Value]) -> Option<Vec<String>> {
    let texts = values.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<BTreeSet<_>>>()?;
    (!texts.is_empty() && texts.len() == values.len()).then(|| texts.into_iter().collect())
}

/// Any JSON as DynamoDB stores it.
fn attribute(value: Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(flag) => AttributeValue::Bool(flag),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text),
        Value::Array(values) => AttributeValue::L(values.into_iter().map(attribute).collect()),
        Value::Object(fields) => {
            AttributeValue::M(fields.into_iter().map(|(key, value)| (key, attribute(value))).collect())
        }
    }
}
