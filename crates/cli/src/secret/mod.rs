//! `zendesk-jwt secret`: the functions' secrets in Secrets Manager. No subcommand shows one.

use std::ffi::OsString;
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
    /// Store the signing key of a kind, unless it cannot be the right one
    Put(put::Put),
    /// Check whether the stored secrets can sign, and whether two kinds share one
    Check(check::Check),
}

impl Command {
    pub(crate) async fn run(&self) -> Result<ExitCode, Problem> {
        match self {
            Self::Put(arguments) => arguments.run().await,
            Self::Check(arguments) => arguments.run().await,
        }
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
    /// The id of a kind's secret, if it is given. In `zendesk-jwt local` it is known.
    fn id(&self, kind: Kind) -> Option<String> {
        let given = match kind {
            Kind::Sdk => &self.sdk,
            Kind::Messaging => &self.messaging,
            Kind::Sso => &self.sso,
        };
        if !self.account.is_local() {
            return given.clone();
        }
        // The environment's id is in AWS. In `zendesk-jwt local` an id can only be an explicit one.
        let in_environment = std::env::var_os(format!("{}_SECRET_ID", kind.name().to_uppercase()));
        let explicit = given.clone().filter(|id| in_environment != Some(OsString::from(id)));
        explicit.or_else(|| Some(demo::secret_id(kind)))
    }
}
