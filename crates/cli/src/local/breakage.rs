//! Things that are broken on purpose, to see what Zendesk, the user and the logs say. Kept in memory alone,
//! except for what is changed in the table of user tokens.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};

use super::demo;
use super::secrets_manager::Secrets;
use crate::aws::user_token_table::{Change, Changed, UserTokenTable};
use crate::problem::Problem;
use zendesk_jwt::jwt::{Clock, Kind, SystemClock};
use zendesk_jwt::user::{ExternalId, UserToken};

/// How far ahead a broken clock is.
const AHEAD: Duration = Duration::from_mins(10);

/// Something that can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breakage {
    /// Secrets Manager holds what Admin Center shows of the secrets once they are made.
    RedactedSecrets,
    /// The functions' clock is ten minutes ahead.
    ClockAhead,
    /// The first demo user has not proven to own the e-mail address.
    EmailUnverified,
    /// DynamoDB answers every call with a failure of its own.
    DynamoDbDown,
    /// Secrets Manager answers every call with a failure of its own.
    SecretsManagerDown,
}

impl Breakage {
    /// Everything that can be broken.
    pub(crate) const ALL: [Self; 5] =
        [Self::RedactedSecrets, Self::ClockAhead, Self::EmailUnverified, Self::DynamoDbDown, Self::SecretsManagerDown];

    /// The name in forms.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RedactedSecrets => "redacted-secrets",
            Self::ClockAhead => "clock-ahead",
            Self::EmailUnverified => "email-unverified",
            Self::DynamoDbDown => "dynamodb-down",
            Self::SecretsManagerDown => "secrets-manager-down",
        }
    }

    /// The breakage of that name, if there is one.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|breakage| breakage.name() == name)
    }
}

/// The switches, and what they act on.
pub(super) struct Switches {
    secrets: Secrets,
    user_tokens: UserTokenTable,
    /// The good values of the secrets that were replaced by redacted ones.
    good_secrets: Mutex<HashMap<Kind, String>>,
    is_clock_ahead: AtomicBool,
    is_dynamodb_down: AtomicBool,
    is_secrets_manager_down: AtomicBool,
}

impl Switches {
    /// All switches off. `user_tokens` leads to the table even while DynamoDB is down for everybody else.
    pub(crate) fn new(secrets: Secrets, user_tokens: UserTokenTable) -> Self {
        Self {
            secrets,
            user_tokens,
            good_secrets: Mutex::default(),
            is_clock_ahead: AtomicBool::new(false),
            is_dynamodb_down: AtomicBool::new(false),
            is_secrets_manager_down: AtomicBool::new(false),
        }
    }

    /// Whether it is broken now, whoever broke or mended it.
    pub(crate) async fn is_on(&self, breakage: Breakage) -> bool {
        match breakage {
            Breakage::RedactedSecrets => {
                let good = self.good_secrets.lock().unwrap_or_else(PoisonError::into_inner);
                good.iter().any(|(&kind, good)| self.holds_redacted(kind, good))
            }
            Breakage::EmailUnverified => {
                let stored = self.user_tokens.get(&demo_token_hash()).await.ok().flatten();
                let is_verified = stored.map(|item| item.into_json()["email_verified"] == Value::Bool(true));
                is_verified == Some(false)
            }
            Breakage::ClockAhead => self.is_clock_ahead.load(Ordering::Relaxed),
            Breakage::DynamoDbDown => self.is_dynamodb_down(),
            Breakage::SecretsManagerDown => self.is_secrets_manager_down(),
        }
    }

    /// Everything that is broken now.
    pub(crate) async fn on(&self) -> Vec<Breakage> {
        let mut on = Vec::new();
        for breakage in Breakage::ALL {
            if self.is_on(breakage).await {
                on.push(breakage);
            }
        }
        on
    }

    /// Breaks or mends it; doing either twice changes nothing.
    pub(crate) async fn set(&self, breakage: Breakage, is_on: bool) -> Result<(), Problem> {
        match breakage {
            Breakage::RedactedSecrets if is_on => self.redact_secrets(),
            Breakage::RedactedSecrets => self.restore_secrets(),
            Breakage::EmailUnverified => self.set_email_verified(!is_on).await?,
            Breakage::ClockAhead => self.is_clock_ahead.store(is_on, Ordering::Relaxed),
            Breakage::DynamoDbDown => self.is_dynamodb_down.store(is_on, Ordering::Relaxed),
            Breakage::SecretsManagerDown => self.is_secrets_manager_down.store(is_on, Ordering::Relaxed),
        }
        Ok(())
    }

    pub(crate) fn is_dynamodb_down(&self) -> bool {
        self.is_dynamodb_down.load(Ordering::Relaxed)
    }

    pub(crate) fn is_secrets_manager_down(&self) -> bool {
        self.is_secrets_manager_down.load(Ordering::Relaxed)
    }

    fn redact_secrets(&self) {
        let mut kept = self.good_secrets.lock().unwrap_or_else(PoisonError::into_inner);
        for kind in Kind::ALL {
            let Some(value) = self.secrets.get(&demo::secret_id(kind)) else { continue };
            let is_redacted = kept.get(&kind).is_some_and(|good| self.holds_redacted(kind, good));
            if let Some(redacted) = redacted(kind, &value).filter(|_| !is_redacted) {
                self.secrets.put(&demo::secret_id(kind), &redacted);
                kept.insert(kind, value);
            }
        }
    }

    /// Puts the good values back, except where somebody has stored another one meanwhile.
    fn restore_secrets(&self) {
        let mut kept = self.good_secrets.lock().unwrap_or_else(PoisonError::into_inner);
        for (kind, good) in std::mem::take(&mut *kept) {
            if self.holds_redacted(kind, &good) {
                self.secrets.put(&demo::secret_id(kind), &good);
            }
        }
    }

    fn holds_redacted(&self, kind: Kind, good: &str) -> bool {
        self.secrets.get(&demo::secret_id(kind)) == redacted(kind, good)
    }

    async fn set_email_verified(&self, is_verified: bool) -> Result<(), Problem> {
        let fields = Map::from_iter([("email_verified".to_owned(), Value::Bool(is_verified))]);
        let change = Change::default().set(fields).map_err(|error| Problem(error.to_string()))?;
        let Some(user) = ExternalId::parse(demo::EXTERNAL_ID) else { return Ok(()) };
        match self.user_tokens.change(&demo_token_hash(), &user, &change).await {
            // Where there is no demo user, there is nothing to mend either.
            Ok(Changed::NoSuchItem) if !is_verified => {
                Err(Problem("the demo user is not stored any more, so there is no address to change".into()))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The functions' clock, ten minutes ahead while that is switched on.
pub(super) struct BreakableClock(pub Arc<Switches>);

impl Clock for BreakableClock {
    fn since_epoch(&self) -> Duration {
        let now = SystemClock.since_epoch();
        if self.0.is_clock_ahead.load(Ordering::Relaxed) { now + AHEAD } else { now }
    }
}

/// The secret's value with as much of the secret as Admin Center shows; `None` when it holds no secret.
fn redacted(kind: Kind, value: &str) -> Option<String> {
    let characters = match kind {
        Kind::Sdk => 9,
        Kind::Messaging | Kind::Sso => 6,
    };
    let mut value: Value = serde_json::from_str(value).ok()?;
    let secret = value.get_mut("secret")?;
    *secret = Value::String(secret.as_str()?.chars().take(characters).collect());
    Some(value.to_string())
}

fn demo_token_hash() -> String {
    UserToken::parse(demo::USER_TOKEN).map(|token| token.hash()).unwrap_or_default()
}
