//! The two sites of `zendesk-jwt local` in a real browser.

mod simulator;
mod workbench;
