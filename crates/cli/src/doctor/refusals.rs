//! What the endpoints of the Support SDK and of messaging answer without a known user token, and every endpoint of ours
//! without a known configuration.

use hyper::header::CACHE_CONTROL;
use hyper::{Method, StatusCode};

use super::arguments::Place;
use super::endpoint::{Endpoint, UNWRAP, caching, describe, envelope, unanswered};
use super::jwt;
use super::report::{Report, State, Verdict};
use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::inspect::find_jwt;
use zendesk_jwt_simulator::client::{Answer, Request};

/// Texts that only appear inside a server.
#[rustfmt::skip]
const INTERNALS: [&str; 18] = [
    "Traceback (most recent call last)", "stack trace", "stacktrace", "Exception in thread", "panicked at",
    "node_modules/", "/var/task/", "/usr/src/", "/home/", "site-packages/", ".java:", ".rb:", "arn:aws:", "SQLSTATE",
    "SELECT ", "com.amazonaws", "ResourceNotFoundException", "USER_TOKENS_TABLE",
];

/// Why checks prove nothing once the endpoint signs for unknown tokens.
pub(super) const SIGNS_FOR_ALL: &str = "the endpoint signs a JWT for every user token, so this proves nothing";

/// Makes these checks, which need nothing from the operator, or says why it stopped.
pub(super) async fn examine(endpoint: &Endpoint<'_>, report: &mut Report) -> Result<(), &'static str> {
    let unknown = endpoint.request_with(&endpoint.unknown_token());
    let unknown = endpoint.answer("unknown-token", unknown, report).await?;
    report.add("clock", jwt::server_clock(&unknown));
    let seen = format!("answered with {}", describe(&unknown));
    let remedy = "Give Zendesk the address that the redirect leads to, or answer at this one: Zendesk does not follow \
                  redirects. The usual reasons are http://, a missing www. and a slash at the end.";
    report.add("no-redirect", Verdict::fail_unless(!unknown.status.is_redirection(), seen, remedy));
    if unknown.status.is_success() && find_jwt(&unknown.body).is_some() {
        let seen = format!("signs a JWT for a user token that it does not know, with {}", describe(&unknown));
        let remedy = "Look the user token up and answer 401 if you do not know it: with this endpoint anybody can be \
                      any of your users.";
        report.add("unknown-token", Verdict::fail(seen, remedy).critical());
        return Err(SIGNS_FOR_ALL);
    }
    if let Some(status) = envelope(&unknown) {
        let seen =
            format!("answered with {}, and with {status} in a {{statusCode, body}} envelope", describe(&unknown));
        report.add("unknown-token", Verdict::fail(seen, UNWRAP));
        return Err("the status stands in an envelope");
    }
    let mut verdict = refused(&unknown, endpoint.plan.kind);
    if verdict.is_fail() {
        let is_refusal = |answer: &Answer| answer.status == StatusCode::UNAUTHORIZED;
        verdict = endpoint.reads_other_body(&endpoint.unknown_token(), is_refusal).await.unwrap_or(verdict);
    }
    report.add("unknown-token", verdict);

    let mut answers = Vec::new();
    for (id, what, request) in other_requests(endpoint) {
        let answer = endpoint.send(request).await;
        let verdict = match &answer {
            Ok(answer) if id == "refusals-alike" => alike(&unknown, answer),
            Ok(answer) if id == "odd-characters" => same_status(&unknown, answer, what),
            Ok(answer) => not_accepted(answer, what),
            Err(failure) => unanswered(format!("{what}: {failure}")),
        };
        report.add(id, verdict);
        answers.extend(answer);
    }
    answers.insert(0, unknown);
    report.add("refusal-leaks-nothing", leaks_nothing(&answers, &endpoint.plan.marker));
    let stored = answers.iter().find(|answer| !answer.lists(CACHE_CONTROL, "no-store")).unwrap_or(&answers[0]);
    let mut verdict = caching(stored, State::Warn, "Send Cache-Control: no-store with every answer.");
    if verdict.state == State::Warn {
        verdict.seen.insert_str(0, &format!("with status {}, ", stored.status.as_u16()));
    }
    report.add("refusal-cache", verdict);
    Ok(())
}

/// Asks for a configuration that does not exist, if the path names one that does.
pub(super) async fn of_unknown_configuration(endpoint: &Endpoint<'_>, report: &mut Report) {
    let plan = endpoint.plan;
    let mut words = plan.url.path().rsplitn(3, '/');
    let (Some(_), Some(last), Some(_), Some(first)) = (&plan.configuration, words.next(), words.next(), words.next())
    else {
        return;
    };
    let path = format!("{first}/doctor-{}/{last}", plan.marker.get(..8).unwrap_or_default());
    let judge = |answer: &Answer| {
        let seen = format!("an unknown configuration was answered with {}", describe(answer));
        let remedy = "Answer 404 to a configuration that you do not know: otherwise nobody notices a mistyped address.";
        Verdict::fail_unless(answer.status == StatusCode::NOT_FOUND, seen, remedy)
    };
    let request = endpoint.request_with(&endpoint.unknown_token()).path(&path);
    report.add("unknown-configuration", endpoint.judge(request, judge).await);
}

fn refused(answer: &Answer, kind: Kind) -> Verdict {
    let seen = format!("answered with {}", describe(answer));
    let remedy = match answer.status {
        StatusCode::UNAUTHORIZED => return Verdict::pass(seen),
        status if status.is_success() => "Zendesk believes the name in every JWT that you sign.",
        status if status.is_server_error() => "5xx is for outages: catch the error of the look-up.",
        status if status.is_client_error() && kind == Kind::Messaging => {
            "Your page cannot distinguish this answer from a mistake in its request."
        }
        StatusCode::NOT_FOUND => "Check the path of the address, and that it takes POST.",
        _ => "Zendesk expects that status.",
    };
    let remedy = format!("Answer 401 to a user token that you do not know. {remedy}");
    let is_readable = kind == Kind::Messaging && answer.status.is_client_error();
    if is_readable { Verdict::warn(seen, remedy) } else { Verdict::fail(seen, remedy) }
}

fn alike(unknown: &Answer, other: &Answer) -> Verdict {
    let remedy = "Answer every refusal with the same status and body: a difference shows a stranger which tokens \
                  come close.";
    if unknown.status != other.status {
        let (one, other) = (describe(unknown), describe(other));
        return Verdict::fail(format!("one unknown token was answered with {one}, another with {other}"), remedy);
    }
    if unknown.body != other.body || unknown.media_type() != other.media_type() {
        let remedy = format!("{remedy} A request id in it is harmless.");
        return Verdict::warn("two unknown tokens were answered with different bodies", remedy);
    }
    Verdict::pass("two unknown tokens were answered alike")
}

/// Further requests without a known user token, each with the id of its check and a name.
fn other_requests(endpoint: &Endpoint<'_>) -> Vec<(&'static str, &'static str, Request)> {
    let marker = &endpoint.plan.marker;
    let with = |token: String| endpoint.request_with(&token);
    let form = |body: String| endpoint.request(Method::POST).encoded_form(body);
    let like_a_jwt = format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkb2N0b3IifQ.{marker}");
    let mut requests = vec![("refusals-alike", "a token that looks like a JWT", with(like_a_jwt))];
    // A careless reader of the request stumbles over these tokens.
    if endpoint.plan.place == Place::Form {
        requests.extend([
            ("odd-characters", "a token with + = % & é", with(format!("doctor+=%&é{marker}"))),
            ("odd-characters", "a token with + for a space", form(format!("user_token=doctor+{marker}"))),
            ("odd-characters", "a token with %20", form(format!("user_token=doctor%20{marker}"))),
        ]);
    } else {
        requests.push(("odd-characters", "a token with + / = %", with(format!("doctor+/%26={marker}=="))));
    }
    requests.extend([
        ("empty-token", "an empty user token", with(String::new())),
        ("json-body", "an unknown token in a JSON body", endpoint.request_with_json(&endpoint.unknown_token())),
        ("get", "a GET", endpoint.request(Method::GET)),
    ]);
    requests
}

fn same_status(unknown: &Answer, answer: &Answer, what: &str) -> Verdict {
    let seen =
        format!("{what} was answered with {}, other unknown tokens with {}", describe(answer), describe(unknown));
    let remedy = "Decode the form as application/x-www-form-urlencoded requires, + as a space and %XX as bytes of UTF-8, \
                  and accept any character in a user token.";
    if unknown.status != answer.status {
        return Verdict::fail(seen, remedy);
    }
    Verdict::pass(format!("all were answered with {}", unknown.status.as_u16()))
}

fn not_accepted(answer: &Answer, what: &str) -> Verdict {
    let seen = format!("{what} was answered with {}", describe(answer));
    if answer.status.is_success() {
        return Verdict::fail(seen, "Answer 4xx unless a POST brings a user token that you know.");
    }
    if answer.status.is_server_error() {
        return Verdict::fail(seen, "Check the request before you use it, and answer 400, 401, 405 or 415.");
    }
    Verdict::pass(seen)
}

fn leaks_nothing(answers: &[Answer], marker: &str) -> Verdict {
    let has = |answer: &Answer, text: &str| {
        let mut headers = answer.headers.values();
        answer.body.contains(text) || headers.any(|value| String::from_utf8_lossy(value.as_bytes()).contains(text))
    };
    if answers.iter().any(|answer| has(answer, marker)) {
        return Verdict::fail(
            "an answer repeats the user token that was sent",
            "Leave the token out of error messages: they end up in logs, and who reads a token there can use it.",
        );
    }
    if let Some(internal) = INTERNALS.into_iter().find(|text| answers.iter().any(|answer| has(answer, text))) {
        return Verdict::fail(
            format!("an answer shows the inside of the server: `{}`", internal.trim()),
            "Write errors to your log, and answer with a fixed text; turn off your framework's debug mode.",
        );
    }
    Verdict::pass(format!("{} answers hold no token and nothing from inside the server", answers.len()))
}
