//! Tests of the service from the outside: the real binaries behind a fake Lambda Runtime API, with fakes of DynamoDB and
//! Secrets Manager. Each file covers one function or one property.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use zendesk_jwt_testkit as support;

mod aws_calls;
mod browser;
mod configuration;
mod configurations;
mod debug_output;
mod deploy;
mod documents;
mod events;
mod faults;
mod hostile;
mod identity_provider;
mod identity_provider_attacks;
mod identity_provider_keys;
mod interoperability;
mod messaging_token;
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
