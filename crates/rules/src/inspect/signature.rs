//! The rules about the secret and the signature. A wrong signature is tried against what commonly
//! happens to a secret on its way from the Admin Center, so that the cause can be named.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::token::{Token, decoded, unquoted};
use super::words::{screen, title};
use super::{Facts, Signature};

/// The length of the longest redacted display, the Support SDK's, in characters.
const REDACTED: usize = 9;
/// How a display ends that does not show all.
const ELLIPSES: [&str; 4] = ["…", "...", "•", "*"];

/// Only ever HS256, and only when the header says so: a token does not choose its algorithm.
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
    Some(match cause(facts) {
        Some(cause) => format!("The token was signed with {cause}."),
        None => format!(
            "The token was signed with another secret, or changed since: use the {} secret from {}; each kind has its own.",
            title(facts.kind),
            screen(facts.kind)
        ),
    })
}

fn cause(facts: &Facts<'_>) -> Option<&'static str> {
    let secret = facts.secret?;
    let (signed, signature) = facts.token.signed()?;
    let was_hex = hex::decode(&signature).is_ok_and(|raw| fits(secret, signed, &raw));
    if was_hex {
        return Some("the right secret, but the HMAC is hexadecimal: encode its 32 bytes themselves");
    }
    let mut mishaps = mishaps(secret).into_iter();
    let fitting = |used: &Vec<u8>| fits(used, signed, &signature);
    mishaps.find_map(|(cause, used)| used.iter().any(fitting).then_some(cause))
}

/// What a signer may have used instead of the secret.
fn mishaps(secret: &[u8]) -> [(&'static str, Vec<Vec<u8>>); 6] {
    let text = String::from_utf8_lossy(secret);
    let around = |before: &[u8], after: &[u8]| [before, secret, after].concat();
    let start = |length| secret.get(..length).map(<[u8]>::to_vec);
    let decoded = [decoded(&text), hex::decode(secret).ok()];
    [
        ("an empty secret: give the signer its configuration", vec![Vec::new()]),
        (
            "the secret without the white space or quotes around the one given here: give it without them",
            vec![unquoted(&text).into()],
        ),
        (
            "the secret and a line break or quotes around it: strip them where the signer reads it",
            vec![around(b"", b"\n"), around(b"", b"\r\n"), around(b"\"", b"\""), around(b"'", b"'")],
        ),
        ("the base64-decoded or hex-decoded secret: use its text as it is", decoded.into_iter().flatten().collect()),
        ("the base64-encoded secret: use its text as it is", vec![STANDARD.encode(secret).into()]),
        (
            "the first characters of the secret, its redacted display: use the whole secret",
            [start(6), start(REDACTED)].into_iter().flatten().collect(),
        ),
    ]
}

pub(super) fn secret_whole(facts: &Facts<'_>) -> Option<String> {
    let secret = String::from_utf8_lossy(facts.secret?);
    let secret = unquoted(&secret);
    let problem = if secret.is_empty() {
        "is empty"
    } else if ELLIPSES.iter().any(|ellipsis| secret.ends_with(ellipsis)) {
        "ends in dots or stars, as its redacted display does"
    } else if secret.chars().count() <= REDACTED {
        "has 9 characters or fewer, as its redacted display has (9 for the Support SDK, 6 for messaging)"
    } else {
        return None;
    };
    let screen = screen(facts.kind);
    Some(format!("The secret {problem}: Zendesk shows it whole only once, so make a new one in {screen} and use that."))
}

pub(super) fn secret_raw(facts: &Facts<'_>) -> Option<String> {
    let secret = String::from_utf8_lossy(facts.secret?);
    let screen = screen(facts.kind);
    (unquoted(&secret) != secret)
        .then(|| format!("The secret has quotes or white space around it: give its text as {screen} shows it."))
}
