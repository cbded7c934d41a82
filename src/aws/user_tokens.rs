//! The DynamoDB table of user tokens. Each request reads one item.
//!
//! The attributes and their types are the contract with the company's backend.

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
use serde_json::{Number, Value};

use super::{CallError, Clients};
use crate::handlers::{FindError, UserTokens};
use crate::jwt::EpochSeconds;
use crate::user::{
    Audiences, EmailAddress, ExternalId, Name, Profile, UserAttributes, UserRecord, UserToken, UserTokenRecord,
};

/// The attributes that are not a claim of [`Profile`].
const OTHER_ATTRIBUTES: [&str; 8] =
    ["token_hash", "external_id", "name", "email", "email_verified", "audiences", "expires_at", "suspended"];

/// The attributes that decide whether a token is valid. A misspelt one would silently have no effect.
const DECISIVE_ATTRIBUTES: [&str; 4] = ["audiences", "email_verified", "expires_at", "suspended"];

/// From here on, a number of seconds (the year 5138) must be a number of milliseconds.
const SURELY_MILLISECONDS: u64 = 100_000_000_000;

/// An answer of DynamoDB. Reading it makes the refusal of an unknown token take as long as other refusals.
const TIMING_EQUALIZER: &str = include_str!("timing-equalizer.json");

/// The DynamoDB table of user tokens.
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

    /// What the operator can do about this error.
    fn remedy(&self, code: &str) -> Option<String> {
        let table = &self.table;
        match code {
            "AccessDeniedException" => {
                Some(format!("Allow this function's role dynamodb:GetItem on the table {table}"))
            }
            "ResourceNotFoundException" => {
                Some(format!("This account has no table {table} in this region: check USER_TOKENS_TABLE"))
            }
            _ => None,
        }
    }

    /// Reads the item with this key.
    async fn read<T>(
        &self,
        key: String,
        parse: impl FnOnce(HashMap<String, AttributeValue>) -> Result<T, Malformed>,
    ) -> Result<Option<T>, FindError> {
        let token_hash = AttributeValue::S(key);
        let get = self.clients.dynamodb.get_item().table_name(&self.table).key("token_hash", token_hash);
        // Consistent, so that a token is refused as soon as it is revoked.
        let answer = get.consistent_read(true).send().await;
        let answer = answer.map_err(|error| match CallError::new(error, |code| self.remedy(code)) {
            CallError::TooLong => FindError::ItemTooLong,
            error => FindError::Unavailable(Arc::new(error)),
        })?;
        if answer.item.is_none() {
            black_box(self.reader.read(TIMING_EQUALIZER).map(|answer| checked(answer, record)));
        }
        checked(answer, parse)
    }
}

impl UserTokens for DynamoDbUserTokens {
    async fn find(&self, token: &UserToken) -> Result<Option<UserTokenRecord>, FindError> {
        self.read(token.hash(), record).await
    }

    async fn find_user(&self, external_id: &ExternalId) -> Result<Option<UserRecord>, FindError> {
        self.read(external_id.record_key(), |item| user_record(item, external_id)).await
    }
}

fn checked<T>(
    answer: GetItemOutput,
    parse: impl FnOnce(HashMap<String, AttributeValue>) -> Result<T, Malformed>,
) -> Result<Option<T>, FindError> {
    for (name, meant) in answer.item.iter().flat_map(misspelt_attributes) {
        let cause = format!("the functions ignore the attribute {name}: should it be {meant}?");
        tracing::warn!(code = "attribute_misspelt", cause, "a stored item has an attribute that looks misspelt");
    }
    Ok(answer.item.map(parse).transpose()?)
}

/// The attributes of an item that look like a decisive attribute that the item lacks, each with that attribute.
#[expect(clippy::implicit_hasher, reason = "the SDK's items have the default hasher")]
pub fn misspelt_attributes(
    item: &HashMap<String, AttributeValue>,
) -> impl Iterator<Item = (&str, &'static str)> + use<'_> {
    let unknown = item.keys().filter(|name| !attributes().any(|attribute| attribute == *name));
    unknown.filter_map(|name| {
        let is_meant = |decisive: &&str| !item.contains_key(*decisive) && is_similar(name, decisive);
        Some((name.as_str(), DECISIVE_ATTRIBUTES.into_iter().find(is_meant)?))
    })
}

/// Whether two names differ by at most two letters, apart from case and separators.
fn is_similar(name: &str, attribute: &str) -> bool {
    const LONGEST_NAME: usize = 32;
    let letters = |name: &str| name.replace(|c: char| !c.is_alphanumeric(), "").to_lowercase();
    name.len() <= LONGEST_NAME && strsim::levenshtein(&letters(name), &letters(attribute)) <= 2
}

/// The record in DynamoDB's answer; `None` if the token is unknown.
///
/// # Errors
/// The first malformed attribute.
pub fn stored_record(answer: GetItemOutput) -> Result<Option<UserTokenRecord>, FindError> {
    Ok(answer.item.map(record).transpose()?)
}

/// Reads an answer to `GetItem` with the SDK's own code.
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

impl From<Malformed> for FindError {
    fn from(Malformed(attribute): Malformed) -> Self {
        Self::ItemMalformed { attribute }
    }
}

/// The names of all attributes that an item can have.
pub fn attributes() -> impl Iterator<Item = &'static str> {
    OTHER_ATTRIBUTES.into_iter().chain(Profile::NAMES.iter().copied())
}

/// Reads a stored item.
///
/// # Errors
/// The first malformed attribute.
#[expect(clippy::implicit_hasher, reason = "the SDK's items have the default hasher")]
pub fn record(attributes: HashMap<String, AttributeValue>) -> Result<UserTokenRecord, Malformed> {
    let mut item = Item(attributes);
    Ok(UserTokenRecord {
        user: item.user()?.into(),
        audiences: item.not_null("audiences", audiences)?.unwrap_or_else(Audiences::all),
        expires_at: item.not_null("expires_at", moment)?,
        suspended: item.flag("suspended")?.unwrap_or_default(),
    })
}

/// Reads the user record of `external_id`.
///
/// # Errors
/// The first malformed attribute. `external_id` must not be another one, and `expires_at` is not allowed: DynamoDB would
/// delete a suspension.
#[expect(clippy::implicit_hasher, reason = "the SDK's items have the default hasher")]
pub fn user_record(
    attributes: HashMap<String, AttributeValue>,
    external_id: &ExternalId,
) -> Result<UserRecord, Malformed> {
    let mut item = Item(attributes);
    let attributes = item.user()?;
    if attributes.external_id.as_ref().is_some_and(|stored| stored != external_id) {
        return Err(Malformed("external_id"));
    }
    if item.0.contains_key("expires_at") {
        return Err(Malformed("expires_at"));
    }
    Ok(UserRecord {
        attributes,
        audiences: item.not_null("audiences", audiences)?,
        suspended: item.flag("suspended")?.unwrap_or_default(),
    })
}

struct Item(HashMap<String, AttributeValue>);

impl Item {
    fn user(&mut self) -> Result<UserAttributes, Malformed> {
        Ok(UserAttributes {
            email_verified: self.flag("email_verified")?,
            external_id: self.filled_text("external_id", ExternalId::parse)?,
            name: self.text("name")?.and_then(Name::parse),
            email: self.filled_text("email", EmailAddress::parse)?,
            profile: self.profile()?,
        })
    }

    /// The optional claims, by the names and types that [`Profile`] declares.
    fn profile(&mut self) -> Result<Profile, Malformed> {
        let claim = |name: &&'static str| {
            let value = self.0.remove(*name)?;
            Some(json(value).map(|value| (*name, value)).ok_or(Malformed(name)))
        };
        let claims: Vec<_> = Profile::NAMES.iter().filter_map(claim).collect::<Result<_, _>>()?;
        Profile::of_claims(claims).map_err(Malformed)
    }

    /// An attribute that may be absent, but not null.
    fn not_null<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(AttributeValue) -> Option<T>,
    ) -> Result<Option<T>, Malformed> {
        self.0.remove(name).map(|value| read(value).ok_or(Malformed(name))).transpose()
    }

    /// A text. Null counts as absent.
    fn text(&mut self, name: &'static str) -> Result<Option<String>, Malformed> {
        let text = self.not_null(name, |value| match value {
            AttributeValue::Null(_) => Some(None),
            value => text(value).map(Some),
        })?;
        Ok(text.flatten())
    }

    /// A text that `parse` accepts. Null and an empty text count as absent.
    fn filled_text<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(String) -> Option<T>,
    ) -> Result<Option<T>, Malformed> {
        let filled = self.text(name)?.filter(|text| !text.is_empty());
        filled.map(|text| parse(text).ok_or(Malformed(name))).transpose()
    }

    fn flag(&mut self, name: &'static str) -> Result<Option<bool>, Malformed> {
        self.not_null(name, |value| value.as_bool().ok().copied())
    }
}

fn audiences(value: AttributeValue) -> Option<Audiences> {
    Audiences::parse(texts(value)?.iter().map(String::as_str))
}

fn moment(value: AttributeValue) -> Option<EpochSeconds> {
    let AttributeValue::N(digits) = value else { return None };
    let seconds = digits.parse().ok()?;
    (seconds < SURELY_MILLISECONDS).then_some(EpochSeconds(seconds))
}

fn text(value: AttributeValue) -> Option<String> {
    match value {
        AttributeValue::S(text) => Some(text),
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
        AttributeValue::M(map) => {
            Value::Object(map.into_iter().map(|(key, value)| Some((key, json(value)?))).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use aws_sdk_dynamodb::primitives::Blob;
    use serde_json::json;

    use super::*;

    const DOCUMENTS: [&str; 2] = ["README.md", "docs/user-tokens.md"];

    fn text_attribute(text: &str) -> AttributeValue {
        AttributeValue::S(text.to_owned())
    }

    fn profile_with(name: &str, value: AttributeValue) -> Result<Profile, &'static str> {
        let record = record(HashMap::from([(name.to_owned(), value)]));
        record.map(|record| record.user.profile).map_err(|Malformed(attribute)| attribute)
    }

    /// A valid value for each claim, and its JSON.
    fn valid_claims() -> Vec<(&'static str, AttributeValue, Value)> {
        let valid = |name: &&'static str| match *name {
            "locale" | "locale_id" | "custom_role_id" => (*name, AttributeValue::N("7".to_owned()), json!(7)),
            "tags" => (*name, AttributeValue::Ss(vec!["vip".to_owned()]), json!(["vip"])),
            "role" => (*name, text_attribute("agent"), json!("agent")),
            "user_fields" => {
                let fields = HashMap::from([("plan".to_owned(), AttributeValue::Null(true))]);
                (*name, AttributeValue::M(fields), json!({ "plan": null }))
            }
            name => (name, text_attribute(""), json!("")),
        };
        Profile::NAMES.iter().map(valid).collect()
    }

    #[test]
    fn absent_null_and_a_value_stay_apart_for_every_claim() {
        for (name, value, json) in valid_claims() {
            assert_eq!(serde_json::to_value(profile_with(name, value).unwrap()).unwrap(), json!({ name: json }));
            let null = profile_with(name, AttributeValue::Null(true)).unwrap();
            assert_eq!(serde_json::to_value(null).unwrap(), json!({ name: null }));
            let absent = profile_with("other", text_attribute("")).unwrap();
            assert_eq!(serde_json::to_value(absent).unwrap(), json!({}));
        }
    }

    #[test]
    fn a_claim_of_another_type_is_malformed_by_its_name() {
        for (name, valid, _) in valid_claims() {
            let types = [
                text_attribute("vip"),
                AttributeValue::N("1.5".to_owned()),
                AttributeValue::N("1".to_owned()),
                AttributeValue::Bool(true),
                AttributeValue::Ss(vec!["1".to_owned()]),
                AttributeValue::L(vec![AttributeValue::N("1".to_owned())]),
                AttributeValue::M(HashMap::from([("agent".to_owned(), AttributeValue::Null(true))])),
                AttributeValue::Ns(vec!["1".to_owned()]),
                AttributeValue::B(Blob::new("1")),
            ];
            let of_its_type = |value: &AttributeValue| match (&valid, value) {
                (AttributeValue::S(_), AttributeValue::S(_)) => name != "role",
                (AttributeValue::N(_), AttributeValue::N(digits)) => !digits.contains('.'),
                (AttributeValue::Ss(_), AttributeValue::Ss(_)) | (AttributeValue::M(_), AttributeValue::M(_)) => true,
                _ => false,
            };
            for value in types {
                let expected = if of_its_type(&value) { None } else { Some(name) };
                assert_eq!(profile_with(name, value.clone()).err(), expected, "{name}: {value:?}");
            }
        }
    }

    #[test]
    fn a_number_in_user_fields_keeps_all_its_digits() {
        for digits in
            ["12345678901234567890123456789012345678", "0.1234567890123456789", "-98765432109876543210", "1e+100"]
        {
            let fields = HashMap::from([("id".to_owned(), AttributeValue::N(digits.to_owned()))]);
            let profile = profile_with("user_fields", AttributeValue::M(fields)).unwrap();
            assert_eq!(serde_json::to_string(&profile).unwrap(), format!(r#"{{"user_fields":{{"id":{digits}}}}}"#));
        }
    }

    #[test]
    fn misspelt_decisive_attributes_are_found() {
        let found = |names: &[&str]| -> Vec<_> {
            let item = names.iter().map(|name| ((*name).to_owned(), AttributeValue::Bool(true))).collect();
            misspelt_attributes(&item).map(|(_, meant)| meant).collect()
        };
        for name in ["Suspended", "SUSPENDED", "suspend", "is_suspended", "suspeneded", "suspended "] {
            assert_eq!(found(&[name]), ["suspended"], "{name}");
        }
        for name in ["audience", "Audiences", "audiance"] {
            assert_eq!(found(&[name]), ["audiences"], "{name}");
        }
        for name in ["expiresAt", "expires-at", "expires", "expired_at"] {
            assert_eq!(found(&[name]), ["expires_at"], "{name}");
        }
        for name in ["emailVerified", "email_verifed", "EmailVerified"] {
            assert_eq!(found(&[name]), ["email_verified"], "{name}");
        }
        assert!(found(&["suspended", "suspended_at"]).is_empty(), "the item has the attribute itself");
        assert!(found(&["created_at", "updated_at", "plan", "email", "extended", "", "é"]).is_empty());
        assert!(found(&attributes().collect::<Vec<_>>()).is_empty());
    }

    #[test]
    fn the_documents_list_every_attribute() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let documents = DOCUMENTS.map(|file| std::fs::read_to_string(root.join(file)).unwrap_or_default()).concat();
        let rows: Vec<_> = documents.lines().filter(|line| line.starts_with('|')).collect();
        for attribute in attributes() {
            assert!(rows.iter().any(|row| row.contains(&format!("`{attribute}`"))), "no table lists {attribute}");
        }
    }

    #[test]
    fn the_timing_equalizer_is_a_complete_record() {
        let answer = GetItemReader::default().read(TIMING_EQUALIZER).unwrap();
        assert!(stored_record(answer).unwrap().is_some());
    }
}
