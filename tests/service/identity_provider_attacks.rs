//! Forged and misused ID tokens: each is refused, and the answer is the one for an unknown token.

use crate::support::identity_provider::{IdentityProvider, ProviderKey};
use crate::support::jwt::signed;
use crate::support::{Answer, Kind, Service, Setup, logs, now};
use aws_lc_rs::hmac;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Each attack, with its token and the logged outcome.
fn attacks(provider: &IdentityProvider) -> Vec<(&'static str, String, &'static str)> {
    let (key, draft) = (&provider.key, || provider.draft());
    let attacker = ProviderKey::new("ES256", "key-1");
    let hs256 = |secret: Vec<u8>| {
        draft().header("alg", "HS256").with_signature(move |message| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message).as_ref().to_vec()
        })
    };
    let (header, claims) = (json!(draft().header).to_string(), json!(draft().claims).to_string());
    let sign = |header: &str, claims: &str| {
        // Signed by the right key, since a provider could sign such a token.
        signed(header, claims, |message| key.sign(message))
    };
    let twice = |json: &str, member: &str| format!("{{{member},{}", &json[1..]);
    let changed = {
        let (token, other) = (provider.token(), draft().claim("sub", "someone-else").signed_by(key));
        format!("{}.{}", other.rsplit_once('.').unwrap().0, token.rsplit_once('.').unwrap().1)
    };
    let malformed = "id_token_malformed";
    vec![
        ("no algorithm", draft().header("alg", "none").with_signature(|_| Vec::new()), malformed),
        ("no algorithm, in other letters", draft().header("alg", "nOnE").with_signature(|_| Vec::new()), malformed),
        ("no algorithm, with a signature", draft().header("alg", "none").signed_by(key), malformed),
        ("HS256 with the public key", hs256(key.public_der()), malformed),
        ("HS256 with the published key as text", hs256(key.jwk().to_string().into()), malformed),
        ("HS256 with an empty secret", hs256(Vec::new()), malformed),
        ("another algorithm than the key's", draft().header("alg", "RS256").signed_by(key), malformed),
        ("foreign issuer", draft().claim("iss", "https://evil.example.com").signed_by(key), "user_token_unknown"),
        (
            "issuer with a slash more",
            draft().claim("iss", format!("{}/", provider.issuer())).signed_by(key),
            "user_token_unknown",
        ),
        ("foreign audience", draft().claim("aud", "other-client").signed_by(key), "id_token_wrong_audience"),
        ("no audience", draft().without("aud").signed_by(key), "id_token_wrong_audience"),
        (
            "two audiences, asked for by the other one",
            draft().claim("aud", json!(["acme-web-client", "other"])).claim("azp", "other").signed_by(key),
            "id_token_wrong_audience",
        ),
        (
            "audience in another type",
            draft().claim("aud", json!({ "acme-web-client": true })).signed_by(key),
            "id_token_wrong_audience",
        ),
        ("expired", draft().claim("exp", now() - 61).signed_by(key), "id_token_expired"),
        ("no expiry", draft().without("exp").signed_by(key), malformed),
        ("expiry as a text", draft().claim("exp", "9999999999").signed_by(key), malformed),
        ("expiry below zero", draft().claim("exp", -1).signed_by(key), malformed),
        ("not yet valid", draft().claim("nbf", now() + 120).signed_by(key), "id_token_not_yet_valid"),
        ("access token of Cognito", draft().claim("token_use", "access").signed_by(key), malformed),
        ("access token (RFC 9068)", draft().header("typ", "at+jwt").signed_by(key), malformed),
        ("logout token", draft().header("typ", "logout+jwt").signed_by(key), malformed),
        ("key of an attacker under a known id", draft().signed_by(&attacker), "id_token_signature_wrong"),
        ("unknown key id", draft().header("kid", "../../dev/null").signed_by(&attacker), "id_token_key_unknown"),
        ("key id in another type", draft().header("kid", json!(["key-1"])).signed_by(key), malformed),
        ("key of an attacker without an id", draft().without("kid").signed_by(&attacker), "id_token_key_unknown"),
        ("address of keys", draft().header("jku", "https://evil.example.com/keys").signed_by(&attacker), malformed),
        (
            "address of certificates",
            draft().header("x5u", "https://evil.example.com/cert").signed_by(&attacker),
            malformed,
        ),
        ("certificates in the token", draft().header("x5c", json!(["MIIB"])).signed_by(&attacker), malformed),
        ("key in the token", draft().header("jwk", attacker.jwk()).signed_by(&attacker), malformed),
        (
            "extension that must be understood",
            draft().header("crit", json!(["b64"])).header("b64", false).signed_by(key),
            malformed,
        ),
        ("nested token", draft().header("cty", "JWT").signed_by(key), malformed),
        ("encrypted token", draft().header("enc", "A128GCM").signed_by(key), malformed),
        ("compressed token", draft().header("zip", "DEF").signed_by(key), malformed),
        ("member of the claims twice", sign(&header, &twice(&claims, r#""sub":"someone-else""#)), malformed),
        ("nested member twice", sign(&header, &twice(&claims, r#""x":[{"y":1,"y":2}]"#)), malformed),
        ("member of the header twice", sign(&twice(&header, r#""alg":"none""#), &claims), malformed),
        ("header that is no object", sign("[]", &claims), malformed),
        ("claims of another token", changed, "id_token_signature_wrong"),
        ("no signature", draft().with_signature(|_| Vec::new()), "id_token_signature_wrong"),
        ("signature of zeros", draft().with_signature(|_| vec![0; 64]), "id_token_signature_wrong"),
        ("no user id", draft().without("sub").signed_by(key), "claim_missing"),
    ]
}

fn functions(provider: &IdentityProvider) -> Vec<Service> {
    let start = |kind| {
        let mut configuration = provider.configuration();
        configuration["audiences"] = json!(["sdk", "messaging", "sso"]);
        let setup = Setup::of(kind).env("LOGIN_URL", "https://www.example.com/login");
        provider.trusted_as(setup, &configuration).start()
    };
    Kind::ALL.map(start).into()
}

/// The answer without the cookie of the loop guard, which holds times.
fn answer_and_line(service: &Service, token: &str) -> (Answer, Value) {
    let reply = service.reply(&service.kind.request(token));
    let mut answer = reply.answer;
    answer.headers.retain(|(name, _)| name != "set-cookie");
    (answer, logs::request_line(&reply.logs))
}

#[test]
fn every_attack_is_refused_with_the_answer_for_an_unknown_token() {
    let provider = IdentityProvider::http();
    for service in functions(&provider) {
        let (unknown, line) = answer_and_line(&service, "an-unknown-token");
        assert_eq!(line["outcome"], "user_token_unknown");
        for (attack, token, outcome) in attacks(&provider) {
            let (answer, line) = answer_and_line(&service, &token);
            assert_eq!(line["outcome"], outcome, "{attack}: {line}");
            assert_eq!(answer, unknown, "{attack}");
            assert_eq!(line["refusals"], 1, "{attack}");
        }
        let (answer, _) = answer_and_line(&service, &provider.token());
        assert_ne!(answer, unknown, "the provider's own token is accepted");
    }
}

#[test]
fn there_are_more_than_twenty_attacks_and_each_is_another_token() {
    let attacks = attacks(&IdentityProvider::http());
    let tokens: BTreeSet<_> = attacks.iter().map(|(_, token, _)| token).collect();
    assert!(tokens.len() == attacks.len() && attacks.len() > 20);
}

#[test]
fn a_symmetric_key_in_the_key_set_verifies_nothing() {
    let provider = IdentityProvider::http();
    provider.publish_jwks(vec![
        provider.key.jwk(),
        json!({ "kty": "oct", "kid": "shared", "alg": "HS256", "k": "c2VjcmV0LXRoYXQtaXMtbG9uZy1lbm91Z2g" }),
    ]);
    let secret = b"secret-that-is-long-enough";
    let token =
        provider.draft().header("alg", "HS256").header("kid", "shared").with_signature(|message| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec()
        });
    for service in functions(&provider) {
        let (_, line) = answer_and_line(&service, &token);
        assert_eq!((&line["outcome"], &line["refusals"]), (&json!("id_token_malformed"), &json!(1)));
    }
}

#[test]
fn the_key_of_one_provider_verifies_no_token_of_another() {
    let (one, other) = (IdentityProvider::http(), IdentityProvider::http());
    let configurations = json!([one.configuration(), other.configuration()]).to_string();
    let service = Setup::of(Kind::MessagingToken).env("IDENTITY_PROVIDERS", &configurations).start();
    for provider in [&one, &other] {
        assert_eq!(answer_and_line(&service, &provider.token()).1["outcome"], "signed");
    }
    let forged = one.draft().claim("iss", other.issuer()).signed_by(&one.key);
    assert_eq!(answer_and_line(&service, &forged).1["outcome"], "id_token_signature_wrong");
}

#[test]
fn every_byte_of_a_token_counts() {
    let provider = IdentityProvider::http();
    let service = provider.trusted_by(Setup::of(Kind::MessagingToken)).start();
    let token = provider.token();
    for position in (0..token.len()).step_by(7) {
        let mut bytes = token.clone().into_bytes();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        let (answer, line) = answer_and_line(&service, &String::from_utf8(bytes).unwrap());
        assert_eq!(answer.status, 401, "byte {position}: {line}");
    }
}
