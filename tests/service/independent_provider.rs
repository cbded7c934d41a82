//! ID tokens of npm's oidc-provider, by the authorization code flow. `tests/independent-implementations` starts it.

use crate::support::{Jwt, Kind, Service, Setup};
use serde_json::json;
use std::time::{Duration, Instant};

const ALGORITHMS: [&str; 5] = ["RS256", "PS256", "ES256", "ES384", "EdDSA"];

/// The control server of `tests/openid-provider/provider.mjs`.
struct Provider(String);

impl Provider {
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
fn id_tokens_of_every_algorithm_sign_in_and_rotations_of_keys_lose_no_request() {
    let provider = Provider::running();
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
