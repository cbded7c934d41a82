//! Zendesk's rules that more than one program needs. No I/O: every function gets what it needs as arguments.
//!
//! | module | what it holds |
//! |---|---|
//! | [`jwt`] | the three kinds of JWT, where Admin Center keeps the secret of each, and the unit of `iat` and `exp` |
//! | [`configuration`] | the names of configurations, and the audiences of user tokens |
//! | [`signing_key`] | what a shared secret and a key id can be |
//! | [`user`] | user tokens, external ids, names and e-mail addresses, in types that cannot hold an invalid value |
//! | [`user_values`] | what each claim about a user can be: what Zendesk refuses, and what it ignores |
//! | [`id_token`] | what a token of an identity provider says about itself, unverified |
//! | [`inspect`] | every rule that a given JWT breaks, with a remedy |
//! | [`zendesk_errors`] | what Zendesk's error messages mean |
//!
//! The service signs JWTs with its own code, and [`inspect`] shares none of it: each checks the other.

pub mod configuration;
pub mod id_token;
pub mod inspect;
pub mod jwt;
pub mod signing_key;
pub mod user;
pub mod user_values;
pub mod zendesk_errors;

mod text;

pub use configuration::{Audience, ConfigurationName, Configurations};
pub use jwt::{EpochSeconds, Kind};
