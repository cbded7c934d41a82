use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Map, Value};

use super::aws::Secrets;
use super::demo;
use crate::aws::user_token_table::{Change, Changed, UserTokenTable};
use crate::problem::Problem;
use zendesk_jwt::jwt::{Clock, SystemClock};
use zendesk_jwt::user::ExternalId;

/// How far ahead the clock is while [`Fault::ClockAhead`] is set.
const AHEAD: Duration = Duration::from_mins(10);

/// Something that a person can break to see what Zendesk, the user and the logs say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Secrets Manager holds redacted secrets, as Admin Center shows them.
    RedactedSecrets,
    ClockAhead,
    /// The address of the first demo user is not verified.
    EmailUnverified,
    DynamoDbDown,
    SecretsManagerDown,
}

impl Fault {
    pub(crate) const ALL: [Self; 5] =
        [Self::RedactedSecrets, Self::ClockAhead, Self::EmailUnverified, Self::DynamoDbDown, Self::SecretsManagerDown];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RedactedSecrets => "redacted-secrets",
            Self::ClockAhead => "clock-ahead",
            Self::EmailUnverified => "email-unverified",
            Self::DynamoDbDown => "dynamodb-down",
            Self::SecretsManagerDown => "secrets-manager-down",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.name() == name)
    }
}

/// The faults that are set, in this process only; an unverified address is in the table as well. All clones share them.
#[derive(Clone)]
pub(super) struct Faults {
    secrets: Secrets,
    /// This table works even while DynamoDB is down for everyone else.
    user_tokens: UserTokenTable,
    is_set: Arc<[AtomicBool; Fault::ALL.len()]>,
}

impl Faults {
    pub(crate) fn new(secrets: Secrets, user_tokens: UserTokenTable) -> Self {
        Self { secrets, user_tokens, is_set: Arc::default() }
    }

    /// Whether the person has set the fault. [`Self::on`] also sees changes of others to secrets and table.
    pub(crate) fn is_set(&self, fault: Fault) -> bool {
        self.is_set[fault as usize].load(Ordering::Relaxed)
    }

    pub(crate) async fn on(&self) -> Vec<Fault> {
        let user = self.user_tokens.get(&demo::token_hash(demo::USER_TOKEN)).await.ok().flatten();
        let is_verified = user.is_none_or(|user| user.into_json()["email_verified"] == Value::Bool(true));
        let is_on = |fault: &Fault| match fault {
            Fault::RedactedSecrets => self.secrets.are_redacted(),
            Fault::EmailUnverified => !is_verified,
            Fault::ClockAhead | Fault::DynamoDbDown | Fault::SecretsManagerDown => self.is_set(*fault),
        };
        Fault::ALL.into_iter().filter(is_on).collect()
    }

    /// Setting a fault twice has no further effect.
    pub(crate) async fn set(&self, fault: Fault, is_on: bool) -> Result<(), Problem> {
        match fault {
            Fault::RedactedSecrets => self.secrets.redact(is_on),
            Fault::EmailUnverified => self.set_email_verified(!is_on).await?,
            Fault::ClockAhead | Fault::DynamoDbDown | Fault::SecretsManagerDown => {}
        }
        self.is_set[fault as usize].store(is_on, Ordering::Relaxed);
        Ok(())
    }

    async fn set_email_verified(&self, is_verified: bool) -> Result<(), Problem> {
        let fields = Map::from_iter([("email_verified".to_owned(), Value::Bool(is_verified))]);
        let change = Change::default().set(fields)?;
        let Some(user) = ExternalId::parse(demo::EXTERNAL_ID) else { return Ok(()) };
        match self.user_tokens.change(&demo::token_hash(demo::USER_TOKEN), &user, &change).await? {
            Changed::NoSuchItem if !is_verified => Err(Problem("the demo user is not in the table any more".into())),
            _ => Ok(()),
        }
    }
}

/// The functions' clock.
impl Clock for Faults {
    fn since_epoch(&self) -> Duration {
        let now = SystemClock.since_epoch();
        if self.is_set(Fault::ClockAhead) { now + AHEAD } else { now }
    }
}
