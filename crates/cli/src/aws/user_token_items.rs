//! The items of the table of user tokens, as JSON objects of plain values.

use std::collections::HashMap;
use std::ops::Deref;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value};

use super::fields::{nearest, shape};
use crate::problem::Problem;
use zendesk_jwt::aws::user_tokens::{Malformed, json, record, user_record};
use zendesk_jwt::user::{ExternalId, UserToken, UserTokenRecord};
use zendesk_jwt_rules::user_values::{self, Remark, Verdict, allowed};

/// The longest item that DynamoDB stores, in bytes.
///
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>, "Item size"
const MAX_ITEM_BYTES: usize = 400 * 1024;

/// An item that the functions can read, and that the tool can find by its user.
pub(crate) struct UserTokenItem {
    item: StoredItem,
    pub(crate) user: ExternalId,
    /// The values that Zendesk ignores or changes.
    pub(crate) warnings: Vec<Remark>,
}

impl UserTokenItem {
    /// Reads an object with fields as the table has them. It may hold the `token` instead of `token_hash`.
    pub(crate) fn from_json(fields: Map<String, Value>) -> Result<Self, InvalidItem> {
        Self::with_copied(fields, Map::new())
    }

    /// The same, with fields that the user already has. Their values are not checked, so that the user can get a token.
    pub(crate) fn with_copied(mut given: Map<String, Value>, copied: Map<String, Value>) -> Result<Self, InvalidItem> {
        let token_hash = AttributeValue::S(token_hash(&mut given)?);
        let mut attributes = copied.into_iter().map(attribute).collect::<Result<Attributes, _>>()?;
        let (given, warnings) = attributes_of(given)?;
        attributes.extend(given);
        attributes.insert("token_hash".to_owned(), token_hash);
        let item = StoredItem(attributes);
        Ok(Self { user: check(&item)?, item, warnings })
    }
}

impl Deref for UserTokenItem {
    type Target = StoredItem;

    fn deref(&self) -> &StoredItem {
        &self.item
    }
}

pub(super) type Attributes = HashMap<String, AttributeValue>;

/// An item as it is stored. The functions may refuse it as malformed.
#[derive(Clone)]
pub(crate) struct StoredItem(pub(super) Attributes);

impl StoredItem {
    pub(crate) fn token_hash(&self) -> &str {
        match self.0.get("token_hash") {
            Some(AttributeValue::S(hash)) => hash,
            _ => "",
        }
    }

    /// Whether this is a user record, which overrides what ID tokens say about the user.
    pub(crate) fn is_user_record(&self) -> bool {
        self.token_hash().starts_with(ExternalId::RECORD_KEY_START)
    }

    /// The attribute of a user record that makes the functions refuse it.
    pub(crate) fn malformed_in_record(&self) -> Option<&'static str> {
        let user = ExternalId::parse(self.token_hash().strip_prefix(ExternalId::RECORD_KEY_START)?)?;
        user_record(self.0.clone(), &user).err().map(|Malformed(attribute)| attribute)
    }

    pub(crate) fn is_suspended(&self) -> bool {
        self.0.get("suspended") == Some(&AttributeValue::Bool(true))
    }

    /// The user's external id, also of an item that the functions refuse.
    pub(crate) fn external_id(&self) -> Option<ExternalId> {
        ExternalId::parse(self.0.get("external_id")?.as_s().ok()?)
    }

    /// What the functions read in the item, or the attribute that makes them refuse it.
    pub(crate) fn record(&self) -> Result<UserTokenRecord, &'static str> {
        record(self.0.clone()).map_err(|Malformed(attribute)| attribute)
    }

    /// All attributes except binary ones, which no function reads.
    pub(crate) fn json(&self) -> Map<String, Value> {
        self.0.iter().filter_map(|(name, value)| Some((name.clone(), json(value.clone())?))).collect()
    }

    /// The fields, and the names of all other attributes.
    pub(crate) fn into_fields(self) -> (Map<String, Value>, Vec<String>) {
        let mut fields = Map::new();
        let mut others = Vec::new();
        // An import needs the external id, which a record of other programs may have in its key only.
        if let Some(user) = self.token_hash().strip_prefix(ExternalId::RECORD_KEY_START) {
            fields.insert("external_id".into(), user.into());
        }
        for (name, value) in self.0 {
            match json(value) {
                Some(value) if name != "token" && shape(&name).is_some() => {
                    fields.insert(name, value);
                }
                _ => others.push(name),
            }
        }
        (fields, others)
    }
}

/// The attributes for the values of fields, and what Zendesk ignores or changes.
pub(super) fn attributes_of(fields: Map<String, Value>) -> Result<(Attributes, Vec<Remark>), InvalidItem> {
    let remarks = user_values::check(&fields);
    let attributes = fields.into_iter().map(attribute).collect::<Result<_, _>>()?;
    match remarks.iter().find(|remark| matches!(remark.verdict, Verdict::Refusal(_))) {
        Some(refusal) => Err(InvalidItem::RefusedValue(refusal.clone())),
        None => Ok((attributes, remarks)),
    }
}

fn attribute((name, value): (String, Value)) -> Result<(String, AttributeValue), InvalidItem> {
    let Some(shape) = shape(&name) else { return Err(InvalidItem::UnknownField(name)) };
    match shape.attribute(value) {
        Some(attribute) => Ok((name, attribute)),
        None => Err(InvalidItem::WrongType { field: name, expected: shape.expected() }),
    }
}

/// Checks what every item that the tool writes must be, and returns its user.
pub(super) fn check(item: &StoredItem) -> Result<ExternalId, InvalidItem> {
    if item.is_user_record() && item.0.contains_key("expires_at") {
        return Err(InvalidItem::ExpiringRecord);
    }
    let record = item.record().map_err(InvalidItem::ImpossibleValue)?;
    let user = record.user.external_id.ok_or(InvalidItem::NoExternalId)?;
    let bytes: usize = item.0.iter().map(|(name, value)| name.len() + size(value)).sum();
    if bytes > MAX_ITEM_BYTES {
        return Err(InvalidItem::TooLarge { bytes });
    }
    Ok(user)
}

fn token_hash(fields: &mut Map<String, Value>) -> Result<String, InvalidItem> {
    let is_user_record = is_user_record(fields);
    match (fields.remove("token"), fields.remove("token_hash")) {
        (Some(Value::String(token)), None) => {
            UserToken::parse(token).map(|token| token.hash()).map_err(|_| InvalidItem::NotAUserToken)
        }
        (None, Some(Value::String(hash))) if is_hash(&hash) || is_user_record => Ok(hash),
        (None, Some(_)) => Err(InvalidItem::NotATokenHash),
        (Some(_), None) => Err(InvalidItem::NotAUserToken),
        (Some(_), Some(_)) => Err(InvalidItem::TokenAndHash),
        (None, None) => Err(InvalidItem::NoToken),
    }
}

/// The key of the user record, if the fields have an external id.
pub(crate) fn record_key(fields: &Map<String, Value>) -> Option<Value> {
    ExternalId::parse(fields.get("external_id")?.as_str()?).map(|user| user.record_key().into())
}

/// Whether the fields are those of a user record.
pub(crate) fn is_user_record(fields: &Map<String, Value>) -> bool {
    fields.get("token_hash").is_some_and(|key| record_key(fields).as_ref() == Some(key))
}

/// Whether `text` is a SHA-256 in lower-case hex.
pub(crate) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// At least as many bytes as DynamoDB counts.
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

/// Why an item is not stored. `Display` says what to do and shows no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidItem {
    #[error("{}", unknown_field(.0))]
    UnknownField(String),
    #[error("`{field}` must be {expected}")]
    WrongType { field: String, expected: &'static str },
    #[error("`{0}` must be {allowed}", allowed = allowed(.0))]
    ImpossibleValue(&'static str),
    #[error("{0}")]
    RefusedValue(Remark),
    #[error("there is no user token: give `token`, or `token_hash` with its SHA-256 in hex")]
    NoToken,
    #[error("there are `token` and `token_hash`: give one of them")]
    TokenAndHash,
    #[error("`token` must be a string of 1 to {max} bytes", max = UserToken::MAX_BYTES)]
    NotAUserToken,
    #[error(
        "`token_hash` must be the SHA-256 of the token in 64 lower-case hex digits, or `user:` and the external id for a \
         user record"
    )]
    NotATokenHash,
    #[error("a user record never expires, since DynamoDB would delete a suspension with it: leave out `expires_at`")]
    ExpiringRecord,
    #[error("there is no `external_id`: give your own stable id of the user, 1 to {max} characters", max = ExternalId::MAX_CHARACTERS)]
    NoExternalId,
    #[error("the item has {bytes} bytes, and DynamoDB stores at most {MAX_ITEM_BYTES}")]
    TooLarge { bytes: usize },
}

fn unknown_field(name: &str) -> String {
    match nearest(name) {
        Some(field) => format!("there is no field `{name}`: do you mean `{field}`?"),
        // A long or unusual name may be a value in the wrong place.
        None if name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') => {
            format!("there is no field `{name}`: docs/user-tokens.md lists all")
        }
        None => "there is an unknown field: docs/user-tokens.md lists all".into(),
    }
}

impl From<InvalidItem> for Problem {
    fn from(invalid: InvalidItem) -> Self {
        Self(invalid.to_string())
    }
}
