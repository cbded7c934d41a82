//! `zendesk-jwt user suspend` and `zendesk-jwt user resume`.

use std::process::ExitCode;

use serde_json::{Map, Value};

use super::external_id;
use super::report::each_item;
use crate::account::UserTokens;
use crate::aws::user_token_table::Change;
use crate::problem::Problem;
use crate::problem::block_on;
use crate::token::view::no_such_user;
use zendesk_jwt::user::ExternalId;

/// The arguments of `zendesk-jwt user suspend` and `resume`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
It counts from the next request on, for all tokens that are stored now: a token
that your backend stores later is not suspended unless it says so. A JWT that
was signed before stays good for as long as Zendesk takes it.

JSON: `items` that the user has, how many `changed`, and those that `failed`,
with `token_hash` and `problem`.

Exit status: 0 when all items are as asked, 1 when one is not or the user has
none, 2 when called wrongly.")]
pub(crate) struct Arguments {
    /// Your own id of the user
    #[arg(long, value_name = "ID", value_parser = external_id)]
    external_id: ExternalId,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    user_tokens: UserTokens,
}

pub(super) fn suspend(arguments: &Arguments) -> Result<ExitCode, Problem> {
    block_on(arguments.set_suspended(true))
}

pub(super) fn resume(arguments: &Arguments) -> Result<ExitCode, Problem> {
    block_on(arguments.set_suspended(false))
}

impl Arguments {
    async fn set_suspended(&self, suspended: bool) -> Result<ExitCode, Problem> {
        let change = &Change::default().set(Map::from_iter([("suspended".to_owned(), Value::Bool(suspended))]))?;
        let table = self.user_tokens.table().await?;
        // An item that is malformed elsewhere is suspended all the same, so there is no preview.
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
