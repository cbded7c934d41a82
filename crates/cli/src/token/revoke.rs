//! `zendesk-jwt token revoke`.

use std::process::ExitCode;

use super::selection::Selection;
use super::view::no_such_user;
use crate::account::UserTokens;
use crate::aws::user_token_table::Changed;
use crate::output;
use crate::problem::Problem;
use crate::problem::block_on;
use crate::problem::called_wrongly;
use crate::user::external_id;
use crate::user::report::{Report, each_item};
use zendesk_jwt::user::ExternalId;

/// The arguments of `zendesk-jwt token revoke`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A JWT that was signed before stays good for as long as Zendesk takes it.

JSON: `items` that the user has, how many `changed`, and those that `failed`,
with `token_hash` and `problem`.

Exit status: 0 when the tokens were deleted, 1 when one was not or there was
none, 2 when called wrongly.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    selection: Selection,

    /// Revoke all tokens of this user instead. Their profile goes with the last one
    #[arg(long, value_name = "ID", value_parser = external_id, conflicts_with_all = ["hash", "token_file"])]
    external_id: Option<ExternalId>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    user_tokens: UserTokens,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    match &arguments.external_id {
        Some(user) => block_on(arguments.revoke_all(user)),
        None => match arguments.selection.wrong_call() {
            Some(advice) => Ok(called_wrongly(advice)),
            None => block_on(arguments.revoke()),
        },
    }
}

impl Arguments {
    async fn revoke(&self) -> Result<ExitCode, Problem> {
        let token_hash = self.selection.token_hash()?;
        if !self.user_tokens.table().await?.delete(&token_hash).await? {
            return Err(Problem("there is no such token: look at --table and the account".into()));
        }
        Report { items: 1, changed: 1, failed: Vec::new() }.show("revoked", self.json)
    }

    async fn revoke_all(&self, user: &ExternalId) -> Result<ExitCode, Problem> {
        let table = self.user_tokens.table().await?;
        let report = each_item(&table, user, async |item| {
            let is_deleted = table.delete_of_user(item.token_hash(), user).await?;
            Ok(if is_deleted { Changed::Yes } else { Changed::NoSuchItem })
        })
        .await?;
        if report.is_empty() {
            return Err(no_such_user());
        }
        if !self.json {
            output::note("The profile is gone with them: `token issue` will ask for it.");
        }
        report.show("revoked", self.json)
    }
}
