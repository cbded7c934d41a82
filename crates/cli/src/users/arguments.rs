//! Arguments and help that several subcommands share.

use crate::account::UserTokens;
use crate::aws::user_token_items::StoredItem;
use crate::aws::user_token_table::UserTokenTable;
use crate::problem::Problem;
use zendesk_jwt::user::ExternalId;

/// The arguments of a subcommand about one user.
#[derive(Debug, clap::Args)]
pub(super) struct OneUser {
    /// Your own id of the user
    #[arg(long, value_name = "ID", value_parser = external_id)]
    pub(super) external_id: ExternalId,

    #[command(flatten)]
    pub(super) place: Place,
}

/// Where a subcommand works, and how it answers.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// Print JSON
    #[arg(long, help_heading = None::<&str>)]
    pub(super) json: bool,

    #[command(flatten)]
    user_tokens: UserTokens,
}

impl OneUser {
    /// The table and the items of the user, of which there must be one.
    pub(super) async fn items(&self) -> Result<(UserTokenTable, Vec<StoredItem>), Problem> {
        let table = self.place.table().await?;
        let items = table.of_user(&self.external_id).await?;
        if items.is_empty() { Err(no_such_user()) } else { Ok((table, items)) }
    }
}

impl Place {
    pub(super) async fn table(&self) -> Result<UserTokenTable, Problem> {
        self.user_tokens.table().await
    }
}

/// Reads `--external-id`.
pub(super) fn external_id(text: &str) -> Result<ExternalId, String> {
    ExternalId::parse(text).ok_or_else(|| format!("an external id has 1 to {} characters", ExternalId::MAX_CHARACTERS))
}

pub(super) fn no_such_user() -> Problem {
    Problem("no token is stored for this user: check --external-id, --table and the account".into())
}

/// How a file holds users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// A header and rows with commas between the cells
    Csv,
    /// One JSON object per line
    Jsonl,
}

/// The help for the JSON of a subcommand that shows tokens.
macro_rules! token_json {
    () => {
        "`token_hash`, `audiences` (null: all), `expires_at` (seconds since 1970; null: never), `suspended`, and \
         `flows`: `kind`, `signs`, and for a refusal `code` and `reason`"
    };
}

/// The help for the JSON of a subcommand that changes the items of a user.
macro_rules! report_json {
    () => {
        "JSON: how many `items` the user has, how many of them `changed`, and those that `failed`, with `token_hash` \
         and `problem`."
    };
}

pub(super) use {report_json, token_json};
