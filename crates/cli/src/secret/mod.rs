//! `zendesk-jwt secret`: the functions' secrets in Secrets Manager. No subcommand shows one.

use std::process::ExitCode;

use crate::account::Account;
use crate::local::demo;
use crate::problem::Problem;
use zendesk_jwt_rules::{ConfigurationName, Kind};

mod check;
mod put;

/// The subcommands of `zendesk-jwt secret`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Store the signing key of a kind, unless it cannot be the right one
    Put(Box<put::Put>),
    /// Check whether the stored secrets can sign, and whether Zendesk has the same
    Check(Box<check::Check>),
}

impl Command {
    pub(crate) async fn run(&self) -> Result<ExitCode, Problem> {
        match self {
            Self::Put(arguments) => arguments.run().await,
            Self::Check(arguments) => arguments.run().await,
        }
    }
}

/// What people call a key: `sdk`, or `sdk/ios` for a configuration.
fn name(kind: Kind, configuration: Option<&ConfigurationName>) -> String {
    configuration.map_or_else(|| kind.name().to_owned(), |configuration| format!("{kind}/{configuration}"))
}

pub(crate) fn configuration_name(text: &str) -> Result<ConfigurationName, String> {
    ConfigurationName::parse(text).ok_or_else(|| format!("a configuration's name has {}", ConfigurationName::EXPECTED))
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
    /// The kinds whose secrets are known, each with the id of its secret.
    fn ids(&self) -> impl Iterator<Item = (Kind, String)> {
        Kind::ALL.into_iter().filter_map(|kind| Some((kind, self.id(kind)?)))
    }

    /// The id of a kind's secret, if it is given. In `zendesk-jwt local` it is known.
    fn id(&self, kind: Kind) -> Option<String> {
        let (given, variable) = match kind {
            Kind::Sdk => (&self.sdk, "SDK_SECRET_ID"),
            Kind::Messaging => (&self.messaging, "MESSAGING_SECRET_ID"),
            Kind::Sso => (&self.sso, "SSO_SECRET_ID"),
        };
        let of_demo = self.account.is_local().then(|| demo::secret_id(kind));
        self.account.name(given.as_ref(), variable).or(of_demo)
    }
}
