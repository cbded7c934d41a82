//! `doctor --ask-zendesk`: one JWT posted to a simulated Zendesk, and what its answer means.

use super::*;
use crate::simulator::Simulator;
use crate::support::jwt::SECRET as ZENDESK_SECRET;
use crate::support::operator::has_terminal;

const ASK: [&str; 4] = ["--kind", "sso", "--ask-zendesk", "--yes"];

/// An endpoint whose page posts a JWT with these claims, signed with this secret, to `action`.
fn page(action: &str, secret: &'static str, claims: impl Fn() -> Value + Send + Sync + 'static) -> BrokenServer {
    let action = action.to_owned();
    BrokenServer::http(move |request| {
        if !request.headers_named("cookie").any(|cookie| cookie == format!("session={PLAIN_TOKEN}")) {
            return with_header(answer(303, "text/plain", ""), "location", "https://www.example.com/login");
        }
        let jwt = sign(&header(), &claims(), secret);
        let parameters: Vec<_> = form_urlencoded::parse(request.query.as_bytes()).into_owned().collect();
        let return_to = parameters.into_iter().find(|(name, _)| name == "return_to").map(|(_, value)| value);
        let html = format!(
            r#"<form method="post" action="{action}"><input name="jwt" value="{jwt}"><input name="return_to" value="{}"></form>"#,
            return_to.filter(|value| value.starts_with("/hc")).unwrap_or_default().replace('&', "&amp;")
        );
        answer(200, "text/html", html)
    })
}

fn user() -> Value {
    let mut claims = profile();
    claims["external_id"] = "canary-1".into();
    claims
}

fn action(simulator: &Simulator) -> String {
    format!("{}/access/jwt", simulator.url)
}

fn ask(server: &BrokenServer, arguments: &[&str]) -> Diagnosis {
    let diagnosis = Diagnosis::of(&server.url("/sso"), PLAIN_TOKEN, &[&ASK, arguments].concat());
    for personal in [NAME, EMAIL, "canary"] {
        assert!(!diagnosis.report.to_string().contains(personal), "{personal} in {}", diagnosis.report);
    }
    diagnosis
}

/// How many JWTs the simulated Zendesk got.
fn posted(simulator: &Simulator) -> usize {
    simulator.terminal().matches("POST /access/jwt").count()
}

#[track_caller]
fn refuses(diagnosis: &Diagnosis, words: &[&str]) {
    assert_eq!((diagnosis.state("zendesk-accepts"), diagnosis.status), ("fail", 1), "{:#}", diagnosis.report);
    diagnosis.says("zendesk-accepts", words);
}

#[test]
fn zendesk_gets_one_jwt_and_signs_the_user_in() {
    let simulator = Simulator::of_sso();
    let diagnosis = ask(&page(&action(&simulator), ZENDESK_SECRET, user), &[]);
    assert_eq!(diagnosis.state("zendesk-accepts"), "pass", "{:#}", diagnosis.report);
    assert_eq!(posted(&simulator), 1);
}

#[test]
fn nothing_is_posted_without_the_option() {
    let simulator = Simulator::of_sso();
    let server = page(&action(&simulator), ZENDESK_SECRET, user);
    let diagnosis = Diagnosis::of(&server.url("/sso"), PLAIN_TOKEN, &["--kind", "sso"]);
    assert!(!diagnosis.report.to_string().contains("zendesk-accepts"), "{:#}", diagnosis.report);
    assert_eq!(posted(&simulator), 0);
}

#[test]
fn each_refusal_of_zendesk_is_explained_in_the_words_of_admin_center() {
    let simulator = Simulator::of_sso();
    let wrong_secret = page(&action(&simulator), "another-secret-not-for-production", user);
    refuses(&ask(&wrong_secret, &[]), &["not the one that Zendesk has", "Account > Security > Single sign-on"]);
    let clock = page(&action(&simulator), ZENDESK_SECRET, || {
        let mut claims = user();
        claims["iat"] = (now() - 600).into();
        claims
    });
    refuses(&ask(&clock, &[]), &["within 3 minutes", "clock of the signer"]);
    let one_jti = page(&action(&simulator), ZENDESK_SECRET, || {
        let mut claims = user();
        claims["jti"] = "0f8fad5bd9cb469fa16570867728950e".into();
        claims
    });
    assert_eq!(ask(&one_jti, &[]).state("zendesk-accepts"), "pass");
    refuses(&ask(&one_jti, &[]), &["accepts each token once", "double click"]);
}

#[test]
fn each_other_answer_has_its_own_explanation() {
    let simulator = Simulator::of_sso();
    let server = page(&action(&simulator), ZENDESK_SECRET, user);
    let choose = |answer: &str| {
        let page = simulator.ask(&Request::get("/hc")).body;
        assert!(page.contains(&format!("<option>{answer}</option>")), "{page}");
        simulator.ask(&Request::post("/simulator/next-error").form(&[("message", answer)]));
    };
    for (answer, words) in [
        ("Please use one of the options below to sign in to Zendesk.", "End user authentication"),
        ("Users with the email address {email} are not allowed to sign up for this help desk", "blocklist"),
        ("User is invalid: External {external_id} has already been taken", "The secret is most likely right"),
        ("User is invalid: Email: {email} is already being used by another user", "Customers"),
        ("403 and the page of a bot check", "answered with 403, which is not Zendesk's answer"),
        ("503", "answered with 503, so Zendesk decided nothing"),
        ("A redirect to another host", "the answer leads to https://www.example.org/welcome, which proves nothing"),
        ("No answer for a minute", "no answer within 1 s"),
    ] {
        choose(answer);
        refuses(&ask(&server, &["--timeout", "1"]), &[words]);
    }
    choose("200 and a page of one link, as documented");
    assert_eq!(ask(&server, &[]).state("zendesk-accepts"), "pass");
}

#[test]
fn an_answer_without_a_reason_is_not_a_success() {
    let link = |href: &str| answer(200, "text/html", format!(r#"<a href="{href}">redirected</a>"#));
    let says = |zendesk: Answer, words: &'static str| {
        let zendesk = BrokenServer::http(move |_| zendesk.clone());
        refuses(&ask(&page(&zendesk.url("/access/jwt"), ZENDESK_SECRET, user), &[]), &[words]);
        assert_eq!(zendesk.requests().len(), 1, "one attempt, and no link is followed");
    };
    says(link("/access/unauthenticated"), "Zendesk sends the reason to the remote logout URL");
    says(link("https://help.example.com/bot"), "which is not Zendesk's answer to a JWT");
    says(answer(200, "text/html", r#"<a href="/hc">1</a><a href="/hc">2</a>"#), "which is not Zendesk's answer");
    says(with_header(answer(302, "text/html", ""), "location", "/auth/v2/login"), "which proves nothing");
    says(answer(404, "text/html", "No help desk"), "Check the subdomain");
    says(answer(429, "text/html", ""), "Wait a minute");
}

#[test]
fn a_mapped_help_center_is_a_success_if_the_operator_names_it() {
    let arrival = with_header(answer(302, "text/html", ""), "location", "https://help.example.com/hc");
    let zendesk = BrokenServer::http(move |_| arrival.clone());
    let server = page(&zendesk.url("/access/jwt"), ZENDESK_SECRET, user);
    refuses(&ask(&server, &[]), &["https://help.example.com/hc", "--help-center"]);
    let named = ["--help-center", "help.example.com"];
    let diagnosis = ask(&server, &named);
    assert_eq!(diagnosis.state("zendesk-accepts"), "pass", "{:#}", diagnosis.report);
    for address in ["/access/unauthenticated", "/bye?kind=error&message=Invalid+signature"] {
        let refusal =
            with_header(answer(302, "text/html", ""), "location", &format!("https://help.example.com{address}"));
        let zendesk = BrokenServer::http(move |_| refusal.clone());
        refuses(&ask(&page(&zendesk.url("/access/jwt"), ZENDESK_SECRET, user), &named), &["Zendesk"]);
    }
}

#[test]
fn a_jwt_that_changes_rights_is_not_posted() {
    let simulator = Simulator::of_sso();
    let server = page(&action(&simulator), ZENDESK_SECRET, || {
        let mut claims = user();
        claims["role"] = "agent".into();
        claims["tags"] = json!(["vip"]);
        claims
    });
    refuses(&ask(&server, &[]), &["was not asked: the JWT would set role, tags", "test user"]);
    assert_eq!(posted(&simulator), 0);
}

#[test]
fn a_host_that_is_not_zendesks_gets_a_jwt_only_by_name() {
    let elsewhere = page("https://zendesk.example.com:1/access/jwt", ZENDESK_SECRET, user);
    refuses(&ask(&elsewhere, &[]), &["zendesk.example.com is not Zendesk's", "--post-to"]);
    let named = ask(&elsewhere, &["--post-to", "zendesk.example.com:1", "--timeout", "2"]);
    refuses(&named, &["no answer: "]);
    refuses(&ask(&page("http://acme.zendesk.com/access/jwt", ZENDESK_SECRET, user), &[]), &["without TLS"]);
    let other = page("https://other.zendesk.com/access/jwt", ZENDESK_SECRET, user);
    let diagnosis = ask(&other, &["--zendesk-subdomain", "acme"]);
    assert_eq!(diagnosis.state("zendesk-accepts"), "skip", "{:#}", diagnosis.report);
    diagnosis.says_seen("zendesk-accepts", "`other.zendesk.com`");
}

#[test]
fn without_a_terminal_the_question_needs_its_answer_in_an_option() {
    let done = run("https://sso.example.com/sso", PLAIN_TOKEN, &["--kind", "sso", "--ask-zendesk"]);
    done.refused(2, &["--yes"]);
}

#[test]
fn a_person_sees_the_host_and_decides() {
    if !has_terminal() {
        return;
    }
    let simulator = Simulator::of_sso();
    let (server, token) = (page(&action(&simulator), ZENDESK_SECRET, user), file(PLAIN_TOKEN));
    let url = server.url("/sso");
    let arguments = ["doctor", &url, "--kind", "sso", "--ask-zendesk", "--token-file", path(&token)];
    let declined = Operator::without_account().converse(&arguments, &[("Type yes", "no")]);
    assert!(declined.contains(&simulator.url) && declined.contains("creates or updates"), "{declined}");
    assert!(declined.contains("you did not answer yes"), "{declined}");
    assert_eq!(posted(&simulator), 0);

    let allowed = Operator::without_account().converse(&arguments, &[("Type yes", "yes")]);
    assert!(allowed.contains("signs the user in"), "{allowed}");
    assert_eq!(posted(&simulator), 1);
}

#[test]
fn a_person_is_warned_of_a_host_that_is_not_zendesks() {
    if !has_terminal() {
        return;
    }
    let (server, token) = (page("https://zendesk.example.com:1/access/jwt", ZENDESK_SECRET, user), file(PLAIN_TOKEN));
    let url = server.url("/sso");
    let arguments = ["doctor", &url, "--kind", "sso", "--ask-zendesk", "--token-file", path(&token)];
    let declined = Operator::without_account().converse(&arguments, &[("Type yes", "no")]);
    assert!(declined.contains("https://zendesk.example.com:1, which"), "{declined}");
    assert!(declined.contains("This host is not Zendesk's"), "{declined}");
}

#[test]
fn for_the_other_kinds_the_steps_by_hand_are_shown() {
    let server = BrokenServer::http(|_| refusal());
    for (kind, words) in [("sdk", "createJwt"), ("messaging", "loginUser")] {
        let url = server.url("/jwt");
        let done = run(&url, "", &["--kind", kind, "--ask-zendesk", "--yes"]);
        assert!(done.stdout.contains("By hand:") && done.stdout.contains(words), "{}", done.stdout);
        let diagnosis = Diagnosis::of(&url, "", &["--kind", kind, "--ask-zendesk", "--yes"]);
        assert_eq!(diagnosis.state("zendesk-accepts"), "skip");
        assert!(diagnosis.report["by_hand"][0].is_string(), "{:#}", diagnosis.report);
    }
    assert!(server.requests().iter().all(|request| request.path == "/jwt"));
}
