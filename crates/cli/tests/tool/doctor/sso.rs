//! Sign-in pages and remote logout URLs.

use super::*;

const ACTION: &str = "https://acme.zendesk.com/access/jwt";
const POLICY: &str =
    "default-src 'none'; form-action 'self' https://*.zendesk.com https://support.example.com; frame-ancestors 'none'";

/// The parts of a sign-in page, for a test to change.
struct Page {
    action: String,
    method: &'static str,
    jwt_field: &'static str,
    return_to_field: &'static str,
    return_to: Option<String>,
    claims: Value,
    policy: &'static str,
    more: String,
}

fn query(request: &Request, name: &str) -> Option<String> {
    form_urlencoded::parse(request.query.as_bytes()).find(|(found, _)| found == name).map(|(_, value)| value.into())
}

fn is_signed_in(request: &Request) -> bool {
    request.headers_named("cookie").any(|cookie| cookie == format!("session={PLAIN_TOKEN}"))
}

impl Page {
    fn good(request: &Request) -> Self {
        let is_ours = |url: &String| {
            let base = url::Url::parse("https://acme.zendesk.com/").unwrap();
            base.join(url).is_ok_and(|url| url.origin() == base.origin())
        };
        Self {
            action: ACTION.into(),
            method: "post",
            jwt_field: "jwt",
            return_to_field: "return_to",
            return_to: query(request, "return_to").filter(is_ours),
            claims: profile(),
            policy: POLICY,
            more: String::new(),
        }
    }

    fn answer(&self) -> Answer {
        let escaped = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;");
        let field =
            |name: &str, value: &str| format!(r#"<input type="hidden" name="{name}" value="{}">"#, escaped(value));
        let jwt = field(self.jwt_field, &sign(&header(), &self.claims, SECRET));
        let return_to = self.return_to.as_deref().map(|value| field(self.return_to_field, value)).unwrap_or_default();
        let (method, action, more) = (self.method, &self.action, &self.more);
        let search = r#"<form action="/search"><input name="q"></form>"#;
        let form = format!(r#"<form method="{method}" action="{action}">{jwt}{return_to}</form>"#);
        let html = format!("<!DOCTYPE html><title>Signing in</title>{search}{form}{more}");
        let page = with_header(answer(200, "text/html", html), "referrer-policy", "no-referrer");
        with_header(page, "content-security-policy", self.policy)
    }
}

fn to_login() -> Answer {
    with_header(answer(303, "text/plain", ""), "location", "https://www.example.com/login?back=canary")
}

fn diagnosis_of(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Diagnosis {
    diagnosis(&BrokenServer::http(answer))
}

fn diagnosis(server: &BrokenServer) -> Diagnosis {
    let secret = file(SECRET);
    Diagnosis::of(&server.url("/sso"), PLAIN_TOKEN, &["--kind", "sso", "--secret-file", path(&secret)])
}

/// The report on an endpoint whose page is changed.
fn page(change: impl Fn(&Request, &mut Page) + Send + Sync + 'static) -> Diagnosis {
    diagnosis(&BrokenServer::http(move |request| {
        if !is_signed_in(request) {
            return to_login();
        }
        let mut page = Page::good(request);
        change(request, &mut page);
        page.answer()
    }))
}

/// The report on an endpoint whose answers are changed.
fn answering(change: impl Fn(&Request, Answer) -> Answer + Send + Sync + 'static) -> Diagnosis {
    diagnosis(&BrokenServer::http(move |request| {
        let answer = if is_signed_in(request) { Page::good(request).answer() } else { to_login() };
        change(request, answer)
    }))
}

#[test]
fn a_correct_page_passes() {
    let diagnosis = page(|_, _| ());
    assert_eq!((diagnosis.ids("fail"), diagnosis.ids("warn")), (vec![], vec![]), "{:#}", diagnosis.report);
    assert_eq!(diagnosis.state("sign-out"), "skip", "the remote logout URL is not known");
    assert!(!diagnosis.report.to_string().contains("canary"));
}

#[test]
fn each_request_has_the_parameters_that_zendesk_sends() {
    let server = BrokenServer::http(|request| Page::good(request).answer());
    diagnosis(&server);
    for name in ["return_to", "brand_id", "locale_id", "timestamp"] {
        assert!(server.requests().iter().all(|request| query(request, name).is_some()), "{name}");
    }
}

#[test]
fn a_form_that_is_not_posted_is_reported() {
    page(|_, page| page.method = "get").fails(&["form-method"], &["`get`", "method=\"post\""]);
}

#[test]
fn a_form_that_does_not_lead_to_the_account_is_reported() {
    page(|_, page| page.action = "https://help.example.com/access/jwt".into())
        .fails(&["form-action", "csp-form-action"], &["help.example.com", "never one of your own"]);
    page(|_, page| page.action = "https://acme.zendesk.com/access".into()).fails(&["form-action"], &["/access/jwt"]);
    page(|_, page| page.action = format!("{ACTION}?return_to=x")).fails(&["form-action"], &["field of the form"]);

    let server = BrokenServer::http(|request| Page::good(request).answer());
    let of_another =
        Diagnosis::of(&server.url("/sso"), PLAIN_TOKEN, &["--kind", "sso", "--zendesk-subdomain", "other"]);
    assert_eq!(of_another.state("form-action"), "fail");
    of_another.says("form-action", &["https://other.zendesk.com/access/jwt"]);
}

#[test]
fn misspelt_form_fields_are_reported() {
    page(|_, page| page.jwt_field = "JWT").fails(&["form-fields"], &["called `JWT`", "exactly `jwt`"]);
    page(|_, page| page.return_to_field = "returnTo")
        .fails(&["form-fields", "return-to-relative", "return-to-absolute"], &["called `returnTo`"]);
}

#[test]
fn a_page_without_exactly_one_form_is_reported() {
    page(|_, page| page.more = format!(r#"<form method="post" action="{ACTION}"></form>"#))
        .fails(&["sign-in-page"], &["2 forms"]);
    answering(
        |request, answer| if is_signed_in(request) { Answer { body: "<p>Hello".into(), ..answer } } else { answer },
    )
    .fails(&["sign-in-page"], &["without a form", "fetch"]);
    answering(|_, _| with_header(to_login(), "location", &format!("{ACTION}?jwt=x.y.z")))
        .fails(&["sign-in-page"], &["deprecated that way"]);
}

#[test]
fn a_page_that_caches_may_store_is_reported() {
    answering(|_, answer| with_header(answer, "cache-control", "private, max-age=60"))
        .fails(&["page-cache"], &["max-age=60", "no-store"]);
}

#[test]
fn policies_that_block_the_form_or_allow_frames_are_reported() {
    let policy = |policy: &'static str| page(move |_, page| page.policy = policy);
    policy("form-action 'self'; frame-ancestors 'none'").fails(&["csp-form-action"], &["https://acme.zendesk.com"]);
    policy("form-action https://zendesk.com; frame-ancestors 'none'").fails(&["csp-form-action"], &["do not post"]);
    policy("form-action https:; frame-ancestors *").fails(&["frame-ancestors"], &["`*`"]);
    policy("").warns(&["csp-form-action", "frame-ancestors"], &["no content security policy"]);
    answering(|_, answer| with_header(answer, "referrer-policy", "unsafe-url"))
        .warns(&["referrer-policy"], &["unsafe-url"]);
    for fine in ["form-action *; frame-ancestors 'self'", "form-action acme.zendesk.com:443; frame-ancestors 'none'"] {
        assert_eq!(policy(fine).ids("fail"), [""; 0]);
    }
}

#[test]
fn a_form_action_without_the_help_center_is_reported() {
    let only_zendesk = "form-action 'self' https://acme.zendesk.com; frame-ancestors 'none'";
    let examine = |policy: &'static str, arguments: &[&str]| {
        let server = BrokenServer::http(move |request| {
            let page = Page { policy, ..Page::good(request) };
            if is_signed_in(request) { page.answer() } else { to_login() }
        });
        Diagnosis::of(&server.url("/sso"), PLAIN_TOKEN, &[&["--kind", "sso"], arguments].concat())
    };
    examine(only_zendesk, &[]).warns(&["csp-form-action"], &["a domain of yours", "--help-center"]);
    examine(only_zendesk, &["--help-center", "support.example.com"])
        .fails(&["csp-form-action"], &["lacks support.example.com", "Chrome", "Add https://support.example.com"]);
    for (policy, help_center) in [(POLICY, "support.example.com"), (only_zendesk, "https://acme.zendesk.com/")] {
        assert_eq!(examine(policy, &["--help-center", help_center]).state("csp-form-action"), "pass");
    }
}

#[test]
fn the_address_of_the_form_is_shown_with_its_port() {
    page(|_, page| page.action = "https://acme.zendesk.com:8443/access/jwt".into())
        .says_seen("form-action", "https://acme.zendesk.com:8443/access/jwt");
}

#[test]
fn a_changed_return_to_is_reported() {
    page(|_, page| page.return_to = page.return_to.as_ref().map(|text| text.replace("%26", "&")))
        .fails(&["return-to-relative", "return-to-absolute"], &["became", "decoded once"]);
    page(|_, page| page.return_to = page.return_to.take().filter(|text| text.starts_with("https:")))
        .fails(&["form-fields", "return-to-relative"], &["no field `return_to`"]);
}

#[test]
fn a_return_to_that_leads_away_from_zendesk_is_reported() {
    for foreign in [
        "https://example.org/",
        "//example.org/",
        "/\\example.org/",
        "https://acme.zendesk.com.example.org/",
        "https://acme.zendesk.com@example.org/",
        "javascript:alert(1)",
    ] {
        let diagnosis = page(move |request, page| {
            page.return_to = page.return_to.take().or(query(request, "return_to").filter(|asked| asked == foreign));
        });
        diagnosis.fails(&["return-to-foreign"], &[&format!("`{foreign}` is passed on"), "acme.zendesk.com"]);
    }
    answering(|request, answer| match query(request, "return_to") {
        Some(foreign) if is_signed_in(request) && foreign.contains("example.org") => {
            with_header(to_login(), "location", &foreign)
        }
        _ => answer,
    })
    .fails(&["return-to-foreign"], &["is passed on"]);
}

#[test]
fn a_form_for_a_browser_that_is_not_signed_in_is_reported() {
    let diagnosis = diagnosis_of(|request| Page::good(request).answer());
    diagnosis.fails(&["page-without-session"], &["gets a form", "login page"]);
    assert_eq!((diagnosis.critical(), diagnosis.state("page-unknown-token")), (vec!["page-without-session"], "skip"));
    let of_unknown_tokens = diagnosis_of(|request| {
        let has_cookie = request.headers_named("cookie").next().is_some();
        if has_cookie { Page::good(request).answer() } else { to_login() }
    });
    of_unknown_tokens.fails(&["page-unknown-token"], &["unknown token gets a form"]);
    assert_eq!(of_unknown_tokens.critical(), ["page-unknown-token"]);
    answering(|request, answer| if is_signed_in(request) { answer } else { Answer { status: 500, ..answer } })
        .fails(&["page-without-session", "page-unknown-token"], &["500"]);
}

#[test]
fn the_jwt_is_checked_by_the_rules_of_sso() {
    page(|_, page| page.claims["jti"] = "0123456789abcdef0123456789abcdef".into())
        .fails(&["jti-changes"], &["same `jti`"]);
    page(|_, page| page.claims["iat"] = json!(now() - 600)).fails(&["jwt-iat-fresh"], &["10 minutes ago"]);
    page(|_, page| page.claims["role"] = "user".into()).warns(&["jwt-role"], &["end_user"]);
}

#[test]
fn a_user_token_that_is_refused_is_reported() {
    let server = BrokenServer::http(|_| to_login());
    let diagnosis = diagnosis(&server);
    diagnosis.fails(&["sign-in-page"], &["303 to `https://www.example.com/login`", "--cookie"]);
    assert_eq!(diagnosis.state("return-to-foreign"), "skip");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// The report on a remote logout URL with these answers.
fn signing_out(answers: impl Fn(&Request, String) -> Answer + Send + Sync + 'static) -> Diagnosis {
    let server = BrokenServer::http(move |request| match request.path.as_str() {
        "/bye" => answers(request, query(request, "message").unwrap_or_default()),
        _ => answer(401, "text/html", "Sign in first"),
    });
    let url = server.url("/bye");
    Diagnosis::of(&server.url("/sso"), "", &["--kind", "sso", "--logout-url", &url])
}

fn html(body: String) -> Answer {
    answer(200, "text/html", body)
}

#[test]
fn a_remote_logout_url_that_shows_the_message_escaped_passes() {
    let diagnosis = signing_out(|_, message| html(escaped(&message)));
    for id in ["sign-out", "error-page", "error-escaped"] {
        assert_eq!(diagnosis.state(id), "pass", "{:#}", diagnosis.report);
    }
}

#[test]
fn a_remote_logout_url_that_redirects_passes() {
    let diagnosis =
        signing_out(|_, _| with_header(answer(302, "text/plain", ""), "location", "https://www.example.com/"));
    assert_eq!(diagnosis.ids("fail"), [""; 0]);
}

#[test]
fn a_remote_logout_url_that_does_not_escape_the_message_is_reported() {
    signing_out(|_, message| html(message)).fails(&["error-escaped"], &["Escape"]);
}

#[test]
fn a_remote_logout_url_that_does_not_answer_is_reported() {
    signing_out(|_, _| answer(404, "text/plain", ""))
        .fails(&["sign-out", "error-page"], &["404", "Account > Security > Single sign-on"]);
    signing_out(|_, message| if message.is_empty() { html(message) } else { answer(500, "text/plain", "") })
        .fails(&["error-page"], &["500", "could not sign in"]);
}

#[test]
fn a_remote_logout_url_that_does_not_show_the_message_is_reported() {
    signing_out(|_, _| html("Goodbye".into())).warns(&["error-page"], &["does not show the message"]);
}

#[test]
fn a_remote_logout_url_with_a_fragment_is_reported() {
    let server = BrokenServer::http(|request| html(escaped(&query(request, "message").unwrap_or_default())));
    let url = server.url("/bye#x");
    let diagnosis = Diagnosis::of(&server.url("/sso"), "", &["--kind", "sso", "--logout-url", &url]);
    diagnosis.warns(&["error-page"], &["#"]);
}
