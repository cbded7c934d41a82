//! The rules about the text, its three parts, and the header: `alg`, `typ`, `kid`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::facts::{Facts, described, listed, quoted};
use super::{MAX_BYTES, object};
use crate::signing_key::kid_flaw;
use crate::text::{decoded, is_json, unwrapped};

pub(super) fn bare(facts: &Facts<'_>) -> Option<String> {
    let surroundings = listed(facts.found.surroundings.iter().copied())?;
    Some(format!("There is more than the token ({surroundings}): send its three parts alone, on one line."))
}

pub(super) fn three_parts(facts: &Facts<'_>) -> Option<String> {
    let jwt = &facts.found.jwt;
    let problem = match jwt.split('.').count() {
        _ if facts.given.len() > MAX_BYTES => "The text is longer than 64 KiB: send fewer claims.",
        _ if !facts.inspection.is_jwt => without_jwt(facts.given),
        3 if jwt.ends_with('.') => "The signature is empty: sign the token with HS256.",
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
    } else if is_json(text) {
        "The text is JSON without a JWT, perhaps an error answer: check the status of the answer and the endpoint's log."
    } else if text.contains(char::is_whitespace) {
        "The text holds no JWT: copy what the endpoint answers, three parts joined by full stops."
    } else {
        "The text has no full stop, so it is not a JWT: your app sends a user token, and your endpoint answers with a JWT."
    }
}

pub(super) fn base64url(facts: &Facts<'_>) -> Option<String> {
    let parts = ["header", "payload", "signature"].into_iter().zip(facts.found.jwt.split('.'));
    let bad = listed(parts.filter(|(_, part)| URL_SAFE_NO_PAD.decode(part).is_err()).map(|(name, _)| name))?;
    Some(format!(
        "Not base64url: {bad}; write `-` and `_` for `+` and `/`, leave `=` out, and check that nothing was cut off."
    ))
}

pub(super) fn header_object(facts: &Facts<'_>) -> Option<String> {
    let problem = not_an_object(&facts.found.jwt, 0)?;
    Some(format!(
        "The header {problem}: let the JWT library write it, as `{{\"alg\":\"HS256\",\"typ\":\"JWT\"}}` in UTF-8."
    ))
}

pub(super) fn claims_object(facts: &Facts<'_>) -> Option<String> {
    let problem = not_an_object(&facts.found.jwt, 1)?;
    Some(format!(
        "The payload {problem}: give the JWT library the claims as an object, not as JSON text, and write UTF-8."
    ))
}

/// Why a part is not a JSON object; `None` if it is one.
fn not_an_object(jwt: &str, part: usize) -> Option<&'static str> {
    let bytes = jwt.split('.').nth(part).and_then(decoded).unwrap_or_default();
    let is_utf_16 = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") || bytes.contains(&0);
    let problem = match str::from_utf8(&bytes) {
        _ if object(jwt, part).is_some() => return None,
        _ if is_utf_16 => "is not UTF-8 but UTF-16, so it is not a JSON object",
        Err(_) => "is not UTF-8, so it is not a JSON object",
        Ok(text) if text.starts_with('\u{feff}') => "begins with a byte order mark, so it is not a JSON object",
        Ok(text) if decoded(text.trim()).is_some_and(|inner| inner.starts_with(b"{")) => {
            "is base64 twice, so it is not a JSON object"
        }
        Ok(_) => "is not a JSON object",
    };
    Some(problem)
}

pub(super) fn algorithm(facts: &Facts<'_>) -> Option<String> {
    let problem = match facts.header("alg") {
        Some(Value::String(alg)) if alg == "HS256" => return None,
        Some(Value::String(alg)) => format!("{}, {}", quoted(alg), why_not(alg)),
        other => described(other).to_owned(),
    };
    let screen = facts.screen();
    Some(format!("`alg` in the header is {problem}: sign with `HS256` and the shared secret from {screen}."))
}

fn why_not(alg: &str) -> &'static str {
    match alg.get(..2) {
        _ if alg.eq_ignore_ascii_case("HS256") => "which must be in upper case",
        _ if alg.eq_ignore_ascii_case("none") => "so the token is not signed at all",
        Some("RS" | "ES" | "PS" | "Ed") => {
            "a private-key algorithm, which Zendesk refuses (only its own Help Center JWTs use one)"
        }
        Some("HS") => "a longer hash than Zendesk accepts",
        _ => "which Zendesk does not accept",
    }
}

pub(super) fn token_type(facts: &Facts<'_>) -> Option<String> {
    let problem = match facts.header("typ") {
        Some(Value::String(typ)) if typ == "JWT" => return None,
        Some(Value::String(typ)) => quoted(typ),
        None if facts.header("type").is_some() => "spelt `type`".into(),
        other => described(other).into(),
    };
    Some(format!("`typ` in the header is {problem}: set it to `JWT`."))
}

pub(super) fn key_id(facts: &Facts<'_>) -> Option<String> {
    let problem = match facts.header("kid") {
        Some(Value::String(kid)) => kid_flaw(kid)?.to_string(),
        None if facts.claim("kid").is_some() => "is among the claims instead".into(),
        other => format!("is {}", described(other)),
    };
    let screen = facts.screen();
    Some(format!("`kid` in the header {problem}: put the Key ID from {screen} there, such as `app_5963…`."))
}
