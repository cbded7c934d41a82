//! The signing keys of all targets, and the inspection of what the keys sign.

use zendesk_jwt::jwt::Kind;
use zendesk_jwt::jwt::messaging::Messaging;
use zendesk_jwt::jwt::sdk::Sdk;
use zendesk_jwt::jwt::signing::SigningKey;
use zendesk_jwt::jwt::sso::Sso;
use zendesk_jwt_rules::inspect::{Expectation, Rule, Severity, Signature, inspect};

use super::inspect::{NOW, SECRET};

/// The length of the longest text that `inspect` reads, in bytes.
const MAX_BYTES: usize = 64 * 1024;

pub fn sdk() -> SigningKey<Sdk> {
    SigningKey::new(SECRET, None).unwrap()
}

pub fn messaging() -> SigningKey<Messaging> {
    SigningKey::new(SECRET, Some("app_5f0e1d2c3b4a59687766554433221100")).unwrap()
}

pub fn sso() -> SigningKey<Sso> {
    SigningKey::new(SECRET, None).unwrap()
}

/// Panics unless Zendesk would accept the JWT, or refuse it only because of `exceptions`.
pub fn accepted(kind: Kind, jwt: &str, exceptions: &[Rule]) {
    if jwt.len() > MAX_BYTES {
        return;
    }
    let inspection = inspect(jwt, &Expectation { kind: Some(kind), secret: Some(SECRET.as_bytes()), now: NOW });
    assert_eq!(inspection.signature, Signature::Verified, "{kind}");
    for finding in inspection.findings {
        let is_harmless = finding.rule.severity() < Severity::Rejected || exceptions.contains(&finding.rule);
        assert!(is_harmless, "{kind}: {}", finding.message);
    }
}
