//! The AWS account and the table of user tokens that a subcommand works in.

use crate::aws::user_token_table::UserTokenTable;
use crate::aws::{Choice, Clients};
use crate::problem::Problem;
use zendesk_jwt::config;

/// Where `zendesk-jwt local` listens by default.
pub(crate) const LOCAL_ADDRESS: &str = "http://127.0.0.1:3000";

/// The table of user tokens in `zendesk-jwt local`.
pub(crate) const LOCAL_TABLE: &str = "zendesk-jwt-user-tokens";

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

    /// The address of a server that speaks for AWS
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,

    /// Work in a running `zendesk-jwt local` instead of AWS
    #[arg(
        long,
        value_name = "URL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = LOCAL_ADDRESS,
        conflicts_with_all = ["profile", "region", "endpoint_url"],
    )]
    local: Option<String>,
}

impl Account {
    pub(crate) async fn clients(&self) -> Result<Clients, Problem> {
        if let Some(url) = &self.local {
            return Ok(Clients::local(url).await);
        }
        let more_roots = config::more_roots().map_err(Problem)?;
        let choice = Choice {
            profile: self.profile.as_deref(),
            region: self.region.as_deref(),
            endpoint_url: self.endpoint_url.as_deref(),
        };
        Clients::new(choice, &more_roots).await
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
    pub(crate) async fn table(&self) -> Result<UserTokenTable, Problem> {
        let name = self.table.clone().filter(|_| !self.account.is_local());
        let name = name.unwrap_or_else(|| LOCAL_TABLE.to_owned());
        Ok(UserTokenTable::new(&self.account.clients().await?, name))
    }
}
