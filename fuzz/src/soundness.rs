//! Properties of every inspection.

use zendesk_jwt_rules::inspect::{Inspection, Signature};

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
