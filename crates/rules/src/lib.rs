//! Zendesk's rules that more than one program needs. No I/O: every function gets all it needs as arguments.
//!
//! | where | what it holds |
//! |---|---|
//! | [`kind`] | the three kinds of JWT, and where Admin Center keeps the secret of each |
//! | [`time`] | seconds since 1970, as `iat` and `exp` count them |
//! | [`inspect`] | every rule that a given JWT breaks, with what to do about it |
//! | [`zendesk_errors`] | what Zendesk's error messages mean |
//!
//! The service mints by its own code, which [`inspect`] does not share: each one checks the other.

pub mod inspect;
pub mod kind;
pub mod time;
pub mod zendesk_errors;

pub use kind::Kind;
pub use time::EpochSeconds;
