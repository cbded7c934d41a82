//! The JWT, checked by the rules of [`zendesk_jwt_rules::inspect`], and the clocks: this machine's, the server's and that of `iat`.

use hyper::header::DATE;
use serde_json::Value;

use super::endpoint::Endpoint;
use super::report::{Group, Report, State, Verdict, rule_id, rules};
use zendesk_jwt_rules::inspect::{Expectation, Finding, Inspection, Rule, Severity, Subject, inspect};
use zendesk_jwt_rules::{EpochSeconds, Kind};
use zendesk_jwt_simulator::client::Answer;

/// A difference worth a warning, in seconds.
const NOTICEABLE: u64 = 10;

/// A difference at which Zendesk refuses tokens, in seconds.
const REFUSED: u64 = 3 * 60;

pub(super) fn examine(endpoint: &Endpoint<'_>, answer: &Answer, jwt: &str, later: Option<&str>, report: &mut Report) {
    let (kind, secret) = (endpoint.plan.kind, endpoint.plan.secret.as_ref());
    let expectation =
        Expectation { kind: Some(kind), secret: secret.map(|secret| secret.secret.as_bytes()), now: answer.sent_at.0 };
    let inspection = inspect(jwt, &expectation);
    for (rule, finding) in inspection.checked_rules() {
        report.add(&rule_id(rule), judged(rule, finding));
    }
    let needs_secret = |rule: Rule| matches!(rule.subject(), Subject::Secret | Subject::Signature);
    let reason =
        if secret.is_none() { "needs the shared secret (--secret-file)" } else { "the JWT is not signed with HS256" };
    for rule in rules(kind).filter(|rule| needs_secret(*rule) && !inspection.checked.contains(rule)) {
        report.add(&rule_id(rule), Verdict::skip(reason));
    }
    if kind == Kind::Messaging {
        report.add("kid", right_kid(&inspection, secret.and_then(|secret| secret.kid.as_deref())));
    } else {
        let iat = inspection.claims.as_ref().and_then(|claims| claims.get("iat")?.as_u64());
        let iat = iat.filter(|_| inspection.finding(Rule::NotMilliseconds).is_none());
        report.add("iat-clock", iat_clock(iat, answer));
        let later = later.map(|later| inspect(later, &expectation));
        report.add("jti-changes", jti_changes(&inspection, later.as_ref()));
    }
    report.skip_rest(&[Group::Jwt], Err("the JWT cannot be read so far"));
}

fn judged(rule: Rule, finding: Option<&Finding>) -> Verdict {
    let Some(finding) = finding else {
        return Verdict::pass(rule.statement());
    };
    let state = if rule.severity() == Severity::Rejected { State::Fail } else { State::Warn };
    Verdict::new(state, format!("broken: {}", rule.statement()), finding.message.as_str())
}

fn right_kid(inspection: &Inspection, expected: Option<&str>) -> Verdict {
    let found = inspection.header.as_ref().and_then(|header| header.get("kid")?.as_str());
    match expected {
        None => Verdict::skip("needs the key id, as in {\"kid\": …, \"secret\": …}"),
        Some(expected) if found == Some(expected) => Verdict::pass("`kid` in the header is that of the given secret"),
        Some(_) => Verdict::fail(
            "`kid` in the header is not that of the given secret",
            format!(
                "Take Key ID and secret from the same row in Admin Center > {}, and store both together.",
                Kind::Messaging.admin_center_screen()
            ),
        ),
    }
}

fn jti_changes(first: &Inspection, later: Option<&Inspection>) -> Verdict {
    let jti = |inspection: &Inspection| -> Option<Value> { inspection.claims.as_ref()?.get("jti").cloned() };
    match (jti(first), later.map(jti)) {
        (_, None) => Verdict::skip("no second JWT"),
        (Some(first), Some(Some(later))) if first == later => Verdict::fail(
            "two JWTs have the same `jti`",
            "Make a new random `jti` for each JWT, and store no JWT: Zendesk accepts each `jti` once.",
        ),
        (Some(_), Some(Some(_))) => Verdict::pass("two JWTs have two different `jti`"),
        _ => Verdict::skip("no `jti`"),
    }
}

/// Compares the server's clock, by the `Date` header of its answer, with this machine's.
pub(super) fn server_clock(answer: &Answer) -> Verdict {
    let Some(date) = date(answer) else { return Verdict::skip("the answer has no Date header") };
    let (apart, side) = difference(date, answer.sent_at.plus(answer.took.as_secs() / 2));
    let seen = format!("the server's clock is {apart} s {side} this machine's");
    let remedy = "Synchronise the server's clock by NTP, and this machine's too: Zendesk accepts tokens that were made \
                  within 3 minutes of its own clock.";
    if apart <= NOTICEABLE {
        return Verdict::pass("the server's clock agrees with this machine's");
    }
    Verdict::new(if apart > REFUSED { State::Fail } else { State::Warn }, seen, remedy)
}

fn iat_clock(iat: Option<u64>, answer: &Answer) -> Verdict {
    let (Some(iat), Some(date)) = (iat, date(answer)) else {
        return Verdict::skip("no `iat` in seconds, or no Date header");
    };
    let (apart, side) = difference(EpochSeconds(iat), date);
    let seen = format!("`iat` is {apart} s {side} the server's Date header");
    let remedy = "Sign a new token for each request, on a machine whose clock is synchronised by NTP, and in UTC.";
    Verdict::warn_unless(apart <= NOTICEABLE, seen, remedy)
}

fn date(answer: &Answer) -> Option<EpochSeconds> {
    let date = httpdate::parse_http_date(&answer.header(DATE)?).ok()?;
    Some(EpochSeconds(date.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()))
}

fn difference(one: EpochSeconds, other: EpochSeconds) -> (u64, &'static str) {
    if one < other { (other.since(one), "behind") } else { (one.since(other), "ahead of") }
}
