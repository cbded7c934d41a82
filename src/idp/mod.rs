//! The company's own identity providers: their ID tokens are user tokens without an entry in the table.
//!
//! A request reads in this order: [`IdToken`] takes the token apart, [`IdentityProvider`] checks its claims,
//! [`KeySet`] checks its signature, and [`ClaimMapping`] makes a user of its claims. [`Documents`] reads the keys from the
//! provider, and [`IdentityProviders`] keeps them.

mod claims;
mod configuration;
mod documents;
mod json;
mod keys;
mod published;
mod token;

pub use claims::ClaimMapping;
pub use configuration::{IdentityProvider, parse};
pub use documents::{DocumentError, DocumentProblem, Documents};
pub use keys::{InvalidKeySet, KeySet};
pub use published::{ClaimedIdToken, IdentityProviders};
pub use token::{IdToken, LEEWAY};
