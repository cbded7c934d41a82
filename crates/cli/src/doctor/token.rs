//! The JWT itself, by the rules of [`zendesk_jwt_rules::inspect`].

use super::clock;
use super::endpoint::Endpoint;
use super::exchange::Answer;
use super::report::{Group, Report, Verdict};
use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::inspect::{Expectation, Finding, Inspection, Rule, Severity, Subject, inspect};

const GROUP: Group = Group::Jwt;

/// Checks the token that an answer holds, and whether another answer's is another.
pub(super) fn examine(endpoint: &Endpoint<'_>, answer: &Answer, jwt: &str, later: Option<&str>, report: &mut Report) {
    let (kind, secret) = (endpoint.plan.kind, endpoint.plan.secret.as_ref());
    let expectation =
        Expectation { kind: Some(kind), secret: secret.map(|secret| secret.secret.as_bytes()), now: answer.sent_at.0 };
    let inspection = inspect(jwt, &expectation);
    for (rule, finding) in inspection.checked_rules() {
        report.add_counted(GROUP, id(rule), judged(rule, finding));
    }
    let unchecked = |rule: &&Rule| !inspection.checked.contains(rule);
    let (of_secret, others): (Vec<&Rule>, Vec<&Rule>) =
        rules(kind).filter(unchecked).partition(|rule| is_of_secret(**rule));
    let reason =
        if secret.is_none() { "needs the shared secret (--secret-file)" } else { "the JWT is not signed with HS256" };
    report.skip(GROUP, of_secret.into_iter().map(|rule| id(*rule)), reason);
    report.skip(GROUP, others.into_iter().map(|rule| id(*rule)), "the JWT cannot be read so far");

    match kind {
        Kind::Messaging => match secret.and_then(|secret| secret.kid.as_deref()) {
            Some(expected) => report.add(GROUP, "kid", right_kid(&inspection, expected)),
            None => report.skip(GROUP, ["kid"], "needs the key id, as in {\"kid\": …, \"secret\": …}"),
        },
        Kind::Sdk | Kind::Sso => {
            let iat = inspection.claims.as_ref().and_then(|claims| claims.get("iat")?.as_u64());
            let iat = iat.filter(|_| inspection.finding(Rule::NotMilliseconds).is_none());
            match clock::of_issue(iat, answer) {
                Some(verdict) => report.add(GROUP, "iat-clock", verdict),
                None => report.skip(GROUP, ["iat-clock"], "no `iat` in seconds, or no Date header"),
            }
            match later {
                Some(later) => match jti_changes(&inspection, &inspect(later, &expectation)) {
                    Some(verdict) => report.add(GROUP, "jti-changes", verdict),
                    None => report.skip(GROUP, ["jti-changes"], "no `jti`"),
                },
                None => report.skip(GROUP, ["jti-changes"], "no second JWT"),
            }
        }
    }
}

/// Says of every check of a JWT why it was not made.
pub(super) fn skip(kind: Kind, reason: &str, report: &mut Report) {
    report.skip(GROUP, rules(kind).map(|rule| id(*rule)), reason);
    match kind {
        Kind::Messaging => report.skip(GROUP, ["kid"], reason),
        Kind::Sdk | Kind::Sso => report.skip(GROUP, ["iat-clock", "jti-changes"], reason),
    }
}

fn rules(kind: Kind) -> impl Iterator<Item = &'static Rule> {
    Rule::ALL.iter().filter(move |rule| rule.kinds().contains(&kind))
}

fn is_of_secret(rule: Rule) -> bool {
    matches!(rule.subject(), Subject::Secret | Subject::Signature)
}

fn id(rule: Rule) -> String {
    format!("jwt-{}", rule.code().replace('_', "-"))
}

fn judged(rule: Rule, finding: Option<&Finding>) -> Verdict {
    let Some(finding) = finding else {
        return Verdict::pass(format!("kept: {}", rule.statement()));
    };
    let (seen, remedy) = (format!("broken: {}", rule.statement()), finding.message.clone());
    match rule.severity() {
        Severity::Rejected => Verdict::fail(seen, remedy),
        Severity::Ignored | Severity::Advice => Verdict::warn(seen, remedy),
    }
}

fn right_kid(inspection: &Inspection, kid: &str) -> Verdict {
    let found = inspection.header.as_ref().and_then(|header| header.get("kid")?.as_str());
    if found == Some(kid) {
        return Verdict::pass("`kid` in the header is that of the secret given");
    }
    Verdict::fail(
        "`kid` in the header is not that of the secret given",
        format!(
            "Take Key ID and secret from the same row in Admin Center > {}, and store both together.",
            Kind::Messaging.admin_center_screen()
        ),
    )
}

/// Whether two tokens differ in their `jti`; nothing when there is none.
fn jti_changes(first: &Inspection, later: &Inspection) -> Option<Verdict> {
    let jti = |inspection: &Inspection| inspection.claims.as_ref().and_then(|claims| claims.get("jti").cloned());
    let (first, later) = (jti(first)?, jti(later)?);
    Some(if first == later {
        Verdict::fail(
            "two JWTs have the same `jti`",
            "Make a new random `jti` for each JWT, and keep no JWT for later: Zendesk takes each `jti` once.",
        )
    } else {
        Verdict::pass("two JWTs have two different `jti`")
    })
}
