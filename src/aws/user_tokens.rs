//! The table of user tokens in DynamoDB: one item per token, so that one `GetItem` answers a request.
//!
//! The attributes and their types are the contract with whoever writes the items; the README lists them.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Number, Value};

use super::{Clients, causes};
use crate::flows::{FindError, UserTokens};
use crate::jwt::EpochSeconds;
use crate::user::{
    Audiences, Claim, Email, EmailAddress, ExternalId, Name, Profile, Role, User, UserToken, UserTokenRecord,
};

/// The first second that can only be meant in milliseconds (the year 5138 otherwise).
const SURELY_MILLISECONDS: u64 = 100_000_000_000;

/// A table of user tokens.
#[derive(Clone, Debug)]
pub struct DynamoDbUserTokens {
    client: Client,
    table: String,
}

impl DynamoDbUserTokens {
    /// The table of that name.
    #[must_use]
    pub fn new(clients: &Clients, table: String) -> Self {
        Self { client: clients.dynamodb.clone(), table }
    }

    /// Opens the connection that the first request will use, by asking for a token that cannot exist.
    ///
    /// # Errors
    /// With the chain of causes when DynamoDB gives no answer.
    pub async fn warm_up(&self) -> Result<(), String> {
        self.get("warm-up".to_owned()).await.map(drop)
    }

    async fn get(&self, token_hash: String) -> Result<Option<HashMap<String, AttributeValue>>, String> {
        let get = self.client.get_item().table_name(&self.table).key("token_hash", AttributeValue::S(token_hash));
        // A token that was revoked a moment ago must not count, so the read is consistent.
        let answer = get.consistent_read(true).send().await.map_err(|error| causes(&error))?;
        Ok(answer.item)
    }
}

impl UserTokens for DynamoDbUserTokens {
    async fn find(&self, token: &UserToken) -> Result<Option<UserTokenRecord>, FindError> {
        let item = self.get(token.hash()).await.map_err(FindError::Unavailable)?;
        item.map(record).transpose().map_err(|Malformed(attribute)| FindError::ItemMalformed { attribute })
    }
}

/// An attribute of a type or value that it cannot have, by its name.
pub(super) struct Malformed(pub(super) &'static str);

pub(super) fn record(attributes: HashMap<String, AttributeValue>) -> Result<UserTokenRecord, Malformed> {
    let mut item = Item(attributes);
    let email_verified = item.flag("email_verified")?;
    let profile = Profile {
        phone: item.claim("phone", text)?,
        locale: item.claim("locale", integer)?,
        locale_id: item.claim("locale_id", integer)?,
        organization: item.claim("organization", text)?,
        organizations: item.claim("organizations", text)?,
        organization_id: item.claim("organization_id", text)?,
        organization_ids: item.claim("organization_ids", text)?,
        tags: item.claim("tags", texts)?,
        remote_photo_url: item.claim("remote_photo_url", text)?,
        role: item.claim("role", |value| Role::parse(&text(value)?))?,
        custom_role_id: item.claim("custom_role_id", integer)?,
        user_fields: item.claim("user_fields", object)?,
    };
    let user = User {
        external_id: item.filled_text("external_id", ExternalId::parse)?,
        name: item.text("name")?.and_then(Name::parse),
        email: item.filled_text("email", EmailAddress::parse)?.map(|address| Email::new(address, email_verified)),
        profile,
    };
    Ok(UserTokenRecord {
        user,
        audiences: item.decisive("audiences", audiences)?.unwrap_or_else(Audiences::all),
        expires_at: item.decisive("expires_at", moment)?,
        suspended: item.flag("suspended")?,
    })
}

struct Item(HashMap<String, AttributeValue>);

impl Item {
    /// The attribute as `read` understands it. Null is malformed here: what decides over a token is never vague.
    fn decisive<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(AttributeValue) -> Option<T>,
    ) -> Result<Option<T>, Malformed> {
        self.0.remove(name).map(|value| read(value).ok_or(Malformed(name))).transpose()
    }

    /// A claim as `read` understands it; absent and null stay apart.
    fn claim<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(AttributeValue) -> Option<T>,
    ) -> Result<Claim<T>, Malformed> {
        let value = self.decisive(name, |value| match value {
            AttributeValue::Null(_) => Some(Claim::Null),
            value => read(value).map(Claim::Value),
        })?;
        Ok(value.unwrap_or(Claim::Absent))
    }

    fn text(&mut self, name: &'static str) -> Result<Option<String>, Malformed> {
        Ok(self.claim(name, text)?.into_option())
    }

    /// A text in a type that cannot hold a bad one; an empty text is none at all.
    fn filled_text<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(String) -> Option<T>,
    ) -> Result<Option<T>, Malformed> {
        let filled = self.text(name)?.filter(|text| !text.is_empty());
        filled.map(|text| parse(text).ok_or(Malformed(name))).transpose()
    }

    /// A flag, which is false when absent.
    fn flag(&mut self, name: &'static str) -> Result<bool, Malformed> {
        Ok(self.decisive(name, |value| value.as_bool().ok().copied())?.unwrap_or_default())
    }
}

fn audiences(value: AttributeValue) -> Option<Audiences> {
    Audiences::parse(texts(value)?.iter().map(String::as_str))
}

fn text(value: AttributeValue) -> Option<String> {
    match value {
        AttributeValue::S(text) => Some(text),
        _ => None,
    }
}

fn integer(value: AttributeValue) -> Option<i64> {
    match value {
        AttributeValue::N(number) => number.parse().ok(),
        _ => None,
    }
}

fn moment(value: AttributeValue) -> Option<EpochSeconds> {
    let seconds = integer(value)?.try_into().ok()?;
    (seconds < SURELY_MILLISECONDS).then_some(EpochSeconds(seconds))
}

/// A set of texts, or a list that holds nothing else.
fn texts(value: AttributeValue) -> Option<Vec<String>> {
    match value {
        AttributeValue::Ss(texts) => Some(texts),
        AttributeValue::L(values) => values.into_iter().map(text).collect(),
        _ => None,
    }
}

fn object(value: AttributeValue) -> Option<Map<String, Value>> {
    match value {
        AttributeValue::M(map) => map.into_iter().map(|(key, value)| Some((key, json(value)?))).collect(),
        _ => None,
    }
}

/// The JSON that the attribute stands for; none for bytes, which JSON does not have.
pub(super) fn json(value: AttributeValue) -> Option<Value> {
    Some(match value {
        AttributeValue::S(text) => Value::String(text),
        AttributeValue::N(number) => Value::Number(number.parse::<Number>().ok()?),
        AttributeValue::Bool(boolean) => Value::Bool(boolean),
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::L(values) => Value::Array(values.into_iter().map(json).collect::<Option<_>>()?),
        AttributeValue::Ss(texts) => Value::Array(texts.into_iter().map(Value::String).collect()),
        value @ AttributeValue::M(_) => Value::Object(object(value)?),
        _ => return None,
    })
}
