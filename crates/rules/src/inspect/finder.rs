//! Finds a JWT wherever it was pasted from: an address, a form, an answer, a header, a log line.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::text::{begins_with_header, invisible, is_quote, unwrapped};

/// How often a text may be percent-encoded.
const MAX_DECODINGS: usize = 3;
/// The length of an HMAC-SHA256 in base64url, in characters.
const SIGNATURE_LENGTH: usize = 43;

/// A JWT in a text.
#[derive(Default)]
pub struct Found {
    /// The JWT, as far as the text holds it.
    pub jwt: String,
    /// What else the text holds, such as `JSON` or `quotes`.
    pub surroundings: Vec<&'static str>,
}

/// Finds the first JWT in a text, or a word that looks like one. The member `jwt` of a JSON object comes first.
#[must_use]
pub fn find_jwt(text: &str) -> Option<Found> {
    let member = jwt_member(text);
    let within = member.as_deref().unwrap_or(text);
    let plain = unescaped(within);
    let embedded = embedded(&plain);
    let lines = joined_lines(within);
    let jwt = embedded
        .filter(|jwt| jwt.split('.').count() == 3 && jwt.rsplit('.').next().map(str::len) == Some(SIGNATURE_LENGTH))
        .or(lines.as_deref().filter(|lines| begins_with_header(lines)))
        .or(embedded)
        .or(lines.as_deref())?;
    Some(Found { surroundings: surroundings(text, jwt), jwt: jwt.to_owned() })
}

fn jwt_member(text: &str) -> Option<String> {
    let body: Map<String, Value> = serde_json::from_str(text).ok()?;
    Some(body.get("jwt")?.as_str()?.to_owned())
}

/// The text with percent-encoding decoded, and blanks for the escapes of JSON strings.
fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..MAX_DECODINGS {
        text = percent_decode_str(&text).decode_utf8_lossy().into_owned();
    }
    let mut pieces = text.split('\\');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let escape_length = if piece.starts_with('u') { 5 } else { 1 };
        plain.push(' ');
        plain.extend(piece.chars().skip(escape_length));
    }
    plain
}

fn is_letter(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_')
}

/// The letters of base64 in either alphabet, and the full stop.
fn is_jwt_letter(character: char) -> bool {
    is_letter(character) || matches!(character, '+' | '/' | '=' | '.')
}

/// The first part of a text that begins with the header of a JWT.
fn embedded(text: &str) -> Option<&str> {
    let stops = text.match_indices('.').map(|(stop, _)| stop);
    let mut starts = stops.map(|stop| text[..stop].trim_end_matches('=').trim_end_matches(is_letter).len());
    // After a full stop comes a later part of a JWT with a broken header.
    let is_start = |start: &usize| !text[..*start].ends_with('.') && begins_with_header(&text[*start..]);
    let jwt = &text[starts.find(is_start)?..];
    let jwt = jwt.split(|character| !is_jwt_letter(character)).next()?.trim_end_matches(['/', '+']);
    // The full stop of a sentence is not part of the JWT; an unsigned JWT ends in one.
    Some(if jwt.split('.').count() > 3 { jwt.trim_end_matches('.') } else { jwt })
}

/// The text as one word, if its lines are one word each and could be the lines of a JWT.
fn joined_lines(text: &str) -> Option<String> {
    let text = unwrapped(text);
    let text = after_bearer(text).unwrap_or(text);
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let word: String = lines.concat().chars().filter(|character| invisible(*character).is_none()).collect();
    (word.contains('.') && word.chars().all(is_jwt_letter)).then_some(word)
}

fn after_bearer(text: &str) -> Option<&str> {
    let (scheme, token) = text.split_once(char::is_whitespace)?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

fn surroundings(text: &str, jwt: &str) -> Vec<&'static str> {
    if text == jwt {
        return Vec::new();
    }
    let candidates = [
        ("JSON", text.contains('{')),
        ("an address", text.contains("://")),
        ("a form", text.contains(&format!("={jwt}"))),
        ("Bearer", text.to_ascii_lowercase().contains("bearer")),
        ("Python's b'…'", text.contains("b'ey") || text.contains("b\"ey")),
        ("quotes", text.contains(is_quote)),
        ("white space", text.contains(char::is_whitespace)),
        ("invisible characters", text.contains(|it: char| !it.is_whitespace() && invisible(it).is_some())),
    ];
    let mut found: Vec<&str> = candidates.into_iter().filter_map(|(what, is_there)| is_there.then_some(what)).collect();
    if found.is_empty() {
        found.push("other text");
    }
    found
}
