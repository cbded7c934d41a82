//! The rules about the secret and the signature. A wrong signature is compared with the results of common mistakes,
//! so that the message can name the cause.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::token::{Token, decoded};
use super::words::{screen, title};
use super::{Facts, Signature};
use crate::signing_key::{TextFlaw, secret_flaw};
use crate::text::unwrapped;

/// The signature counts only if the header says HS256: a JWT does not choose its algorithm.
pub(super) fn status(token: &Token<'_>, header: &Map<String, Value>, secret: Option<&[u8]>) -> Signature {
    let is_hs256 = header.get("alg").is_some_and(|alg| alg == "HS256");
    match secret {
        Some(secret) if is_hs256 && token.has_three_parts() => match token.signed() {
            Some((signed, signature)) if fits(secret, signed, &signature) => Signature::Verified,
            _ => Signature::Wrong,
        },
        _ => Signature::NotChecked,
    }
}

fn fits(secret: &[u8], signed: &str, signature: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::verify(&key, signed.as_bytes(), signature).is_ok()
}

pub(super) fn verifies(facts: &Facts<'_>) -> Option<String> {
    if facts.signature == Signature::Verified {
        return None;
    }
    let cause = facts.secret.and_then(|secret| encoding_mistake(facts, secret).or_else(|| key_mistake(facts, secret)));
    Some(match (cause, flaw(facts)) {
        (Some(cause), _) => format!("The token was signed with {cause}."),
        (None, Some(flaw)) => format!(
            "The secret given here {flaw}, so no signature fits: give the {} secret from {} first.",
            title(facts),
            screen(facts)
        ),
        (None, None) => format!(
            "The token was signed with another secret, or changed since: use the {} secret from {}; each kind has its own.",
            title(facts),
            screen(facts)
        ),
    })
}

/// How a signature by the right secret was written wrongly.
fn encoding_mistake(facts: &Facts<'_>, secret: &[u8]) -> Option<&'static str> {
    let (signed, third_part) = facts.token.signed_text()?;
    let bytes = decoded(third_part).unwrap_or_default();
    let text = str::from_utf8(&bytes).unwrap_or_default();
    let is_right = |signature: Option<Vec<u8>>| signature.is_some_and(|signature| fits(secret, signed, &signature));
    let is_right_for = |algorithm| hmac::verify(&hmac::Key::new(algorithm, secret), signed.as_bytes(), &bytes).is_ok();
    if is_right(hex::decode(third_part).ok()) || is_right(hex::decode(text).ok()) {
        Some("the right secret, but the HMAC is hexadecimal: encode its 32 bytes themselves")
    } else if is_right(decoded(text)) {
        Some("the right secret, but the HMAC is base64 twice: encode its 32 bytes once")
    } else if is_right_for(hmac::HMAC_SHA384) || is_right_for(hmac::HMAC_SHA512) {
        Some("the right secret, but a longer hash than the header says: sign with HMAC-SHA256")
    } else {
        None
    }
}

/// What the signer used instead of the secret.
fn key_mistake(facts: &Facts<'_>, secret: &[u8]) -> Option<&'static str> {
    let (signed, signature) = facts.token.signed()?;
    let kid = facts.header.get("kid").and_then(Value::as_str).unwrap_or_default();
    let fitting = |key: &Vec<u8>| fits(key, signed, &signature);
    mistaken_keys(secret, kid).into_iter().find_map(|(cause, keys)| keys.iter().any(fitting).then_some(cause))
}

fn mistaken_keys(secret: &[u8], kid: &str) -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let text = String::from_utf8_lossy(secret);
    let around = |before: &[u8], after: &[u8]| [before, secret, after].concat();
    let start = |length| secret.get(..length).map(<[u8]>::to_vec);
    let utf_16 = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let (little, big) = (utf_16(u16::to_le_bytes), utf_16(u16::to_be_bytes));
    vec![
        ("an empty secret: give the signer its configuration", vec![Vec::new()]),
        (
            "the secret without the white space or quotes around the one given here: give it without them",
            vec![unwrapped(&text).into()],
        ),
        (
            "the secret and a line break or quotes around it: strip them where the signer reads it",
            vec![around(b"", b"\n"), around(b"", b"\r\n"), around(b"\"", b"\""), around(b"'", b"'")],
        ),
        (
            "the secret and a byte order mark or a blank around it: strip it where the signer reads the secret",
            vec![around(b"\xEF\xBB\xBF", b""), around(b" ", b""), around(b"", b" ")],
        ),
        (
            "the base64-decoded or hex-decoded secret: use its text unchanged",
            [decoded(&text), hex::decode(secret).ok()].into_iter().flatten().collect(),
        ),
        (
            "the base64-encoded secret: use its text unchanged",
            vec![
                STANDARD.encode(secret).into(),
                STANDARD_NO_PAD.encode(secret).into(),
                URL_SAFE_NO_PAD.encode(secret).into(),
            ],
        ),
        (
            "the secret in hexadecimal: use its text unchanged",
            vec![hex::encode(secret).into(), hex::encode_upper(secret).into()],
        ),
        ("the URL-encoded or URL-decoded secret: use its text unchanged", url_encodings(&text)),
        (
            "the whole JSON of the stored secret: use the text of its member `secret`",
            stored_values(&text, kid).into_iter().map(String::into_bytes).collect(),
        ),
        (
            "the secret in UTF-16: use its UTF-8 bytes",
            vec![[b"\xFF\xFE", &little[..]].concat(), [b"\xFE\xFF", &big[..]].concat(), little, big],
        ),
        ("the `kid` instead of the secret: use the shared secret of that key", vec![kid.into()]),
        (
            "the first characters of the secret, its redacted display: use the whole secret",
            [start(6), start(9)].into_iter().flatten().collect(),
        ),
    ]
}

fn url_encodings(text: &str) -> Vec<Vec<u8>> {
    let encoded = |digits: fn(u8) -> String| -> String {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte);
        text.bytes().map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { digits(byte) }).collect()
    };
    let decoded = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
    vec![
        encoded(|byte| format!("%{byte:02X}")).into(),
        encoded(|byte| format!("%{byte:02x}")).into(),
        decoded(text),
        decoded(&text.replace('+', " ")),
    ]
}

/// How Secrets Manager and configuration files hold the secret.
fn stored_values(secret: &str, kid: &str) -> Vec<String> {
    let (secret, kid) = (json!(secret).to_string(), json!(kid).to_string());
    vec![
        format!(r#"{{"secret":{secret}}}"#),
        format!(r#"{{"secret": {secret}}}"#),
        format!(r#"{{"kid":{kid},"secret":{secret}}}"#),
        format!(r#"{{"kid": {kid}, "secret": {secret}}}"#),
        format!(r#"{{"secret":{secret},"kid":{kid}}}"#),
        format!(r#"{{"secret": {secret}, "kid": {kid}}}"#),
    ]
}

pub(super) fn secret_whole(facts: &Facts<'_>) -> Option<String> {
    let flaw = flaw(facts).filter(|flaw| flaw.is_incomplete())?;
    let screen = screen(facts);
    Some(format!("The secret {flaw}: Zendesk shows it whole only once, so make a new one in {screen} and use that."))
}

pub(super) fn secret_raw(facts: &Facts<'_>) -> Option<String> {
    let flaw = flaw(facts).filter(|flaw| !flaw.is_incomplete())?;
    let screen = screen(facts);
    Some(format!("The secret {flaw}: give the text that {screen} shows, and nothing else."))
}

fn flaw(facts: &Facts<'_>) -> Option<TextFlaw> {
    secret_flaw(&String::from_utf8_lossy(facts.secret?))
}

/// A JWT that contains its secret gives the secret to everyone who sees it.
pub(super) fn secret_kept_private(facts: &Facts<'_>) -> Option<String> {
    let secret = str::from_utf8(facts.secret?).ok().map(unwrapped).filter(|secret| secret_flaw(secret).is_none())?;
    let signature = facts.token.signed().map(|(_, signature)| signature).unwrap_or_default();
    let place = if facts.token.ends_with(secret) || signature == secret.as_bytes() {
        "third part"
    } else if facts.header.values().any(|value| contains(value, secret)) {
        "header"
    } else if facts.claims.values().any(|value| contains(value, secret)) {
        "payload"
    } else {
        return None;
    };
    Some(format!(
        "The secret itself is in the {place} of the token, so it has leaked: make a new one in {}, and use it only as the key of the HMAC.",
        screen(facts)
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
