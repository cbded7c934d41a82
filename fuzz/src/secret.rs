//! The value of a secret in Secrets Manager.

use std::marker::PhantomData;

use serde::Serialize;
use serde_json::Value;
use zendesk_jwt::jwt::messaging::Messaging;
use zendesk_jwt::jwt::sdk::Sdk;
use zendesk_jwt::jwt::signing::SigningKey;
use zendesk_jwt::jwt::sso::Sso;
use zendesk_jwt::jwt::{Claims, JwtKind, Kind};
use zendesk_jwt_rules::inspect::{Expectation, Signature, inspect};
use zendesk_jwt_rules::signing_key::SharedKey;

/// Any text is refused, or is a key whose signatures an independent reader of the text can check.
pub fn secret(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    of_kind::<Sdk>(text);
    of_kind::<Messaging>(text);
    of_kind::<Sso>(text);
}

fn of_kind<K: JwtKind>(text: &str) {
    let stored = serde_json::from_str::<Value>(text).unwrap_or_default();
    let key = match SigningKey::<K>::parse(text) {
        Ok(key) => key,
        Err(problem) => {
            let advice = problem.to_string();
            assert!(advice.contains(K::KIND.admin_center_screen()), "{advice}");
            return;
        }
    };
    let secret = stored["secret"].as_str().expect("a key without a secret");
    let is_quote = |character: char| "\"'`“”‘’".contains(character);
    let shared = SharedKey::parse(K::KIND, text).expect("a key of one check only");
    assert!(secret.chars().count() >= 10 && shared.characters() == secret.chars().count());
    assert!(secret.bytes().all(|byte| byte.is_ascii_graphic()), "a secret with a stray character");
    assert!(!secret.starts_with(is_quote) && !secret.ends_with(is_quote));
    assert!(!["...", "*"].iter().any(|ellipsis| secret.ends_with(ellipsis)), "a redacted secret");
    assert!(!secret.starts_with(['{', '[']) && !secret.starts_with("zjwt_"), "a text that is not a secret");
    match K::KIND {
        Kind::Messaging => {
            assert_eq!(key.kid(), stored["kid"].as_str());
            assert!(key.kid().is_some_and(|kid| !kid.is_empty() && kid.trim() == kid), "not a kid");
        }
        Kind::Sdk | Kind::Sso => {
            assert!(stored["kid"].as_str().is_none_or(|kid| kid.trim().is_empty()), "the key of another kind");
            assert_eq!(key.kid(), None);
        }
    }

    let again = SharedKey::parse(K::KIND, &shared.secret_value()).expect("what is written can be read");
    assert_eq!((again.fingerprint(), again.kid()), (shared.fingerprint(), shared.kid()));

    let jwt = key.sign(&NoClaims::<K> { kind: PhantomData }).unwrap();
    let expectation = Expectation { kind: Some(K::KIND), secret: Some(secret.as_bytes()), now: 0 };
    assert_eq!(inspect(jwt.as_str(), &expectation).signature, Signature::Verified);
}

/// Claims that any key can sign.
#[derive(Serialize)]
struct NoClaims<K> {
    #[serde(skip)]
    kind: PhantomData<K>,
}

impl<K: JwtKind> Claims for NoClaims<K> {
    type Kind = K;
}
