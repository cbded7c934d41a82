//! The items of the table of user tokens as the operator's tool reads and writes them: JSON with plain values.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value};

use zendesk_jwt::aws::user_tokens::{Malformed, json, record};
use zendesk_jwt::user::{ExternalId, UserToken, UserTokenRecord};

/// The longest item that DynamoDB takes, in bytes.
///
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>, "Item size"
const MAX_ITEM_BYTES: usize = 400 * 1024;

/// The attributes of an item, as the contract has them, with the type of each.
const FIELDS: [(&str, Shape); 21] = [
    ("token_hash", Shape::Text),
    ("external_id", Shape::Text),
    ("name", Shape::Text),
    ("email", Shape::Text),
    ("email_verified", Shape::Flag),
    ("audiences", Shape::TextSet),
    ("expires_at", Shape::Integer),
    ("suspended", Shape::Flag),
    ("phone", Shape::Text),
    ("locale", Shape::Integer),
    ("locale_id", Shape::Integer),
    ("organization", Shape::Text),
    ("organizations", Shape::Text),
    ("organization_id", Shape::Text),
    ("organization_ids", Shape::Text),
    ("tags", Shape::TextList),
    ("remote_photo_url", Shape::Text),
    ("role", Shape::Text),
    ("custom_role_id", Shape::Integer),
    ("user_fields", Shape::Object),
    // Never stored: its hash is.
    ("token", Shape::Text),
];

/// The JSON type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A string.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Integer,
    /// An array of different strings, stored as a set.
    TextSet,
    /// An array of strings, stored in its order.
    TextList,
    /// An object.
    Object,
}

impl Shape {
    /// The type of the field of that name, if there is such a field.
    pub(crate) fn of(field: &str) -> Option<Self> {
        FIELDS.into_iter().find_map(|(name, shape)| (name == field).then_some(shape))
    }

    /// The fields that an item can have, in the order of the contract, with the type of each.
    pub(crate) fn of_stored_fields() -> impl Iterator<Item = (&'static str, Self)> {
        FIELDS.into_iter().filter(|(name, _)| *name != "token")
    }

    /// The type in words.
    pub(crate) const fn expected(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Flag => "true or false",
            Self::Integer => "a whole number",
            Self::TextSet => "an array of different strings, and not an empty one",
            Self::TextList => "an array of strings",
            Self::Object => "an object",
        }
    }

    fn attribute(self, value: Value) -> Option<AttributeValue> {
        Some(match (self, value) {
            (_, Value::Null) => AttributeValue::Null(true),
            (Self::Text, Value::String(text)) => AttributeValue::S(text),
            (Self::Flag, Value::Bool(flag)) => AttributeValue::Bool(flag),
            (Self::Integer, Value::Number(number)) if number.is_i64() || number.is_u64() => {
                AttributeValue::N(number.to_string())
            }
            (Self::TextSet, Value::Array(values)) => AttributeValue::Ss(different_texts(values)?),
            (Self::TextList, Value::Array(values)) if values.iter().all(Value::is_string) => {
                AttributeValue::L(values.into_iter().map(attribute).collect())
            }
            (Self::Object, value @ Value::Object(_)) => attribute(value),
            _ => return None,
        })
    }
}

/// DynamoDB refuses an empty set, and one that holds a member twice.
fn different_texts(values: Vec<Value>) -> Option<Vec<String>> {
    let texts: Vec<String> =
        values.into_iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<_>>()?;
    let mut sorted = texts.clone();
    sorted.sort_unstable();
    sorted.dedup();
    (!texts.is_empty() && sorted.len() == texts.len()).then_some(texts)
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

/// An item that the functions will understand, and whose user the operator's tool can find again.
#[derive(Clone, PartialEq)]
pub(crate) struct UserTokenItem {
    token_hash: String,
    attributes: HashMap<String, AttributeValue>,
}

impl UserTokenItem {
    /// Reads an object of plain values, named and typed as the attributes of the table.
    ///
    /// Instead of `token_hash` it may hold the `token`, which is hashed and not kept.
    pub(crate) fn from_json(fields: Map<String, Value>) -> Result<Self, InvalidItem> {
        let mut fields = fields;
        let token_hash = token_hash(&mut fields)?;
        let mut attributes = HashMap::from([("token_hash".to_owned(), AttributeValue::S(token_hash.clone()))]);
        for (name, value) in fields {
            let attribute = field(&name, value)?;
            attributes.insert(name, attribute);
        }
        check(&attributes)?;
        Ok(Self { token_hash, attributes })
    }

    /// The key under which the item is stored.
    pub(crate) fn token_hash(&self) -> &str {
        &self.token_hash
    }

    pub(super) fn into_attributes(self) -> HashMap<String, AttributeValue> {
        self.attributes
    }
}

impl fmt::Debug for UserTokenItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserTokenItem(…)")
    }
}

/// The attribute of a single field, for an update.
pub(super) fn field(name: &str, value: Value) -> Result<AttributeValue, InvalidItem> {
    let shape = Shape::of(name).ok_or_else(|| InvalidItem::UnknownField(name.to_owned()))?;
    let invalid = || InvalidItem::WrongType { field: name.to_owned(), expected: shape.expected() };
    shape.attribute(value).ok_or_else(invalid)
}

/// What the functions read in an item; the error is the attribute that makes them refuse it.
fn read(attributes: &HashMap<String, AttributeValue>) -> Result<UserTokenRecord, &'static str> {
    record(attributes.clone()).map_err(|Malformed(attribute)| attribute)
}

/// What every item that the tool writes must be.
pub(super) fn check(attributes: &HashMap<String, AttributeValue>) -> Result<(), InvalidItem> {
    let record = read(attributes).map_err(InvalidItem::ImpossibleValue)?;
    if record.user.external_id.is_none() {
        return Err(InvalidItem::NoExternalId);
    }
    let bytes: usize = attributes.iter().map(|(name, value)| name.len() + size(value)).sum();
    if bytes > MAX_ITEM_BYTES {
        return Err(InvalidItem::TooLarge { bytes });
    }
    Ok(())
}

fn token_hash(fields: &mut Map<String, Value>) -> Result<String, InvalidItem> {
    match (fields.remove("token"), fields.remove("token_hash")) {
        (Some(Value::String(token)), None) => {
            UserToken::parse(token).map(|token| token.hash()).map_err(|_| InvalidItem::NotAUserToken)
        }
        (None, Some(Value::String(hash))) if is_hash(&hash) => Ok(hash),
        (None, Some(_)) => Err(InvalidItem::NotATokenHash),
        (Some(_), None) => Err(InvalidItem::NotAUserToken),
        (Some(_), Some(_)) => Err(InvalidItem::TokenAndHash),
        (None, None) => Err(InvalidItem::NoToken),
    }
}

/// Whether `text` is a SHA-256 in lower-case hex.
pub(crate) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// About the bytes that DynamoDB counts, and never fewer.
fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len() + 1,
        AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::L(values) => 3 + values.iter().map(|value| 1 + size(value)).sum::<usize>(),
        AttributeValue::M(map) => 3 + map.iter().map(|(key, value)| 1 + key.len() + size(value)).sum::<usize>(),
        _ => 1,
    }
}

/// Why an item is not stored. `Display` says what to do, and shows no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidItem {
    /// A field that is not in the contract, most likely a misspelt one.
    #[error("there is no field `{0}`: the fields are {known}", known = known_fields())]
    UnknownField(String),
    /// A field whose JSON has another type.
    #[error("`{field}` must be {expected}")]
    WrongType {
        /// The field's name.
        field: String,
        /// The type that it must have.
        expected: &'static str,
    },
    /// A field of the right type whose value no user can have.
    #[error("`{0}` has a value that it cannot have: see \"User tokens\" in README.md")]
    ImpossibleValue(&'static str),
    /// Neither token nor hash.
    #[error("there is no user token: give `token`, or `token_hash` with its SHA-256 in hex")]
    NoToken,
    /// Both of them.
    #[error("there are `token` and `token_hash`: give one of them")]
    TokenAndHash,
    /// An empty token, one that is too long, or not a string.
    #[error("`token` must be a string of 1 to {max} bytes", max = UserToken::MAX_BYTES)]
    NotAUserToken,
    /// Not a SHA-256.
    #[error("`token_hash` must be the SHA-256 of the token in 64 lower-case hex digits")]
    NotATokenHash,
    /// Without it nobody finds the user's tokens again, and messaging vouches for no one.
    #[error("there is no `external_id`: give your own stable id of the user, 1 to {max} characters", max = ExternalId::MAX_CHARACTERS)]
    NoExternalId,
    /// More than DynamoDB takes.
    #[error("the item has {bytes} bytes, and DynamoDB takes {MAX_ITEM_BYTES}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
}

fn known_fields() -> String {
    FIELDS.map(|(name, _)| name).join(", ")
}

/// Fields in the order of the contract, and those that are not in it at the end.
pub(crate) fn in_order(fields: Map<String, Value>) -> Vec<(String, Value)> {
    let place = |field: &str| FIELDS.iter().position(|(name, _)| *name == field).unwrap_or(FIELDS.len());
    let mut fields: Vec<_> = fields.into_iter().collect();
    fields.sort_by_key(|(field, _)| place(field));
    fields
}

/// Whether the field is about the token and not about its user.
pub(crate) fn is_of_the_token(field: &str) -> bool {
    matches!(field, "token" | "token_hash" | "audiences" | "expires_at" | "suspended")
}

/// The fields about the user that may change, which is all but the external id.
pub(crate) fn profile_fields() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|(field, _)| *field).filter(|field| !is_of_the_token(field) && *field != "external_id")
}

/// An item as it is stored, which may be one that the functions refuse as malformed.
#[derive(Clone, PartialEq)]
pub(crate) struct StoredItem(pub(super) HashMap<String, AttributeValue>);

impl StoredItem {
    /// The key under which it is stored.
    pub(crate) fn token_hash(&self) -> &str {
        match self.0.get("token_hash") {
            Some(AttributeValue::S(hash)) => hash,
            _ => "",
        }
    }

    /// Whose it is, even where the functions would refuse it; `None` when it is nobody's.
    pub(crate) fn external_id(&self) -> Option<ExternalId> {
        ExternalId::parse(self.0.get("external_id")?.as_s().ok()?)
    }

    /// What the functions read in it.
    pub(crate) fn record(&self) -> Result<UserTokenRecord, &'static str> {
        read(&self.0)
    }

    /// Its attributes as plain JSON; binary attributes, which no function reads, are left out.
    pub(crate) fn into_json(self) -> Map<String, Value> {
        self.0.into_iter().filter_map(|(name, value)| Some((name, json(value)?))).collect()
    }
}

impl From<UserTokenItem> for StoredItem {
    fn from(item: UserTokenItem) -> Self {
        Self(item.attributes)
    }
}

impl StoredItem {
    /// Its fields as plain JSON, and the names of the attributes that are no fields or that JSON does not have.
    pub(crate) fn into_fields(self) -> (Map<String, Value>, Vec<String>) {
        let mut fields = Map::new();
        let mut others = Vec::new();
        for (name, value) in self.0 {
            match json(value) {
                Some(value) if name != "token" && Shape::of(&name).is_some() => {
                    fields.insert(name, value);
                }
                _ => others.push(name),
            }
        }
        (fields, others)
    }
}

impl fmt::Debug for StoredItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredItem(…)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use zendesk_jwt::aws::user_tokens::attributes;

    use super::*;

    fn item(fields: &Value) -> Result<UserTokenItem, InvalidItem> {
        UserTokenItem::from_json(fields.as_object().unwrap().clone())
    }

    #[test]
    fn the_fields_are_the_attributes_that_the_functions_read() {
        let fields: Vec<_> = Shape::of_stored_fields().map(|(name, _)| name).collect();
        assert_eq!(fields, attributes().collect::<Vec<_>>());
    }

    #[test]
    fn what_is_read_comes_back_as_it_was() {
        let mut fields = json!({
            "token_hash": "0".repeat(64), "external_id": "demo-1", "name": "Demo User", "email": "demo@example.com",
            "email_verified": true, "audiences": ["sdk", "sso"], "expires_at": 4_000_000_000_u64, "suspended": false,
            "phone": null, "locale": 1, "organization": "", "tags": [], "role": "agent", "custom_role_id": 7,
            "user_fields": {"plan": "free", "seats": 3, "nickname": null, "trial": false, "list": ["a", 1]},
        });
        let stored = StoredItem(item(&fields).unwrap().into_attributes());
        assert!(stored.record().is_ok());
        let mut back = Value::Object(stored.into_json());
        // A set has no order.
        for value in [&mut fields, &mut back] {
            value["audiences"].as_array_mut().unwrap().sort_by_key(ToString::to_string);
        }
        assert_eq!(back, fields);
    }

    #[test]
    fn a_token_is_stored_as_its_hash_alone() {
        let stored = StoredItem(item(&json!({"token": "canary", "external_id": "demo-1"})).unwrap().into_attributes());
        assert!(is_hash(stored.token_hash()));
        assert!(!Value::Object(stored.into_json()).to_string().contains("canary"));
    }

    #[test]
    fn what_no_function_would_understand_is_not_an_item() {
        let with = |field: &str, value: Value| {
            let mut fields = json!({"token": "demo", "external_id": "demo-1"});
            fields[field] = value;
            item(&fields).unwrap_err()
        };
        assert_eq!(with("emial", json!("demo@example.com")), InvalidItem::UnknownField("emial".into()));
        for (field, value) in [
            ("email_verified", json!("true")),
            ("expires_at", json!(1.5)),
            ("audiences", json!([])),
            ("audiences", json!(["sdk", "sdk"])),
            ("tags", json!("demo")),
            ("user_fields", json!("{}")),
            ("locale", json!("1")),
        ] {
            assert!(matches!(with(field, value), InvalidItem::WrongType { .. }), "{field}");
        }
        for (field, value) in [
            ("email", json!("demo")),
            ("audiences", json!(["chat"])),
            ("expires_at", json!(1_700_000_000_000_u64)),
            ("role", json!("owner")),
            ("suspended", json!(null)),
        ] {
            assert!(matches!(with(field, value), InvalidItem::ImpossibleValue(_)), "{field}");
        }
        assert_eq!(with("external_id", json!("")), InvalidItem::NoExternalId);
        assert_eq!(with("token_hash", json!("0")), InvalidItem::TokenAndHash);
        assert_eq!(with("token", json!("")), InvalidItem::NotAUserToken);
        assert!(matches!(with("user_fields", json!({"a": "b".repeat(400 * 1024)})), InvalidItem::TooLarge { .. }));
        assert_eq!(item(&json!({"external_id": "demo-1"})).unwrap_err(), InvalidItem::NoToken);
        assert_eq!(item(&json!({"token_hash": "AB".repeat(32)})).unwrap_err(), InvalidItem::NotATokenHash);
    }
}
