//! Zendesk's rules: what each kind of JWT holds, how it is signed, and what is wrong with one.
//!
//! No HTTP and no AWS in here. Minting ([`signing`] and the claims of each kind) and judging
//! ([`inspect`]) share nothing but [`Kind`], so that one can witness for the other.

use serde::Serialize;

pub mod messaging;
pub mod sdk;
pub mod signing;
pub mod sso;

mod clock;
mod jti;
mod support;

pub use zendesk_jwt_rules::{EpochSeconds, Kind};

pub use clock::{Clock, SystemClock};
pub use jti::{Jti, JtiSource, NoRandomness, RandomJti};

/// A kind of JWT at the type level, so that no key can sign another kind's claims.
pub trait JwtKind: Send + Sync + 'static {
    /// The kind.
    const KIND: Kind;
}

/// Claims of one kind.
pub trait Claims: Serialize {
    /// The kind whose key signs them.
    type Kind: JwtKind;
}

/// Why no JWT of a kind can be made for a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnfitProfile {
    /// The profile lacks this claim, which Zendesk requires.
    Missing(&'static str),
    /// The user has not proven that the e-mail address is theirs.
    EmailUnverified,
    /// An agent without a custom role, whom Zendesk would make a near-admin.
    LegacyAgent,
}
