//! `https://www.example.com`: the company's site. Its login page sets the session cookie.

use super::html;
use crate::support::{Answer, Request};

pub const HOST: &str = "www.example.com";

/// The session cookie. It holds the user token, and its domain is that of the whole company.
pub const COOKIE: &str = "acme_session";
pub const SESSION: &str = "session-7f3a";

pub fn answer(request: &Request) -> Answer {
    match request.path.as_str() {
        "/login" => log_in(request),
        "/bye" => html::page("See you", if has_session(request) { "signed in" } else { "signed out" }),
        "/app" => html::application(SESSION),
        _ => html::not_found(),
    }
}

/// Signs the visitor in without a password.
fn log_in(request: &Request) -> Answer {
    let mut query = form_urlencoded::parse(request.query.as_bytes());
    let Some((_, return_to)) = query.find(|(name, _)| name == "return_to") else {
        return html::page("Account", "");
    };
    let cookie = format!("{COOKIE}={SESSION}; Domain=example.com; Path=/; Secure; HttpOnly; SameSite=Lax");
    html::with_header(html::redirect(303, &return_to), "set-cookie", &cookie)
}

fn has_session(request: &Request) -> bool {
    request.headers_named("cookie").any(|cookies| cookies.contains(COOKIE))
}
