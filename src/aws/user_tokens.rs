//! The table of user tokens in DynamoDB: one item per token, so that one `GetItem` answers a request.
//!
//! The attributes and their types are a contract with the writers of items; the README lists them.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::operation::get_item::{GetItem, GetItemOutput};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin as _;
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse as _, SharedResponseDeserializer};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer};
use lambda_http::http::StatusCode;
use serde_json::{Map, Number, Value};

use super::{CallError, Clients};
use crate::handlers::{FindError, UserTokens};
use crate::jwt::EpochSeconds;
use crate::user::{
    Audiences, Claim, Email, EmailAddress, ExternalId, Name, Profile, Role, User, UserToken, UserTokenRecord,
};

/// The first number of seconds that must be meant as milliseconds. In seconds, it is in the year 5138.
const SURELY_MILLISECONDS: u64 = 100_000_000_000;

/// An answer of DynamoDB. Reading it makes the refusal of an unknown token take as long as other refusals.
const STAND_IN: &str = include_str!("stand-in-item.json");

/// The table of user tokens.
#[derive(Clone, Debug)]
pub struct DynamoDbUserTokens {
    clients: Clients,
    table: String,
    reader: GetItemReader,
}

impl DynamoDbUserTokens {
    /// The table with this name.
    #[must_use]
    pub fn new(clients: &Clients, table: String) -> Self {
        Self { clients: clients.clone(), table, reader: GetItemReader::default() }
    }

    /// What an operator can do about an error with this code.
    fn remedy(&self, code: &str) -> Option<String> {
        let table = &self.table;
        match code {
            "AccessDeniedException" => {
                Some(format!("Allow this function's role dynamodb:GetItem on the table {table}"))
            }
            "ResourceNotFoundException" => {
                Some(format!("There is no table {table} in this account and region: look at USER_TOKENS_TABLE"))
            }
            _ => None,
        }
    }
}

impl UserTokens for DynamoDbUserTokens {
    async fn find(&self, token: &UserToken) -> Result<Option<UserTokenRecord>, FindError> {
        let token_hash = AttributeValue::S(token.hash());
        let get = self.clients.dynamodb.get_item().table_name(&self.table).key("token_hash", token_hash);
        // A token that was revoked a moment ago must be refused.
        let answer = get.consistent_read(true).send().await;
        let answer = answer.map_err(|error| CallError::new(error, |code| self.remedy(code)));
        let answer = answer.map_err(|error| FindError::Unavailable(Arc::new(error)))?;
        if answer.item.is_none() {
            black_box(self.reader.read(STAND_IN).map(stored_record));
        }
        stored_record(answer)
    }
}

/// What an answer says of a user token; `None` if the token is unknown.
///
/// # Errors
/// With the first malformed attribute.
pub fn stored_record(answer: GetItemOutput) -> Result<Option<UserTokenRecord>, FindError> {
    answer.item.map(record).transpose().map_err(|Malformed(attribute)| FindError::ItemMalformed { attribute })
}

/// Reads the body of an answer to `GetItem` with the SDK's own code.
#[derive(Clone, Debug)]
pub struct GetItemReader(Option<FrozenLayer>);

impl Default for GetItemReader {
    fn default() -> Self {
        Self(GetItem::new().config())
    }
}

impl GetItemReader {
    /// The answer; `None` if the SDK cannot read it.
    pub fn read(&self, body: impl Into<SdkBody>) -> Option<GetItemOutput> {
        let response = HttpResponse::new(StatusCode::OK.into(), body.into());
        let reader = self.0.as_ref()?.load::<SharedResponseDeserializer>()?;
        reader.deserialize_nonstreaming_with_config(&response, &ConfigBag::base()).ok()?.downcast().ok()
    }
}

/// The name of an attribute whose type or value is not allowed.
#[derive(Debug)]
pub struct Malformed(pub &'static str);

/// Reads a stored item.
///
/// # Errors
/// With the first malformed attribute.
#[expect(clippy::implicit_hasher, reason = "the SDK's items have the default hasher")]
pub fn record(attributes: HashMap<String, AttributeValue>) -> Result<UserTokenRecord, Malformed> {
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
    /// An attribute that decides whether a token counts, so that null is malformed.
    fn decisive<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(AttributeValue) -> Option<T>,
    ) -> Result<Option<T>, Malformed> {
        self.0.remove(name).map(|value| read(value).ok_or(Malformed(name))).transpose()
    }

    /// A claim, which may be absent, null or a value.
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

    /// A text that `parse` accepts. An empty text counts as absent.
    fn filled_text<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(String) -> Option<T>,
    ) -> Result<Option<T>, Malformed> {
        let filled = self.text(name)?.filter(|text| !text.is_empty());
        filled.map(|text| parse(text).ok_or(Malformed(name))).transpose()
    }

    /// A flag. An absent flag is false.
    fn flag(&mut self, name: &'static str) -> Result<bool, Malformed> {
        Ok(self.decisive(name, |value| value.as_bool().ok().copied())?.unwrap_or_default())
    }
}

fn audiences(value: AttributeValue) -> Option<Audiences> {
    Audiences::parse(texts(value)?.iter().map(String::as_str))
}

fn moment(value: AttributeValue) -> Option<EpochSeconds> {
    let seconds = integer(value)?.try_into().ok()?;
    (seconds < SURELY_MILLISECONDS).then_some(EpochSeconds(seconds))
}

fn text(value: AttributeValue) -> Option<String> {
    match value {
        AttributeValue::S(text) => Some(text),
        _ => None,
    }
}

/// DynamoDB sends numbers as text, because they are more exact than JSON's.
fn integer(value: AttributeValue) -> Option<i64> {
    match value {
        AttributeValue::N(digits) => digits.parse().ok(),
        _ => None,
    }
}

/// A set of texts, or a list of texts.
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

/// The attribute as JSON; `None` if it holds bytes or a set of numbers.
#[must_use]
pub fn json(value: AttributeValue) -> Option<Value> {
    Some(match value {
        AttributeValue::S(text) => Value::String(text),
        AttributeValue::N(digits) => Value::Number(digits.parse::<Number>().ok()?),
        AttributeValue::Bool(flag) => Value::Bool(flag),
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::L(values) => Value::Array(values.into_iter().map(json).collect::<Option<_>>()?),
        AttributeValue::Ss(texts) => Value::Array(texts.into_iter().map(Value::String).collect()),
        map @ AttributeValue::M(_) => Value::Object(object(map)?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stand_in_is_read_to_its_end() {
        let answer = GetItemReader::default().read(STAND_IN).unwrap();
        assert!(stored_record(answer).unwrap().is_some());
    }
}
