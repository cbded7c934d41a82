//! JWTs: drafts that tests change in any way before they sign them, and a reader.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use std::fmt::Display;
use zendesk_jwt_rules::Kind;

pub const NOW: u64 = 1_767_225_600;
/// Text that is also valid base64, as Zendesk's secrets can be.
pub const SECRET: &str = "ZGVtby1zZWNyZXQtbm90LWZvci1wcm9kdWN0aW9u";

/// A draft of a JWT. A draft from `good` breaks no rule.
#[derive(Clone)]
pub struct Draft {
    pub header: Map<String, Value>,
    pub claims: Map<String, Value>,
    pub secret: Vec<u8>,
}

impl Draft {
    pub fn good(kind: Kind) -> Self {
        let (header, claims) = match kind {
            Kind::Sdk | Kind::Sso => (
                json!({"alg": "HS256", "typ": "JWT"}),
                json!({"name": "Demo User", "email": "demo@example.com", "iat": NOW, "jti": "0f8fad5bd9cb469fa16570867728950e"}),
            ),
            Kind::Messaging => (
                json!({"alg": "HS256", "typ": "JWT", "kid": "app_demo0000000000000000"}),
                json!({"scope": "user", "external_id": "demo-1", "exp": NOW + 300}),
            ),
        };
        Self { header: object(header), claims: object(claims), secret: SECRET.into() }
    }

    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.into(), value.into());
        self
    }

    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.header.remove(name);
        self.claims.remove(name);
        self
    }

    pub fn signed_with(mut self, secret: impl AsRef<[u8]>) -> Self {
        self.secret = secret.as_ref().into();
        self
    }

    pub fn token(&self) -> String {
        sign(&json!(self.header), &json!(self.claims), &self.secret)
    }

    /// The token with a signature that `sign` makes.
    pub fn with_signature(&self, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        signed(&json!(self.header).to_string(), &json!(self.claims).to_string(), sign)
    }
}

pub fn object(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).expect("an object")
}

/// Signs any two texts with HS256, even if the header names another algorithm.
pub fn sign(header: &(impl Display + ?Sized), payload: &(impl Display + ?Sized), secret: impl AsRef<[u8]>) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_ref());
    signed(&header.to_string(), &payload.to_string(), |message| hmac::sign(&key, message).as_ref().to_vec())
}

/// Signs any two texts.
pub fn signed(header: &str, payload: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(header), BASE64_URL_SAFE_NO_PAD.encode(payload));
    let signature = BASE64_URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    format!("{message}.{signature}")
}

pub fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        select(vec!["user", "agent", "demo@example.com", "+14155550100", "1/2/2024", "", " "]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

pub const NAMES: [&str; 24] = [
    "alg",
    "typ",
    "kid",
    "type",
    "scope",
    "external_id",
    "exp",
    "name",
    "email",
    "email_verified",
    "iat",
    "jti",
    "locale",
    "locale_id",
    "organization",
    "organization_id",
    "organizations",
    "phone",
    "tags",
    "remote_photo_url",
    "role",
    "custom_role_id",
    "user_fields",
    "Email",
];

pub fn any_kind() -> impl Strategy<Value = Kind> {
    select(&Kind::ALL[..])
}

/// A JWT that was read without the library with which the service signs.
#[derive(Debug)]
pub struct Jwt {
    pub header: Value,
    pub claims: Value,
}

impl Jwt {
    /// Reads an HS256 JWT. Panics unless it is signed with the raw text `secret`.
    pub fn verified(token: &str, secret: &str) -> Self {
        Self::checked(token, secret).unwrap_or_else(|problem| panic!("{problem}: {token}"))
    }

    pub fn is_signed_with(token: &str, secret: &str) -> bool {
        Self::checked(token, secret).is_ok()
    }

    fn checked(token: &str, secret: &str) -> Result<Self, String> {
        let (message, signature) = token.rsplit_once('.').ok_or("no signature")?;
        let (header, claims) = message.split_once('.').ok_or("no claims")?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        hmac::verify(&key, message.as_bytes(), &decode(signature)?).map_err(|_| "wrong signature")?;
        Ok(Self { header: json(header)?, claims: json(claims)? })
    }

    pub fn claim(&self, name: &str) -> &Value {
        self.claims.get(name).unwrap_or_else(|| panic!("no {name} in {}", self.claims))
    }

    /// The names of the claims, in alphabetical order.
    pub fn claim_names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.claims.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }
}

fn decode(segment: &str) -> Result<Vec<u8>, String> {
    BASE64_URL_SAFE_NO_PAD.decode(segment).map_err(|error| error.to_string())
}

fn json(segment: &str) -> Result<Value, String> {
    serde_json::from_slice(&decode(segment)?).map_err(|error| error.to_string())
}

/// JWTs from Zendesk's documentation. Their secrets are not public.
pub mod published {
    /// "Building a dedicated JWT endpoint for the Support SDK", Test your JWT endpoint.
    pub const SDK: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJlbWFpbCI6ImJjYXJyb2xsQHplbmRlc2suY29tIiwibmFtZSI6ImJjYXJyb2xsIiwicGhvbmUiOiI5ODc2NTQzMjM0NTY3ODkiLCJ0YWdzIjpbImZyZWVfcGxheWVyIiwiYmlnX2Zpc2giXSwicm9sZSI6InVzZXIiLCJpYXQiOjE0NDkzNTUxNjIsImp0aSI6IjIxMTUyMzc5MDcyMDg5MzEyMjcifQ.b_0rr6_1MWrmKEzqMfvf_DI4dPPMSmDjKh_M6STIIas";
    /// "Anatomy of a JWT request".
    pub const SSO: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpYXQiOjEzNzIxMTMzMDUsImp0aSI6ODg4MzM2MjUzMTE5Ni4zMjYsIm5hbWUiOiJUZXN0IFVzZXIiLCJlbWFpbCI6InR1c2VyQGV4YW1wbGUub3JnIiwiZXh0ZXJuYWxfaWQiOiI1Njc4Iiwib3JnYW5pemF0aW9uIjoiQXBwbGUiLCJ0YWdzIjoidmlwX3VzZXIiLCJyZW1vdGVfcGhvdG9fdXJsIjoiaHR0cDovL21pdC56ZW5mcy5jb20vMjA2LzIwMTEvMDUvQmFybmFieV9NYXR0X2Nyb3BwZWQuanBnIiwibG9jYWxlX2lkIjoiOCJ9.Zv9P7PNIcgHfxZaMwQtMpty3TZnmVHRWcsmAMM-mNHg";
}
