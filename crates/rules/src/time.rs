//! Time as the claims count it.

use serde::Serialize;

/// Whole seconds since 1970, as `iat` and `exp` are counted. Milliseconds are the classic mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct EpochSeconds(pub u64);

impl EpochSeconds {
    /// The moment `seconds` later.
    #[must_use]
    pub const fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// The seconds that have passed since `earlier`; 0 when it lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
