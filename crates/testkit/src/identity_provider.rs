//! An identity provider on loopback, and its ID tokens.
//!
//! Its signatures are made without the library with which the functions verify them.

use super::http::{Answer, Request};
use super::jwt::{Draft, object};
use super::server::{BrokenServer, HttpsServer};
use super::{Setup, now};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaKeyPair,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use tempfile::NamedTempFile;

/// The client id of the tests.
pub const AUDIENCE: &str = "acme-web-client";

/// Every accepted algorithm.
pub const ALGORITHMS: [&str; 9] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

/// A key pair of a provider.
pub struct ProviderKey {
    pub id: String,
    pub algorithm: &'static str,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl ProviderKey {
    pub fn new(algorithm: &'static str, id: &str) -> Self {
        let pair = match algorithm {
            "ES256" => Pair::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()),
            "ES384" => Pair::Ec(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap()),
            "EdDSA" => Pair::Ed(Ed25519KeyPair::generate().unwrap()),
            _ => Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
        };
        Self { id: id.to_owned(), algorithm, pair }
    }

    /// The same key pair for another algorithm of its type.
    pub fn with_algorithm(self, algorithm: &'static str) -> Self {
        Self { algorithm, ..self }
    }

    /// The public key as the provider publishes it, without `alg`, as many providers do.
    pub fn jwk(&self) -> Value {
        let mut jwk = match &self.pair {
            Pair::Rsa(pair) => {
                let [modulus, exponent] = rsa_numbers(pair.public_key().as_ref());
                json!({ "kty": "RSA", "n": encoded(modulus), "e": encoded(exponent) })
            }
            Pair::Ec(pair) => {
                // An uncompressed point: 4, then x and y.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(pair.public_key().as_ref().len() / 2);
                let curve = if self.algorithm == "ES384" { "P-384" } else { "P-256" };
                json!({ "kty": "EC", "crv": curve, "x": encoded(x), "y": encoded(y) })
            }
            Pair::Ed(pair) => json!({ "kty": "OKP", "crv": "Ed25519", "x": encoded(pair.public_key().as_ref()) }),
        };
        jwk["kid"] = self.id.as_str().into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// The public key in DER, which an attacker can use as a secret of HS256.
    pub fn public_der(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
            Pair::Ec(pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let encoding: &'static dyn aws_lc_rs::signature::RsaEncoding = match self.algorithm {
                    "RS384" => &RSA_PKCS1_SHA384,
                    "RS512" => &RSA_PKCS1_SHA512,
                    "PS256" => &RSA_PSS_SHA256,
                    "PS384" => &RSA_PSS_SHA384,
                    "PS512" => &RSA_PSS_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                pair.sign(encoding, &random, message, &mut signature).unwrap();
                signature
            }
            Pair::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}

/// The modulus and the exponent of an `RSAPublicKey` in DER (RFC 8017, appendix A.1.1).
fn rsa_numbers(der: &[u8]) -> [&[u8]; 2] {
    fn element(der: &[u8]) -> (&[u8], &[u8]) {
        let (length, content) = match der[1] {
            0x81 => (usize::from(der[2]), &der[3..]),
            0x82 => (usize::from(der[2]) * 256 + usize::from(der[3]), &der[4..]),
            short => (usize::from(short), &der[2..]),
        };
        content.split_at(length)
    }
    let (numbers, _) = element(der);
    let (modulus, rest) = element(numbers);
    let (exponent, _) = element(rest);
    // A leading zero keeps the number positive.
    [modulus, exponent].map(|number| number.strip_prefix(&[0]).unwrap_or(number))
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

impl Draft {
    /// Replaces or adds all members of `claims`.
    pub fn claims(mut self, claims: &Value) -> Self {
        self.claims.extend(claims.as_object().unwrap().clone());
        self
    }

    /// The token with the key's signature.
    pub fn signed_by(&self, key: &ProviderKey) -> String {
        self.with_signature(|message| key.sign(message))
    }
}

/// A running provider. Dropping it ends its server.
pub struct IdentityProvider {
    pub key: ProviderKey,
    url: String,
    state: Arc<Mutex<State>>,
    /// The server's own certificate, if it has one.
    certificate: Option<NamedTempFile>,
    _server: BrokenServer,
}

#[derive(Default)]
struct State {
    issuer: String,
    keys: Vec<Value>,
    /// What a path answers instead of its document.
    instead: Option<(&'static str, Answer)>,
    /// The paths of all requests.
    paths: Vec<String>,
}

pub const DISCOVERY: &str = "/.well-known/openid-configuration";
pub const KEYS: &str = "/keys";

impl IdentityProvider {
    /// A provider over plain HTTP, with one key for ES256.
    pub fn http() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let answering = Arc::clone(&state);
        let server = BrokenServer::http(move |request| answering.lock().unwrap().answer(request));
        Self::running(server.url(""), state, None, server)
    }

    /// The same over HTTPS, with its own certificate.
    pub fn https() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let answering = Arc::clone(&state);
        let server = HttpsServer::of(&["localhost"], move |request| answering.lock().unwrap().answer(request));
        let url = format!("https://localhost:{}", server.address().port());
        let mut certificate = NamedTempFile::new().unwrap();
        certificate.write_all(server.certificate().as_bytes()).unwrap();
        Self::running(url, state, Some(certificate), server.server)
    }

    fn running(
        url: String,
        state: Arc<Mutex<State>>,
        certificate: Option<NamedTempFile>,
        server: BrokenServer,
    ) -> Self {
        let provider = Self { key: ProviderKey::new("ES256", "key-1"), url, state, certificate, _server: server };
        provider.set_issuer(&provider.url);
        provider.publish(&[&provider.key]);
        provider
    }

    /// The address of the server, which is the issuer unless a test sets another one.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn issuer(&self) -> String {
        self.state.lock().unwrap().issuer.clone()
    }

    pub fn set_issuer(&self, issuer: &str) {
        issuer.clone_into(&mut self.state.lock().unwrap().issuer);
    }

    /// Publishes these keys instead of all others.
    pub fn publish(&self, keys: &[&ProviderKey]) {
        self.publish_jwks(keys.iter().map(|key| key.jwk()).collect());
    }

    pub fn publish_jwks(&self, keys: Vec<Value>) {
        self.state.lock().unwrap().keys = keys;
    }

    /// Answers this for `path` ([`DISCOVERY`] or [`KEYS`]) from now on.
    pub fn answer_instead(&self, path: &'static str, status: u16, content_type: &str, body: impl Into<String>) {
        let answer = Answer::new(status, &[("content-type", content_type)], body);
        self.state.lock().unwrap().instead = Some((path, answer));
    }

    /// Redirects `path` from now on.
    pub fn redirect(&self, path: &'static str, to: &str) {
        self.state.lock().unwrap().instead = Some((path, Answer::new(302, &[("location", to)], "")));
    }

    /// Answers as usual again.
    pub fn repair(&self) {
        self.state.lock().unwrap().instead = None;
    }

    /// How often this document was requested.
    pub fn requests(&self, path: &str) -> usize {
        self.state.lock().unwrap().paths.iter().filter(|found| found.ends_with(path)).count()
    }

    /// What `IDENTITY_PROVIDERS` says of this provider.
    pub fn configuration(&self) -> Value {
        json!({ "issuer": self.issuer(), "audience": AUDIENCE })
    }

    /// Makes a function trust this provider.
    pub fn trusted_by(&self, setup: Setup) -> Setup {
        self.trusted_as(setup, &self.configuration())
    }

    /// Makes a function trust this provider with this configuration.
    pub fn trusted_as(&self, setup: Setup, configuration: &Value) -> Setup {
        let setup = setup.env("IDENTITY_PROVIDERS", &json!([configuration]).to_string());
        match &self.certificate {
            None => setup,
            Some(certificate) => setup.env("AWS_CA_BUNDLE", certificate.path().to_str().unwrap()),
        }
    }

    /// An ID token of a user with every claim that Zendesk needs.
    pub fn draft(&self) -> Draft {
        let header = json!({ "alg": self.key.algorithm, "typ": "JWT", "kid": self.key.id });
        let claims = json!({
            "iss": self.issuer(),
            "aud": AUDIENCE,
            "sub": "f1b9c2d4-demo",
            "iat": now(),
            "exp": now() + 3600,
            "name": "Idp Demo User",
            "email": "idp.demo@example.com",
            "email_verified": true,
        });
        Draft { header: object(header), claims: object(claims), secret: Vec::new() }
    }

    /// The draft, signed.
    pub fn token(&self) -> String {
        self.draft().signed_by(&self.key)
    }
}

impl State {
    fn answer(&mut self, request: &Request) -> Answer {
        self.paths.push(request.path.clone());
        if let Some((path, answer)) = &self.instead
            && request.path.ends_with(path)
        {
            return answer.clone();
        }
        let issuer = &self.issuer;
        let body = if request.path.ends_with(DISCOVERY) {
            json!({ "issuer": issuer, "jwks_uri": format!("{}{KEYS}", issuer.trim_end_matches('/')) })
        } else if request.path.ends_with(KEYS) {
            json!({ "keys": self.keys })
        } else {
            return Answer::new(404, &[], "");
        };
        Answer::new(200, &[("content-type", "application/json")], body.to_string())
    }
}
