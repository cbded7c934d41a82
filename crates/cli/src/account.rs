//! Which AWS account a subcommand works in, and which table of user tokens.

use crate::aws::user_token_items::InvalidItem;
use crate::aws::user_token_table::{TableError, UserTokenTable};
use crate::aws::{Clients, Operator};
use crate::local::{ADDRESS, user_tokens};
use crate::problem::Problem;
use zendesk_jwt::config;

/// The options of every subcommand that calls AWS.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "AWS")]
pub(crate) struct Account {
    /// The profile in your AWS configuration
    #[arg(long)]
    profile: Option<String>,

    /// The AWS region
    #[arg(long)]
    region: Option<String>,

    /// The address of something that speaks for AWS
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,

    /// Work in a running `zendesk-jwt local` instead of AWS
    #[arg(
        long,
        value_name = "URL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ADDRESS,
        conflicts_with_all = ["profile", "region", "endpoint_url"],
    )]
    local: Option<String>,
}

impl Account {
    /// Clients for the services of the account.
    pub(crate) async fn clients(&self) -> Result<Clients, Problem> {
        if let Some(url) = &self.local {
            return Ok(Clients::local(url).await);
        }
        let more_roots = config::more_roots().map_err(Problem)?;
        let operator = Operator {
            profile: self.profile.as_deref(),
            region: self.region.as_deref(),
            endpoint_url: self.endpoint_url.as_deref(),
        };
        Ok(Clients::new(operator, &more_roots).await)
    }

    /// Whether a `zendesk-jwt local` takes the place of AWS.
    pub(crate) fn is_local(&self) -> bool {
        self.local.is_some()
    }
}

/// The options of every subcommand that works on user tokens.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "AWS")]
pub(crate) struct UserTokens {
    /// The table of user tokens: `UserTokensTableName` of the stack's outputs
    #[arg(long, env = "USER_TOKENS_TABLE", value_name = "NAME", required_unless_present = "local")]
    table: Option<String>,

    #[command(flatten)]
    account: Account,
}

impl UserTokens {
    /// The table.
    pub(crate) async fn table(&self) -> Result<UserTokenTable, Problem> {
        let name = self.table.clone().filter(|_| !self.account.is_local());
        let name = name.unwrap_or_else(|| user_tokens::TABLE.to_owned());
        Ok(UserTokenTable::new(&self.account.clients().await?, name))
    }
}

impl From<TableError> for Problem {
    fn from(error: TableError) -> Self {
        Self(error.to_string())
    }
}

impl From<InvalidItem> for Problem {
    fn from(invalid: InvalidItem) -> Self {
        Self(invalid.to_string())
    }
}
