//! Any text for `inspect`. The tests of `crates/rules` include this file.

use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::inspect::{self, Expectation, Inspection, Signature};

/// The secret of every key in these targets, and of the JWTs in `seeds/inspect`.
pub const SECRET: &str = "demo-shared-secret-not-for-production";

/// The time of every clock, in seconds since 1970.
pub const NOW: u64 = 1_767_225_600;

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

/// Panics if a property of inspections does not hold.
pub fn is_sound(inspection: &Inspection) {
    for finding in &inspection.findings {
        assert!(inspection.checked.contains(&finding.rule), "{finding:?}");
        assert!(finding.rule.kinds().contains(&inspection.kind), "{finding:?}");
        assert!(finding.message.len() < 4000 && finding.message.ends_with('.'), "{finding:?}");
        assert!(!finding.message.contains(char::is_control), "{finding:?}");
    }
    if inspection.header.is_none() || inspection.claims.is_none() || inspection.signature == Signature::Wrong {
        assert!(!inspection.is_accepted());
    }
}
