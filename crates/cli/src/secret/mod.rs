//! `zendesk-jwt secret`: what Secrets Manager holds for the functions, without ever showing it.

use std::process::ExitCode;

use crate::account::Account;
use crate::local::demo;
use crate::problem::Problem;
use zendesk_jwt_rules::Kind;

mod check;
mod put;

/// The subcommands of `zendesk-jwt secret`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Store the signing key of a kind, once it is sure that it can be right
    Put(put::Put),
    /// Say whether the stored secrets can sign, and whether two kinds share one
    Check(check::Check),
}

/// Runs the subcommand.
pub(crate) fn run(command: &Command) -> Result<ExitCode, Problem> {
    match command {
        Command::Put(arguments) => put::run(arguments),
        Command::Check(arguments) => check::run(arguments),
    }
}

/// Where the secrets are.
#[derive(Debug, clap::Args)]
struct Secrets {
    /// Name or ARN of the Support SDK's secret: `SdkSigningKeyArn` of the stack's outputs
    #[arg(long, env = "SDK_SECRET_ID", value_name = "ID")]
    sdk: Option<String>,

    /// Name or ARN of messaging's secret: `MessagingSigningKeyArn`
    #[arg(long, env = "MESSAGING_SECRET_ID", value_name = "ID")]
    messaging: Option<String>,

    /// Name or ARN of the SSO secret: `SsoSigningKeyArn`
    #[arg(long, env = "SSO_SECRET_ID", value_name = "ID")]
    sso: Option<String>,

    #[command(flatten)]
    account: Account,
}

impl Secrets {
    /// The id of a kind's secret, if it was given; in `zendesk-jwt local` it is known.
    fn id(&self, kind: Kind) -> Option<String> {
        let given = match kind {
            Kind::Sdk => &self.sdk,
            Kind::Messaging => &self.messaging,
            Kind::Sso => &self.sso,
        };
        if self.account.is_local() { Some(demo::secret_id(kind)) } else { given.clone() }
    }
}
