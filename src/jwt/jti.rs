//! `jti`, the unique identifier of a JWT.

use serde::Serialize;

/// A token's unique identifier: Zendesk takes each one once, so it is 128 random bits as lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jti(String);

impl Jti {
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
pub trait JtiSource: Send + Sync {
    /// One that was never given before.
    ///
    /// # Errors
    /// When there are no random bytes to be had.
    fn next(&self) -> Result<Jti, NoRandomness>;
}

/// Identifiers from the operating system's random generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomJti;

impl JtiSource for RandomJti {
    fn next(&self) -> Result<Jti, NoRandomness> {
        let mut bits = [0; 16];
        aws_lc_rs::rand::fill(&mut bits).map_err(|_| NoRandomness)?;
        Ok(Jti::from_bits(bits))
    }
}

/// The random generator failed, and a guessable `jti` is worse than no token.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;
