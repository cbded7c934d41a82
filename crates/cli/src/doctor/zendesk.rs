//! Whether Zendesk itself accepts the JWT of the sign-in page.

use indicatif::ProgressBar;
use url::Url;

use super::endpoint::Endpoint;
use super::page::Form;
use super::report::{Report, Verdict, quoted};
use super::sso::{as_zendesk_sends, the_form};
use crate::zendesk::{NotPosted, Outcome, Post, RETURN_TO, label};
use zendesk_jwt::config::is_loopback;
use zendesk_jwt_rules::Kind;

/// Posts the form of the page, if the operator wants that.
pub(super) async fn examine(endpoint: &Endpoint<'_>, progress: &ProgressBar, report: &mut Report) {
    if !endpoint.plan.arguments.ask.ask_zendesk {
        return;
    }
    let verdict = ask(endpoint, progress).await.map_or_else(
        |verdict| verdict,
        |Outcome { seen, remedy, .. }| match remedy {
            None => Verdict::pass(seen),
            Some(remedy) => Verdict::fail(seen, remedy),
        },
    );
    report.add("zendesk-accepts", verdict);
}

async fn ask(endpoint: &Endpoint<'_>, progress: &ProgressBar) -> Result<Outcome, Verdict> {
    let plan = endpoint.plan;
    if plan.kind != Kind::Sso {
        return Err(Verdict::skip("a program cannot ask; the steps by hand are below"));
    }
    // Requests a new page, because Zendesk accepts each `jti` once.
    let (form, url) = page(endpoint).await?;
    let post = Post { url: &url, fields: &form.fields, help_centers: &plan.arguments.help_center };
    let permit = progress.suspend(|| plan.arguments.ask.permit(&post, plan.arguments.post_to.as_ref()));
    permit.map_err(|NotPosted { reason, remedy }| match remedy {
        None => Verdict::skip(reason),
        Some(remedy) => Verdict::fail(format!("Zendesk was not asked: {reason}"), remedy),
    })?;
    progress.set_message("Asking Zendesk");
    let answer = async { plan.client.send(&plan.route(post.url).await?, post.request()).await };
    Ok(post.outcome(answer.await))
}

/// A new sign-in page, and where its form leads.
async fn page(endpoint: &Endpoint<'_>) -> Result<(Form, Url), Verdict> {
    let plan = endpoint.plan;
    let user_token = endpoint.user_token().map_err(Verdict::skip)?;
    let request = as_zendesk_sends(endpoint.request_with(user_token), Some(RETURN_TO));
    let answer = endpoint.send(request).await.map_err(|failure| Verdict::skip(failure.to_string()))?;
    let form = the_form(&answer, plan).map_err(|_| Verdict::skip("no page with one form"))?;
    let url = form.target(&plan.url).filter(|_| form.is_post());
    let url = url.ok_or_else(|| Verdict::skip("the form cannot be posted"))?;
    let account = plan.arguments.zendesk_subdomain.as_deref();
    let is_of_account =
        account.is_none_or(|account| label(&url).is_some_and(|label| label.eq_ignore_ascii_case(account)));
    if !is_of_account || is_loopback(&url) && !is_loopback(&plan.url) {
        let host = quoted(url.host_str().unwrap_or_default());
        return Err(Verdict::skip(format!("the form leads to {host}: see form-action")));
    }
    Ok((form, url))
}
