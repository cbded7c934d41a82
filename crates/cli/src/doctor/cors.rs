//! Which pages may ask a messaging endpoint for their visitor's JWT (Fetch Standard, "CORS protocol").

use hyper::Method;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};

use super::endpoint::{Endpoint, Place, unanswered};
use super::exchange::{Answer, Ask};
use super::report::{Group, Report, Verdict, quoted};

const GROUP: Group = Group::Cors;

/// An origin that no messaging endpoint allows.
const FOREIGN: &str = "https://example.org";

/// Makes these checks.
pub(super) async fn examine(endpoint: &Endpoint<'_>, report: &mut Report) {
    match &endpoint.plan.origin {
        None => report.skip(GROUP, ["cors-preflight", "cors-answer"], "needs the origin of your site (--origin)"),
        Some(origin) => {
            if asks_first(endpoint) {
                let verdict = match endpoint.send(preflight(endpoint, origin)).await {
                    Ok(answer) => allowed_beforehand(&answer, origin),
                    Err(problem) => unanswered(problem),
                };
                report.add(GROUP, "cors-preflight", verdict);
            } else {
                report.skip(GROUP, ["cors-preflight"], "browsers send such a request without asking first");
            }
            let unknown = endpoint.unknown_token();
            let token = endpoint.user_token().unwrap_or(&unknown);
            let verdict = match endpoint.send(endpoint.ask_with(token).header(ORIGIN, origin)).await {
                Ok(answer) => allowed(&answer, origin, &endpoint.plan.place),
                Err(problem) => unanswered(problem),
            };
            report.add(GROUP, "cors-answer", verdict);
        }
    }
    let verdict = match foreign_answers(endpoint).await {
        Ok(answers) => answers
            .iter()
            .find_map(open_to_all)
            .unwrap_or_else(|| Verdict::pass(format!("a page of {FOREIGN} may not read the answer"))),
        Err(problem) => unanswered(problem),
    };
    report.add(GROUP, "cors-foreign", verdict);
}

/// Whether browsers ask before they send the token: they do for a header of the page's own.
fn asks_first(endpoint: &Endpoint<'_>) -> bool {
    endpoint.plan.place == Place::Bearer
}

fn preflight(endpoint: &Endpoint<'_>, origin: &str) -> Ask {
    endpoint
        .ask(Method::OPTIONS)
        .header(ORIGIN, origin)
        .header(ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(ACCESS_CONTROL_REQUEST_HEADERS, "authorization")
}

/// What a page of a foreign origin would get; no good token is risked for it.
async fn foreign_answers(endpoint: &Endpoint<'_>) -> Result<Vec<Answer>, String> {
    let unknown = endpoint.ask_with(&endpoint.unknown_token()).header(ORIGIN, FOREIGN);
    let mut answers = vec![endpoint.send(unknown).await?];
    if asks_first(endpoint) {
        answers.push(endpoint.send(preflight(endpoint, FOREIGN)).await?);
    }
    Ok(answers)
}

fn allowed_beforehand(answer: &Answer, origin: &str) -> Verdict {
    if !answer.status.is_success() {
        return Verdict::fail(
            format!("the preflight was answered with {}", answer.told()),
            "Answer OPTIONS with 204 and the CORS headers, without asking for a user token.",
        );
    }
    if let Some(verdict) = not_for(answer, origin) {
        return verdict;
    }
    let headers = answer.header(ACCESS_CONTROL_ALLOW_HEADERS).unwrap_or_default();
    // A `*` does not stand for this one.
    if !headers.split(',').any(|header| header.trim().eq_ignore_ascii_case("authorization")) {
        return Verdict::fail(
            "the preflight does not allow the header Authorization",
            "Send Access-Control-Allow-Headers: authorization, content-type; a `*` does not cover Authorization.",
        );
    }
    Verdict::pass(format!("the preflight allows {origin} to send Authorization"))
}

fn allowed(answer: &Answer, origin: &str, place: &Place) -> Verdict {
    if let Some(verdict) = not_for(answer, origin) {
        return verdict;
    }
    let is_for_all = answer.header(ACCESS_CONTROL_ALLOW_ORIGIN).as_deref() == Some("*");
    if matches!(place, Place::Cookie(_)) && (is_for_all || !has_credentials(answer)) {
        return Verdict::fail(
            "the answer is not for pages that send their visitor's cookie",
            format!(
                "Send Access-Control-Allow-Credentials: true with Access-Control-Allow-Origin: {origin}, and let the \
                 page fetch with credentials: \"include\"."
            ),
        );
    }
    let varies = answer.header(VARY).unwrap_or_default().to_ascii_lowercase();
    if !is_for_all && !varies.split(',').any(|name| matches!(name.trim(), "origin" | "*")) {
        return Verdict::warn(
            format!("pages of {origin} may read the answer, which does not say that it varies by origin"),
            "Send Vary: Origin, so that no cache gives one site the answer for another.",
        );
    }
    Verdict::pass(format!("pages of {origin} may read the answer"))
}

/// What keeps pages of `origin` from reading the answer.
fn not_for(answer: &Answer, origin: &str) -> Option<Verdict> {
    let found = answer.header(ACCESS_CONTROL_ALLOW_ORIGIN);
    let seen = match found.as_deref() {
        Some(found) if found == origin || found == "*" => return None,
        Some(found) => format!("Access-Control-Allow-Origin is {}", quoted(found)),
        None => "there is no Access-Control-Allow-Origin".to_owned(),
    };
    Some(Verdict::fail(
        seen,
        format!(
            "Allow {origin}: answer that origin with Access-Control-Allow-Origin: {origin}, scheme included and \
                 without a slash at the end."
        ),
    ))
}

/// What lets pages of any origin read the answer.
fn open_to_all(answer: &Answer) -> Option<Verdict> {
    let found = answer.header(ACCESS_CONTROL_ALLOW_ORIGIN)?;
    let remedy = "Compare the header Origin with a list of your own origins, and send Access-Control-Allow-Origin for \
                  those alone.";
    if found == FOREIGN {
        return Some(Verdict::fail(format!("a page of {FOREIGN} may read the answer"), remedy));
    }
    if found != "*" {
        return None;
    }
    Some(if has_credentials(answer) {
        let seen = "Access-Control-Allow-Origin is `*`, together with Access-Control-Allow-Credentials";
        Verdict::fail(seen, format!("{remedy} Browsers refuse both together."))
    } else {
        Verdict::warn("Access-Control-Allow-Origin is `*`, so a page of any site may read the answer", remedy)
    })
}

fn has_credentials(answer: &Answer) -> bool {
    answer.header(ACCESS_CONTROL_ALLOW_CREDENTIALS).as_deref() == Some("true")
}
