//! The rules about the header: `alg`, `typ`, `kid`.

use serde_json::Value;

use super::Facts;
use super::words::{described, quoted, screen};
use crate::signing_key::kid_flaw;

pub(super) fn algorithm(facts: &Facts<'_>) -> Option<String> {
    let problem = match facts.header.get("alg") {
        Some(Value::String(alg)) if alg == "HS256" => return None,
        Some(Value::String(alg)) => format!("{}, {}", quoted(alg), why_not(alg)),
        other => described(other).to_owned(),
    };
    let screen = screen(facts);
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
    let problem = match facts.header.get("typ") {
        Some(Value::String(typ)) if typ == "JWT" => return None,
        Some(Value::String(typ)) => quoted(typ),
        None if facts.header.contains_key("type") => "spelt `type`".into(),
        other => described(other).into(),
    };
    Some(format!("`typ` in the header is {problem}: set it to `JWT`."))
}

pub(super) fn key_id(facts: &Facts<'_>) -> Option<String> {
    let problem = match facts.header.get("kid") {
        Some(Value::String(kid)) => kid_flaw(kid)?.to_string(),
        None if facts.claims.contains_key("kid") => "is among the claims instead".into(),
        other => format!("is {}", described(other)),
    };
    let screen = screen(facts);
    Some(format!("`kid` in the header {problem}: put the Key ID from {screen} there, such as `app_5963…`."))
}
