//! The SSO endpoint: the page that signs a browser in to Zendesk, whether Zendesk accepts its JWT, and the remote logout
//! URL, to which Zendesk also sends a browser that it could not sign in.

use hyper::Method;
use hyper::header::LOCATION;
use indicatif::ProgressBar;
use url::Url;

use super::endpoint::{Endpoint, SEE_LOG, caching, describe, like_a_browser, unanswered};
use super::good_token::speed;
use super::id_token::WHY_REFUSED;
use super::jwt;
use super::page::{self, Form};
use super::plan::Plan;
use super::report::{Group, Report, State, Verdict, quoted};
use crate::zendesk::{NotPosted, Outcome, Post, RETURN_TO, label};
use zendesk_jwt::config::is_loopback;
use zendesk_jwt_rules::Kind;
use zendesk_jwt_simulator::client::{Answer, Failure, Request};

/// A help center path whose query shows whether it was encoded or decoded twice.
const RELATIVE: &str = "/hc/en-us/search?query=a%26b%20c&utf8=%E2%9C%93";

const FOREIGN_HOST: &str = "example.org";

/// Text that a page must escape. No word in it resembles a Zendesk error.
const MARKUP: &str = "<b>zendesk-jwt doctor</b>";

/// Makes the checks that need a user token, or says why it stopped.
pub(super) async fn with_session(endpoint: &Endpoint<'_>, report: &mut Report) -> Result<(), &'static str> {
    let user_token = endpoint.user_token()?;
    let request = endpoint.request_with(user_token).query("return_to", RELATIVE);
    let first = endpoint.answer("sign-in-page", request, report).await?;
    let form = the_form(&first, endpoint.plan).map_err(|verdict| {
        report.add("sign-in-page", verdict);
        "no page with one form"
    })?;
    let zendesk = examine_page(endpoint, &first, &form, report);
    let later = examine_return_to(endpoint, user_token, &form, zendesk.as_ref(), report).await;
    report.add("speed", speed(Kind::Sso, &first, later.as_ref()));
    let later = later.and_then(|later| the_form(&later, endpoint.plan).ok());
    let jwt = form.values("jwt").next().ok_or("no field `jwt`")?;
    jwt::examine(endpoint, &first, jwt, later.as_ref().and_then(|later| later.values("jwt").next()), report);
    Ok(())
}

/// What browsers get that are not signed in.
pub(super) async fn without_session(endpoint: &Endpoint<'_>, report: &mut Report) {
    let anonymous = endpoint.send(endpoint.request(Method::GET).query("return_to", RELATIVE)).await;
    if let Ok(answer) = &anonymous {
        report.add("clock", jwt::server_clock(answer));
    }
    let anonymous =
        anonymous.map_or_else(unanswered, |answer| gets_no_form(&answer, "a browser that is not signed in"));
    let is_open = anonymous.is_critical;
    report.add("page-without-session", anonymous);
    let unknown = endpoint.request_with(&endpoint.unknown_token()).query("return_to", RELATIVE);
    let unknown = endpoint.judge(unknown, |answer| gets_no_form(answer, "a browser with an unknown token")).await;
    let nothing = "every browser gets a form for Zendesk, so this proves nothing";
    report.add("page-unknown-token", if is_open { Verdict::skip(nothing) } else { unknown });
}

fn gets_no_form(answer: &Answer, browser: &str) -> Verdict {
    let forms = page::forms(&answer.body);
    if !forms.is_empty() {
        let verdict = Verdict::fail(
            format!("{browser} gets a form for Zendesk"),
            "Look the user up first, and send a browser without a user to your login page.",
        );
        let is_signed_in = forms.iter().any(|form| form.values("jwt").next().is_some());
        return if is_signed_in { verdict.critical() } else { verdict };
    }
    let seen = format!("{browser} is answered with {}", describe(answer));
    let remedy = match answer.status.as_u16() {
        404 => "Check the path of the address, which is the remote login URL in Admin Center.",
        500.. => "Send a browser that is not signed in to your login page.",
        _ => return Verdict::pass(seen),
    };
    Verdict::fail(seen, remedy)
}

/// The one form of the page, or what is wrong with the page.
fn the_form(answer: &Answer, plan: &Plan<'_>) -> Result<Form, Verdict> {
    let seen = format!("answered with {}", describe(answer));
    if !answer.status.is_success() {
        let has_jwt = answer.header(LOCATION).is_some_and(|location| location.contains("jwt="));
        let remedy = if has_jwt {
            "Answer a page with a form that posts the JWT: a query gets into histories and logs, and Zendesk has \
             deprecated that way."
        } else if plan.id_token.is_some() {
            WHY_REFUSED
        } else {
            "Give a user token that this endpoint knows, in the cookie that it reads (--cookie). If it should know this \
             one, look into the server's log."
        };
        return Err(Verdict::fail(seen, remedy));
    }
    let mut forms = page::forms(&answer.body);
    match (forms.len(), forms.pop()) {
        (1, Some(form)) => Ok(form),
        (0, _) => Err(Verdict::fail(
            format!("{seen}, a page without a form for Zendesk"),
            "Answer a page with one form that the browser posts to Zendesk: a script's fetch, or a post by your server, \
             signs in nobody.",
        )),
        (count, _) => Err(Verdict::fail(
            format!("{seen}, a page with {count} forms for Zendesk"),
            "Leave one form on the page: two forms send two tokens, or one token twice.",
        )),
    }
}

/// Checks the page, and gives Zendesk's origin.
fn examine_page(endpoint: &Endpoint<'_>, answer: &Answer, form: &Form, report: &mut Report) -> Option<Url> {
    let url = &endpoint.plan.url;
    let uncached = "Send Cache-Control: no-store: a page from a cache sends its `jti` twice, which Zendesk refuses.";
    let (action, zendesk) = page::action(form, url, endpoint.plan.arguments.zendesk_subdomain.as_deref());
    report.add_all([
        ("sign-in-page", Verdict::pass("a page with one form for Zendesk")),
        ("form-method", page::method(form)),
        ("form-action", action),
        ("form-fields", page::fields(form)),
        ("page-cache", caching(answer, State::Fail, uncached)),
        ("referrer-policy", page::referrer_policy(answer)),
        ("csp-form-action", page::form_action(answer, form, url, &endpoint.plan.arguments.help_center)),
        ("frame-ancestors", page::framing(answer)),
    ]);
    zendesk
}

/// Checks what happens to `return_to`, and gives the second answer with a form.
async fn examine_return_to(
    endpoint: &Endpoint<'_>,
    user_token: &str,
    first: &Form,
    zendesk: Option<&Url>,
    report: &mut Report,
) -> Option<Answer> {
    let to = |return_to: &str| endpoint.request_with(user_token).query("return_to", return_to);
    report.add("return-to-relative", forwarded(first, RELATIVE));
    let Some(zendesk) = zendesk else {
        report.skip_rest(&[Group::ReturnTo], Err("the form does not lead to Zendesk"));
        return endpoint.send(endpoint.request_with(user_token)).await.ok();
    };
    let absolute = format!("{zendesk}agent/tickets/1?a=b%26c");
    let later = endpoint.send(to(&absolute)).await;
    let form = later.as_ref().map_err(unanswered).and_then(|answer| the_form(answer, endpoint.plan));
    let (Ok(verdict) | Err(verdict)) = form.map(|form| forwarded(&form, &absolute));
    report.add("return-to-absolute", verdict);

    for foreign in foreign(zendesk.host_str().unwrap_or_default()) {
        let verdict = endpoint.judge(to(&foreign), |answer| stays_at_zendesk(answer, zendesk, &foreign)).await;
        let is_fail = verdict.is_fail();
        report.add("return-to-foreign", verdict);
        if is_fail {
            break;
        }
    }
    later.ok()
}

fn forwarded(form: &Form, sent: &str) -> Verdict {
    match form.values("return_to").next() {
        Some(found) if found == sent => Verdict::pass(format!("{} is passed on unchanged", quoted(sent))),
        Some(found) => Verdict::fail(
            format!("{} became {}", quoted(sent), quoted(found)),
            "Put return_to into the form as it comes out of the query, decoded once and escaped for HTML only.",
        ),
        None => Verdict::fail(
            format!("{} was left out", quoted(sent)),
            "Pass return_to on in a field of that name, or users land on the start page instead of where they were.",
        ),
    }
}

/// Addresses that look like those on `host`, or that browsers read in another way than they look.
fn foreign(host: &str) -> [String; 6] {
    let ends = ["https://", "//", "/\\", &format!("https://{host}."), &format!("https://{host}@")];
    let [one, two, three, four, five] = ends.map(|start| format!("{start}{FOREIGN_HOST}/"));
    [one, two, three, four, five, "javascript:alert(1)".to_owned()]
}

/// Whether the answer leads to Zendesk, not to the foreign address.
fn stays_at_zendesk(answer: &Answer, zendesk: &Url, foreign: &str) -> Verdict {
    let is_foreign = |text: &str| zendesk.join(text).ok().is_none_or(|url| url.host() != zendesk.host());
    let forms = page::forms(&answer.body);
    let is_in_form = forms.iter().flat_map(|form| form.values("return_to")).any(is_foreign);
    let location = answer.header(LOCATION).filter(|_| answer.status.is_redirection()).unwrap_or_default();
    let is_in_location = zendesk.join(&location).is_ok_and(|url| {
        let host = url.host_str().unwrap_or_default();
        host == FOREIGN_HOST || host.ends_with(&format!(".{FOREIGN_HOST}"))
    });
    if !is_in_form && !is_in_location {
        return Verdict::pass("addresses outside Zendesk are refused or left out");
    }
    let remedy = format!(
        "Parse return_to as a URL, and pass it on only if it is a path or its host is {} or one of your help centers: \
         anybody can write a link to your sign-in page that leads elsewhere.",
        zendesk.host_str().unwrap_or_default()
    );
    Verdict::fail(format!("{} is passed on", quoted(foreign)), remedy)
}

/// Makes the checks of the remote logout URL. No session is sent, so nobody is signed out.
pub(super) async fn sign_out(endpoint: &Endpoint<'_>, report: &mut Report) -> Result<(), &'static str> {
    let url = endpoint.plan.logout_url.as_ref().ok_or("needs the remote logout URL (--logout-url)")?;
    let answers = report.require("sign-out", answers(endpoint, url).await, SEE_LOG);
    let (signed_out, failed) = answers.ok_or("no answer")?;
    let seen = format!("answered with {}", describe(&signed_out));
    let remedy = "Answer a GET with a page or a redirect, also when nobody is signed in: Zendesk sends browsers here \
                  when they sign out. It is the remote logout URL in Admin Center > Account > Security > Single \
                  sign-on.";
    report.add("sign-out", Verdict::fail_unless(is_answered(&signed_out), seen, remedy));
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

/// Posts the form of the page to Zendesk, and says whether Zendesk accepts it.
pub(super) async fn ask_zendesk(endpoint: &Endpoint<'_>, progress: &ProgressBar) -> Result<Verdict, Verdict> {
    let plan = endpoint.plan;
    // Requests a new page, because Zendesk accepts each `jti` once.
    let (form, url) = new_page(endpoint).await?;
    let post = Post { url: &url, fields: &form.fields, help_centers: &plan.arguments.help_center };
    let permit = progress.suspend(|| plan.arguments.ask.permit(&post, plan.arguments.post_to.as_ref()));
    permit.map_err(|NotPosted { reason, remedy }| match remedy {
        None => Verdict::skip(reason),
        Some(remedy) => Verdict::fail(format!("Zendesk was not asked: {reason}"), remedy),
    })?;
    progress.set_message("Asking Zendesk");
    let answer = async { plan.client.send(&plan.route(post.url).await?, post.request()).await };
    let Outcome { seen, remedy, .. } = post.outcome(answer.await);
    Ok(remedy.map_or_else(|| Verdict::pass(&seen), |remedy| Verdict::fail(&seen, remedy)))
}

/// The form of a new sign-in page, and where it leads.
async fn new_page(endpoint: &Endpoint<'_>) -> Result<(Form, Url), Verdict> {
    let plan = endpoint.plan;
    let user_token = endpoint.user_token().map_err(Verdict::skip)?;
    let request = endpoint.request_with(user_token).query("return_to", RETURN_TO);
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
