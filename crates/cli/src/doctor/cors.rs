//! Which pages may fetch a messaging JWT (Fetch Standard, "CORS protocol").

use hyper::Method;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};

use super::arguments::Place;
use super::endpoint::{Endpoint, describe, unanswered};
use super::report::{Report, Verdict, quoted};
use zendesk_jwt_simulator::client::{Answer, Failure, Request};

/// An origin that no messaging endpoint allows.
const FOREIGN: &str = "https://example.org";

pub(super) async fn examine(endpoint: &Endpoint<'_>, report: &mut Report) {
    if let Some(origin) = &endpoint.plan.arguments.origin {
        let verdict = if needs_preflight(endpoint) {
            endpoint.judge(preflight(endpoint, origin), |answer| preflight_allows(answer, origin)).await
        } else {
            Verdict::skip("browsers send such a request without a preflight")
        };
        report.add("cors-preflight", verdict);
        let unknown = endpoint.unknown_token();
        let token = endpoint.user_token().unwrap_or(&unknown);
        let request = endpoint.request_with(token).header(ORIGIN, origin);
        let verdict = endpoint.judge(request, |answer| answer_allows(answer, origin, endpoint.plan.place)).await;
        report.add("cors-answer", verdict);
    }
    let verdict = match foreign_answers(endpoint).await {
        Ok(answers) => answers
            .iter()
            .find_map(open_to_all)
            .unwrap_or_else(|| Verdict::pass(format!("a page of {FOREIGN} may not read the answer"))),
        Err(failure) => unanswered(failure),
    };
    report.add("cors-foreign", verdict);
}

/// Browsers ask first before they send a header that a page sets itself.
fn needs_preflight(endpoint: &Endpoint<'_>) -> bool {
    endpoint.plan.place == Place::Bearer
}

fn preflight(endpoint: &Endpoint<'_>, origin: &str) -> Request {
    let request = endpoint.request(Method::OPTIONS).header(ORIGIN, origin);
    request.header(ACCESS_CONTROL_REQUEST_METHOD, "POST").header(ACCESS_CONTROL_REQUEST_HEADERS, "authorization")
}

/// What a page of a foreign origin gets, without risking the given user token.
async fn foreign_answers(endpoint: &Endpoint<'_>) -> Result<Vec<Answer>, Failure> {
    let unknown = endpoint.request_with(&endpoint.unknown_token()).header(ORIGIN, FOREIGN);
    let mut answers = vec![endpoint.send(unknown).await?];
    if needs_preflight(endpoint) {
        answers.push(endpoint.send(preflight(endpoint, FOREIGN)).await?);
    }
    Ok(answers)
}

fn preflight_allows(answer: &Answer, origin: &str) -> Verdict {
    if !answer.status.is_success() {
        return Verdict::fail(
            format!("the preflight was answered with {}", describe(answer)),
            "Answer OPTIONS with 204 and the CORS headers, without asking for a user token.",
        );
    }
    if let Some(verdict) = forbidden(answer, origin) {
        return verdict;
    }
    if !answer.lists(ACCESS_CONTROL_ALLOW_HEADERS, "authorization") {
        return Verdict::fail(
            "the preflight does not allow the header Authorization",
            "Send Access-Control-Allow-Headers: authorization, content-type; a `*` does not cover Authorization.",
        );
    }
    Verdict::pass(format!("the preflight allows {origin} to send Authorization"))
}

fn answer_allows(answer: &Answer, origin: &str, place: Place) -> Verdict {
    if let Some(verdict) = forbidden(answer, origin) {
        return verdict;
    }
    let is_for_all = answer.header(ACCESS_CONTROL_ALLOW_ORIGIN).as_deref() == Some("*");
    if place == Place::Cookie && (is_for_all || !has_credentials(answer)) {
        return Verdict::fail(
            "pages that send their visitor's cookie may not read the answer",
            format!(
                "Send Access-Control-Allow-Credentials: true with Access-Control-Allow-Origin: {origin}, and make the \
                 page fetch with credentials: \"include\"."
            ),
        );
    }
    if !is_for_all && !answer.lists(VARY, "origin") && !answer.lists(VARY, "*") {
        return Verdict::warn(
            format!("pages of {origin} may read the answer, but it lacks Vary: Origin"),
            "Send Vary: Origin, so that no cache gives one site the answer for another.",
        );
    }
    Verdict::pass(format!("pages of {origin} may read the answer"))
}

/// Why pages of `origin` cannot read the answer, if they cannot.
fn forbidden(answer: &Answer, origin: &str) -> Option<Verdict> {
    let found = answer.header(ACCESS_CONTROL_ALLOW_ORIGIN);
    let seen = match found.as_deref() {
        Some(found) if found == origin || found == "*" => return None,
        Some(found) => format!("Access-Control-Allow-Origin is {}", quoted(found)),
        None => "there is no Access-Control-Allow-Origin".to_owned(),
    };
    let remedy = format!(
        "Allow {origin}: answer that origin with Access-Control-Allow-Origin: {origin}, with the scheme and without a \
         slash at the end."
    );
    Some(Verdict::fail(seen, remedy))
}

/// Why pages of any origin can read the answer, if they can.
fn open_to_all(answer: &Answer) -> Option<Verdict> {
    let remedy = "Compare the header Origin with a list of your own origins, and send Access-Control-Allow-Origin for \
                  those alone.";
    match answer.header(ACCESS_CONTROL_ALLOW_ORIGIN)?.as_str() {
        FOREIGN => Some(Verdict::fail(format!("a page of {FOREIGN} may read the answer"), remedy)),
        "*" if has_credentials(answer) => Some(Verdict::fail(
            "Access-Control-Allow-Origin is `*`, together with Access-Control-Allow-Credentials",
            format!("{remedy} Browsers refuse both together."),
        )),
        "*" => {
            Some(Verdict::warn("Access-Control-Allow-Origin is `*`, so a page of any site may read the answer", remedy))
        }
        _ => None,
    }
}

fn has_credentials(answer: &Answer) -> bool {
    answer.header(ACCESS_CONTROL_ALLOW_CREDENTIALS).as_deref() == Some("true")
}
