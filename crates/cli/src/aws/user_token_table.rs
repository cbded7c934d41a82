//! The table of user tokens. Every change is of one item, and safe to repeat.

use std::collections::HashMap;
use std::error::Error;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, ReturnValue, Select, WriteRequest};
use serde_json::{Map, Value};

use super::clients::Clients;
use super::error::{AwsError, Place};
use super::fields::shape;
use super::user_token_items::{InvalidItem, StoredItem, UserTokenItem, attribute, check, warnings};
use zendesk_jwt::user::ExternalId;
use zendesk_jwt_rules::user_values::{self, Remark};

/// The most items that one batch may write.
///
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
pub(crate) const MAX_BATCH: usize = 25;

/// DynamoDB ends a page at 1 MB. The embedded one needs this limit, or it reads the whole table for each page.
const ITEMS_PER_PAGE: i32 = 1000;

/// The template's index. It is eventually consistent: a new item can be missing for a moment.
const BY_EXTERNAL_ID: &str = "by_external_id";

#[derive(Clone, Debug)]
pub(crate) struct UserTokenTable {
    client: Client,
    place: Place,
    name: String,
}

impl UserTokenTable {
    pub(crate) fn new(clients: &Clients, name: String) -> Self {
        Self { client: clients.dynamodb.clone(), place: clients.place.clone(), name }
    }

    /// The item of a token hash.
    pub(crate) async fn get(&self, token_hash: &str) -> Result<Option<StoredItem>, AwsError> {
        let get = self.client.get_item().table_name(&self.name).set_key(Some(key(token_hash)));
        let answer = get.consistent_read(true).send().await.map_err(|error| self.explain(error))?;
        Ok(answer.item.map(StoredItem))
    }

    /// All items of a user. An item written within the last second may be missing.
    pub(crate) async fn of_user(&self, external_id: &ExternalId) -> Result<Vec<StoredItem>, AwsError> {
        let query = self.client.query().table_name(&self.name).index_name(BY_EXTERNAL_ID);
        let query = query
            .key_condition_expression("external_id = :external_id")
            .expression_attribute_values(":external_id", AttributeValue::S(external_id.as_str().to_owned()));
        let mut items = query.into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(item) = items.next().await {
            found.push(StoredItem(item.map_err(|error| self.explain(error))?));
        }
        Ok(found)
    }

    /// Stores an item. It replaces an item of the same user and token hash, but never one of another user.
    pub(crate) async fn put_for_its_user(&self, item: UserTokenItem) -> Result<Put, AwsError> {
        let attributes = item.into_attributes();
        let owner = attributes.get("external_id").cloned();
        let put = self.client.put_item().table_name(&self.name).set_item(Some(attributes.clone()));
        let put = put
            .condition_expression("attribute_not_exists(token_hash) OR external_id = :external_id")
            .set_expression_attribute_values(owner.map(|owner| HashMap::from([(":external_id".to_owned(), owner)])))
            .return_values(ReturnValue::AllOld);
        Ok(match self.unless_the_condition_failed(put.send().await)? {
            None => Put::OfAnotherUser,
            Some(answer) => match answer.attributes {
                Some(old) if StoredItem(old.clone()).into_json() == StoredItem(attributes).into_json() => {
                    Put::Unchanged
                }
                Some(_) => Put::Replaced,
                None => Put::New,
            },
        })
    }

    /// Changes some fields of an item of `user`.
    pub(crate) async fn change(
        &self,
        token_hash: &str,
        user: &ExternalId,
        change: &Change,
    ) -> Result<Changed, AwsError> {
        let mut update = self.client.update_item().table_name(&self.name).set_key(Some(key(token_hash)));
        for (at, (name, value)) in change.set.iter().enumerate() {
            update = update
                .expression_attribute_names(format!("#s{at}"), name)
                .expression_attribute_values(format!(":s{at}"), value.clone());
        }
        for (at, name) in change.remove.iter().enumerate() {
            update = update.expression_attribute_names(format!("#r{at}"), name);
        }
        // The index, where the item was found, may be behind: the item may be another user's by now.
        let update = update
            .update_expression(change.expression())
            .condition_expression("external_id = :external_id")
            .expression_attribute_values(":external_id", AttributeValue::S(user.as_str().to_owned()))
            .return_values(ReturnValue::AllOld);
        Ok(match self.unless_the_condition_failed(update.send().await)? {
            None => Changed::NoSuchItem,
            Some(answer) => match answer.attributes {
                Some(old) if !change.alters(&old) => Changed::No,
                _ => Changed::Yes,
            },
        })
    }

    /// Deletes the item of a token hash. Returns whether there was one.
    pub(crate) async fn delete(&self, token_hash: &str) -> Result<bool, AwsError> {
        let delete = self.client.delete_item().table_name(&self.name).set_key(Some(key(token_hash)));
        let answer = delete.return_values(ReturnValue::AllOld).send().await.map_err(|error| self.explain(error))?;
        Ok(answer.attributes.is_some())
    }

    /// Deletes the item of a token hash if it is the user's. Returns whether it was.
    pub(crate) async fn delete_of_user(&self, token_hash: &str, user: &ExternalId) -> Result<bool, AwsError> {
        let delete = self.client.delete_item().table_name(&self.name).set_key(Some(key(token_hash)));
        let delete = delete
            .condition_expression("external_id = :external_id")
            .expression_attribute_values(":external_id", AttributeValue::S(user.as_str().to_owned()));
        self.unless_the_condition_failed(delete.send().await).map(|deleted| deleted.is_some())
    }

    /// Stores up to [`MAX_BATCH`] items with different token hashes in one request.
    ///
    /// Returns the items that DynamoDB left out because it lacks capacity.
    pub(crate) async fn put_batch(&self, items: &[UserTokenItem]) -> Result<Vec<UserTokenItem>, AwsError> {
        let requests = items.iter().map(put_request).collect();
        let batch = self.client.batch_write_item().request_items(&self.name, requests);
        let answer = batch.send().await.map_err(|error| self.explain(error))?;
        let left = answer.unprocessed_items.and_then(|mut tables| tables.remove(&self.name)).unwrap_or_default();
        let left: Vec<_> = left.iter().filter_map(put_token_hash).collect();
        Ok(items.iter().filter(|item| left.contains(&item.token_hash())).cloned().collect())
    }

    /// A page of all items, and the token hash after which the next page begins; `None` at the end.
    pub(crate) async fn page(&self, after: Option<&str>) -> Result<(Vec<StoredItem>, Option<String>), AwsError> {
        let scan = self.client.scan().table_name(&self.name).set_exclusive_start_key(after.map(key));
        let scan = scan.select(Select::AllAttributes).limit(ITEMS_PER_PAGE);
        let answer = scan.send().await.map_err(|error| self.explain(error))?;
        let next = answer.last_evaluated_key.map(|key| StoredItem(key).token_hash().to_owned());
        Ok((answer.items.unwrap_or_default().into_iter().map(StoredItem).collect(), next))
    }

    /// The token hashes with these first digits. DynamoDB reads the whole table for that.
    pub(crate) async fn hashes_that_begin_with(&self, digits: &str) -> Result<Vec<String>, AwsError> {
        let scan = self.client.scan().table_name(&self.name).limit(ITEMS_PER_PAGE);
        let scan = scan
            .filter_expression("begins_with(token_hash, :digits)")
            .projection_expression("token_hash")
            .expression_attribute_values(":digits", AttributeValue::S(digits.to_owned()));
        let mut items = scan.into_paginator().items().send();
        let mut hashes = Vec::new();
        while let Some(item) = items.next().await {
            hashes.push(StoredItem(item.map_err(|error| self.explain(error))?).token_hash().to_owned());
        }
        Ok(hashes)
    }

    /// The table, its account and its region, for a question to a person.
    pub(crate) async fn describe(&self) -> String {
        let describe = self.client.describe_table().table_name(&self.name).send().await.ok();
        let arn = describe.and_then(|answer| answer.table?.table_arn).unwrap_or_default();
        let account = arn.split(':').nth(4).unwrap_or("unknown");
        match &self.place {
            Place::Local(url) => format!("the table {} of `zendesk-jwt local` at {url}", self.name),
            Place::Aws { region, .. } => format!("the table {} of the AWS account {account} in {region}", self.name),
        }
    }

    /// The number of items, which DynamoDB counts every six hours.
    pub(crate) async fn approximate_count(&self) -> Result<Option<u64>, AwsError> {
        let describe = self.client.describe_table().table_name(&self.name);
        let answer = describe.send().await.map_err(|error| self.explain(error))?;
        Ok(answer.table.and_then(|table| table.item_count).and_then(|count| count.try_into().ok()))
    }

    fn unless_the_condition_failed<T, E>(&self, result: Result<T, SdkError<E>>) -> Result<Option<T>, AwsError>
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        match result {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(None),
            Err(error) => Err(self.explain(error)),
        }
    }

    fn explain<E>(&self, error: SdkError<E>) -> AwsError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        AwsError::new(error, &self.place, &format!("table {}", self.name))
    }
}

/// The result of [`UserTokenTable::put_for_its_user`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    New,
    /// The user's item was different before.
    Replaced,
    Unchanged,
    /// The token belongs to another user, and nothing was stored.
    OfAnotherUser,
}

/// The result of [`UserTokenTable::change`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    Yes,
    /// The item already was as requested.
    No,
    /// The user has no item with this token hash.
    NoSuchItem,
}

/// A change of some fields of an item.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    set: Vec<(String, AttributeValue)>,
    remove: Vec<String>,
    warnings: Vec<Remark>,
}

impl Change {
    /// Sets these fields.
    pub(crate) fn set(mut self, fields: Map<String, Value>) -> Result<Self, InvalidItem> {
        self.warnings = warnings(user_values::check(&fields))?;
        for (name, value) in fields {
            let attribute = attribute(changeable(&name)?, value)?;
            self.set.push((name, attribute));
        }
        Ok(self)
    }

    /// The new values that Zendesk ignores or changes.
    pub(crate) fn warnings(&self) -> &[Remark] {
        &self.warnings
    }

    /// Removes a field, so that Zendesk keeps its value.
    pub(crate) fn remove(mut self, name: &str) -> Result<Self, InvalidItem> {
        self.remove.push(changeable(name)?.to_owned());
        Ok(self)
    }

    /// The item after the change.
    pub(crate) fn preview(&self, item: &StoredItem) -> Result<StoredItem, InvalidItem> {
        let mut attributes = item.0.clone();
        attributes.extend(self.set.iter().cloned());
        attributes.retain(|name, _| !self.remove.contains(name));
        check(&attributes)?;
        Ok(StoredItem(attributes))
    }

    /// Whether the change made an item different from `old`. A flag that is not stored is false.
    fn alters(&self, old: &HashMap<String, AttributeValue>) -> bool {
        let is_set = |(name, value): &(String, AttributeValue)| match old.get(name) {
            Some(stored) => stored == value,
            None => *value == AttributeValue::Bool(false),
        };
        !self.set.iter().all(is_set) || self.remove.iter().any(|name| old.contains_key(name))
    }

    fn expression(&self) -> String {
        let set: Vec<_> = (0..self.set.len()).map(|at| format!("#s{at} = :s{at}")).collect();
        let remove: Vec<_> = (0..self.remove.len()).map(|at| format!("#r{at}")).collect();
        let clause = |word: &str, terms: &[String]| match terms {
            [] => String::new(),
            terms => format!("{word} {} ", terms.join(", ")),
        };
        clause("SET", &set) + &clause("REMOVE", &remove)
    }
}

fn changeable(name: &str) -> Result<&str, InvalidItem> {
    match name {
        "token" | "token_hash" => Err(InvalidItem::UnknownField(name.to_owned())),
        name if shape(name).is_none() => Err(InvalidItem::UnknownField(name.to_owned())),
        name => Ok(name),
    }
}

fn key(token_hash: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([("token_hash".to_owned(), AttributeValue::S(token_hash.to_owned()))])
}

fn put_request(item: &UserTokenItem) -> WriteRequest {
    let put = PutRequest::builder().set_item(Some(item.clone().into_attributes())).build();
    // Building fails only without an item.
    WriteRequest::builder().set_put_request(put.ok()).build()
}

fn put_token_hash(request: &WriteRequest) -> Option<&str> {
    request.put_request.as_ref()?.item.get("token_hash")?.as_s().ok().map(String::as_str)
}
