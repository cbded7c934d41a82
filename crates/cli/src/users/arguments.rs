//! Arguments and help that several subcommands share.

use crate::account::UserTokens;
use crate::aws::error::AwsError;
use crate::aws::user_token_items::StoredItem;
use crate::aws::user_token_table::UserTokenTable;
use crate::output;
use crate::problem::Problem;
use zendesk_jwt::user::{EmailAddress, ExternalId};
use zendesk_jwt_rules::user_values::Remark;

/// The arguments of a subcommand about one user.
#[derive(Debug, clap::Args)]
pub(crate) struct OneUser {
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
    pub(super) user_tokens: UserTokens,
}

impl OneUser {
    /// The table and the tokens of the user, of which there must be one.
    pub(super) async fn tokens(&self) -> Result<(UserTokenTable, Vec<StoredItem>), Problem> {
        let table = self.place.user_tokens.table().await?;
        let tokens = table.of_user(&self.external_id).await?;
        if tokens.is_empty() { Err(self.unknown(&table).await) } else { Ok((table, tokens)) }
    }

    /// What to do about a user without any item.
    pub(super) async fn unknown(&self, table: &UserTokenTable) -> Problem {
        match in_another_case(table, &self.external_id).await {
            Ok(Some(other)) => Problem(format!("no token is stored for this user, but for `{other}`")),
            Ok(None) => no_such_user(),
            Err(error) => error.into(),
        }
    }
}

/// An external id in the table that differs from this one only in case, with escapes.
async fn in_another_case(table: &UserTokenTable, user: &ExternalId) -> Result<Option<String>, AwsError> {
    let id = user.as_str();
    for other in [id.to_lowercase(), id.to_uppercase()] {
        let Some(other) = ExternalId::parse(other).filter(|other| other != user) else { continue };
        if !table.of_user(&other).await?.is_empty() {
            return Ok(Some(output::escaped(other.as_str())));
        }
    }
    Ok(None)
}

/// Prints the values that Zendesk ignores or changes.
pub(super) fn warn(warnings: &[Remark]) {
    for warning in warnings {
        output::note(&format!("Warning: {warning}."));
    }
}

/// Warns about a user who differs from this one only in the case of the external id.
pub(super) async fn warn_of_another_case(table: &UserTokenTable, user: &ExternalId) -> Result<(), AwsError> {
    if let Some(other) = in_another_case(table, user).await? {
        output::note(&format!(
            "Warning: the table also has the user `{other}`. Zendesk may take external ids that differ only in case for one \
             user."
        ));
    }
    Ok(())
}

/// Reads `--external-id`.
pub(crate) fn external_id(text: &str) -> Result<ExternalId, String> {
    ExternalId::parse(text).ok_or_else(|| format!("an external id has 1 to {} characters", ExternalId::MAX_CHARACTERS))
}

/// Reads `--email`.
pub(crate) fn email_address(text: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(text).ok_or_else(|| "it is not an e-mail address".to_owned())
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
pub(super) const TOKEN_JSON: &str = "`token_hash`, `audiences` (null: all), `expires_at` (seconds since 1970; null: \
    never), `suspended`, and `flows`: `kind`, `signs`, `configurations` if the token is for these only, and for a \
    refusal `code` and `reason`";

/// The help for the JSON of a subcommand that changes the items of a user.
pub(super) const REPORT_JSON: &str = "JSON: how many `items` the user has, how many of them `changed`, and those that \
    `failed`, with `token_hash` and `problem`.";
