//! The service as its callers, its operator and AWS see it: real binaries behind a Lambda Runtime
//! API, in front of a DynamoDB and a Secrets Manager. Every file of specs is about one flow or one
//! promise, and none of them looks inside.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a spec that cannot go on has failed")]

use zendesk_jwt_testkit as support;

mod aws_calls;
mod browser;
mod configuration;
mod debug_output;
mod documents;
mod events;
mod faults;
mod hostile;
mod interoperability;
mod key_rotation;
mod messaging_cors;
mod messaging_token;
mod open_redirects;
mod refusals;
mod sdk_exchange;
mod signatures;
mod signing_keys;
mod source_addresses;
mod sso_journey;
mod sso_redirect;
mod telemetry;
mod template;
mod user_tokens;
