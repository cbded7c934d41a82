//! The clocks: this machine's, the server's, and the one that `iat` comes from.

use super::exchange::Answer;
use super::report::{Group, Report, Verdict};
use zendesk_jwt::jwt::EpochSeconds;

/// How far clocks may be apart before it is worth a word, in seconds.
const NOTICEABLE: u64 = 10;

/// How far they may be apart before Zendesk refuses tokens, in seconds.
const REFUSED: u64 = 3 * 60;

/// Compares the server's clock, as its answer tells it, with this machine's.
pub(super) fn examine(answer: &Answer, report: &mut Report) {
    let Some(date) = answer.date() else {
        return report.skip(Group::Connection, ["clock"], "the answer has no Date header");
    };
    let (apart, side) = apart(date, answer.sent_at.plus(answer.took.as_secs() / 2));
    let seen = format!("the server's clock is {apart} s {side} this machine's");
    let remedy = "Synchronise the server's clock by NTP, and this machine's too: Zendesk takes tokens that were made \
                  within 3 minutes of its own clock.";
    let verdict = if apart > REFUSED {
        Verdict::fail(seen, remedy)
    } else if apart > NOTICEABLE {
        Verdict::warn(seen, remedy)
    } else {
        Verdict::pass("the server's clock agrees with this machine's")
    };
    report.add(Group::Connection, "clock", verdict);
}

/// Compares `iat` with the server's clock; nothing when either is unknown.
pub(super) fn of_issue(iat: Option<u64>, answer: &Answer) -> Option<Verdict> {
    let (apart, side) = apart(EpochSeconds(iat?), answer.date()?);
    Some(if apart > NOTICEABLE {
        Verdict::warn(
            format!("`iat` is {apart} s {side} the server's Date header"),
            "Sign a new token for each request, on a machine whose clock is synchronised by NTP, and in UTC.",
        )
    } else {
        Verdict::pass("`iat` agrees with the server's Date header")
    })
}

fn apart(one: EpochSeconds, other: EpochSeconds) -> (u64, &'static str) {
    if one < other { (other.since(one), "behind") } else { (one.since(other), "ahead of") }
}
