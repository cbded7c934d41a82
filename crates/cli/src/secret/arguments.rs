//! Where the secrets are.

use crate::account::Account;
use crate::local::demo;
use zendesk_jwt_rules::Kind;

#[derive(Debug, clap::Args)]
pub(super) struct Secrets {
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
    pub(super) account: Account,
}

impl Secrets {
    /// The id of a kind's secret, if it is given. In `zendesk-jwt local` it is known.
    pub(super) fn id(&self, kind: Kind) -> Option<String> {
        let given = match kind {
            Kind::Sdk => &self.sdk,
            Kind::Messaging => &self.messaging,
            Kind::Sso => &self.sso,
        };
        if self.account.is_local() { Some(demo::secret_id(kind)) } else { given.clone() }
    }
}
