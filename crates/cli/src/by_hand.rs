//! How a person finds out whether Zendesk accepts a JWT, for the kinds that a program cannot ask about.

use zendesk_jwt_rules::Kind;

use crate::output::wrapped;

/// The steps, and what each failure looks like. `(seen)` marks what only public reports say.
///
/// Zendesk documents no request with which a program can ask for the Support SDK or messaging.
pub(crate) fn steps(kind: Kind) -> Vec<&'static str> {
    let steps = match kind {
        Kind::Sdk => include_str!("../templates/by_hand/sdk.txt"),
        Kind::Messaging => include_str!("../templates/by_hand/messaging.txt"),
        Kind::Sso => "",
    };
    steps.lines().collect()
}

/// The steps as a text.
pub(crate) fn text(kind: Kind) -> String {
    let heading = format!("Whether Zendesk accepts a {} JWT cannot be asked from outside. By hand:", kind.title());
    let steps = steps(kind).into_iter().map(|step| format!("\n{}", wrapped(step, "- ")));
    heading + &steps.collect::<String>()
}
