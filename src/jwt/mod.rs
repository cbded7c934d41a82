//! The JWTs: which claims each kind has, and how they are signed. Knows nothing of HTTP or AWS.

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
