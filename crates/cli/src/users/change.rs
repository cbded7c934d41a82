//! `zendesk-jwt user suspend`, `user resume` and `user update`: change all items of a user.

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use serde_json::{Map, Value};

use super::arguments::{OneUser, no_such_user, report_json, warn};
use super::each_item::each_item;
use super::profile::ProfileOptions;
use crate::aws::fields::profile_fields;
use crate::aws::user_token_table::{Change, UserTokenTable};
use crate::problem::{Problem, block_on, usage_error};

#[derive(Debug, clap::Args)]
#[command(after_help = concat!(
    "The change counts from the next request on, for all tokens that are stored now. A token that your backend stores \
     later is suspended only if the backend says so. A JWT that was signed before stays good for as long as Zendesk \
     accepts it.\n\n",
    report_json!(),
    "\n\nExit status: 0 when all items are as requested, 1 when one is not or the user has none, 2 on a usage error."
))]
pub(crate) struct Suspension {
    #[command(flatten)]
    user: OneUser,
}

#[derive(Debug, clap::Args)]
#[command(after_help = concat!(
    "The command changes one token after the other, each completely or not at all. The next JWT has the new values. \
     When one token fails, run the same command again for the rest.\n\n",
    report_json!(),
    "\n\nExit status: 0 when all items are as requested, 1 when one is not or the user has none, 2 on a usage error."
))]
pub(crate) struct Update {
    #[command(flatten)]
    user: OneUser,

    /// Store null for this field, which clears it in Zendesk; may be repeated
    #[arg(long = "null", value_name = "FIELD", value_parser = PossibleValuesParser::new(clearable()))]
    nulls: Vec<String>,

    /// Stop storing this field, so that Zendesk keeps its value; may be repeated
    #[arg(long = "remove", value_name = "FIELD", value_parser = PossibleValuesParser::new(profile_fields()))]
    removed: Vec<String>,

    #[command(flatten)]
    profile: ProfileOptions,
}

/// The claims that Zendesk clears when they are null.
fn clearable() -> impl Iterator<Item = &'static str> {
    profile_fields().filter(|field| !matches!(*field, "name" | "email" | "email_verified"))
}

impl Suspension {
    pub(super) fn run(&self, suspended: bool) -> Result<ExitCode, Problem> {
        let change = Change::default().set(Map::from_iter([("suspended".to_owned(), Value::Bool(suspended))]))?;
        // A malformed item can be suspended too, so there is no preview.
        block_on(async { apply(&self.user.place.table().await?, &self.user, &change).await })
    }
}

impl Update {
    pub(super) fn run(&self) -> Result<ExitCode, Problem> {
        match self.fields() {
            Ok((set, removed)) if set.is_empty() && removed.is_empty() => {
                Ok(usage_error("there is nothing to change: give a field, as `user update --help` lists them"))
            }
            Ok((set, removed)) => block_on(self.update(set, &removed)),
            Err(field) => Ok(usage_error(&format!("{field} is given twice: set it, make it null, or remove it"))),
        }
    }

    /// The fields to set and those to remove, or a field that is given twice.
    fn fields(&self) -> Result<(Map<String, Value>, Vec<&str>), &str> {
        let mut set = self.profile.fields();
        for field in &self.nulls {
            if set.insert(field.clone(), Value::Null).is_some() {
                return Err(field);
            }
        }
        let mut removed = Vec::new();
        for field in &self.removed {
            if set.contains_key(field) || removed.contains(&field.as_str()) {
                return Err(field);
            }
            removed.push(field);
        }
        Ok((set, removed))
    }

    async fn update(&self, set: Map<String, Value>, removed: &[&str]) -> Result<ExitCode, Problem> {
        let mut change = Change::default().set(set)?;
        for field in removed {
            change = change.remove(field)?;
        }
        let (table, items) = self.user.items().await?;
        for item in items {
            let preview = change.preview(&item);
            preview.map_err(|invalid| Problem(format!("nothing was changed: {}: {invalid}", item.token_hash())))?;
        }
        warn(change.warnings());
        apply(&table, &self.user, &change).await
    }
}

async fn apply(table: &UserTokenTable, user: &OneUser, change: &Change) -> Result<ExitCode, Problem> {
    let report = each_item(table, &user.external_id, async |item| {
        table.change(item.token_hash(), &user.external_id, change).await
    })
    .await?;
    if report.is_empty() { Err(no_such_user()) } else { report.show("changed", user.place.json) }
}
