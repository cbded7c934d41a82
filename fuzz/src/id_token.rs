//! ID tokens, and the keys of an identity provider: a token in the first line, a key set in the rest.

use zendesk_jwt::idp::{IdToken, KeySet, parse};
use zendesk_jwt::jwt::{EpochSeconds, Kind};
use zendesk_jwt::user::{Audiences, UserTokenRecord};

use super::inspect::NOW;
use super::item::its_jwts_are_accepted;

/// A token of the provider, and the provider's keys in the second line.
const WITH_KEYS: &str = include_str!("../seeds/id_token/valid-rs256-with-its-key-set.txt");

/// Everything that these keys have signed and that is valid.
const SIGNED: [&str; 5] = [
    include_str!("../seeds/id_token/valid-eddsa.txt"),
    include_str!("../seeds/id_token/valid-es256.txt"),
    WITH_KEYS,
    include_str!("../seeds/id_token/valid-with-mapped-claims-of-other-types.txt"),
    include_str!("../seeds/id_token/valid-with-two-audiences.txt"),
];

/// More that they have signed, whose times are valid too.
const SIGNED_WITH_OTHER_TIMES: &str = include_str!("../seeds/id_token/times-with-fractions.txt");

const PROVIDER: &str = r#"[{"issuer": "https://id.example.com", "audience": "acme", "claims": {
    "tags": "groups", "organization": "/address/country", "role": {"value": "end_user"}}}]"#;

/// Only what the provider signed is valid. A valid token gives JWTs that break no rule.
pub fn id_token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (text, published) = text.split_once('\n').unwrap_or((text, ""));
    let [provider] = parse(PROVIDER).unwrap().try_into().unwrap();
    let others = KeySet::parse(published.as_bytes());
    if let Ok(others) = &others {
        assert!(others.ids().count() > 0);
    }
    let Some(token) = IdToken::parse(text) else { return };
    if let Ok(others) = &others {
        provider.verify(&token, others, EpochSeconds(NOW)).ok();
    }
    let (_, keys) = WITH_KEYS.split_once('\n').unwrap();
    if let Ok(valid_until) = provider.verify(&token, &KeySet::parse(keys.as_bytes()).unwrap(), EpochSeconds(NOW)) {
        let signed = |token: &str| token.rsplit_once('.').map(|(signed, _)| signed.to_owned());
        assert!(SIGNED.iter().chain([&SIGNED_WITH_OTHER_TIMES]).any(|valid| signed(valid) == signed(text)));
        assert!(valid_until > EpochSeconds(NOW));
    }
    let Ok(attributes) = provider.user(&token) else { return };
    let claims = token.claims();
    assert_eq!(attributes.external_id.is_some(), claims["sub"].as_str().is_some_and(|sub| !sub.is_empty()));
    let is_true = claims["email_verified"] == true || claims["email_verified"] == "true";
    assert_eq!(attributes.email_verified.unwrap_or_default(), is_true);
    assert!(attributes.email.is_none() || claims["email"].is_string());
    let audiences = Audiences::parse(Kind::ALL.map(Kind::name)).unwrap();
    let record = UserTokenRecord { user: attributes.into(), audiences, expires_at: None, suspended: false };
    its_jwts_are_accepted(&record);
}
