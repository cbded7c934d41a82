//! A refusal never shows its reason: status, headers and body are the same for all reasons. Only the log has the
//! reason. `make bench ARGS=refusals` measures how long each refusal takes.

use crate::support::{EventSource, Kind, Request, Service, Setup, eventually, logs, now, users};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const ORIGIN: &str = "https://www.example.com";

/// Every function with all settings that change its answers; the SSO redirect with and without a login page.
fn setups() -> [Setup; 4] {
    let with_cookie = |kind| Setup::of(kind).env("SESSION_COOKIE", "acme_session").env("ALLOWED_ORIGINS", ORIGIN);
    [
        Setup::of(Kind::SdkExchange),
        with_cookie(Kind::MessagingToken),
        with_cookie(Kind::SsoRedirect).env("REQUIRE_CUSTOM_ROLE", "true"),
        with_cookie(Kind::SsoRedirect)
            .env("REQUIRE_CUSTOM_ROLE", "true")
            .env("LOGIN_URL", "https://www.example.com/login"),
    ]
}

/// The requests that can carry a token.
fn requests(kind: Kind, token: &str) -> Vec<Request> {
    match kind {
        Kind::SdkExchange => vec![kind.request(token)],
        Kind::MessagingToken => {
            let post = || Request::post("/messaging/jwt").header("origin", ORIGIN);
            vec![kind.request(token), post().bearer(token), post().cookie("acme_session", token)]
        }
        Kind::SsoRedirect => {
            // One parameter only, because a REST API's event has them in no order.
            let login = || Request::get("/sso/login?return_to=%2Fhc");
            vec![kind.request(token), login().bearer(token), login().cookie("acme_session", token)]
        }
    }
}

/// The reasons for a refusal, each with a token. All tokens have the same length. The first one is unknown.
fn refused(service: &Service) -> Vec<(&'static str, String)> {
    let mut refused = users::refused_by(service.kind);
    if service.kind == Kind::SsoRedirect {
        refused.push(("an agent without a custom role", Some(users::demo_with(&json!({ "role": "agent" })))));
    }
    if service.kind == Kind::SdkExchange {
        for role in ["agent", "admin"] {
            refused.push((role, Some(users::demo_with(&json!({ "role": role })))));
        }
    }
    let store = |(number, (reason, user)): (usize, (_, Option<Value>))| {
        let token = format!("session-{number:04}");
        if let Some(user) = user {
            service.aws.put_user(&token, &user);
        }
        (reason, token)
    };
    refused.into_iter().enumerate().map(store).collect()
}

/// The function's response without its nonce and the times in the loop guard's cookie, and the logged outcome.
fn whole_response(service: &Service, source: EventSource, request: &Request) -> (Value, String) {
    let (response, logs) = response_and_logs(service, &source.event(request));
    let outcome = logs::request_line(&logs)["outcome"].as_str().unwrap().to_owned();
    let answer = source.answer(&response);
    let nonce = answer.header("content-security-policy").and_then(|policy| policy.split("'nonce-").nth(1));
    let nonce = nonce.and_then(|rest| rest.split('\'').next());
    let text = response.to_string();
    let text = nonce.map_or_else(|| text.clone(), |nonce| text.replace(nonce, "(nonce)"));
    let guard = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next());
    let text = guard.map_or_else(|| text.clone(), |guard| text.replace(guard, &without_digits(guard)));
    (serde_json::from_str(&text).unwrap(), outcome)
}

fn without_digits(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_ascii_digit()).collect()
}

/// Asks again on a 503, because on a busy machine the lookup can be too slow.
fn response_and_logs(service: &Service, event: &Value) -> (Value, String) {
    eventually("an answer that is not 503", Duration::from_mins(1), || {
        let invocation = service.function.invoke(event.clone());
        let response = invocation.outcome.unwrap_or_else(|error| panic!("{error}\n{}", invocation.logs));
        (response["statusCode"] != 503).then_some((response, invocation.logs))
    })
}

/// The outcomes that the log distinguishes.
fn expected_outcomes(kind: Kind) -> BTreeSet<&'static str> {
    let of_the_token = ["user_token_unknown", "user_token_expired", "user_suspended", "audience_not_allowed"];
    let of_the_profile: &[_] = match kind {
        Kind::SdkExchange => &["email_unverified", "claim_missing", "team_member"],
        Kind::MessagingToken => &["claim_missing"],
        Kind::SsoRedirect => &["email_unverified", "claim_missing", "legacy_agent"],
    };
    of_the_token.iter().chain(of_the_profile).copied().collect()
}

#[test]
fn all_refusals_are_byte_equal_with_every_event_source() {
    for service in setups().map(Setup::start) {
        let refused = refused(&service);
        let mut outcomes = BTreeSet::new();
        for source in EventSource::ALL {
            let ways = requests(service.kind, &refused[0].1).len();
            for way in 0..ways {
                let mut first = None;
                for (reason, token) in &refused {
                    let request = &requests(service.kind, token)[way];
                    let (response, outcome) = whole_response(&service, source, request);
                    let expected = first.get_or_insert_with(|| response.clone());
                    assert_eq!(response, *expected, "{:?} through {source:?}: {reason}", service.kind);
                    outcomes.insert(outcome);
                }
            }
        }
        let outcomes: BTreeSet<_> = outcomes.iter().map(String::as_str).collect();
        assert_eq!(outcomes, expected_outcomes(service.kind), "only the log has the reason");
    }
}

/// A browser's first three refusals, each with the cookie of the one before.
fn three_refusals(service: &Service, source: EventSource, token: &str) -> [(Value, String); 3] {
    let mut cookie = String::new();
    [(); 3].map(|()| {
        let request = Request::get("/sso/login?return_to=%2Fhc").bearer(token).header("cookie", &cookie);
        let event = source.event(&request);
        let (response, _) = response_and_logs(service, &event);
        let set_cookie = source.answer(&response).header("set-cookie").unwrap().to_owned();
        set_cookie.split(';').next().unwrap().clone_into(&mut cookie);
        whole_response(service, source, &request)
    })
}

#[test]
fn the_third_refusal_within_a_minute_is_the_same_page_for_every_reason() {
    let [.., with_login_page] = setups();
    let service = with_login_page.start();
    let refused = refused(&service);
    for source in [EventSource::HttpApi, EventSource::RestApi, EventSource::Alb] {
        let mut first = None;
        for (reason, token) in refused.iter().map(|(reason, token)| (*reason, token.as_str())).chain([("no token", "")])
        {
            let responses = three_refusals(&service, source, token).map(|(response, _)| response);
            let answers = responses.clone().map(|response| source.answer(&response));
            assert_eq!(answers.each_ref().map(|answer| answer.status), [303, 303, 401], "{reason}");
            let page = &answers[2];
            assert_eq!((page.media_type(), page.header("location")), ("text/html", None));
            assert!(page.body.contains("<h1>We could not sign you in</h1>"), "{}", page.body);
            assert!(page.body.contains("https://www.example.com/login?return_to="), "{}", page.body);
            assert!(!page.body.contains("<form"), "{}", page.body);
            let expected = first.get_or_insert_with(|| responses.clone());
            assert_eq!(responses, *expected, "{reason} through {source:?}");
        }
    }
}

#[test]
fn refusals_older_than_a_minute_do_not_count() {
    let [.., with_login_page] = setups();
    let service = with_login_page.start();
    let status = |refusals: [u64; 2]| {
        let cookie = format!("__Host-zendesk-sign-ins=~{}.{}", now() - refusals[0], now() - refusals[1]);
        service.answer(&Request::get("/sso/login").header("cookie", &cookie)).status
    };
    assert_eq!([status([1, 30]), status([1, 61]), status([61, 62])], [401, 303, 303]);
}

#[test]
fn a_refusal_is_a_401_or_leads_to_the_login_page() {
    for service in setups().map(Setup::start) {
        for request in requests(service.kind, "unknown") {
            let answer = service.answer(&request);
            match (service.kind, answer.header("location")) {
                (Kind::SsoRedirect, Some(location)) => {
                    assert_eq!(answer.status, 303);
                    assert!(location.starts_with("https://www.example.com/login?"), "{location}");
                }
                (Kind::SsoRedirect, None) => assert_eq!((answer.status, answer.media_type()), (401, "text/html")),
                _ => assert_eq!((answer.status, answer.problem()["status"].as_u64()), (401, Some(401))),
            }
            assert_eq!(
                answer.header("www-authenticate"),
                (answer.status == 401).then_some("Bearer"),
                "RFC 9110, 11.6.1"
            );
            assert!(!answer.body.contains("<form"), "a refusal must not post a form: {}", answer.body);
        }
    }
}
