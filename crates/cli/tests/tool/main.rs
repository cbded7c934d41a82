//! The tool as its user sees it: the real binary, before AWS, before endpoints, and in a browser.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use zendesk_jwt_testkit as support;

mod account;
mod browser;
mod command_line;
mod doctor;
mod identity_provider;
mod idp_command;
mod inspect_command;
mod local;
mod secret_command;
mod setup;
mod simulate;
mod simulator;
mod token_command;
mod user_command;
mod user_export;
mod user_import;
mod workbench;
