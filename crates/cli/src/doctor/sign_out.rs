//! The remote logout URL, to which Zendesk also sends a browser that it could not sign in.

use hyper::Method;
use url::Url;

use super::endpoint::{Endpoint, describe, unanswered};
use super::page::like_a_browser;
use super::report::{Report, Verdict};
use zendesk_jwt_simulator::client::{Answer, Failure, Request};

/// Text that a page must escape. No word in it resembles a Zendesk error.
const MARKUP: &str = "<b>zendesk-jwt doctor</b>";

/// Makes these checks. No session is sent, so nobody is signed out.
pub(super) async fn examine(endpoint: &Endpoint<'_>, report: &mut Report) -> Result<(), &'static str> {
    let url = endpoint.plan.logout_url.as_ref().ok_or("needs the remote logout URL (--logout-url)")?;
    let (signed_out, failed) = answers(endpoint, url).await.map_err(|failure| {
        report.add("sign-out", unanswered(failure));
        "no answer"
    })?;
    report.add("sign-out", answers_a_browser(&signed_out));
    report.add("error-page", shows_errors(&failed, url));
    report.add("error-escaped", escapes(&failed));
    Ok(())
}

/// What a browser gets that has signed out, and one that Zendesk could not sign in.
async fn answers(endpoint: &Endpoint<'_>, url: &Url) -> Result<(Answer, Answer), Failure> {
    let plan = endpoint.plan;
    let is_same_server = url.origin() == plan.url.origin();
    let route = if is_same_server { endpoint.route.clone() } else { plan.route(url).await? };
    let request = like_a_browser(Request::new(Method::GET, url)).query("brand_id", "1");
    let signed_out = plan.client.send(&route, request.clone()).await?;
    let failed = plan.client.send(&route, request.query("kind", "error").query("message", MARKUP)).await?;
    Ok((signed_out, failed))
}

fn is_answered(answer: &Answer) -> bool {
    answer.status.is_success() || answer.status.is_redirection()
}

fn answers_a_browser(answer: &Answer) -> Verdict {
    let seen = format!("answered with {}", describe(answer));
    let remedy = "Answer a GET with a page or a redirect, also when nobody is signed in: Zendesk sends browsers here \
                  when they sign out. It is the remote logout URL in Admin Center > Account > Security > Single \
                  sign-on.";
    Verdict::fail_unless(is_answered(answer), seen, remedy)
}

fn shows_errors(answer: &Answer, url: &Url) -> Verdict {
    let seen = format!("an error from Zendesk is answered with {}", describe(answer));
    let remedy = "Show the parameter message when the parameter kind is error: Zendesk sends browsers here that it \
                  could not sign in, and they see no other page.";
    if !is_answered(answer) {
        return Verdict::fail(seen, remedy);
    }
    if url.fragment().is_some() {
        return Verdict::warn(
            "the address has a # in it",
            "Use an address without #, which arrives percent-encoded when Zendesk sends an error.",
        );
    }
    if answer.status.is_success() && !answer.body.contains("zendesk-jwt doctor") {
        return Verdict::warn(format!("{seen}, a page that does not show the message"), remedy);
    }
    Verdict::pass(seen)
}

fn escapes(answer: &Answer) -> Verdict {
    let remedy = "Escape the message for HTML: anybody can write a link that puts a script into your page.";
    if answer.body.contains(MARKUP) {
        return Verdict::fail("markup in the parameter message gets into the page unchanged", remedy);
    }
    Verdict::pass("markup in the parameter message is escaped or not shown")
}
