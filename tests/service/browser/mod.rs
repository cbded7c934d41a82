//! SSO in a real browser: Chromium, the function behind an HTTP API, and fakes of Zendesk, the company's site and a
//! foreign site, each under its own host name and with TLS.
//!
//! - `world`: all of these, and the checks after every test;
//! - `http_api`, `zendesk`, `company`, `attacker`: one file per host;
//! - the other files: tests.

mod attacker;
mod company;
mod html;
mod http_api;
mod world;
mod zendesk;

mod brand;
mod errors;
mod history;
mod loops;
mod messaging;
mod other_origins;
mod pages;
mod policy;
mod retry;
mod screenshots;
mod sso;
mod without_javascript;
