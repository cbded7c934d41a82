//! The clocks: this machine's, the server's, and that of `iat`.

use hyper::header::DATE;

use super::report::Verdict;
use zendesk_jwt::jwt::EpochSeconds;
use zendesk_jwt_simulator::client::Answer;

/// A difference worth a warning, in seconds.
const NOTICEABLE: u64 = 10;

/// A difference at which Zendesk refuses tokens, in seconds.
const REFUSED: u64 = 3 * 60;

/// Compares the server's clock, by the `Date` header of its answer, with this machine's.
pub(super) fn of_server(answer: &Answer) -> Verdict {
    let Some(date) = date(answer) else { return Verdict::skip("the answer has no Date header") };
    let (apart, side) = difference(date, answer.sent_at.plus(answer.took.as_secs() / 2));
    let seen = format!("the server's clock is {apart} s {side} this machine's");
    let remedy = "Synchronise the server's clock by NTP, and this machine's too: Zendesk accepts tokens that were made \
                  within 3 minutes of its own clock.";
    if apart > REFUSED {
        Verdict::fail(seen, remedy)
    } else if apart > NOTICEABLE {
        Verdict::warn(seen, remedy)
    } else {
        Verdict::pass("the server's clock agrees with this machine's")
    }
}

/// Compares `iat` with the server's clock.
pub(super) fn of_iat(iat: Option<u64>, answer: &Answer) -> Verdict {
    let (Some(iat), Some(date)) = (iat, date(answer)) else {
        return Verdict::skip("no `iat` in seconds, or no Date header");
    };
    let (apart, side) = difference(EpochSeconds(iat), date);
    let seen = format!("`iat` is {apart} s {side} the server's Date header");
    let remedy = "Sign a new token for each request, on a machine whose clock is synchronised by NTP, and in UTC.";
    if apart > NOTICEABLE { Verdict::warn(seen, remedy) } else { Verdict::pass(seen) }
}

fn date(answer: &Answer) -> Option<EpochSeconds> {
    let date = httpdate::parse_http_date(&answer.header(DATE)?).ok()?;
    Some(EpochSeconds(date.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()))
}

fn difference(one: EpochSeconds, other: EpochSeconds) -> (u64, &'static str) {
    if one < other { (other.since(one), "behind") } else { (one.since(other), "ahead of") }
}
