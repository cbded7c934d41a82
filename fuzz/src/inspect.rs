//! Any text for `inspect`.

use zendesk_jwt::jwt::Kind;
use zendesk_jwt_rules::inspect::{self, Expectation, Signature};

use super::keys::{NOW, SECRET};
use super::soundness::is_sound;

/// Any text gets a sound inspection: as every kind, and without a kind and a secret.
pub fn inspect(data: &[u8]) {
    let Ok(token) = std::str::from_utf8(data) else { return };
    let of = |kind, secret| inspect::inspect(token, &Expectation { kind, secret, now: NOW });
    for kind in Kind::ALL.into_iter().map(Some) {
        let inspection = of(kind, Some(SECRET.as_bytes()));
        is_sound(&inspection);
        assert!(!inspection.is_accepted() || inspection.signature == Signature::Verified, "accepted unverified");
    }
    let inspection = of(None, None);
    is_sound(&inspection);
    assert_eq!(inspection.signature, Signature::NotChecked);
}
