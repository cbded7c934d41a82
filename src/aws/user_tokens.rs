//! The table of user tokens in DynamoDB: one item per token, so that one `GetItem` answers a request.
//!
//! The attributes and their types are the contract with whoever writes the items; the README lists them.

use std::collections::HashMap;
use std::hint::black_box;

use serde::{Deserialize, Serialize};

use super::Clients;
use super::call_error::CallError;
use super::service::Service;
use super::stored_attributes::Attribute;
use crate::flows::{FindError, UserTokens};
use crate::jwt::EpochSeconds;
use crate::user::{
    Audiences, Claim, Email, EmailAddress, ExternalId, Name, Profile, Role, User, UserToken, UserTokenRecord,
};

/// The first second that can only be meant in milliseconds (the year 5138 otherwise).
const SURELY_MILLISECONDS: u64 = 100_000_000_000;

/// Read where nothing is stored, so that an unknown token is refused no sooner than one that is stored and does not count.
const STAND_IN: &str = include_str!("stand-in-item.json");

/// A table of user tokens.
#[derive(Clone, Debug)]
pub struct DynamoDbUserTokens {
    service: Service,
    table: String,
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html>
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetItem<'a> {
    table_name: &'a str,
    key: Key<'a>,
    consistent_read: bool,
}

#[derive(Serialize)]
struct Key<'a> {
    token_hash: Text<'a>,
}

#[derive(Serialize)]
struct Text<'a> {
    #[serde(rename = "S")]
    text: &'a str,
}

/// What DynamoDB answers to `GetItem`, in its own JSON.
#[derive(Deserialize)]
pub struct GotItem {
    #[serde(rename = "Item")]
    item: Option<HashMap<String, Attribute>>,
}

impl GotItem {
    /// What is stored, as the flows read it; `None` when nothing is.
    ///
    /// # Errors
    /// With the first attribute that has a type or value that it cannot have.
    pub fn record(self) -> Result<Option<UserTokenRecord>, FindError> {
        self.item.map(record).transpose().map_err(|Malformed(attribute)| FindError::ItemMalformed { attribute })
    }
}

impl DynamoDbUserTokens {
    /// The table of that name.
    #[must_use]
    pub fn new(clients: &Clients, table: String) -> Self {
        Self { service: clients.dynamodb.clone(), table }
    }

    async fn get(&self, token_hash: &str) -> Result<GotItem, String> {
        let get = GetItem {
            table_name: &self.table,
            key: Key { token_hash: Text { text: token_hash } },
            // A token that was revoked a moment ago must not count.
            consistent_read: true,
        };
        self.service.call("DynamoDB_20120810.GetItem", &get).await.map_err(|error| self.told(&error))
    }

    /// The error, with what to do about one that an operator can mend.
    fn told(&self, error: &CallError) -> String {
        let table = &self.table;
        match error.code() {
            Some("AccessDeniedException") => {
                format!("{error}. Allow this function's role dynamodb:GetItem on the table {table}")
            }
            Some("ResourceNotFoundException") => {
                format!("{error}. There is no table {table} in this account and region: look at USER_TOKENS_TABLE")
            }
            _ => error.to_string(),
        }
    }
}

impl UserTokens for DynamoDbUserTokens {
    async fn find(&self, token: &UserToken) -> Result<Option<UserTokenRecord>, FindError> {
        let got = self.get(&token.hash()).await.map_err(FindError::Unavailable)?;
        if got.item.is_none() {
            black_box(serde_json::from_str(STAND_IN).ok().map(GotItem::record));
        }
        got.record()
    }
}

/// An attribute of a type or value that it cannot have, by its name.
pub struct Malformed(pub &'static str);

pub fn record(attributes: HashMap<String, Attribute>) -> Result<UserTokenRecord, Malformed> {
    let mut item = Item(attributes);
    let email_verified = item.flag("email_verified")?;
    let profile = Profile {
        phone: item.claim("phone", Attribute::into_text)?,
        locale: item.claim("locale", Attribute::into_integer)?,
        locale_id: item.claim("locale_id", Attribute::into_integer)?,
        organization: item.claim("organization", Attribute::into_text)?,
        organizations: item.claim("organizations", Attribute::into_text)?,
        organization_id: item.claim("organization_id", Attribute::into_text)?,
        organization_ids: item.claim("organization_ids", Attribute::into_text)?,
        tags: item.claim("tags", Attribute::into_texts)?,
        remote_photo_url: item.claim("remote_photo_url", Attribute::into_text)?,
        role: item.claim("role", |value| Role::parse(&value.into_text()?))?,
        custom_role_id: item.claim("custom_role_id", Attribute::into_integer)?,
        user_fields: item.claim("user_fields", Attribute::into_object)?,
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

struct Item(HashMap<String, Attribute>);

impl Item {
    /// The attribute as `read` understands it. Null is malformed here: what decides over a token is never vague.
    fn decisive<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Attribute) -> Option<T>,
    ) -> Result<Option<T>, Malformed> {
        self.0.remove(name).map(|value| read(value).ok_or(Malformed(name))).transpose()
    }

    /// A claim as `read` understands it; absent and null stay apart.
    fn claim<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Attribute) -> Option<T>,
    ) -> Result<Claim<T>, Malformed> {
        let value = self.decisive(name, |value| match value {
            Attribute::Null(_) => Some(Claim::Null),
            value => read(value).map(Claim::Value),
        })?;
        Ok(value.unwrap_or(Claim::Absent))
    }

    fn text(&mut self, name: &'static str) -> Result<Option<String>, Malformed> {
        Ok(self.claim(name, Attribute::into_text)?.into_option())
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
        Ok(self.decisive(name, Attribute::into_flag)?.unwrap_or_default())
    }
}

fn audiences(value: Attribute) -> Option<Audiences> {
    Audiences::parse(value.into_texts()?.iter().map(String::as_str))
}

fn moment(value: Attribute) -> Option<EpochSeconds> {
    let seconds = value.into_integer()?.try_into().ok()?;
    (seconds < SURELY_MILLISECONDS).then_some(EpochSeconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stand_in_is_read_to_its_end() {
        let got: GotItem = serde_json::from_str(STAND_IN).unwrap();
        assert!(got.record().unwrap().is_some());
    }
}
