//! The SSO endpoint: the page that signs a browser in at Zendesk.

use hyper::Method;
use hyper::header::LOCATION;
use url::Url;

use super::clock;
use super::endpoint::{Endpoint, unanswered};
use super::exchange::{Answer, Ask};
use super::good_token::speed;
use super::page::{self, ACCEPT_PAGE, Form, Policies};
use super::report::{Group, Report, Verdict, quoted};
use super::token;
use zendesk_jwt::jwt::{Clock, Kind, SystemClock};

const GROUP: Group = Group::Page;

/// The checks of a page with a form.
const PAGE_CHECKS: [&str; 9] = [
    "sign-in-page",
    "form-method",
    "form-action",
    "form-fields",
    "page-cache",
    "referrer-policy",
    "csp-form-action",
    "frame-ancestors",
    "speed",
];
const RETURN_TO_CHECKS: [&str; 3] = ["return-to-relative", "return-to-absolute", "return-to-foreign"];

/// A path of a help center whose query would show a second encoding or decoding.
const RELATIVE: &str = "/hc/en-us/search?query=a%26b%20c&utf8=%E2%9C%93";

/// The host of the foreign addresses.
const FOREIGN_HOST: &str = "example.org";

/// Makes these checks, and those of the JWT.
pub(super) async fn examine(endpoint: &Endpoint<'_>, report: &mut Report) {
    without_session(endpoint, report).await;
    let user_token = match endpoint.user_token() {
        Ok(user_token) => user_token,
        Err(reason) => return skip(reason, report),
    };
    let first = match endpoint.send(as_zendesk_sends(endpoint.ask_with(user_token), Some(RELATIVE))).await {
        Ok(answer) => answer,
        Err(problem) => {
            report.add(GROUP, PAGE_CHECKS[0], unanswered(problem));
            return skip("no page", report);
        }
    };
    let form = match the_form(&first) {
        Ok(form) => form,
        Err(verdict) => {
            report.add(GROUP, PAGE_CHECKS[0], verdict);
            return skip("no page with one form", report);
        }
    };
    let zendesk = of_page(endpoint, &first, &form, report);
    let later = of_return_to(endpoint, user_token, &form, zendesk.as_ref(), report).await;
    report.add(GROUP, "speed", speed(Kind::Sso, &first, later.as_ref()));
    let later = later.and_then(|later| the_form(&later).ok());
    match form.values("jwt").next() {
        Some(jwt) => {
            let later = later.as_ref().and_then(|later| later.values("jwt").next());
            token::examine(endpoint, &first, jwt, later, report);
        }
        None => token::skip(Kind::Sso, "no field `jwt`", report),
    }
}

/// Says of every check with a good token that is not in the report why it was not made.
fn skip(reason: &str, report: &mut Report) {
    let is_made = |report: &Report, id: &str| report.checks.iter().any(|check| check.id == id);
    let left: Vec<&str> = PAGE_CHECKS.into_iter().filter(|id| !is_made(report, id)).collect();
    report.skip(GROUP, left, reason);
    report.skip(Group::ReturnTo, RETURN_TO_CHECKS, reason);
    token::skip(Kind::Sso, reason, report);
}

/// The parameters with which Zendesk sends a browser here.
fn as_zendesk_sends(ask: Ask, return_to: Option<&str>) -> Ask {
    let (accept, pages) = ACCEPT_PAGE;
    let ask = ask.header(accept, pages).query("brand_id", "1").query("locale_id", "1");
    let ask = ask.query("timestamp", &SystemClock.now().0.to_string());
    match return_to {
        Some(return_to) => ask.query("return_to", return_to),
        None => ask,
    }
}

/// What browsers get that are not signed in.
async fn without_session(endpoint: &Endpoint<'_>, report: &mut Report) {
    let anonymous = endpoint.send(as_zendesk_sends(endpoint.ask(Method::GET), Some(RELATIVE))).await;
    if let Ok(answer) = &anonymous {
        clock::examine(answer, report);
    }
    let unknown = endpoint.ask_with(&endpoint.unknown_token());
    let unknown = endpoint.send(as_zendesk_sends(unknown, Some(RELATIVE))).await;
    let who = [
        ("page-without-session", "a browser that is not signed in", anonymous),
        ("page-unknown-token", "a browser with an unknown token", unknown),
    ];
    for (id, who, answer) in who {
        let verdict = answer.map_or_else(unanswered, |answer| gets_no_form(&answer, who));
        report.add(GROUP, id, verdict);
    }
}

fn gets_no_form(answer: &Answer, who: &str) -> Verdict {
    if !page::forms(&answer.body).is_empty() {
        return Verdict::fail(
            format!("{who} gets a form for Zendesk"),
            "Look the user up first, and send a browser without one to your login page.",
        );
    }
    let seen = format!("{who} is answered with {}", answer.told());
    if answer.status.is_server_error() {
        return Verdict::fail(seen, "Send a browser that is not signed in to your login page.");
    }
    if answer.status.as_u16() == 404 {
        return Verdict::fail(seen, "Check the path of the address, which is the remote login URL in Admin Center.");
    }
    Verdict::pass(seen)
}

/// The one form of the page, or what is wrong with the page.
fn the_form(answer: &Answer) -> Result<Form, Verdict> {
    let seen = format!("answered with {}", answer.told());
    if answer.status.is_redirection() {
        let location = answer.header(LOCATION).unwrap_or_default();
        let remedy = if location.contains("jwt=") {
            "Answer a page with a form that posts the JWT: in a query it gets into histories and logs, and Zendesk has \
             given that way up."
        } else {
            "Give a user token that this endpoint knows, in the cookie that it reads (--cookie)."
        };
        return Err(Verdict::fail(seen, remedy));
    }
    if !answer.status.is_success() {
        return Err(Verdict::fail(
            seen,
            "Give a user token that this endpoint knows, in the cookie that it reads (--cookie); if it is a good one, \
             look into the server's log.",
        ));
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
            "Leave one form on the page: two of them send two tokens, or the same one twice.",
        )),
    }
}

/// Checks the page, and gives Zendesk's origin.
fn of_page(endpoint: &Endpoint<'_>, answer: &Answer, form: &Form, report: &mut Report) -> Option<Url> {
    let url = &endpoint.plan.url;
    let policies = Policies::of(answer);
    let (action, zendesk) = page::action(form, url, endpoint.plan.zendesk_subdomain.as_deref());
    report.add(GROUP, "sign-in-page", Verdict::pass("a page with one form for Zendesk"));
    report.add(GROUP, "form-method", page::method(form));
    report.add(GROUP, "form-action", action);
    report.add(GROUP, "form-fields", page::fields(form));
    report.add(GROUP, "page-cache", page::cache(answer));
    report.add(GROUP, "referrer-policy", page::referrer_policy(answer));
    report.add(GROUP, "csp-form-action", policies.form_action(form, url));
    report.add(GROUP, "frame-ancestors", policies.framing(answer));
    zendesk
}

/// Checks what becomes of `return_to`, and gives the second answer to a good one.
async fn of_return_to(
    endpoint: &Endpoint<'_>,
    user_token: &str,
    first: &Form,
    zendesk: Option<&Url>,
    report: &mut Report,
) -> Option<Answer> {
    let group = Group::ReturnTo;
    report.add(group, "return-to-relative", forwarded_fields(first, RELATIVE));
    let Some(zendesk) = zendesk else {
        report.skip(group, ["return-to-absolute", "return-to-foreign"], "the form does not lead to Zendesk");
        return endpoint.send(as_zendesk_sends(endpoint.ask_with(user_token), None)).await.ok();
    };
    let absolute = format!("{zendesk}agent/tickets/1?a=b%26c");
    let later = endpoint.send(as_zendesk_sends(endpoint.ask_with(user_token), Some(&absolute))).await;
    let verdict = match &later {
        Ok(answer) => the_form(answer).map_or_else(|verdict| verdict, |form| forwarded_fields(&form, &absolute)),
        Err(problem) => unanswered(problem),
    };
    report.add(group, "return-to-absolute", verdict);

    let mut verdict = Verdict::pass("addresses outside of Zendesk are refused or left out");
    for foreign in foreign(zendesk.host_str().unwrap_or_default()) {
        let found = match endpoint.send(as_zendesk_sends(endpoint.ask_with(user_token), Some(&foreign))).await {
            Ok(answer) => led_away(&answer, zendesk, &foreign),
            Err(problem) => Some(unanswered(problem)),
        };
        if let Some(found) = found {
            verdict = found;
            break;
        }
    }
    report.add(group, "return-to-foreign", verdict);
    later.ok()
}

fn forwarded_fields(form: &Form, sent: &str) -> Verdict {
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

/// Addresses that only look like Zendesk's, or that browsers read otherwise than they look.
fn foreign(host: &str) -> [String; 6] {
    [
        format!("https://{FOREIGN_HOST}/"),
        format!("//{FOREIGN_HOST}/"),
        format!("/\\{FOREIGN_HOST}/"),
        format!("https://{host}.{FOREIGN_HOST}/"),
        format!("https://{host}@{FOREIGN_HOST}/"),
        "javascript:alert(1)".to_owned(),
    ]
}

/// The verdict on an answer that leads where `foreign` wants.
fn led_away(answer: &Answer, zendesk: &Url, foreign: &str) -> Option<Verdict> {
    let leads_away = |text: &str| zendesk.join(text).ok().is_none_or(|url| url.host() != zendesk.host());
    let forms = page::forms(&answer.body);
    let is_in_form = forms.iter().flat_map(|form| form.values("return_to")).any(leads_away);
    let location = answer.header(LOCATION).filter(|_| answer.status.is_redirection()).unwrap_or_default();
    let is_in_location = zendesk.join(&location).is_ok_and(|url| {
        let host = url.host_str().unwrap_or_default();
        host == FOREIGN_HOST || host.ends_with(&format!(".{FOREIGN_HOST}"))
    });
    (is_in_form || is_in_location).then(|| {
        Verdict::fail(
            format!("{} is passed on", quoted(foreign)),
            format!(
                "Parse return_to as a URL, and pass it on only when it is a path or its host is {} or one of your \
                 help centers: anybody can write a link to your sign-in page that leads elsewhere.",
                zendesk.host_str().unwrap_or_default()
            ),
        )
    })
}
