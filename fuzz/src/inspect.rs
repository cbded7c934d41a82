//! A token that somebody wants to know about.

use zendesk_jwt::jwt::Kind;
use zendesk_jwt::jwt::inspect::{self, Expectation, Inspection, Signature};

use super::keys::{NOW, SECRET};

/// Any text is judged: as every kind, and without a secret as what it looks like.
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

/// Panics unless all that holds of every inspection, whatever was inspected.
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
