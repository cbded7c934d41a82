//! The rules about the claims except times: names, types and values.

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use serde_json::{Map, Value};

use self::Need::{Optional, Required};
use super::facts::{Facts, described, joined, listed, quoted};
use crate::text::{decoded, is_uuid};
use crate::{Kind, user_values};

/// Whether a claim must be there and have content.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    Optional,
}

/// The name of a claim, its need, a test for its value, and what to send.
type Shape = (&'static str, Need, fn(&Value) -> bool, &'static str);

const PROFILE: &[Shape] = &[
    ("name", Required, Value::is_string, "the full name, a string"),
    ("email", Required, Value::is_string, "the address, a string"),
    // Zendesk's own SSO sample has a number here.
    ("jti", Required, |jti| jti.is_string() || jti.is_number(), "a new random string"),
    ("iat", Required, |_| true, "the time of signing, in whole seconds"),
    ("external_id", Optional, Value::is_string, "a string"),
    ("locale", Optional, is_integer, "an integer"),
    ("locale_id", Optional, is_integer, "an integer"),
    ("organization", Optional, Value::is_string, "a string, its name"),
    ("organizations", Optional, Value::is_string, "one string, names separated by commas"),
    ("organization_id", Optional, |id| id.is_string() || is_integer(id), "its external id"),
    ("organization_ids", Optional, Value::is_string, "one string, external ids separated by commas"),
    ("phone", Optional, Value::is_string, "a string"),
    ("tags", Optional, is_strings, "an array of strings"),
    ("remote_photo_url", Optional, Value::is_string, "a string"),
    ("role", Optional, Value::is_string, "a string"),
    ("custom_role_id", Optional, is_integer, "an integer"),
    ("user_fields", Optional, Value::is_object, "an object by field key, never JSON in a string"),
    ("exp", Optional, |_| true, ""),
];
const MESSAGING: &[Shape] = &[
    ("scope", Required, Value::is_string, "the string `user`, which JWTs of the classic Chat widget lack"),
    ("external_id", Required, Value::is_string, "your id of the user, a string"),
    ("exp", Optional, |_| true, ""),
    ("name", Optional, Value::is_string, "a string"),
    ("email", Optional, Value::is_string, "a string"),
    ("email_verified", Optional, Value::is_boolean, "a boolean"),
    // Libraries add it, as in Zendesk's own Node sample.
    ("iat", Optional, |_| true, ""),
];

const fn shapes_of(kind: Kind) -> &'static [Shape] {
    match kind {
        Kind::Sdk | Kind::Sso => PROFILE,
        Kind::Messaging => MESSAGING,
    }
}

fn is_integer(value: &Value) -> bool {
    value.is_i64() || value.is_u64()
}

fn is_strings(value: &Value) -> bool {
    let tags = value.as_array();
    tags.is_some_and(|tags| tags.iter().all(Value::is_string))
}

/// Only one kind has these claims. The claims of Support SDK and SSO differ only in the `role` of Zendesk's samples.
pub(super) fn looks_like(header: &Map<String, Value>, claims: &Map<String, Value>) -> Option<Kind> {
    let has = |claim| claims.contains_key(claim);
    let has_key_or_id = header.contains_key("kid") || (has("external_id") && !has("iat"));
    if has("scope") || has("email_verified") || (has_key_or_id && !has("jti")) {
        Some(Kind::Messaging)
    } else if claims.get("role").is_some_and(|role| role == "user") {
        Some(Kind::Sdk)
    } else if has("jti") || has("iat") || (has("name") && has("email")) {
        Some(Kind::Sso)
    } else {
        None
    }
}

pub(super) fn right_kind(facts: &Facts<'_>) -> Option<String> {
    let is_messaging = facts.inspection.looks_like? == Kind::Messaging;
    if is_messaging == (facts.inspection.kind == Kind::Messaging) {
        return None;
    }
    let looks_like = if is_messaging {
        "a messaging token, by `scope`, `email_verified`, `external_id` or `kid`"
    } else {
        "a Support SDK or SSO token, by `jti`, `iat` or the profile"
    };
    Some(format!("This looks like {looks_like}: call the endpoint that makes {} tokens.", facts.inspection.title()))
}

/// The claims of one need that have another shape. Without content, a claim counts as missing.
pub(super) fn misshapen(facts: &Facts<'_>, need: Need) -> Option<String> {
    let shapes = shapes_of(facts.inspection.kind).iter().filter(|(_, its_need, ..)| *its_need == need);
    joined(shapes.filter_map(|(claim, _, fits, wanted)| {
        let is_good = facts.content(claim).map_or(need == Optional, fits);
        (!is_good).then(|| format!("`{claim}` is {}: send {wanted}", described(facts.claim(claim))))
    }))
}

/// The claims that Zendesk does not read, each with the claim that the signer may mean.
fn unread<'a>(facts: &Facts<'a>) -> impl Iterator<Item = (&'a str, Option<&'static str>)> {
    let shapes = shapes_of(facts.inspection.kind);
    let names = facts.inspection.claims.iter().flat_map(Map::keys).map(String::as_str);
    names.filter(|name| !shapes.iter().any(|(known, ..)| known == name)).map(|name| {
        let meant = shapes.iter().map(|(known, ..)| *known).find(|known| letters(known).eq(letters(name)));
        (name, meant)
    })
}

/// The letters of a name in lower case, without the characters between its words.
fn letters(name: &str) -> impl Iterator<Item = char> {
    let letters = name.chars().filter(|letter| !matches!(letter, '_' | '-' | ' '));
    letters.map(|letter| letter.to_ascii_lowercase())
}

pub(super) fn misspelt(facts: &Facts<'_>) -> Option<String> {
    let misspelt = unread(facts).filter_map(|(name, meant)| Some((name, meant?)));
    joined(misspelt.take(5).map(|(name, meant)| format!("{} is not read: spell it `{meant}`", quoted(name))))
}

pub(super) fn unknown(facts: &Facts<'_>) -> Option<String> {
    let unknown = unread(facts).filter(|(_, meant)| meant.is_none());
    let unknown = listed(unknown.map(|(name, _)| name))?;
    let remedy = match facts.inspection.kind {
        Kind::Messaging => "leave them out",
        Kind::Sdk | Kind::Sso => "put custom fields into `user_fields`, and leave out the rest",
    };
    let title = facts.inspection.title();
    Some(format!("Zendesk does not read these claims in {title} tokens: {unknown}; {remedy}."))
}

pub(super) fn email_verified(facts: &Facts<'_>) -> Option<String> {
    let found = match facts.claim("email_verified") {
        Some(Value::Bool(true)) => return None,
        Some(Value::Bool(false)) => "false",
        other => described(other),
    };
    facts.is_set("email").then(|| {
        format!("`email_verified` is {found}, so Zendesk ignores `email`: send the boolean `true`, but only if the user has proven that they own the address.")
    })
}

pub(super) fn jti_unguessable(facts: &Facts<'_>) -> Option<String> {
    let jti = facts.content("jti")?;
    let jti = jti.as_str().map_or_else(|| jti.to_string(), str::to_owned);
    let iat = facts.claim("iat").map(Value::to_string).unwrap_or_default();
    let problem = if facts.text("email").is_some_and(|email| is_derived_from(&jti, email, &iat)) {
        "is made from the e-mail address".to_owned()
    } else if let Some(version) = predictable_uuid(&jti) {
        format!("is a UUID of version {version}, which is not fully random")
    } else if bits(&jti) < 128 {
        "has room for fewer than 128 random bits".to_owned()
    } else if iat.len() >= 10 && jti.contains(&iat) {
        "contains the time `iat`, which others know".to_owned()
    } else {
        return None;
    };
    Some(format!("`jti` {problem}: send a new random value each time, such as a random UUID."))
}

/// Whether `jti` contains the address, as text, hex or base64, or is a hash of the address with or without the time.
fn is_derived_from(jti: &str, original: &str, iat: &str) -> bool {
    const ALGORITHMS: [&Algorithm; 4] = [&SHA1_FOR_LEGACY_USE_ONLY, &SHA256, &SHA384, &SHA512];
    let email = original.trim().to_lowercase();
    let has_email = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase().contains(&email);
    if has_email(jti.as_bytes()) || decoded(jti).or_else(|| hex::decode(jti).ok()).is_some_and(|it| has_email(&it)) {
        return true;
    }
    let separated = ["", ":", "-", "_", ".", "|", " "]
        .map(|separator| [format!("{email}{separator}{iat}"), format!("{iat}{separator}{email}")]);
    let inputs: Vec<String> = separated.into_iter().flatten().chain([email, original.to_owned()]).collect();
    let is_hash_of = |algorithm, input: &String| {
        let hash = digest(algorithm, input.as_bytes());
        let hex = hex::encode(hash);
        // A hash may be cut to 128 bits, with or without the hyphens of a UUID.
        let jti_digits = jti.replace('-', "").to_lowercase();
        (jti_digits.len() >= 32 && hex.starts_with(&jti_digits))
            || decoded(jti).is_some_and(|bytes| bytes == hash.as_ref())
    };
    ALGORITHMS.iter().any(|algorithm| inputs.iter().any(|input| is_hash_of(algorithm, input)))
}

/// The version of a UUID that has time, machine or a name in it (RFC 9562). Version 4 is random.
fn predictable_uuid(text: &str) -> Option<char> {
    text.chars().nth(14).filter(|version| is_uuid(text) && matches!(version, '1' | '2' | '3' | '5' | '6' | '7'))
}

/// The number of bits that fit into a text of digits, of hexadecimal digits, or of any letters.
fn bits(text: &str) -> usize {
    let letters: Vec<u8> = text.bytes().filter(u8::is_ascii_alphanumeric).collect();
    if letters.iter().all(u8::is_ascii_digit) {
        letters.len() * 10 / 3
    } else if letters.iter().all(u8::is_ascii_hexdigit) {
        letters.len() * 4
    } else {
        letters.len() * 6
    }
}

pub(super) fn messaging_email(facts: &Facts<'_>) -> Option<String> {
    let email = facts.claim("email")?.as_str()?;
    let problem = match email.trim() {
        "" => "is empty: leave it out, or send one address",
        _ => user_values::email(email).problem()?,
    };
    Some(format!("`email` {problem}."))
}

pub(super) fn user_field_dates(facts: &Facts<'_>) -> Option<String> {
    let fields = facts.claim("user_fields")?.as_object()?;
    let bad = fields.iter().filter(|(_, value)| value.as_str().is_some_and(user_values::is_unreadable_date));
    let names = listed(bad.map(|(name, _)| name.as_str()))?;
    Some(format!(
        "These fields hold dates in another form, which fails silently: {names}; send dates such as `2026-11-30`."
    ))
}
