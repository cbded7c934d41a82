//! The two sites of `zendesk-jwt local` in a real browser.

mod other_site;
mod simulator;
mod workbench;
