//! `jti`, the unique id of a JWT.

use serde::Serialize;

/// The unique id of a JWT: 128 random bits in lower-case hex. Zendesk accepts each id once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jti(String);

impl Jti {
    /// The id with these random bits.
    #[must_use]
    pub fn from_bits(bits: [u8; 16]) -> Self {
        Self(format!("{:032x}", u128::from_be_bytes(bits)))
    }

    /// The 32 hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A source of unique ids.
pub trait JtiSource: Send + Sync {
    /// An id that was never returned before.
    ///
    /// # Errors
    /// If the source has no random bytes.
    fn next(&self) -> Result<Jti, NoRandomness>;
}

/// Ids from the operating system's random generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomJti;

impl JtiSource for RandomJti {
    fn next(&self) -> Result<Jti, NoRandomness> {
        let mut bits = [0; 16];
        aws_lc_rs::rand::fill(&mut bits).map_err(|_| NoRandomness)?;
        Ok(Jti::from_bits(bits))
    }
}

/// The random generator failed. A `jti` that can be guessed would be worse than no JWT.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;
