//! Sign your own users in to Zendesk: three AWS Lambda functions issue the JWTs for Support SDK, messaging and SSO.
//!
//! Each user has a *user token*: an opaque one of the company's backend, or an ID token of its identity provider. A request
//! exchanges it for a JWT: the function finds the *user* in DynamoDB or in the ID token, and signs the user's *claims* with
//! the *signing key* from Secrets Manager. A request writes nothing.
//!
//! # The map
//!
//! | where | what it holds | what it uses |
//! |---|---|---|
//! | `bin/` | one `main` per function, which connects settings and handler | everything |
//! | [`handlers`] | one file per function: a request in, an answer out | `idp`, `jwt`, `outcome`, `user`, `web` |
//! | [`jwt`] | the claims of each kind, signing, [`jwt::Clock`] and [`jwt::Jti`] | `user` |
//! | [`user`] | the user and the user token, in types that cannot hold an invalid value | `crates/rules` |
//! | [`http_client`] | connections to AWS and to identity providers | |
//! | [`idp`] | ID tokens: providers, their keys, verification, their claims as a user | `backoff`, `cache`, `http_client`, `jwt`, `outcome`, `user` |
//! | [`outcome`] | every outcome of a request, with status, log code and severity | `jwt`, `user` |
//! | [`web`] | events, requests, responses, security headers, CORS | `outcome`, `user` |
//! | [`cache`] | a value of another system: cold start, refresh, outages | `backoff`, `jwt`, `outcome` |
//! | [`key_cache`] | the cached signing keys of all configurations | `cache`, `handlers`, `jwt`, `outcome` |
//! | [`aws`] | the two calls of AWS, behind the traits of `handlers` and `key_cache` | `handlers`, `http_client`, `jwt`, `key_cache`, `outcome`, `user` |
//! | [`telemetry`] | log lines and metrics, without anything secret or personal | `handlers`, `jwt`, `outcome` |
//! | [`config`] | the environment, with all its problems at once | `aws`, `handlers`, `idp`, `jwt`, `telemetry` |
//! | `invocation` | HTTP events, and everything else that can invoke a function | `web` |
//! | [`backoff`] | the pause before the next attempt | |
//! | [`runtime`] | a function's life: cold start, warm-up, requests | everything |
//!
//! Only `aws` names a type of the AWS SDK. Only `web` and `outcome` name a status code of our answers.
//!
//! Other packages of the workspace: `crates/rules` holds the rules of Zendesk that other programs share, and does no
//! I/O. `crates/simulator` plays Zendesk. `crates/cli` is the operator's tool. `crates/testkit` serves tests and
//! benchmarks. The functions link only `rules`.

pub mod aws;
pub mod backoff;
pub mod cache;
pub mod config;
pub mod handlers;
pub mod http_client;
pub mod idp;
mod invocation;
pub mod jwt;
pub mod key_cache;
pub mod outcome;
pub mod runtime;
pub mod telemetry;
pub mod user;
pub mod web;
