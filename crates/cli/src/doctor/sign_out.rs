//! The remote logout URL, which is also where Zendesk sends a browser that it could not sign in.

use hyper::Method;
use url::Url;

use super::connection::Route;
use super::endpoint::{Endpoint, unanswered};
use super::exchange::{Answer, Ask};
use super::page::ACCEPT_PAGE;
use super::report::{Group, Report, Verdict};

const GROUP: Group = Group::SignOut;

/// Text that a page must escape. None of its words is one by which a service might know one of Zendesk's errors.
const MARKUP: &str = "<b>zendesk-jwt doctor</b>";

/// Makes these checks. No session is sent along, so nobody is signed out.
pub(super) async fn examine(endpoint: &Endpoint<'_>, report: &mut Report) {
    let checks = ["sign-out", "error-page", "error-escaped"];
    let Some(url) = &endpoint.plan.logout_url else {
        return report.skip(GROUP, checks, "needs the remote logout URL (--logout-url)");
    };
    let route = if url.origin() == endpoint.plan.url.origin() {
        Ok(endpoint.route.clone())
    } else {
        endpoint.plan.network.route(url).await
    };
    let route = match route {
        Ok(route) => route,
        Err(problem) => {
            report.add(GROUP, checks[0], unanswered(problem));
            return report.skip(GROUP, [checks[1], checks[2]], "no answer");
        }
    };
    let signed_out = ask(endpoint, &route, Ask::new(Method::GET, url).query("brand_id", "1")).await;
    report.add(GROUP, checks[0], signed_out.map_or_else(unanswered, |answer| answers_a_browser(&answer)));

    let failed = Ask::new(Method::GET, url).query("kind", "error").query("message", MARKUP).query("brand_id", "1");
    match ask(endpoint, &route, failed).await {
        Ok(answer) => {
            report.add(GROUP, checks[1], shows_errors(&answer, url));
            report.add(GROUP, checks[2], escapes(&answer));
        }
        Err(problem) => {
            report.add(GROUP, checks[1], unanswered(problem));
            report.skip(GROUP, [checks[2]], "no answer");
        }
    }
}

async fn ask(endpoint: &Endpoint<'_>, route: &Route, ask: Ask) -> Result<Answer, String> {
    let (accept, pages) = ACCEPT_PAGE;
    ask.header(accept, pages).send(route, endpoint.timeout()).await
}

fn answers_a_browser(answer: &Answer) -> Verdict {
    let seen = format!("answered with {}", answer.told());
    if answer.status.is_success() || answer.status.is_redirection() {
        return Verdict::pass(seen);
    }
    Verdict::fail(
        seen,
        "Answer a GET with a page or a redirect, also when nobody is signed in: Zendesk sends browsers here when they \
         sign out. It is the remote logout URL in Admin Center > Account > Security > Single sign-on.",
    )
}

fn shows_errors(answer: &Answer, url: &Url) -> Verdict {
    let seen = format!("an error of Zendesk's is answered with {}", answer.told());
    if !(answer.status.is_success() || answer.status.is_redirection()) {
        return Verdict::fail(
            seen,
            "Show what the parameter message says when kind is error: Zendesk sends browsers here that it could not \
             sign in, and they see no other page.",
        );
    }
    if url.fragment().is_some() {
        return Verdict::warn(
            "the address has a # in it",
            "Take an address without #, which arrives percent-encoded when Zendesk sends an error.",
        );
    }
    if answer.status.is_success() && !answer.body.contains("zendesk-jwt doctor") {
        return Verdict::warn(
            format!("{seen}, a page that does not show the message"),
            "Show what the parameter message says when kind is error: nobody else tells the user why.",
        );
    }
    Verdict::pass(seen)
}

fn escapes(answer: &Answer) -> Verdict {
    if answer.body.contains(MARKUP) {
        return Verdict::fail(
            "markup in the parameter message gets into the page as it is",
            "Escape the message for HTML: anybody can write a link that puts a script of theirs into your page.",
        );
    }
    Verdict::pass("markup in the parameter message is escaped or not shown")
}
