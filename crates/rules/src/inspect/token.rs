//! The parts of a JWT. Quotes, `Bearer` or padding around a part do not stop the reader, so that all rules can be checked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::Facts;
pub(super) use super::finder::decoded;
use super::finder::{Found, find_jwt};
use super::words::listed;
use crate::text::unwrapped;

/// The longest text that is read, in bytes; Zendesk publishes no limit.
const MAX_BYTES: usize = 64 * 1024;

/// A JWT, as far as it could be read.
pub(super) struct Token<'a> {
    /// The given text, or nothing if it is too long.
    given: &'a str,
    is_too_long: bool,
    /// Whether the text holds a JWT, whole or in part.
    pub(super) is_found: bool,
    /// The JWT alone.
    bare: String,
    surroundings: Vec<&'static str>,
    pub(super) header: Option<Map<String, Value>>,
    pub(super) claims: Option<Map<String, Value>>,
}

impl<'a> Token<'a> {
    pub(super) fn parse(given: &'a str) -> Self {
        let is_too_long = given.len() > MAX_BYTES;
        let given = if is_too_long { "" } else { given };
        let found = find_jwt(given);
        let is_found = found.is_some();
        let Found { jwt: bare, surroundings } = found.unwrap_or_default();
        let mut objects = bare.split('.').map(|part| serde_json::from_slice(&decoded(part)?).ok());
        let header = objects.next().flatten();
        let claims = objects.next().flatten();
        Self { given, is_too_long, is_found, bare, surroundings, header, claims }
    }

    pub(super) fn has_three_parts(&self) -> bool {
        self.bare.split('.').count() == 3
    }

    /// The signed text, and the third part.
    pub(super) fn signed_text(&self) -> Option<(&str, &str)> {
        self.bare.rsplit_once('.')
    }

    /// The signed text, and the bytes of the signature.
    pub(super) fn signed(&self) -> Option<(&str, Vec<u8>)> {
        let (signed, signature) = self.signed_text()?;
        Some((signed, decoded(signature)?))
    }

    pub(super) fn ends_with(&self, text: &str) -> bool {
        self.bare.ends_with(text)
    }
}

pub(super) fn bare(facts: &Facts<'_>) -> Option<String> {
    let surroundings = facts.token.surroundings.iter().copied();
    (!facts.token.surroundings.is_empty()).then(|| {
        format!("There is more than the token ({}): send its three parts alone, on one line.", listed(surroundings))
    })
}

pub(super) fn three_parts(facts: &Facts<'_>) -> Option<String> {
    let Token { given, is_too_long, is_found, bare, .. } = facts.token;
    let problem = match bare.split('.').count() {
        _ if *is_too_long => "The text is longer than 64 KiB: send fewer claims.",
        _ if !is_found => without_jwt(given),
        3 if bare.ends_with('.') => "The signature is empty: sign the token with HS256.",
        3 => return None,
        5 => "The token has five parts, so it is encrypted (JWE): sign it with HS256 instead.",
        _ => "The token does not have three parts: check that it was copied whole.",
    };
    Some(problem.into())
}

/// What a text without a JWT is.
fn without_jwt(text: &str) -> &'static str {
    let text = unwrapped(text);
    if text.is_empty() {
        "The text is empty: check that the endpoint answers with the JWT."
    } else if text.starts_with('<') {
        "The text is HTML without a JWT: check the address, and open it in a browser to read the page."
    } else if serde_json::from_str::<Value>(text).is_ok_and(|json| json.is_object() || json.is_array()) {
        "The text is JSON without a JWT, perhaps an error answer: check the status of the answer and the endpoint's log."
    } else if text.contains(char::is_whitespace) {
        "The text holds no JWT: copy what the endpoint answers, three parts joined by full stops."
    } else {
        "The text has no full stop, so it is not a JWT: your app sends a user token, and your endpoint answers with a JWT."
    }
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

pub(super) fn header_object(facts: &Facts<'_>) -> Option<String> {
    facts.token.header.is_none().then(|| {
        let problem = not_an_object(facts, 0);
        format!(
            "The header {problem}: let the JWT library write it, as `{{\"alg\":\"HS256\",\"typ\":\"JWT\"}}` in UTF-8."
        )
    })
}

pub(super) fn claims_object(facts: &Facts<'_>) -> Option<String> {
    facts.token.claims.is_none().then(|| {
        let problem = not_an_object(facts, 1);
        format!(
            "The payload {problem}: give the JWT library the claims as an object, not as JSON text, and write UTF-8."
        )
    })
}

/// Why a part is not a JSON object.
fn not_an_object(facts: &Facts<'_>, part: usize) -> &'static str {
    let bytes = facts.token.bare.split('.').nth(part).and_then(decoded).unwrap_or_default();
    let is_utf_16 = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") || bytes.contains(&0);
    match str::from_utf8(&bytes) {
        _ if is_utf_16 => "is not UTF-8 but UTF-16, so it is not a JSON object",
        Err(_) => "is not UTF-8, so it is not a JSON object",
        Ok(text) if text.starts_with('\u{feff}') => "begins with a byte order mark, so it is not a JSON object",
        Ok(text) if decoded(text.trim()).is_some_and(|inner| inner.starts_with(b"{")) => {
            "is base64 twice, so it is not a JSON object"
        }
        Ok(_) => "is not a JSON object",
    }
}
