//! `https://evil.example.org`: a page that would like to sign its visitors in as somebody of its choice.

use super::html;
use crate::support::{Answer, Request};

pub const HOST: &str = "evil.example.org";

/// The attacker has an account of their own, and so a user token that the service knows.
pub const SESSION: &str = "session-of-an-attacker";

pub fn answer(request: &Request) -> Answer {
    match request.path.as_str() {
        "/" => html::application(SESSION),
        _ => html::not_found(),
    }
}
