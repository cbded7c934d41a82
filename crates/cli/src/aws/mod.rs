//! The tool's calls to AWS.

mod clients;
pub(crate) mod error;
pub(crate) mod fields;
mod signing_key_secret;
pub(crate) mod user_token_items;
pub(crate) mod user_token_table;

pub(crate) use clients::Clients;
pub(crate) use signing_key_secret::{SigningKeySecret, Version};
