//! The parts of a JWT. Quotes, `Bearer` or padding around a part do not stop the reader, so that all rules can be checked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::Facts;
use super::words::listed;

/// The longest text that is read, in bytes; Zendesk publishes no limit.
const MAX_BYTES: usize = 64 * 1024;
/// Quotation marks of editors, shells and configuration files.
const QUOTES: [char; 7] = ['"', '\'', '`', '“', '”', '‘', '’'];

/// A JWT, as far as it could be read.
pub(super) struct Token<'a> {
    /// The given text, or nothing if it is too long.
    given: &'a str,
    is_too_long: bool,
    /// The text without quotes, white space, `Bearer` and a JSON object around it.
    bare: String,
    pub(super) header: Option<Map<String, Value>>,
    pub(super) claims: Option<Map<String, Value>>,
}

impl<'a> Token<'a> {
    pub(super) fn parse(given: &'a str) -> Self {
        let is_too_long = given.len() > MAX_BYTES;
        let given = if is_too_long { "" } else { given };
        let bare = bare_text(given);
        let mut objects = bare.split('.').map(|part| serde_json::from_slice(&decoded(part)?).ok());
        let header = objects.next().flatten();
        let claims = objects.next().flatten();
        Self { given, is_too_long, bare, header, claims }
    }

    pub(super) fn has_three_parts(&self) -> bool {
        self.bare.split('.').count() == 3
    }

    /// The text that is signed, and the bytes of the signature.
    pub(super) fn signed(&self) -> Option<(&str, Vec<u8>)> {
        let (signed, signature) = self.bare.rsplit_once('.')?;
        Some((signed, decoded(signature)?))
    }
}

/// Decodes base64 in either alphabet, with or without padding.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    URL_SAFE_NO_PAD.decode(text.replace('+', "-").replace('/', "_")).ok()
}

fn bare_text(given: &str) -> String {
    let inside = in_response(given);
    let text = unquoted(inside.as_deref().unwrap_or(given));
    let text = after_bearer(text).unwrap_or(text);
    text.split_whitespace().collect()
}

/// The token in a response body, `{"jwt": "…"}`.
fn in_response(text: &str) -> Option<String> {
    let body: Map<String, Value> = serde_json::from_str(text).ok()?;
    Some(body.get("jwt")?.as_str()?.to_owned())
}

/// The text without white space and quotes around it.
pub(super) fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(QUOTES).trim()
}

fn after_bearer(text: &str) -> Option<&str> {
    let (scheme, token) = text.split_once(char::is_whitespace)?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

pub(super) fn bare(facts: &Facts<'_>) -> Option<String> {
    let given = facts.token.given;
    let surroundings = [
        ("JSON", in_response(given).is_some()),
        ("Bearer", after_bearer(unquoted(given)).is_some()),
        ("quotes", given.contains(QUOTES)),
        ("white space", given.contains(char::is_whitespace)),
    ];
    let mut found = surroundings.into_iter().filter_map(|(what, is_there)| is_there.then_some(what)).peekable();
    found.peek()?;
    Some(format!("There is more than the token ({}): send its three parts alone, on one line.", listed(found)))
}

pub(super) fn three_parts(facts: &Facts<'_>) -> Option<String> {
    let bare = &facts.token.bare;
    let problem = match bare.split('.').count() {
        _ if facts.token.is_too_long => "The text is longer than 64 KiB: send fewer claims.",
        _ if bare.is_empty() => "The text is empty: check that the endpoint answers with the JWT.",
        1 => {
            "The text has no full stop, so it is not a JWT: your app sends a user token, and your endpoint answers with a JWT."
        }
        3 if bare.ends_with('.') => "The signature is empty: sign the token with HS256.",
        3 => return None,
        5 => "The token has five parts, so it is encrypted (JWE): sign it with HS256 instead.",
        _ => "The token does not have three parts: check that it was copied whole.",
    };
    Some(problem.into())
}

pub(super) fn base64url(facts: &Facts<'_>) -> Option<String> {
    let parts = ["header", "payload", "signature"].into_iter().zip(facts.token.bare.split('.'));
    let mut bad = parts.filter(|(_, part)| URL_SAFE_NO_PAD.decode(part).is_err()).map(|(name, _)| name).peekable();
    bad.peek()?;
    Some(format!(
        "Not base64url: {}; write `-` and `_` for `+` and `/`, leave `=` out, and check that nothing was cut off.",
        listed(bad)
    ))
}
