//! The SSO journey in a real browser: Chromium meets the function behind its front door, and stand-ins
//! for Zendesk, the company's site and somebody else's, each under its real name and over TLS.
//!
//! - `world`: all of them together, and what holds at the end of every spec;
//! - `front_door`, `zendesk`, `company`, `stranger`: who answers for which host;
//! - the other files: specs.

mod company;
mod front_door;
mod html;
mod stranger;
mod world;
mod zendesk;

mod errors;
mod history;
mod loops;
mod messaging;
mod other_origins;
mod pages;
mod policy;
mod screenshots;
mod sso;
mod without_javascript;
