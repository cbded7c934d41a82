//! Messaging endpoints.

use super::*;

const ORIGIN: &str = "https://www.example.com";

fn good_header() -> Value {
    json!({ "alg": "HS256", "typ": "JWT", "kid": KID })
}

fn good_claims() -> Value {
    json!({ "scope": "user", "external_id": "demo-1", "exp": now() + 300 })
}

fn is_allowed(request: &Request) -> bool {
    request.headers_named("origin").any(|origin| origin == ORIGIN)
}

/// A correct endpoint, which reads a bearer token and allows pages of one origin.
fn good(request: &Request, header: &Value, claims: &Value) -> Answer {
    let bearer = request.headers_named("authorization").next().and_then(|value| value.strip_prefix("Bearer "));
    let answer = match bearer {
        _ if request.method == "OPTIONS" => {
            with_header(answer(204, "text/plain", ""), "access-control-allow-headers", "authorization")
        }
        Some(token) if token == PLAIN_TOKEN && request.method == "POST" => {
            answer(200, "application/json", json!({ "jwt": sign(header, claims, SECRET) }).to_string())
        }
        _ => refusal(),
    };
    let answer = with_header(answer, "vary", "Origin");
    if is_allowed(request) { with_header(answer, "access-control-allow-origin", ORIGIN) } else { answer }
}

fn diagnosis(server: &BrokenServer, arguments: &[&str]) -> Diagnosis {
    let secret = file(&json!({ "secret": SECRET, "kid": KID }).to_string());
    let own = ["--secret-file", path(&secret), "--origin", ORIGIN];
    Diagnosis::of(&server.url("/messaging/jwt"), PLAIN_TOKEN, &[&own, arguments].concat())
}

fn answering(change: impl Fn(&Request, Answer) -> Answer + Send + Sync + 'static) -> Diagnosis {
    let server = BrokenServer::http(move |request| change(request, good(request, &good_header(), &good_claims())));
    diagnosis(&server, &[])
}

fn signing(change: impl Fn(&mut Value, &mut Value) + Send + Sync + 'static) -> Diagnosis {
    let server = BrokenServer::http(move |request| {
        let (mut header, mut claims) = (good_header(), good_claims());
        change(&mut header, &mut claims);
        good(request, &header, &claims)
    });
    diagnosis(&server, &[])
}

#[test]
fn a_correct_endpoint_passes() {
    let diagnosis = answering(|_, answer| answer);
    assert_eq!((diagnosis.ids("fail"), diagnosis.ids("warn")), (vec![], vec![]), "{:#}", diagnosis.report);
}

#[test]
fn the_jwt_is_checked_by_the_rules_of_messaging() {
    signing(|_, claims| claims["external_id"] = json!(7)).fails(&["jwt-required-claims"], &["`external_id`"]);
    signing(|_, claims| claims["exp"] = json!(now() - 10)).fails(&["jwt-exp-ahead"], &["`exp`"]);
    signing(|header, _| header["kid"] = json!(null)).fails(&["jwt-key-id", "kid"], &["`kid`"]);
    signing(|_, claims| claims["email"] = EMAIL.into()).warns(&["jwt-email-verified"], &["email_verified"]);
}

#[test]
fn the_kid_of_another_key_is_reported() {
    signing(|header, _| header["kid"] = "app_other".into()).fails(&["kid"], &["End user authentication"]);
}

#[test]
fn the_answer_may_hold_the_jwt_under_any_name() {
    for body in [(|jwt| json!({ "token": jwt }).to_string()) as fn(&str) -> String, |jwt| json!(jwt).to_string()] {
        let diagnosis = answering(move |_, answer| {
            if answer.status != 200 {
                return answer;
            }
            let jwt = answer.json()["jwt"].as_str().unwrap().to_owned();
            Answer { body: body(&jwt), ..answer }
        });
        assert_eq!((diagnosis.state("json"), diagnosis.state("jwt-signature")), ("pass", "pass"));
    }
}

#[test]
fn a_bare_jwt_as_plain_text_is_accepted() {
    let diagnosis = answering(|_, answer| match answer.status {
        200 => {
            let jwt = answer.json()["jwt"].as_str().unwrap().to_owned();
            with_header(Answer { body: jwt, ..answer }, "content-type", "text/plain; charset=utf-8")
        }
        _ => answer,
    });
    assert_eq!(diagnosis.ids("fail"), [""; 0], "{:#}", diagnosis.report);
    assert_eq!((diagnosis.state("json"), diagnosis.state("jwt-signature")), ("pass", "pass"));
}

#[test]
fn an_origin_that_is_not_allowed_is_reported() {
    answering(|_, answer| with_header(answer, "access-control-allow-origin", ""))
        .fails(&["cors-preflight", "cors-answer"], &["no Access-Control-Allow-Origin", ORIGIN]);
    answering(|request, answer| if request.method == "OPTIONS" { Answer { status: 401, ..answer } } else { answer })
        .fails(&["cors-preflight"], &["401", "204"]);
    answering(|_, answer| with_header(answer, "access-control-allow-headers", "*"))
        .fails(&["cors-preflight"], &["Authorization", "`*` does not cover"]);
}

#[test]
fn an_answer_without_vary_origin_is_reported() {
    answering(|_, answer| with_header(answer, "vary", "")).warns(&["cors-answer"], &["Vary: Origin"]);
}

#[test]
fn an_answer_readable_by_pages_of_any_origin_is_reported() {
    answering(|request, answer| {
        let origin = request.headers_named("origin").next().unwrap_or_default().to_owned();
        with_header(answer, "access-control-allow-origin", &origin)
    })
    .fails(&["cors-foreign"], &["https://example.org may read", "list of your own origins"]);

    let for_all = |_: &Request, answer| with_header(answer, "access-control-allow-origin", "*");
    answering(for_all).warns(&["cors-foreign"], &["`*`"]);
    answering(move |request, answer| with_header(for_all(request, answer), "access-control-allow-credentials", "true"))
        .fails(&["cors-foreign"], &["refuse both together"]);
}

#[test]
fn a_cookie_needs_an_answer_that_allows_credentials() {
    let by_cookie = |credentials: &'static str| {
        let server = BrokenServer::http(move |request| {
            let is_good = request.headers_named("cookie").any(|cookie| cookie == format!("sid={PLAIN_TOKEN}"));
            let mut request = request.clone();
            request
                .headers
                .push(("authorization".into(), if is_good { format!("Bearer {PLAIN_TOKEN}") } else { "x".into() }));
            let answer = good(&request, &good_header(), &good_claims());
            with_header(answer, "access-control-allow-credentials", credentials)
        });
        diagnosis(&server, &["--cookie", "sid"])
    };
    by_cookie("").fails(&["cors-answer"], &["Access-Control-Allow-Credentials: true", "include"]);
    let diagnosis = by_cookie("true");
    assert_eq!((diagnosis.ids("fail"), diagnosis.state("good-token")), (vec![], "pass"), "{:#}", diagnosis.report);
}

#[test]
fn the_given_user_token_is_not_sent_with_a_foreign_origin() {
    let server = BrokenServer::http(|request| good(request, &good_header(), &good_claims()));
    diagnosis(&server, &[]);
    let foreign = |request: &&Request| request.headers_named("origin").any(|origin| origin == "https://example.org");
    let requests = server.requests();
    assert!(requests.iter().any(|request| foreign(&request)));
    for request in requests.iter().filter(foreign) {
        assert!(!request.headers_named("authorization").any(|value| value.contains(PLAIN_TOKEN)));
    }
}
