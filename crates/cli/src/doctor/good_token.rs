//! What the endpoints of the Support SDK and of messaging answer to a known user token.

use std::fmt::Write as _;
use std::time::Duration;

use hyper::header::CONTENT_ENCODING;
use hyper::{Method, StatusCode};
use serde_json::{Map, Value};

use super::arguments::Place;
use super::endpoint::{Endpoint, UNWRAP, caching, describe, envelope};
use super::id_token::WHY_REFUSED;
use super::jwt;
use super::plan::Plan;
use super::refusals::SIGNS_FOR_ALL;
use super::report::{Report, State, Verdict, quoted};
use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::inspect::find_jwt;
use zendesk_jwt_simulator::client::Answer;

const PROMPT: Duration = Duration::from_secs(1);

/// Makes the checks, or says why it stopped.
pub(super) async fn examine(endpoint: &Endpoint<'_>, refuses: bool, report: &mut Report) -> Result<(), &'static str> {
    let kind = endpoint.plan.kind;
    let user_token = endpoint.user_token()?;
    let first = endpoint.answer("good-token", endpoint.request_with(user_token), report).await?;
    let later = endpoint.send(endpoint.request_with(user_token)).await.ok();
    report.add("speed", speed(kind, &first, later.as_ref()));
    let verdict = accepted(&first, endpoint.plan);
    if verdict.is_fail() {
        let is_read = |answer: &Answer| answer.status == StatusCode::OK && find_jwt(&answer.body).is_some();
        let other = endpoint.reads_other_body(user_token, is_read).await;
        report.add("good-token", other.unwrap_or(verdict));
        return Err("the user token was not accepted");
    }
    let encoded = encoded(endpoint, user_token).await;
    for (id, verdict) in [("good-token", verdict), ("encoded-token", encoded)] {
        report.add(id, if refuses { verdict } else { Verdict::skip(SIGNS_FOR_ALL) });
    }
    report.add("media-type", media_type(&first, kind));
    report.add("json", body(&first, kind));
    let remedy = "Send Cache-Control: no-store: who finds a JWT in a cache can use it.";
    report.add("cache", caching(&first, State::Warn, remedy));
    let jwt = the_jwt(&first).ok_or("no JWT")?;
    let later = later.as_ref().and_then(the_jwt);
    jwt::examine(endpoint, &first, &jwt, later.as_deref(), report);
    Ok(())
}

fn accepted(answer: &Answer, plan: &Plan<'_>) -> Verdict {
    let seen = format!("answered with {}", describe(answer));
    let remedy = match answer.status {
        StatusCode::OK => return Verdict::pass(seen),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if plan.id_token.is_some() => WHY_REFUSED,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "Give a user token that this endpoint knows and accepts for this kind of JWT. If it should know this one, \
             look into the server's log for the reason."
        }
        status if status.is_redirection() => "Answer 200 with the JWT at this address: a redirect is not followed.",
        status if status.is_success() && plan.kind == Kind::Messaging => {
            return Verdict::warn(seen, "Answer 200: some clients accept nothing else.");
        }
        status if status.is_server_error() => {
            "Look into the server's log: it could not look up the user or sign the JWT."
        }
        _ => "Answer exactly 200 with the JWT.",
    };
    Verdict::fail(seen, remedy)
}

fn media_type(answer: &Answer, kind: Kind) -> Verdict {
    let media_type = answer.media_type();
    let is_bare = find_jwt(&answer.body).is_some_and(|found| found.surroundings.is_empty());
    let seen = if media_type.is_empty() { "there is no Content-Type".to_owned() } else { quoted(&media_type) };
    let remedy = "Send Content-Type: application/json.";
    match media_type.as_str() {
        "application/json" => Verdict::pass(seen),
        "text/plain" if is_bare && kind == Kind::Messaging => Verdict::pass(format!("{seen}, for the JWT itself")),
        _ if kind == Kind::Messaging => Verdict::warn(seen, remedy),
        _ => Verdict::fail(seen, remedy),
    }
}

/// The JWT of an answer: the member `jwt`, or the first JWT in it.
fn the_jwt(answer: &Answer) -> Option<String> {
    let json: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let member = json["jwt"].as_str().filter(|jwt| !jwt.is_empty());
    member.map(str::to_owned).or_else(|| find_jwt(&answer.body).map(|found| found.jwt))
}

/// Whether the client finds the JWT in the answer. A messaging endpoint may put it anywhere.
fn body(answer: &Answer, kind: Kind) -> Verdict {
    let remedy = match kind {
        Kind::Messaging => "Answer a JSON object with the JWT as a string, such as {\"jwt\": \"eyJ…\"}.",
        Kind::Sdk | Kind::Sso => {
            "Answer {\"jwt\": \"eyJ…\"}, with the name in lower case and the JWT as a string: Zendesk reads nothing else."
        }
    };
    let text = answer.body.as_str();
    if let Some(encoding) = compression(answer) {
        let seen = format!("the answer is compressed with {encoding}, although the request does not ask for it");
        return Verdict::fail(seen, "Answer without compression: whether Zendesk decompresses is not known.");
    }
    if let Some(status) = envelope(answer) {
        let seen = format!("the answer is a {{statusCode, body}} envelope with {status}");
        return Verdict::fail(seen, UNWRAP);
    }
    let found = find_jwt(text).filter(|_| kind == Kind::Messaging);
    let json: Option<Value> = serde_json::from_str(text).ok();
    let seen = match (&json, json.as_ref().and_then(|json| json.get("jwt"))) {
        (_, Some(Value::String(jwt))) if !jwt.is_empty() => {
            return Verdict::pass("a JSON object with the JWT in `jwt`");
        }
        (Some(_), _) if found.is_some() => return Verdict::pass("JSON with the JWT"),
        (_, Some(Value::String(_))) => "the member `jwt` is empty".to_owned(),
        (_, Some(_)) => "the member `jwt` is not a string".to_owned(),
        (Some(Value::Object(members)), None) => {
            let alike = members.keys().find(|name| name.eq_ignore_ascii_case("jwt") || *name == "token");
            let alike = alike.map(|name| format!(", but one called {}", quoted(name))).unwrap_or_default();
            format!("the JSON object has no member `jwt`{alike}")
        }
        (Some(_), None) => "the answer is JSON, but not an object".to_owned(),
        (None, None) if text.is_empty() => "the answer is empty".to_owned(),
        (None, None) => match text_around_json(text) {
            Some(place) => format!("there is text {place} the JSON, such as a warning or a byte order mark"),
            None if found.is_some_and(|found| found.jwt == text.trim()) => {
                return Verdict::pass("the answer is the JWT itself");
            }
            None => "the answer is not JSON".to_owned(),
        },
    };
    Verdict::fail(seen, remedy)
}

/// How an answer is compressed, by its header or the first bytes of gzip.
fn compression(answer: &Answer) -> Option<String> {
    let encoding = answer.header(CONTENT_ENCODING).filter(|encoding| !encoding.eq_ignore_ascii_case("identity"));
    encoding.or_else(|| answer.body.starts_with("\u{1f}\u{fffd}").then(|| "gzip".to_owned()))
}

/// Where other text stands, if there is a JSON object in the text.
fn text_around_json(text: &str) -> Option<&'static str> {
    let start = text.find('{')?;
    let object = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Map<String, Value>>().next();
    object?.ok()?;
    Some(if text[..start].trim().is_empty() { "after" } else { "before" })
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
    let remedy = "Shorten the cold start, for which the first user after a pause waits. More memory or provisioned \
                  concurrency helps.";
    Verdict::warn_unless(first.took <= PROMPT, seen, remedy)
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
    endpoint.judge(endpoint.request(Method::POST).encoded_form(body.as_str()), judge).await
}
