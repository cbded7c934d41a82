//! What the endpoints of the Support SDK and of messaging answer without a good user token.

use hyper::{Method, StatusCode};

use super::clock;
use super::endpoint::{Endpoint, Place, unanswered};
use super::exchange::{Answer, Ask};
use super::report::{Group, Report, Verdict};
use zendesk_jwt_rules::Kind;

const GROUP: Group = Group::UnknownToken;

/// What only the inside of a server has, and an answer must not.
const INTERNALS: [&str; 18] = [
    "Traceback (most recent call last)",
    "stack trace",
    "stacktrace",
    "Exception in thread",
    "panicked at",
    "node_modules/",
    "/var/task/",
    "/usr/src/",
    "/home/",
    "site-packages/",
    ".java:",
    ".rb:",
    "arn:aws:",
    "SQLSTATE",
    "SELECT ",
    "com.amazonaws",
    "ResourceNotFoundException",
    "USER_TOKENS_TABLE",
];

/// Makes these checks. They need nothing of the operator's.
pub(super) async fn examine(endpoint: &Endpoint<'_>, report: &mut Report) {
    let unknown = match endpoint.send(endpoint.ask_with(&endpoint.unknown_token())).await {
        Ok(answer) => answer,
        Err(problem) => {
            report.add(GROUP, "unknown-token", unanswered(problem));
            let others = [
                "refusals-alike",
                "odd-characters",
                "empty-token",
                "json-body",
                "get",
                "refusal-leaks-nothing",
                "refusal-cache",
            ];
            return report.skip(GROUP, others, "no answer");
        }
    };
    clock::examine(&unknown, report);
    report.add(Group::Connection, "no-redirect", no_redirect(&unknown));
    report.add(GROUP, "unknown-token", refused(&unknown, endpoint.plan.kind));

    let mut answers = Vec::new();
    let like_a_jwt = format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkb2N0b3IifQ.{}", endpoint.plan.marker);
    let verdict = match endpoint.send(endpoint.ask_with(&like_a_jwt)).await {
        Ok(other) => keep(&mut answers, other, |other| alike(&unknown, other)),
        Err(problem) => unanswered(problem),
    };
    report.add(GROUP, "refusals-alike", verdict);

    let mut verdict = Verdict::pass(format!("all answered with {}", unknown.status.as_u16()));
    for (what, ask) in odd_characters(endpoint) {
        let found = match endpoint.send(ask).await {
            Ok(answer) => keep(&mut answers, answer, |answer| same_status(&unknown, answer, what)),
            Err(problem) => unanswered(format!("{what}: {problem}")),
        };
        if found.is_fail() && !verdict.is_fail() {
            verdict = found;
        }
    }
    report.add(GROUP, "odd-characters", verdict);

    for (id, what, ask) in without_a_token(endpoint) {
        let verdict = match endpoint.send(ask).await {
            Ok(answer) => keep(&mut answers, answer, |answer| not_taken(answer, what)),
            Err(problem) => unanswered(problem),
        };
        report.add(GROUP, id, verdict);
    }

    answers.push(unknown);
    report.add(GROUP, "refusal-leaks-nothing", leaks_nothing(&answers, &endpoint.plan.marker));
    report.add(GROUP, "refusal-cache", kept_by_no_cache(&answers));
}

fn keep(answers: &mut Vec<Answer>, answer: Answer, judge: impl FnOnce(&Answer) -> Verdict) -> Verdict {
    let verdict = judge(&answer);
    answers.push(answer);
    verdict
}

fn no_redirect(answer: &Answer) -> Verdict {
    if answer.status.is_redirection() {
        return Verdict::fail(
            format!("answered with {}", answer.told()),
            "Give Zendesk the address that the redirect leads to, or answer at this one: a redirect is not followed, \
             and http://, a missing www. or a slash at the end is the usual reason.",
        );
    }
    Verdict::pass("answered without a redirect")
}

fn refused(answer: &Answer, kind: Kind) -> Verdict {
    let seen = format!("answered with {}", answer.told());
    match answer.status {
        StatusCode::UNAUTHORIZED => Verdict::pass(seen),
        status if status.is_success() => Verdict::fail(
            seen,
            "Answer 401 to a user token that you do not know: whoever your JWT names is your user to Zendesk.",
        ),
        status if status.is_server_error() => Verdict::fail(
            seen,
            "Answer 401 to a user token that you do not know, and keep 5xx for outages: catch the error of the look-up.",
        ),
        status if status.is_client_error() && kind == Kind::Messaging => {
            Verdict::warn(seen, "Answer 401, so that your page can tell a refusal from a mistake in its request.")
        }
        StatusCode::NOT_FOUND => Verdict::fail(
            seen,
            "Check the path of the address, and that POST leads there; answer 401 to a user token \
                                 that you do not know.",
        ),
        _ => Verdict::fail(seen, "Answer 401 to a user token that you do not know: Zendesk expects that status."),
    }
}

fn alike(unknown: &Answer, other: &Answer) -> Verdict {
    let remedy = "Answer every refusal with the same status and body: a difference tells a stranger which tokens \
                  come close.";
    if unknown.status != other.status {
        let seen = format!("one unknown token was answered with {}, another with {}", unknown.told(), other.told());
        return Verdict::fail(seen, remedy);
    }
    if unknown.body != other.body || unknown.media_type() != other.media_type() {
        let remedy = format!("{remedy} A request id in it is harmless.");
        return Verdict::warn("two unknown tokens were answered with different bodies", remedy);
    }
    Verdict::pass("two unknown tokens were answered alike")
}

/// Unknown tokens that a careless reader of the request would stumble over.
fn odd_characters(endpoint: &Endpoint<'_>) -> Vec<(&'static str, Ask)> {
    let marker = &endpoint.plan.marker;
    let form = |body: String| endpoint.ask(Method::POST).form_body(body);
    if endpoint.plan.place != Place::Form {
        return vec![("a token with + / = %", endpoint.ask_with(&format!("doctor+/%26={marker}==")))];
    }
    vec![
        ("a token with + = % & é", endpoint.ask_with(&format!("doctor+=%&é{marker}"))),
        ("a token with + for a space", form(format!("user_token=doctor+{marker}"))),
        ("a token with %20", form(format!("user_token=doctor%20{marker}"))),
    ]
}

fn same_status(unknown: &Answer, answer: &Answer, what: &str) -> Verdict {
    if unknown.status == answer.status {
        return Verdict::pass("");
    }
    Verdict::fail(
        format!("{what} was answered with {}, other unknown tokens with {}", answer.told(), unknown.told()),
        "Decode the form as application/x-www-form-urlencoded says, + as a space and %XX as bytes of UTF-8, and put \
         no rule on what a user token may hold.",
    )
}

/// Requests that hold no user token where one belongs.
fn without_a_token(endpoint: &Endpoint<'_>) -> [(&'static str, &'static str, Ask); 3] {
    let json = serde_json::json!({ "user_token": endpoint.unknown_token() }).to_string();
    [
        ("empty-token", "an empty user token", endpoint.ask_with("")),
        ("json-body", "an unknown token in a JSON body", endpoint.ask(Method::POST).body("application/json", json)),
        ("get", "a GET", endpoint.ask(Method::GET)),
    ]
}

fn not_taken(answer: &Answer, what: &str) -> Verdict {
    let seen = format!("{what} was answered with {}", answer.told());
    match answer.status {
        status if status.is_success() => {
            Verdict::fail(seen, "Answer 4xx unless a POST brings a user token that you know.")
        }
        status if status.is_server_error() => {
            Verdict::fail(seen, "Check the request before you use it, and answer 400, 401, 405 or 415.")
        }
        _ => Verdict::pass(seen),
    }
}

fn leaks_nothing(answers: &[Answer], marker: &str) -> Verdict {
    let has = |answer: &Answer, text: &str| {
        let in_headers =
            || answer.headers.values().any(|value| String::from_utf8_lossy(value.as_bytes()).contains(text));
        answer.body.contains(text) || in_headers()
    };
    if answers.iter().any(|answer| has(answer, marker)) {
        return Verdict::fail(
            "an answer repeats the user token that was sent",
            "Leave the token out of error messages: they end up in logs, and a token lets its holder in.",
        );
    }
    if let Some(internal) = INTERNALS.into_iter().find(|text| answers.iter().any(|answer| has(answer, text))) {
        return Verdict::fail(
            format!("an answer shows the inside of the server: `{}`", internal.trim()),
            "Write errors to your log, and answer with a fixed text; turn off your framework's debug mode.",
        );
    }
    Verdict::pass(format!("{} answers hold no token and nothing of the server's inside", answers.len()))
}

fn kept_by_no_cache(answers: &[Answer]) -> Verdict {
    match answers.iter().find(|answer| !answer.is_no_store()) {
        None => Verdict::pass("Cache-Control is `no-store`"),
        Some(answer) => Verdict::warn(
            format!("with status {}, {}", answer.status.as_u16(), answer.caching()),
            "Send Cache-Control: no-store with every answer.",
        ),
    }
}
