//! The rules about the secret and the signature. A wrong signature is compared with the results of common mistakes,
//! so that the message can name the cause.

use aws_lc_rs::hmac::{self, HMAC_SHA256, HMAC_SHA384, HMAC_SHA512};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::facts::Facts;
use super::{Signature, has_three_parts};
use crate::signing_key::{TextFlaw, secret_flaw};
use crate::text::{decoded, unwrapped};

/// The signature counts only if the header says HS256: a JWT does not choose its algorithm.
pub(super) fn status(jwt: &str, header: &Map<String, Value>, secret: Option<&[u8]>) -> Signature {
    let is_hs256 = header.get("alg").is_some_and(|alg| alg == "HS256");
    match secret {
        Some(secret) if is_hs256 && has_three_parts(jwt) => match parts(jwt) {
            Some((signed, signature)) if fits(HMAC_SHA256, secret, signed, &signature) => Signature::Verified,
            _ => Signature::Wrong,
        },
        _ => Signature::NotChecked,
    }
}

/// The signed text, and the bytes of the signature.
fn parts(jwt: &str) -> Option<(&str, Vec<u8>)> {
    let (signed, signature) = jwt.rsplit_once('.')?;
    Some((signed, decoded(signature)?))
}

fn fits(algorithm: hmac::Algorithm, secret: &[u8], signed: &str, signature: &[u8]) -> bool {
    hmac::verify(&hmac::Key::new(algorithm, secret), signed.as_bytes(), signature).is_ok()
}

pub(super) fn verifies(facts: &Facts<'_>) -> Option<String> {
    if facts.inspection.signature == Signature::Verified {
        return None;
    }
    let cause = facts.secret.and_then(|secret| encoding_mistake(facts, secret).or_else(|| key_mistake(facts, secret)));
    let right_one = format!("the {} secret from {}", facts.inspection.title(), facts.screen());
    Some(match (cause, flaw(facts)) {
        (Some(cause), _) => format!("The token was signed with {cause}."),
        (None, Some(flaw)) => format!("The secret given here {flaw}, so no signature fits: give {right_one} first."),
        (None, None) => format!(
            "The token was signed with another secret, or changed since: use {right_one}; each kind has its own."
        ),
    })
}

/// How a signature by the right secret was written wrongly.
fn encoding_mistake(facts: &Facts<'_>, secret: &[u8]) -> Option<&'static str> {
    let (signed, third_part) = facts.found.jwt.rsplit_once('.')?;
    let bytes = decoded(third_part).unwrap_or_default();
    let text = str::from_utf8(&bytes).unwrap_or_default();
    let is_right = |algorithm, signature: &[u8]| fits(algorithm, secret, signed, signature);
    let is_hex_of_right = |text: &str| hex::decode(text).is_ok_and(|bytes| is_right(HMAC_SHA256, &bytes));
    if is_hex_of_right(third_part) || is_hex_of_right(text) {
        Some("the right secret, but the HMAC is hexadecimal: encode its 32 bytes themselves")
    } else if decoded(text).is_some_and(|bytes| is_right(HMAC_SHA256, &bytes)) {
        Some("the right secret, but the HMAC is base64 twice: encode its 32 bytes once")
    } else if is_right(HMAC_SHA384, &bytes) || is_right(HMAC_SHA512, &bytes) {
        Some("the right secret, but a longer hash than the header says: sign with HMAC-SHA256")
    } else {
        None
    }
}

/// What the signer used instead of the secret.
fn key_mistake(facts: &Facts<'_>, secret: &[u8]) -> Option<&'static str> {
    let (signed, signature) = parts(&facts.found.jwt)?;
    let kid = facts.header("kid").and_then(Value::as_str).unwrap_or_default();
    let text = String::from_utf8_lossy(secret);
    let around = |before: &str, after: &str| [before.as_bytes(), secret, after.as_bytes()].concat();
    let is_key = |key: &[u8]| fits(HMAC_SHA256, key, signed, &signature);
    let is_any = |keys: &[Vec<u8>]| keys.iter().any(|key| is_key(key));
    if is_key(b"") {
        Some("an empty secret: give the signer its configuration")
    } else if is_key(unwrapped(&text).as_bytes()) {
        Some("the secret without the white space or quotes around the one given here: give it without them")
    } else if is_any(&[around("", "\n"), around("", "\r\n"), around("\"", "\""), around("'", "'")]) {
        Some("the secret and a line break or quotes around it: strip them where the signer reads it")
    } else if is_any(&[around("\u{feff}", ""), around(" ", ""), around("", " ")]) {
        Some("the secret and a byte order mark or a blank around it: strip it where the signer reads the secret")
    } else if [decoded(&text), hex::decode(secret).ok()].iter().flatten().any(|key| is_key(key)) {
        Some("the base64-decoded or hex-decoded secret: use its text unchanged")
    } else if is_any(&[STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD].map(|engine| engine.encode(secret).into())) {
        Some("the base64-encoded secret: use its text unchanged")
    } else if is_any(&[hex::encode(secret), hex::encode_upper(secret)].map(String::into_bytes)) {
        Some("the secret in hexadecimal: use its text unchanged")
    } else if is_any(&url_encodings(&text)) {
        Some("the URL-encoded or URL-decoded secret: use its text unchanged")
    } else if is_any(&stored_values(&text, kid)) {
        Some("the whole JSON of the stored secret: use the text of its member `secret`")
    } else if is_any(&in_utf_16(&text)) || is_any(&in_utf_16(&format!("\u{feff}{text}"))) {
        Some("the secret in UTF-16: use its UTF-8 bytes")
    } else if is_key(kid.as_bytes()) {
        Some("the `kid` instead of the secret: use the shared secret of that key")
    } else if [6, 9].iter().any(|length| secret.get(..*length).is_some_and(is_key)) {
        Some("the first characters of the secret, its redacted display: use the whole secret")
    } else {
        None
    }
}

fn url_encodings(text: &str) -> [Vec<u8>; 4] {
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*');
    let encoded = || utf8_percent_encode(text, ENCODED);
    let lower_case = |part: &str| if part.starts_with('%') { part.to_lowercase() } else { part.to_owned() };
    [
        encoded().to_string().into(),
        encoded().map(lower_case).collect::<String>().into(),
        percent_decode_str(text).collect(),
        percent_decode_str(&text.replace('+', " ")).collect(),
    ]
}

/// How Secrets Manager and configuration files hold the secret.
fn stored_values(secret: &str, kid: &str) -> Vec<Vec<u8>> {
    let (secret, kid) = (json!(secret), json!(kid));
    let forms = [(":", ","), (": ", ", ")].map(|(colon, comma)| {
        let (secret, kid) = (format!("\"secret\"{colon}{secret}"), format!("\"kid\"{colon}{kid}"));
        [secret.clone(), format!("{kid}{comma}{secret}"), format!("{secret}{comma}{kid}")]
    });
    forms.into_iter().flatten().map(|members| format!("{{{members}}}").into()).collect()
}

fn in_utf_16(text: &str) -> [Vec<u8>; 2] {
    [u16::to_le_bytes, u16::to_be_bytes].map(|bytes| text.encode_utf16().flat_map(bytes).collect())
}

pub(super) fn secret_whole(facts: &Facts<'_>) -> Option<String> {
    let flaw = flaw(facts).filter(|flaw| flaw.is_incomplete())?;
    let screen = facts.screen();
    Some(format!("The secret {flaw}: Zendesk shows it whole only once, so make a new one in {screen} and use that."))
}

pub(super) fn secret_raw(facts: &Facts<'_>) -> Option<String> {
    let flaw = flaw(facts).filter(|flaw| !flaw.is_incomplete())?;
    let screen = facts.screen();
    Some(format!("The secret {flaw}: give the text that {screen} shows, and nothing else."))
}

fn flaw(facts: &Facts<'_>) -> Option<TextFlaw> {
    secret_flaw(&String::from_utf8_lossy(facts.secret?))
}

/// A JWT that contains its secret gives the secret to everyone who sees it.
pub(super) fn secret_kept_private(facts: &Facts<'_>) -> Option<String> {
    let secret = str::from_utf8(facts.secret?).ok().map(unwrapped).filter(|secret| secret_flaw(secret).is_none())?;
    let jwt = &facts.found.jwt;
    let place = if jwt.ends_with(secret) || parts(jwt).is_some_and(|(_, signature)| signature == secret.as_bytes()) {
        "third part"
    } else if facts.inspection.header.iter().flat_map(Map::values).any(|value| contains(value, secret)) {
        "header"
    } else if facts.inspection.claims.iter().flat_map(Map::values).any(|value| contains(value, secret)) {
        "payload"
    } else {
        return None;
    };
    Some(format!(
        "The secret itself is in the {place} of the token, so it has leaked: make a new one in {}, and use it only as the key of the HMAC.",
        facts.screen()
    ))
}

/// Whether a text within the value contains `secret`.
fn contains(value: &Value, secret: &str) -> bool {
    match value {
        Value::String(text) => text.contains(secret),
        Value::Array(values) => values.iter().any(|value| contains(value, secret)),
        Value::Object(members) => members.values().any(|value| contains(value, secret)),
        _ => false,
    }
}
