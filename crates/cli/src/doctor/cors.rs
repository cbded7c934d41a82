//! Which pages may fetch a messaging JWT (Fetch Standard, "CORS protocol").

use hyper::Method;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};

use super::arguments::Place;
use super::endpoint::{Endpoint, describe};
use super::report::{Report, State, Verdict, quoted};
use zendesk_jwt_simulator::client::{Answer, Request};

/// An origin that no messaging endpoint allows.
const FOREIGN: &str = "https://example.org";

pub(super) async fn examine(endpoint: &Endpoint<'_>, report: &mut Report) {
    if let Some(origin) = &endpoint.plan.arguments.origin {
        let verdict = match preflight(endpoint, origin) {
            Some(request) => endpoint.judge(request, |answer| preflight_allows(answer, origin)).await,
            None => Verdict::skip("browsers send such a request without a preflight"),
        };
        report.add("cors-preflight", verdict);
        let unknown = endpoint.unknown_token();
        let token = endpoint.user_token().unwrap_or(&unknown);
        let request = endpoint.request_with(token).header(ORIGIN, origin);
        let verdict = endpoint.judge(request, |answer| answer_allows(answer, origin, endpoint.plan.place)).await;
        report.add("cors-answer", verdict);
    }
    // The given user token is not risked with a foreign origin.
    let unknown = endpoint.request_with(&endpoint.unknown_token()).header(ORIGIN, FOREIGN);
    for request in [Some(unknown), preflight(endpoint, FOREIGN)].into_iter().flatten() {
        let verdict = endpoint.judge(request, closed_to_others).await;
        let is_closed = verdict.state == State::Pass;
        report.add("cors-foreign", verdict);
        if !is_closed {
            break;
        }
    }
}

/// The request with which browsers ask before they send a header that a page sets itself.
fn preflight(endpoint: &Endpoint<'_>, origin: &str) -> Option<Request> {
    let request =
        endpoint.request(Method::OPTIONS).header(ORIGIN, origin).header(ACCESS_CONTROL_REQUEST_METHOD, "POST");
    (endpoint.plan.place == Place::Bearer).then(|| request.header(ACCESS_CONTROL_REQUEST_HEADERS, "authorization"))
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

/// Whether pages of a foreign origin cannot read the answer.
fn closed_to_others(answer: &Answer) -> Verdict {
    let remedy = "Compare the header Origin with a list of your own origins, and send Access-Control-Allow-Origin for \
                  those alone.";
    match answer.header(ACCESS_CONTROL_ALLOW_ORIGIN).as_deref() {
        Some(FOREIGN) => Verdict::fail(format!("a page of {FOREIGN} may read the answer"), remedy),
        Some("*") if has_credentials(answer) => Verdict::fail(
            "Access-Control-Allow-Origin is `*`, together with Access-Control-Allow-Credentials",
            format!("{remedy} Browsers refuse both together."),
        ),
        Some("*") => {
            Verdict::warn("Access-Control-Allow-Origin is `*`, so a page of any site may read the answer", remedy)
        }
        _ => Verdict::pass(format!("a page of {FOREIGN} may not read the answer")),
    }
}

fn has_credentials(answer: &Answer) -> bool {
    answer.header(ACCESS_CONTROL_ALLOW_CREDENTIALS).as_deref() == Some("true")
}
