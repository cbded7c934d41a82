//! The JWTs: which claims each kind has, and how they are signed. Knows nothing of HTTP or AWS.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

pub mod messaging;
pub mod sdk;
pub mod signing;
pub mod sso;

mod jti;
mod support;

pub use zendesk_jwt_rules::{EpochSeconds, Kind};

pub use jti::{Jti, JtiSource, NoRandomness, RandomJti};

/// A source of the time. It is an argument, so that tests can set it.
pub trait Clock: Send + Sync {
    /// The time since 1970.
    fn since_epoch(&self) -> Duration;

    /// The time in whole seconds since 1970.
    fn now(&self) -> EpochSeconds {
        EpochSeconds(self.since_epoch().as_secs())
    }
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the only place that reads the system's clock")]
    fn since_epoch(&self) -> Duration {
        // With a clock before 1970, Zendesk refuses the `iat`. That is better than a panic.
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

/// A kind of JWT as a type, so that a key cannot sign the claims of another kind.
pub trait JwtKind: Send + Sync + 'static {
    /// The kind.
    const KIND: Kind;
}

/// The claims of one kind.
pub trait Claims: Serialize {
    /// The kind whose key signs them.
    type Kind: JwtKind;
}

/// Why a user cannot have a JWT of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidUser {
    /// The user lacks this claim, which Zendesk requires.
    Missing(&'static str),
    /// The user has not proven that they own the e-mail address.
    EmailUnverified,
    /// The user is an agent without a custom role.
    LegacyAgent,
    /// The user is an agent or administrator, but this kind is for end users only.
    TeamMember,
}
