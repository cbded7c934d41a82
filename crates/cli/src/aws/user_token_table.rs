//! The table of user tokens. Every change is of one item, and safe to repeat.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, ReturnValue, Select, TableDescription, WriteRequest};
use serde_json::{Map, Value};

use super::clients::Clients;
use super::error::{AwsError, Place, ServiceError};
use super::user_token_items::{InvalidItem, StoredItem, UserTokenItem, attributes_of, check};
use zendesk_jwt::user::ExternalId;
use zendesk_jwt_rules::user_values::Remark;

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
        Self { client: Client::new(&clients.config), place: clients.place.clone(), name }
    }

    /// The item of a token hash.
    pub(crate) async fn get(&self, token_hash: &str) -> Result<Option<StoredItem>, AwsError> {
        let get = self.client.get_item().table_name(&self.name).set_key(Some(key(token_hash)));
        let answer = get.consistent_read(true).send().await.map_err(|error| self.explain(error))?;
        Ok(answer.item.map(StoredItem))
    }

    /// The user record of a user.
    pub(crate) async fn user_record(&self, user: &ExternalId) -> Result<Option<StoredItem>, AwsError> {
        self.get(&user.record_key()).await
    }

    /// The items of all tokens of a user. An item written within the last second may be missing.
    pub(crate) async fn of_user(&self, external_id: &ExternalId) -> Result<Vec<StoredItem>, AwsError> {
        let query = self.client.query().table_name(&self.name).index_name(BY_EXTERNAL_ID);
        let query = query
            .key_condition_expression("external_id = :external_id")
            .expression_attribute_values(":external_id", text(external_id));
        let items = query.into_paginator().items().send().try_collect().await.map_err(|error| self.explain(error))?;
        Ok(items.into_iter().map(StoredItem).filter(|item| !item.is_user_record()).collect())
    }

    /// Stores an item. It replaces an item of the same user and token hash, but never one of another user.
    pub(crate) async fn put_for_its_user(&self, item: &UserTokenItem) -> Result<Changed, AwsError> {
        let mut put = self.client.put_item().table_name(&self.name).set_item(Some(item.0.clone()));
        // The key of a user record names its user.
        if !item.is_user_record() {
            put = put
                .condition_expression("attribute_not_exists(token_hash) OR external_id = :external_id")
                .expression_attribute_values(":external_id", text(&item.user));
        }
        Ok(match self.unless_the_condition_failed(put.return_values(ReturnValue::AllOld).send().await)? {
            None => Changed::NoSuchItem,
            Some(answer) if answer.attributes.as_ref() == Some(&item.0) => Changed::No,
            Some(_) => Changed::Yes,
        })
    }

    /// Changes some fields of an item of `user`.
    pub(crate) async fn change(
        &self,
        token_hash: &str,
        user: &ExternalId,
        change: &Change,
    ) -> Result<Changed, AwsError> {
        // The index, where the item was found, may be behind: the item may be another user's by now.
        self.update(token_hash, change, |update| {
            update
                .condition_expression("external_id = :external_id")
                .expression_attribute_values(":external_id", text(user))
        })
        .await
    }

    /// Changes some fields of a user record, or creates it with them. An expiry would delete the record one day.
    pub(crate) async fn upsert_record(&self, user: &ExternalId, change: &Change) -> Result<Changed, AwsError> {
        let mut change = change.clone();
        change.fields.push(("external_id".to_owned(), Some(text(user))));
        change.fields.push(("expires_at".to_owned(), None));
        self.update(&user.record_key(), &change, |update| update).await
    }

    /// Changes some fields of a user record, if there is one.
    pub(crate) async fn change_record(&self, user: &ExternalId, change: &Change) -> Result<Changed, AwsError> {
        self.update(&user.record_key(), change, |update| update.condition_expression("attribute_exists(token_hash)"))
            .await
    }

    async fn update(
        &self,
        token_hash: &str,
        change: &Change,
        with_condition: impl FnOnce(UpdateItemFluentBuilder) -> UpdateItemFluentBuilder,
    ) -> Result<Changed, AwsError> {
        let mut update = self.client.update_item().table_name(&self.name).set_key(Some(key(token_hash)));
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        for (at, (name, value)) in change.fields.iter().enumerate() {
            update = update.expression_attribute_names(format!("#n{at}"), name);
            match value {
                Some(value) => {
                    update = update.expression_attribute_values(format!(":v{at}"), value.clone());
                    set.push(format!("#n{at} = :v{at}"));
                }
                None => remove.push(format!("#n{at}")),
            }
        }
        let clauses = [("SET", set), ("REMOVE", remove)].into_iter().filter(|(_, terms)| !terms.is_empty());
        let clauses: Vec<_> = clauses.map(|(word, terms)| format!("{word} {}", terms.join(", "))).collect();
        let update = update.update_expression(clauses.join(" ")).return_values(ReturnValue::AllOld);
        Ok(match self.unless_the_condition_failed(with_condition(update).send().await)? {
            None => Changed::NoSuchItem,
            Some(answer) if answer.attributes.as_ref().is_some_and(|old| !change.alters(old)) => Changed::No,
            Some(_) => Changed::Yes,
        })
    }

    /// Deletes the item of a token hash. If a user is given, the item of another user stays.
    pub(crate) async fn delete(&self, token_hash: &str, user: Option<&ExternalId>) -> Result<Changed, AwsError> {
        let mut delete = self.client.delete_item().table_name(&self.name).set_key(Some(key(token_hash)));
        if let Some(user) = user {
            delete = delete
                .condition_expression("external_id = :external_id")
                .expression_attribute_values(":external_id", text(user));
        }
        let answer = self.unless_the_condition_failed(delete.return_values(ReturnValue::AllOld).send().await)?;
        Ok(answer.and_then(|answer| answer.attributes).map_or(Changed::NoSuchItem, |_| Changed::Yes))
    }

    /// Stores an item that was deleted, unless its key is in use again. Returns whether it did.
    pub(crate) async fn restore(&self, item: StoredItem) -> Result<bool, AwsError> {
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item.0));
        let put = put.condition_expression("attribute_not_exists(token_hash)");
        Ok(self.unless_the_condition_failed(put.send().await)?.is_some())
    }

    /// Stores up to [`MAX_BATCH`] items with different token hashes in one request.
    ///
    /// Returns the token hashes that DynamoDB left out because it lacks capacity.
    pub(crate) async fn put_batch<'a>(
        &self,
        items: impl Iterator<Item = &'a UserTokenItem>,
    ) -> Result<Vec<String>, AwsError> {
        let put = |item: &UserTokenItem| PutRequest::builder().set_item(Some(item.0.clone())).build().ok();
        let requests = items.map(|item| WriteRequest::builder().set_put_request(put(item)).build()).collect();
        let batch = self.client.batch_write_item().request_items(&self.name, requests);
        let answer = batch.send().await.map_err(|error| self.explain(error))?;
        let left = answer.unprocessed_items.and_then(|mut tables| tables.remove(&self.name)).unwrap_or_default();
        let left = left.into_iter().filter_map(|request| Some(StoredItem(request.put_request?.item)));
        Ok(left.map(|item| item.token_hash().to_owned()).collect())
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
        let items = scan.into_paginator().items().send().try_collect().await.map_err(|error| self.explain(error))?;
        Ok(items.into_iter().map(|item| StoredItem(item).token_hash().to_owned()).collect())
    }

    /// The table, its account and its region, for a question to a person.
    pub(crate) async fn describe(&self) -> String {
        let arn = self.description().await.and_then(|table| table.table_arn).unwrap_or_default();
        let account = arn.split(':').nth(4).unwrap_or("unknown");
        match &self.place {
            Place::Local(url) => format!("the table {} of `zendesk-jwt local` at {url}", self.name),
            Place::Aws { region, .. } => format!("the table {} of the AWS account {account} in {region}", self.name),
        }
    }

    /// The number of items, which DynamoDB counts every six hours.
    pub(crate) async fn approximate_count(&self) -> Option<u64> {
        self.description().await?.item_count?.try_into().ok()
    }

    /// `None` if the credentials may not ask.
    async fn description(&self) -> Option<TableDescription> {
        self.client.describe_table().table_name(&self.name).send().await.ok()?.table
    }

    fn unless_the_condition_failed<T, E: ServiceError>(
        &self,
        result: Result<T, SdkError<E>>,
    ) -> Result<Option<T>, AwsError> {
        match result {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(None),
            Err(error) => Err(self.explain(error)),
        }
    }

    fn explain(&self, error: SdkError<impl ServiceError>) -> AwsError {
        AwsError::new(error, &self.place, &format!("table {}", self.name))
    }
}

/// Whether a request changed an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    Yes,
    /// The item already was as requested.
    No,
    /// The item does not exist, or is another user's. Nothing was changed.
    NoSuchItem,
}

/// A change of some fields of an item.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// The new values; `None` removes the field.
    fields: Vec<(String, Option<AttributeValue>)>,
    /// The new values that Zendesk ignores or changes.
    pub(crate) warnings: Vec<Remark>,
}

impl Change {
    /// Sets fields, and removes others, so that Zendesk keeps their values.
    pub(crate) fn new<'a>(
        set: Map<String, Value>,
        removed: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, InvalidItem> {
        if let Some(key) = ["token", "token_hash"].into_iter().find(|key| set.contains_key(*key)) {
            return Err(InvalidItem::UnknownField(key.to_owned()));
        }
        let (set, warnings) = attributes_of(set)?;
        let set = set.into_iter().map(|(name, value)| (name, Some(value)));
        Ok(Self { fields: set.chain(removed.into_iter().map(|name| (name.to_owned(), None))).collect(), warnings })
    }

    /// Sets one field.
    pub(crate) fn set(field: &str, value: impl Into<Value>) -> Result<Self, InvalidItem> {
        Self::new(Map::from_iter([(field.to_owned(), value.into())]), [])
    }

    /// The item after the change.
    pub(crate) fn preview(&self, item: &StoredItem) -> Result<StoredItem, InvalidItem> {
        let mut item = item.clone();
        for (name, value) in &self.fields {
            match value {
                Some(value) => item.0.insert(name.clone(), value.clone()),
                None => item.0.remove(name),
            };
        }
        check(&item)?;
        Ok(item)
    }

    /// Whether the change made an item different from `old`. A flag that is not stored is false.
    fn alters(&self, old: &HashMap<String, AttributeValue>) -> bool {
        self.fields.iter().any(|(name, new)| match (old.get(name), new) {
            (None, Some(AttributeValue::Bool(false))) => false,
            (old, new) => old != new.as_ref(),
        })
    }
}

fn key(token_hash: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([("token_hash".to_owned(), AttributeValue::S(token_hash.to_owned()))])
}

fn text(user: &ExternalId) -> AttributeValue {
    AttributeValue::S(user.as_str().to_owned())
}
