//! `https://evil.example.org`: a page that tries to sign its visitors in as another user.

use super::html;
use crate::support::{Answer, Request};

pub const HOST: &str = "evil.example.org";

/// The attacker has an account, so the service knows this user token.
pub const SESSION: &str = "session-of-an-attacker";

pub fn answer(request: &Request) -> Answer {
    match request.path.as_str() {
        "/" => html::application(SESSION),
        _ => html::not_found(),
    }
}
