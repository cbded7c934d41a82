//! `zendesk-jwt token list`.

use std::process::ExitCode;

use super::view::{no_such_user, table, views};
use crate::account::UserTokens;
use crate::output;
use crate::problem::Problem;
use crate::problem::block_on;
use crate::user::external_id;
use zendesk_jwt::user::ExternalId;

/// The arguments of `zendesk-jwt token list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A flow's column says `signs`, or the code that the function logs for a refusal.
The table has the whole hashes where they fit, and always when it is not for a
terminal. A token of the last second may be missing.

JSON: an array of `token_hash`, `audiences` (null: all), `expires_at` (seconds
since 1970; null: never), `suspended`, and `flows`: `kind`, `signs`, and for a
refusal `code` and `reason`.

Exit status: 0 when the user has tokens, 1 when not or they cannot be read, 2
when called wrongly.")]
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

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    block_on(arguments.list())
}

impl Arguments {
    async fn list(&self) -> Result<ExitCode, Problem> {
        let items = self.user_tokens.table().await?.of_user(&self.external_id).await?;
        if items.is_empty() {
            return Err(no_such_user());
        }
        let views = views(&items);
        if self.json {
            output::json(&views)?;
        } else {
            output::line(&table(&views))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
