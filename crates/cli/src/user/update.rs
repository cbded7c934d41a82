//! `zendesk-jwt user update`.

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use serde_json::{Map, Value};

use super::external_id;
use super::profile::ProfileOptions;
use super::report::each_item;
use crate::account::UserTokens;
use crate::aws::user_token_items::profile_fields;
use crate::aws::user_token_table::Change;
use crate::problem::Problem;
use crate::problem::block_on;
use crate::problem::called_wrongly;
use crate::token::view::no_such_user;
use zendesk_jwt::user::ExternalId;

/// The arguments of `zendesk-jwt user update`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What is stored on the user is changed in all of their tokens, one after the
other, and each as a whole or not at all. The next JWT has it. When one token
fails, the same command again does the rest.

JSON: `items` that the user has, how many `changed`, and those that `failed`,
with `token_hash` and `problem`.

Exit status: 0 when all items are as asked, 1 when one is not or the user has
none, 2 when called wrongly.")]
pub(crate) struct Arguments {
    /// Your own id of the user
    #[arg(long, value_name = "ID", value_parser = external_id)]
    external_id: ExternalId,

    /// Store null for this field, which clears it in Zendesk; may be repeated
    #[arg(long = "null", value_name = "FIELD", value_parser = PossibleValuesParser::new(clearable()))]
    nulls: Vec<String>,

    /// Store this field no longer, so that Zendesk keeps what it has; may be repeated
    #[arg(long = "remove", value_name = "FIELD", value_parser = PossibleValuesParser::new(profile_fields()))]
    removed: Vec<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    profile: ProfileOptions,

    #[command(flatten)]
    user_tokens: UserTokens,
}

/// The claims that may be left out: Zendesk clears them when they are null.
fn clearable() -> impl Iterator<Item = &'static str> {
    profile_fields().filter(|field| !matches!(*field, "name" | "email" | "email_verified"))
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    match arguments.fields() {
        Ok((set, removed)) if set.is_empty() && removed.is_empty() => {
            Ok(called_wrongly("there is nothing to change: give a field, as `user update --help` lists them"))
        }
        Ok((set, removed)) => block_on(arguments.update(set, &removed)),
        Err(field) => Ok(called_wrongly(&format!("{field} is given twice: set it, make it null, or remove it"))),
    }
}

impl Arguments {
    /// The fields to set and those to remove, or the field that is among them twice.
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
        let table = self.user_tokens.table().await?;
        for item in table.of_user(&self.external_id).await? {
            let previewed = change.preview(&item);
            previewed.map_err(|invalid| Problem(format!("nothing was changed: {}: {invalid}", item.token_hash())))?;
        }
        let change = &change;
        let report = each_item(&table, &self.external_id, async |item| {
            table.change(item.token_hash(), &self.external_id, change).await
        })
        .await?;
        if report.is_empty() {
            return Err(no_such_user());
        }
        report.show("changed", self.json)
    }
}
