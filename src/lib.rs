//! Vouch for your own users to Zendesk: three AWS Lambda functions that sign the three kinds of JWT that
//! Zendesk accepts.
//!
//! One request does one thing: a *user token*, which the company's backend gave its user, is looked up
//! in DynamoDB and gives a *user*, whose *claims* are signed with the *signing key* that Secrets Manager
//! holds. Nothing is written on the way.
//!
//! # The map
//!
//! | where | what it holds | what it knows of |
//! |---|---|---|
//! | `bin/` | one line per function: its name, its settings, its flow | everything |
//! | [`jwt`] | Zendesk's rules: [claims](jwt::sdk), [signing](jwt::signing), [what is wrong with a token](jwt::inspect), [what its errors mean](jwt::zendesk_errors) | `user` |
//! | [`user`] | the user and the user token, in types that cannot hold a bad value | `jwt` |
//! | [`flows`] | one file per function, a request in and an answer out, read from top to bottom | all but `aws`, `lambda`, `config` |
//! | [`http`] | mending events, reading requests, writing responses and their security headers, pages of other origins | `user`, `outcome` |
//! | [`outcome`] | every way a request can end, with status, code and severity | `jwt`, `user` |
//! | [`signing_keys`] | the key of a running function: cold start, refresh, outages | `flows`, `jwt` |
//! | [`aws`] | the functions' two calls of AWS, behind the traits of `flows` and `signing_keys`; with `cli`, the operator's many | those traits, `user` |
//! | [`config`] | the environment, all of its problems at once | `aws`, `flows`, `jwt`, `telemetry` |
//! | [`telemetry`] | log lines that are metrics, and hold nothing secret or personal | `flows`, `outcome` |
//! | [`lambda`] | cold start, a rehearsal, one request after the other | everything |
//! | `cli` (feature `cli`) | the operator's tool, kept out of the functions | everything |
//!
//! Only `aws` names a type of AWS's crates, and only `http` and `outcome` name a status code of a
//! function's answer. Beside the code, `templates/` holds the pages, `web/` the script for the company's own page, and
//! `fuzz/` what must hold of hostile input.

pub mod aws;
pub mod config;
pub mod handlers;
pub mod jwt;
pub mod key_cache;
pub mod outcome;
pub mod runtime;
pub mod telemetry;
pub mod user;
pub mod web;
