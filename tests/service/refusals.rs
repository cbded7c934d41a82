//! A refusal says no, and nothing of why: not by its status, not by a header, not by its body, whatever stands
//! before the function. The reason is for the log alone. `make bench ARGS=refusals` measures how long each takes.

use crate::support::{EventSource, Kind, Request, Service, Setup, eventually, logs, users};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const ORIGIN: &str = "https://www.example.com";

/// Every function with all that it can add to an answer, and the SSO redirect also without a login page.
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

/// The requests with which a caller can show a token.
fn requests(kind: Kind, token: &str) -> Vec<Request> {
    match kind {
        Kind::SdkExchange => vec![kind.request(token)],
        Kind::MessagingToken => {
            let post = || Request::post("/messaging/jwt").header("origin", ORIGIN);
            vec![kind.request(token), post().bearer(token), post().cookie("acme_session", token)]
        }
        Kind::SsoRedirect => {
            // One parameter, since a REST API's event has several of them in no order.
            let login = || Request::get("/sso/login?return_to=%2Fhc");
            vec![kind.request(token), login().bearer(token), login().cookie("acme_session", token)]
        }
    }
}

/// The users whom the function refuses, each stored under a token of one length; nobody is stored under the first.
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

/// All that the function gives to what stands before it, without the nonce that no page shares with another, and
/// the outcome that it logs.
fn whole_response(service: &Service, front: EventSource, request: &Request) -> (Value, String) {
    let (response, logs) = response_and_logs(service, &front.event(request));
    let outcome = logs::request_line(&logs)["outcome"].as_str().unwrap().to_owned();
    let answer = front.answer(&response);
    let nonce = answer.header("content-security-policy").and_then(|policy| policy.split("'nonce-").nth(1));
    let nonce = nonce.and_then(|rest| rest.split('\'').next());
    let text = response.to_string();
    let text = nonce.map_or_else(|| text.clone(), |nonce| text.replace(nonce, "(nonce)"));
    (serde_json::from_str(&text).unwrap(), outcome)
}

/// On a machine that is too busy to look up a token in time the function says so, and may be asked again.
fn response_and_logs(service: &Service, event: &Value) -> (Value, String) {
    eventually("an answer that is not 503", Duration::from_mins(1), || {
        let invocation = service.function.invoke(event.clone());
        let response = invocation.outcome.unwrap_or_else(|error| panic!("{error}\n{}", invocation.logs));
        (response["statusCode"] != 503).then_some((response, invocation.logs))
    })
}

/// The outcomes that the log tells apart.
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
fn every_refusal_is_the_same_response_to_the_byte_through_every_front_door() {
    for service in setups().map(Setup::start) {
        let refused = refused(&service);
        let mut outcomes = BTreeSet::new();
        for front in EventSource::ALL {
            let ways = requests(service.kind, &refused[0].1).len();
            for way in 0..ways {
                let mut first = None;
                for (reason, token) in &refused {
                    let request = &requests(service.kind, token)[way];
                    let (response, outcome) = whole_response(&service, front, request);
                    let expected = first.get_or_insert_with(|| response.clone());
                    assert_eq!(response, *expected, "{:?} through {front:?}: {reason}", service.kind);
                    outcomes.insert(outcome);
                }
            }
        }
        let outcomes: BTreeSet<_> = outcomes.iter().map(String::as_str).collect();
        assert_eq!(outcomes, expected_outcomes(service.kind), "only the log tells why");
    }
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
            assert!(!answer.body.contains("<form"), "no refusal may post a form: {}", answer.body);
        }
    }
}
