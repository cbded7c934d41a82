//! SSO in a real browser: Chromium, the function behind an HTTP API, and fakes of Zendesk, the company's site and a
//! foreign site, each under its own host name and with TLS.
//!
//! - `world`: all of these, and the checks after every test;
//! - `http_api`, `zendesk`, `sites`: the hosts;
//! - the other files: tests.

mod http_api;
mod sites;
mod world;
mod zendesk;

mod attacks;
mod brand;
mod errors;
mod history;
mod loops;
mod messaging;
mod pages;
mod sso;
mod without_javascript;
