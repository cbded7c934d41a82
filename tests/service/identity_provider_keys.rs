//! The keys of an identity provider: how they are cached, and what happens while the provider is down or lies. At
//! the end, the same with npm's oidc-provider, by the authorization code flow.

use crate::support::identity_provider::{DISCOVERY, IdentityProvider, KEYS, ProviderKey};
use crate::support::service::Reply;
use crate::support::{Jwt, Kind, Service, Setup, eventually, logs};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(15);

fn started(provider: &IdentityProvider) -> Service {
    provider.trusted_by(Setup::of(Kind::MessagingToken)).start()
}

/// A function that reads the provider's keys again after a second.
fn refreshing(provider: &IdentityProvider) -> Service {
    provider.trusted_by(Setup::of(Kind::MessagingToken).env("SIGNING_KEY_MAX_AGE", "1")).start()
}

fn ask(service: &Service, token: &str) -> Reply {
    service.reply(&service.kind.request(token))
}

fn status(service: &Service, token: &str) -> u16 {
    ask(service, token).answer.status
}

fn line(reply: &Reply) -> Value {
    logs::request_line(&reply.logs)
}

fn token_of(provider: &IdentityProvider, key: &ProviderKey) -> String {
    provider.draft().header("kid", key.id.as_str()).signed_by(key)
}

#[test]
fn the_keys_are_read_once_at_cold_start_and_not_by_requests() {
    let provider = IdentityProvider::http();
    let service = started(&provider);
    for _ in 0..5 {
        assert_eq!(status(&service, &provider.token()), 200);
    }
    assert_eq!((provider.requests(DISCOVERY), provider.requests(KEYS)), (1, 1));
}

#[test]
fn an_opaque_token_reads_no_keys() {
    let provider = IdentityProvider::http();
    provider.answer_instead(DISCOVERY, 503, "text/plain", "");
    let service = started(&provider);
    let before = provider.requests(DISCOVERY);
    assert_eq!(status(&service, "an-unknown-token"), 401);
    assert_eq!(provider.requests(DISCOVERY), before);
}

#[test]
fn a_new_key_is_read_at_once_but_at_most_every_half_minute() {
    let provider = IdentityProvider::http();
    let service = started(&provider);
    let second = ProviderKey::new("ES256", "key-2");
    provider.publish(&[&provider.key, &second]);
    assert_eq!(status(&service, &token_of(&provider, &second)), 200);
    assert_eq!(provider.requests(KEYS), 2);

    let third = ProviderKey::new("ES256", "key-3");
    provider.publish(&[&provider.key, &second, &third]);
    for _ in 0..5 {
        let reply = ask(&service, &token_of(&provider, &third));
        assert_eq!((reply.answer.status, &line(&reply)["outcome"]), (401, &json!("id_token_key_unknown")));
    }
    assert_eq!(provider.requests(KEYS), 2, "unknown keys cannot make a function call the provider again and again");
}

#[test]
fn a_removed_key_verifies_nothing_after_the_next_read() {
    let provider = IdentityProvider::http();
    let service = refreshing(&provider);
    assert_eq!(status(&service, &provider.token()), 200);
    provider.publish(&[&ProviderKey::new("ES256", "key-2")]);
    eventually("the removed key is refused", SOON, || (status(&service, &provider.token()) == 401).then_some(()));
}

#[test]
fn a_rotation_of_keys_loses_no_request() {
    let provider = IdentityProvider::http();
    let service = refreshing(&provider);
    let keys: Vec<_> = (2..5).map(|number| ProviderKey::new("ES256", &format!("key-{number}"))).collect();
    let mut old = token_of(&provider, &provider.key);
    for key in &keys {
        // As providers do: the new key is published before it signs, and the old one stays for a while.
        provider.publish(&[&provider.key, &keys[0], &keys[1], &keys[2]]);
        let new = token_of(&provider, key);
        for _ in 0..20 {
            assert_eq!((status(&service, &old), status(&service, &new)), (200, 200));
            std::thread::sleep(Duration::from_millis(20));
        }
        old = new;
    }
}

#[test]
fn the_last_good_keys_stay_in_use_during_an_outage() {
    let provider = IdentityProvider::http();
    let service = refreshing(&provider);
    for (kind, body) in
        [("text/plain", ""), ("text/html", "<h1>Maintenance</h1>"), ("application/json", r#"{"keys": []}"#)]
    {
        provider.answer_instead(KEYS, if body.is_empty() { 503 } else { 200 }, kind, body);
        let failed = || service.function.logs().matches("no keys of the identity provider were read").count();
        let before = failed();
        eventually("the function fails to read the keys", SOON, || {
            assert_eq!(status(&service, &provider.token()), 200);
            (failed() > before).then_some(())
        });
        provider.repair();
        std::thread::sleep(Duration::from_millis(1100));
    }
}

#[test]
fn an_unknown_key_during_an_outage_is_a_503_and_never_a_refusal() {
    let provider = IdentityProvider::http();
    let service = started(&provider);
    provider.answer_instead(KEYS, 503, "text/plain", "");
    let new = ProviderKey::new("ES256", "key-2");
    for _ in 0..2 {
        let reply = ask(&service, &token_of(&provider, &new));
        assert_eq!((reply.answer.status, &line(&reply)["outcome"]), (503, &json!("identity_provider_unavailable")));
        assert!(reply.answer.header("retry-after").is_some());
    }
    assert_eq!(status(&service, &provider.token()), 200, "a known key needs no provider");
}

#[test]
fn without_keys_every_id_token_is_a_503_until_the_provider_answers() {
    let provider = IdentityProvider::http();
    provider.answer_instead(DISCOVERY, 503, "text/plain", "");
    let service = started(&provider);
    let expired = provider.draft().claim("exp", 1).signed_by(&provider.key);
    for token in [provider.token(), expired] {
        let reply = ask(&service, &token);
        assert_eq!((reply.answer.status, &line(&reply)["outcome"]), (503, &json!("identity_provider_unavailable")));
    }
    provider.repair();
    eventually("the function signs", SOON, || (status(&service, &provider.token()) == 200).then_some(()));
}

#[test]
fn another_provider_is_not_affected_by_an_outage() {
    let (up, down) = (IdentityProvider::http(), IdentityProvider::http());
    down.answer_instead(DISCOVERY, 503, "text/plain", "");
    let configurations = json!([down.configuration(), up.configuration()]).to_string();
    let service = Setup::of(Kind::MessagingToken).env("IDENTITY_PROVIDERS", &configurations).start();
    assert_eq!((status(&service, &up.token()), status(&service, &down.token())), (200, 503));
}

/// What a function logs about a provider that answers this instead of a document.
fn logged_about(lie: impl FnOnce(&IdentityProvider)) -> String {
    let provider = IdentityProvider::http();
    lie(&provider);
    let service = started(&provider);
    let reply = ask(&service, &provider.token());
    assert_eq!((reply.answer.status, &line(&reply)["outcome"]), (503, &json!("identity_provider_unavailable")));
    line(&reply)["detail"].as_str().unwrap().to_owned()
}

#[test]
fn a_provider_that_lies_is_named_with_the_reason() {
    let page = "<!DOCTYPE html><h1>Sign in to this network</h1>";
    let other = r#"{"issuer": "https://other.example.com", "jwks_uri": "https://other.example.com/keys"}"#;
    for (path, content_type, body, reason) in [
        (DISCOVERY, "text/html", page, "not JSON"),
        (DISCOVERY, "application/json", "{}", "not JSON with `issuer` and `jwks_uri`"),
        (DISCOVERY, "application/json", other, "`issuer` is not the configured issuer"),
        (KEYS, "text/html", page, "not JSON with a list `keys`"),
        (KEYS, "application/json", r#"{"keys": [{"kty": "oct", "k": "AA"}]}"#, "none of its 1 keys"),
    ] {
        let detail = logged_about(|provider| provider.answer_instead(path, 200, content_type, body));
        assert!(detail.contains(reason) && detail.contains(path), "{detail}");
    }
    let huge = format!(r#"{{"keys": ["{}"]}}"#, "x".repeat(300 * 1024));
    let detail = logged_about(|provider| provider.answer_instead(KEYS, 200, "application/json", huge));
    assert!(detail.contains("more than 262144 bytes"), "{detail}");
}

#[test]
fn redirects_are_not_followed() {
    for path in [DISCOVERY, KEYS] {
        let elsewhere = IdentityProvider::http();
        let detail = logged_about(|provider| provider.redirect(path, &format!("{}{path}", elsewhere.url())));
        assert!(detail.contains("redirect"), "{detail}");
        assert_eq!(elsewhere.requests(path), 0);
    }
}

#[test]
fn keys_are_read_over_tls_or_from_this_machine_only() {
    for address in ["http://keys.example.com/keys", "ftp://127.0.0.1/keys", "/keys", "https://user@keys.example.com/"] {
        let detail = logged_about(|provider| {
            let discovery = json!({ "issuer": provider.issuer(), "jwks_uri": address });
            provider.answer_instead(DISCOVERY, 200, "application/json", discovery.to_string());
        });
        assert!(detail.contains("`jwks_uri` is not an https:// address"), "{address}: {detail}");
    }
}

#[test]
fn a_provider_elsewhere_cannot_make_a_function_call_its_own_machine() {
    // Lambda's Runtime API, for example, listens on loopback without TLS.
    let (provider, local) = (IdentityProvider::https(), IdentityProvider::http());
    let discovery = json!({ "issuer": provider.issuer(), "jwks_uri": format!("{}{KEYS}", local.url()) });
    provider.answer_instead(DISCOVERY, 200, "application/json", discovery.to_string());
    let service = started(&provider);
    assert_eq!(status(&service, &provider.token()), 503);
    assert_eq!(local.requests(KEYS), 0);
}

#[test]
fn a_certificate_of_an_unknown_authority_is_not_trusted() {
    let provider = IdentityProvider::https();
    let configuration = json!([provider.configuration()]).to_string();
    let service = Setup::of(Kind::MessagingToken).env("IDENTITY_PROVIDERS", &configuration).start();
    let reply = ask(&service, &provider.token());
    assert_eq!(reply.answer.status, 503);
    assert!(line(&reply)["detail"].as_str().unwrap().contains("certificate"), "{}", line(&reply));
    assert_eq!(provider.requests(DISCOVERY), 0);
}

const ALGORITHMS: [&str; 5] = ["RS256", "PS256", "ES256", "ES384", "EdDSA"];

/// The control server of `tests/openid-provider/provider.mjs`, which `tests/independent-implementations` starts.
struct IndependentProvider(String);

impl IndependentProvider {
    fn running() -> Self {
        let url = std::env::var_os("ZENDESK_JWT_TEST_OPENID_PROVIDER").expect("the URL that the provider prints");
        Self(url.into_string().unwrap())
    }

    fn get(&self, path: &str) -> String {
        let mut answer = ureq::get(format!("{}{path}", self.0)).call().unwrap();
        answer.body_mut().read_to_string().unwrap()
    }

    fn post(&self, path: &str) {
        ureq::post(format!("{}{path}", self.0)).send_empty().unwrap();
    }

    fn id_token(&self, algorithm: &str) -> String {
        self.get(&format!("/id-token?alg={algorithm}"))
    }

    fn trusted_by(&self, setup: Setup) -> Service {
        let audience = ALGORITHMS.map(|algorithm| format!("acme-{algorithm}"));
        let audiences = ["sdk", "messaging", "sso"];
        let provider = json!([{ "issuer": self.get("/issuer"), "audience": audience, "audiences": audiences }]);
        setup.env("IDENTITY_PROVIDERS", &provider.to_string()).start()
    }
}

fn assert_all_signed(service: &Service, tokens: &[String]) {
    for token in tokens {
        assert_signed(service, token);
    }
}

fn assert_signed(service: &Service, token: &str) {
    let reply = service.reply(&service.kind.request(token));
    assert_eq!(reply.answer.status, 200, "{}", reply.logs);
    let jwt = Jwt::verified(&reply.answer.jwt(), service.kind.secret());
    assert_eq!(*jwt.claim("email"), "independent@example.com");
}

#[test]
#[ignore = "needs npm's oidc-provider, which tests/independent-implementations starts"]
fn id_tokens_of_an_independent_provider_sign_in_and_rotations_of_its_keys_lose_no_request() {
    let provider = IndependentProvider::running();
    for kind in Kind::ALL {
        let service = provider.trusted_by(Setup::of(kind));
        for algorithm in ALGORITHMS {
            assert_signed(&service, &provider.id_token(algorithm));
        }
    }

    // A function with old keys meets a new one.
    let service = provider.trusted_by(Setup::of(Kind::MessagingToken));
    provider.post("/publish-next");
    provider.post("/use-next");
    assert_signed(&service, &provider.id_token("ES256"));

    // Under load, with keys that are published before they sign.
    let service = provider.trusted_by(Setup::of(Kind::SsoRedirect).env("SIGNING_KEY_MAX_AGE", "1"));
    let mut tokens = vec![provider.id_token("RS256")];
    for _ in 0..3 {
        provider.post("/publish-next");
        let published = Instant::now();
        while published.elapsed() < Duration::from_secs(3) {
            assert_all_signed(&service, &tokens);
        }
        provider.post("/use-next");
        tokens.extend(["RS256", "EdDSA"].map(|algorithm| provider.id_token(algorithm)));
        assert_all_signed(&service, &tokens);
    }
}
