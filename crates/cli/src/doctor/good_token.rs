//! What the endpoints of the Support SDK and of messaging answer to a good user token.

use std::fmt::Write as _;
use std::time::Duration;

use hyper::{Method, StatusCode};
use serde_json::Value;

use super::endpoint::{Endpoint, Place, unanswered};
use super::exchange::Answer;
use super::report::{Group, Report, Verdict, quoted};
use super::token;
use zendesk_jwt_rules::Kind;

const GROUP: Group = Group::GoodToken;

/// How long an answer may take.
const PROMPT: Duration = Duration::from_secs(1);

/// Makes these checks, and those of the JWT.
pub(super) async fn examine(endpoint: &Endpoint<'_>, report: &mut Report) {
    let kind = endpoint.plan.kind;
    let skip = |reason: &str, report: &mut Report| {
        report.skip(GROUP, ["good-token", "media-type", "json", "cache", "speed", "encoded-token"], reason);
        token::skip(kind, reason, report);
    };
    let user_token = match endpoint.user_token() {
        Ok(user_token) => user_token,
        Err(reason) => return skip(reason, report),
    };
    let first = match endpoint.send(endpoint.ask_with(user_token)).await {
        Ok(answer) => answer,
        Err(problem) => {
            report.add(GROUP, "good-token", unanswered(problem));
            report.skip(GROUP, ["media-type", "json", "cache", "speed", "encoded-token"], "no answer");
            return token::skip(kind, "no answer", report);
        }
    };
    let later = endpoint.send(endpoint.ask_with(user_token)).await.ok();
    let verdict = taken(&first, kind);
    let is_taken = !verdict.is_fail();
    report.add(GROUP, "good-token", verdict);
    if !is_taken {
        report.skip(GROUP, ["media-type", "json", "cache", "encoded-token"], "the user token was not taken");
        report.add(GROUP, "speed", speed(kind, &first, later.as_ref()));
        return token::skip(kind, "no JWT", report);
    }
    let found = jwt(&first.body, kind);
    report.add(GROUP, "media-type", is_json(&first));
    report.add(GROUP, "json", holds_a_jwt(&first, found.as_ref(), kind));
    report.add(GROUP, "cache", kept_by_no_cache(&first));
    report.add(GROUP, "speed", speed(kind, &first, later.as_ref()));
    match endpoint.plan.place {
        Place::Form => report.add(GROUP, "encoded-token", encoded(endpoint, user_token).await),
        _ => report.skip(GROUP, ["encoded-token"], "the user token is not sent in a form"),
    }
    match found {
        Some(found) => {
            let later = later.and_then(|later| jwt(&later.body, kind));
            let later = later.as_ref().map(|later| later.jwt.as_str());
            token::examine(endpoint, &first, &found.jwt, later, report);
        }
        None => token::skip(kind, "no JWT", report),
    }
}

fn taken(answer: &Answer, kind: Kind) -> Verdict {
    let seen = format!("answered with {}", answer.told());
    match answer.status {
        StatusCode::OK => Verdict::pass(seen),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Verdict::fail(
            seen,
            "Give a user token that this endpoint knows, and that is good for this kind of JWT. If it is, look into \
             the server's log for why it was refused.",
        ),
        status if status.is_redirection() => {
            Verdict::fail(seen, "Answer 200 with the JWT at this very address: a redirect is not followed.")
        }
        status if status.is_success() && kind == Kind::Messaging => {
            Verdict::warn(seen, "Answer 200: some clients take nothing else.")
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
    /// The member that holds it; nothing when it is the whole answer.
    member: Option<String>,
}

/// The JWT in an answer. Where messaging's is, is the endpoint's own choice, so it is looked for.
fn jwt(body: &str, kind: Kind) -> Option<Found> {
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
                    "Answer {\"jwt\": \"eyJ…\"}, with the name in lower case and the JWT as a string: Zendesk reads no other."
                }
            },
        ),
    }
}

/// What an answer is that holds no JWT; of its text nothing is shown.
fn without_jwt(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(Value::Object(members)) => match members.get("jwt") {
            Some(Value::String(_)) => "the member `jwt` is empty".to_owned(),
            Some(_) => "the member `jwt` is no string".to_owned(),
            None => {
                let alike = members.keys().find(|name| name.eq_ignore_ascii_case("jwt") || *name == "token");
                let alike = alike.map(|name| format!(", but one called {}", quoted(name))).unwrap_or_default();
                format!("the JSON object has no member `jwt`{alike}")
            }
        },
        Ok(_) => "the answer is JSON, but no object".to_owned(),
        Err(_) if body.is_empty() => "the answer is empty".to_owned(),
        Err(_) => "the answer is not JSON".to_owned(),
    }
}

fn kept_by_no_cache(answer: &Answer) -> Verdict {
    if answer.is_no_store() {
        return Verdict::pass("Cache-Control is `no-store`");
    }
    Verdict::warn(answer.caching(), "Send Cache-Control: no-store: nobody may keep a JWT, which lets its holder in.")
}

/// The second answer counts, since the first may come from a server that was just started.
pub(super) fn speed(kind: Kind, first: &Answer, later: Option<&Answer>) -> Verdict {
    let usual = later.map_or(first.took, |later| later.took.min(first.took));
    let mut seen = format!("answered in {}", told(first.took));
    if let Some(later) = later {
        let _ = write!(seen, ", then in {}", told(later.took));
    }
    if usual > PROMPT {
        let remedy = "Answer within a second, the connection included: give the server more memory, keep its \
                      connections warm, and look up a user by key.";
        return if kind == Kind::Sdk { Verdict::fail(seen, remedy) } else { Verdict::warn(seen, remedy) };
    }
    if first.took > PROMPT {
        return Verdict::warn(
            seen,
            "Shorten the cold start: it is the first caller after a pause who waits. More memory or provisioned \
             concurrency helps.",
        );
    }
    Verdict::pass(seen)
}

fn told(took: Duration) -> String {
    if took < PROMPT { format!("{} ms", took.as_millis()) } else { format!("{:.1} s", took.as_secs_f64()) }
}

/// Sends the same token with every byte percent-encoded, which is the same form.
async fn encoded(endpoint: &Endpoint<'_>, user_token: &str) -> Verdict {
    let mut body = zeroize::Zeroizing::new("user_token=".to_owned());
    for byte in user_token.bytes() {
        let _ = write!(body, "%{byte:02X}");
    }
    match endpoint.send(endpoint.ask(Method::POST).form_body(body.as_str())).await {
        Ok(answer) if answer.status == StatusCode::OK => {
            Verdict::pass("the same token is taken when all of it is percent-encoded")
        }
        Ok(answer) => Verdict::fail(
            format!("the same token, all of it percent-encoded, was answered with {}", answer.told()),
            "Decode the form as application/x-www-form-urlencoded says: Zendesk encodes what a form must encode.",
        ),
        Err(problem) => unanswered(problem),
    }
}
