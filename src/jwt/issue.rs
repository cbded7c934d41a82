//! What a token takes from the world at the moment it is issued: the time and a random id.
//!
//! Both are arguments of everything that mints, so that tests set them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use zendesk_jwt_rules::EpochSeconds;

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The time since 1970.
    fn since_epoch(&self) -> Duration;

    /// The same in whole seconds.
    fn now(&self) -> EpochSeconds {
        EpochSeconds(self.since_epoch().as_secs())
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock that the others stand in for")]
    fn since_epoch(&self) -> Duration {
        // A clock before 1970 gives an `iat` that Zendesk refuses, which is better than a crash.
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

/// A token's unique identifier: Zendesk takes each one once, so it is 128 random bits as lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UniqueId(String);

impl UniqueId {
    /// The identifier made of those random bits.
    #[must_use]
    pub fn from_bits(bits: [u8; 16]) -> Self {
        Self(hex::encode(bits))
    }

    /// The 32 hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where unique identifiers come from.
pub trait UniqueIdSource: Send + Sync {
    /// One that was never given before.
    ///
    /// # Errors
    /// When there are no random bytes to be had.
    fn next(&self) -> Result<UniqueId, NoRandomness>;
}

/// Identifiers from the operating system's random generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl UniqueIdSource for RandomIds {
    fn next(&self) -> Result<UniqueId, NoRandomness> {
        let mut bits = [0; 16];
        aws_lc_rs::rand::fill(&mut bits).map_err(|_| NoRandomness)?;
        Ok(UniqueId::from_bits(bits))
    }
}

/// The random generator failed, and a guessable `jti` is worse than no token.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;
