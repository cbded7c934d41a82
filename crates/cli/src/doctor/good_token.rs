//! What the endpoints of the Support SDK and of messaging answer to a known user token.

use std::fmt::Write as _;
use std::time::Duration;

use hyper::{Method, StatusCode};
use serde_json::Value;

use super::endpoint::{Endpoint, caching, describe, unanswered};
use super::jwt;
use super::plan::Place;
use super::report::{Group, Report, Verdict, quoted};
use zendesk_jwt_rules::Kind;
use zendesk_jwt_simulator::client::Answer;

/// How long an answer may take.
const PROMPT: Duration = Duration::from_secs(1);

/// Makes these checks, and those of the JWT.
pub(super) async fn examine(endpoint: &Endpoint<'_>, report: &mut Report) {
    if let Err(reason) = examine_answers(endpoint, report).await {
        report.skip_rest(Group::GoodToken, reason);
        report.skip_rest(Group::Jwt, reason);
    }
}

/// Makes the checks, or says why it stopped.
async fn examine_answers(endpoint: &Endpoint<'_>, report: &mut Report) -> Result<(), &'static str> {
    let kind = endpoint.plan.kind;
    let user_token = endpoint.user_token()?;
    let first = match endpoint.send(endpoint.request_with(user_token)).await {
        Ok(answer) => answer,
        Err(failure) => {
            report.add("good-token", unanswered(failure));
            return Err("no answer");
        }
    };
    let later = endpoint.send(endpoint.request_with(user_token)).await.ok();
    report.add("speed", speed(kind, &first, later.as_ref()));
    let verdict = accepted(&first, kind);
    let is_refused = verdict.is_fail();
    report.add("good-token", verdict);
    if is_refused {
        return Err("the user token was not accepted");
    }
    let found = find_jwt(&first.body, kind);
    report.add("media-type", is_json(&first));
    report.add("json", holds_a_jwt(&first, found.as_ref(), kind));
    report.add("cache", not_stored(&first));
    report.add("encoded-token", encoded(endpoint, user_token).await);
    let Found { jwt, .. } = found.ok_or("no JWT")?;
    let later = later.and_then(|later| find_jwt(&later.body, kind));
    jwt::examine(endpoint, &first, &jwt, later.as_ref().map(|later| later.jwt.as_str()), report);
    Ok(())
}

fn accepted(answer: &Answer, kind: Kind) -> Verdict {
    let seen = format!("answered with {}", describe(answer));
    match answer.status {
        StatusCode::OK => Verdict::pass(seen),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Verdict::fail(
            seen,
            "Give a user token that this endpoint knows and accepts for this kind of JWT. If it should know this one, \
             look into the server's log for the reason.",
        ),
        status if status.is_redirection() => {
            Verdict::fail(seen, "Answer 200 with the JWT at this address: a redirect is not followed.")
        }
        status if status.is_success() && kind == Kind::Messaging => {
            Verdict::warn(seen, "Answer 200: some clients accept nothing else.")
        }
        status if status.is_server_error() => {
            Verdict::fail(seen, "Look into the server's log: it could not look up the user or sign the JWT.")
        }
        _ => Verdict::fail(seen, "Answer exactly 200 with the JWT."),
    }
}

fn is_json(answer: &Answer) -> Verdict {
    let media_type = answer.media_type();
    if media_type == "application/json" {
        return Verdict::pass("application/json");
    }
    let seen = if media_type.is_empty() { "there is none".to_owned() } else { quoted(&media_type) };
    Verdict::fail(seen, "Send Content-Type: application/json.")
}

/// A JWT in an answer.
struct Found {
    jwt: String,
    /// The member that holds it; `None` if it is the whole answer.
    member: Option<String>,
}

/// The JWT in an answer. A messaging endpoint may put it anywhere.
fn find_jwt(body: &str, kind: Kind) -> Option<Found> {
    let is_jwt = |text: &&str| text.starts_with("ey") && text.split('.').count() == 3;
    let found = |jwt: &str, member: Option<&str>| Found { jwt: jwt.to_owned(), member: member.map(str::to_owned) };
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    if let Some(jwt) = json["jwt"].as_str().filter(|jwt| !jwt.is_empty()) {
        return Some(found(jwt, Some("jwt")));
    }
    if kind != Kind::Messaging {
        return None;
    }
    let members = json.as_object().into_iter().flatten();
    let mut jwts = members.filter_map(|(name, value)| Some((name, value.as_str().filter(is_jwt)?)));
    let of_member = jwts.next().map(|(name, jwt)| found(jwt, Some(name)));
    let whole = json.as_str().unwrap_or(body.trim());
    of_member.or_else(|| is_jwt(&whole).then(|| found(whole, None)))
}

fn holds_a_jwt(answer: &Answer, found: Option<&Found>, kind: Kind) -> Verdict {
    match found {
        Some(Found { member: Some(name), .. }) => {
            Verdict::pass(format!("a JSON object with the JWT in {}", quoted(name)))
        }
        Some(Found { member: None, .. }) => Verdict::pass("the answer is the JWT itself"),
        None => Verdict::fail(
            without_jwt(&answer.body),
            match kind {
                Kind::Messaging => "Answer a JSON object with the JWT as a string, such as {\"jwt\": \"eyJ…\"}.",
                Kind::Sdk | Kind::Sso => {
                    "Answer {\"jwt\": \"eyJ…\"}, with the name in lower case and the JWT as a string: Zendesk reads \
                     nothing else."
                }
            },
        ),
    }
}

/// What an answer without a JWT is; none of its text is shown.
fn without_jwt(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(Value::Object(members)) => match members.get("jwt") {
            Some(Value::String(_)) => "the member `jwt` is empty".to_owned(),
            Some(_) => "the member `jwt` is not a string".to_owned(),
            None => {
                let alike = members.keys().find(|name| name.eq_ignore_ascii_case("jwt") || *name == "token");
                let alike = alike.map(|name| format!(", but one called {}", quoted(name))).unwrap_or_default();
                format!("the JSON object has no member `jwt`{alike}")
            }
        },
        Ok(_) => "the answer is JSON, but not an object".to_owned(),
        Err(_) if body.is_empty() => "the answer is empty".to_owned(),
        Err(_) => "the answer is not JSON".to_owned(),
    }
}

fn not_stored(answer: &Answer) -> Verdict {
    if answer.is_no_store() {
        return Verdict::pass("Cache-Control is `no-store`");
    }
    Verdict::warn(caching(answer), "Send Cache-Control: no-store: who finds a JWT in a cache can use it.")
}

/// Judges the faster of two answers, since the first may come from a server that just started.
pub(super) fn speed(kind: Kind, first: &Answer, later: Option<&Answer>) -> Verdict {
    let usual = later.map_or(first.took, |later| later.took.min(first.took));
    let mut seen = format!("answered in {}", shown(first.took));
    if let Some(later) = later {
        let _ = write!(seen, ", then in {}", shown(later.took));
    }
    if usual > PROMPT {
        let remedy = "Answer within a second, connection included: give the server more memory, keep its connections \
                      open, and look up a user by key.";
        return if kind == Kind::Sdk { Verdict::fail(seen, remedy) } else { Verdict::warn(seen, remedy) };
    }
    if first.took > PROMPT {
        let remedy = "Shorten the cold start, for which the first user after a pause waits. More memory or provisioned \
                      concurrency helps.";
        return Verdict::warn(seen, remedy);
    }
    Verdict::pass(seen)
}

fn shown(took: Duration) -> String {
    if took < PROMPT { format!("{} ms", took.as_millis()) } else { format!("{:.1} s", took.as_secs_f64()) }
}

/// Sends the same token with every byte percent-encoded, which is the same form.
async fn encoded(endpoint: &Endpoint<'_>, user_token: &str) -> Verdict {
    if endpoint.plan.place != Place::Form {
        return Verdict::skip("the user token is not sent in a form");
    }
    let mut body = zeroize::Zeroizing::new("user_token=".to_owned());
    for byte in user_token.bytes() {
        let _ = write!(body, "%{byte:02X}");
    }
    let judge = |answer: &Answer| match answer.status {
        StatusCode::OK => Verdict::pass("the same token is accepted when all of it is percent-encoded"),
        _ => Verdict::fail(
            format!("the same token, all of it percent-encoded, was answered with {}", describe(answer)),
            "Decode the form as application/x-www-form-urlencoded requires: Zendesk encodes what a form must encode.",
        ),
    };
    endpoint.judge(endpoint.request(Method::POST).form(body.as_str()), judge).await
}
