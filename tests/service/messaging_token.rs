//! `POST /messaging/jwt`: the company's site or app fetches a JWT that logs its user in to messaging, and only pages of
//! allowed origins can read the answer.

use crate::support::service::{MESSAGING_KID, MESSAGING_SECRET};
use crate::support::{Answer, EventSource, Jwt, Kind, Request, Service, Setup, now, users};
use serde_json::{Value, json};

const TOKEN: &str = "pk-71.AbC_d~e";
const ORIGIN: &str = "https://www.example.com";

fn service() -> Service {
    setup().start()
}

fn setup() -> Setup {
    Setup::of(Kind::MessagingToken).env("SESSION_COOKIE", "acme_session").env("ALLOWED_ORIGINS", ORIGIN)
}

fn post() -> Request {
    Request::post("/messaging/jwt").header("origin", ORIGIN)
}

fn signed(answer: &Answer) -> Jwt {
    Jwt::verified(&answer.jwt(), MESSAGING_SECRET)
}

#[test]
fn a_known_token_gets_a_jwt_that_logs_its_user_in() {
    let answer = service().answer_for(TOKEN, &users::demo());

    assert_eq!((answer.status, answer.media_type()), (200, "application/json"));
    let jwt = signed(&answer);
    assert_eq!(jwt.header, json!({ "alg": "HS256", "typ": "JWT", "kid": MESSAGING_KID }));
    assert_eq!(jwt.claim_names(), ["email", "email_verified", "exp", "external_id", "name", "scope"]);
    assert_eq!(jwt.claim("scope"), "user");
    assert_eq!(jwt.claim("external_id"), "demo-1");
    assert_eq!(jwt.claim("name"), "Demo User");
    assert_eq!(jwt.claim("email"), "Demo.User@Example.com");
    assert_eq!(jwt.claim("email_verified"), true);
}

#[test]
fn the_answer_says_when_the_jwt_expires() {
    let answer = service().answer_for(TOKEN, &users::demo());

    let expected = json!({ "jwt": answer.jwt(), "expires_at": signed(&answer).claim("exp") });
    assert_eq!(answer.json(), expected);
}

#[test]
fn a_jwt_lives_for_five_minutes_unless_configured_otherwise() {
    for (setup, lifetime) in [
        (setup(), 300),
        (setup().env("MESSAGING_TOKEN_TTL", "60"), 60),
        (setup().env("MESSAGING_TOKEN_TTL", "86400"), 86_400),
    ] {
        let (service, before) = (setup.start(), now());
        let jwt = signed(&service.answer_for(TOKEN, &users::demo()));
        let exp = jwt.claim("exp").as_u64().expect("whole seconds");
        assert!((before + lifetime..=now() + lifetime).contains(&exp), "{exp} for {lifetime} seconds");
    }
}

#[test]
fn a_jwt_does_not_outlive_the_user_token() {
    let service = service();
    let soon = now() + 100;
    let answer = service.answer_for("soon", &users::demo_with(&json!({ "expires_at": soon })));
    assert_eq!(signed(&answer).claim("exp"), soon);

    let late = now() + 100_000;
    let answer = service.answer_for("late", &users::demo_with(&json!({ "expires_at": late })));
    assert!(signed(&answer).claim("exp").as_u64().unwrap() <= now() + 300);
}

#[test]
fn a_user_needs_only_an_external_id() {
    let answer = service().answer_for(TOKEN, &json!({ "external_id": "demo-1" }));

    assert_eq!(signed(&answer).claim_names(), ["exp", "external_id", "scope"]);
}

#[test]
fn an_external_id_is_a_string_of_up_to_255_characters() {
    let service = service();
    for (number, id) in ["1", "x", &"é".repeat(255)].into_iter().enumerate() {
        let answer = service.answer_for(&number.to_string(), &users::demo_with(&json!({ "external_id": id })));
        assert_eq!(signed(&answer).claim("external_id"), id);
    }
}

#[test]
fn an_unverified_address_is_never_marked_as_verified() {
    let service = service();
    for (number, verified) in [json!(false), json!(users::REMOVED), json!("true"), json!(1)].iter().enumerate() {
        let user = users::demo_with(&json!({ "email_verified": verified }));
        let answer = service.answer_for(&number.to_string(), &user);
        if answer.status == 200 {
            let jwt = signed(&answer);
            let claimed = jwt.claims.get("email_verified").unwrap_or(&Value::Bool(false));
            assert_eq!(claimed, false, "{verified}");
        } else {
            assert_eq!(answer.status, 503, "a stored item that cannot be read");
            assert!(!verified.is_boolean() && verified != users::REMOVED, "{verified} is a valid value");
        }
    }
}

#[test]
fn a_jwt_has_no_claims_of_other_kinds() {
    let user = users::demo_with(&json!({
        "phone": "+15551234567", "tags": ["vip"], "role": "admin", "organization": "Engines", "user_fields": { "a": 1 },
    }));
    let answer = service().answer_for(TOKEN, &user);

    assert_eq!(signed(&answer).claim_names(), ["email", "email_verified", "exp", "external_id", "name", "scope"]);
}

#[test]
fn form_field_bearer_token_and_cookie_work_with_every_event_source() {
    let service = service();
    service.aws.put_user(TOKEN, &users::demo());
    for (place, request) in [
        ("form", post().form(&[("user_token", TOKEN)])),
        ("bearer", post().bearer(TOKEN)),
        ("bearer in another case", post().header("authorization", &format!("bearer {TOKEN}"))),
        ("cookie", post().cookie("acme_session", TOKEN)),
    ] {
        for source in EventSource::ALL {
            let answer = service.answer_through(source, &request);
            assert_eq!(answer.status, 200, "{place} through {source:?}: {}", answer.body);
            assert_eq!(signed(&answer).claim("external_id"), "demo-1");
        }
    }
}

#[test]
fn the_value_of_the_session_cookie_is_not_decoded() {
    let service = service();
    service.aws.put_user("s%3AaBc%2Bd/+=", &users::demo());

    assert_eq!(service.answer(&post().cookie("acme_session", "s%3AaBc%2Bd/+=")).status, 200);
}

#[test]
fn a_cookie_that_is_not_valid_does_not_hide_the_session() {
    let service = service();
    service.aws.put_user(TOKEN, &users::demo());
    for source in EventSource::ALL {
        for bad in ["city=Zürich", "bell=\u{7}", "no equals sign", "=no name"] {
            let request = post().header("cookie", &format!("{bad}; acme_session={TOKEN}; lang=en"));
            assert_eq!(service.answer_through(source, &request).status, 200, "{bad} through {source:?}");
        }
    }
}

#[test]
fn only_the_configured_cookie_counts() {
    let configured = service();
    configured.aws.put_user(TOKEN, &users::demo());
    for name in ["session", "Acme_Session", "acme_session2", "not_acme_session"] {
        assert_eq!(configured.answer(&post().cookie(name, TOKEN)).status, 400, "{name}");
    }

    let unconfigured = Setup::of(Kind::MessagingToken).start();
    unconfigured.aws.put_user(TOKEN, &users::demo());
    assert_eq!(unconfigured.answer(&post().cookie("acme_session", TOKEN)).status, 400);
}

#[test]
fn a_request_without_any_token_is_malformed() {
    let service = service();
    for (reason, request) in [
        ("nothing at all", post()),
        ("an empty form", post().form_body("")),
        ("another field", post().form_body("a=b")),
        ("an empty field", post().form_body("user_token=")),
        ("two fields", post().form_body("user_token=a&user_token=b")),
        ("another scheme", post().header("authorization", "Basic YTpi")),
        ("an empty bearer token", post().header("authorization", "Bearer ")),
        ("an empty cookie", post().cookie("acme_session", "")),
        ("a token in the query", Request::post(&format!("/messaging/jwt?user_token={TOKEN}"))),
    ] {
        let answer = service.answer(&request);
        assert_eq!(answer.status, 400, "{reason}");
        answer.problem();
    }
}

#[test]
fn a_body_that_is_not_a_form_is_answered_with_the_media_type_to_send() {
    let answer = service().answer(&post().body("application/json", r#"{"user_token":"a"}"#));

    assert_eq!(answer.status, 415);
    assert!(answer.problem()["detail"].to_string().contains("application/x-www-form-urlencoded"));
}

#[test]
fn a_body_of_more_than_8_kib_is_too_large() {
    let answer = service().answer(&post().form(&[("user_token", &"x".repeat(8192))]));

    assert_eq!(answer.status, 413);
    answer.problem();
}

#[test]
fn every_method_except_post_answers_405() {
    let service = service();
    for method in ["GET", "PUT", "DELETE"] {
        let answer = service.answer(&Request::new(method, "/messaging/jwt").bearer(TOKEN));
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{method}");
        answer.problem();
    }
}

/// A function with a known user, whose answers pages of two origins can read.
fn with_two_origins() -> Service {
    let service = setup().env("ALLOWED_ORIGINS", "https://www.example.com,https://shop.example.com").start();
    service.aws.put_user(TOKEN, &users::demo());
    service
}

fn from(origin: &str) -> Request {
    Request::post("/messaging/jwt").cookie("acme_session", TOKEN).header("origin", origin)
}

fn preflight(origin: &str) -> Request {
    Request::new("OPTIONS", "/messaging/jwt")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization")
}

/// The origin that can read the answer.
fn reader(answer: &Answer) -> Option<&str> {
    let reader = answer.header("access-control-allow-origin")?;
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    Some(reader)
}

#[test]
fn only_a_page_of_an_allowed_origin_can_read_the_answer() {
    let service = with_two_origins();
    for source in EventSource::ALL {
        for origin in [ORIGIN, "https://shop.example.com"] {
            let answer = service.answer_through(source, &from(origin));
            assert_eq!((answer.status, reader(&answer)), (200, Some(origin)), "{source:?}");
            assert_eq!(answer.header("vary"), Some("origin"), "a cache must keep the answers apart");
        }
        for origin in ["https://evil.example.org", "http://www.example.com", "https://www.example.com:8443", "null", ""]
        {
            assert_eq!(reader(&service.answer_through(source, &from(origin))), None, "{origin} through {source:?}");
        }
    }
}

#[test]
fn an_allowed_page_can_read_errors_and_the_retry_after_header() {
    let service = with_two_origins();
    let refused =
        service.answer(&Request::post("/messaging/jwt").cookie("acme_session", "unknown").header("origin", ORIGIN));
    assert_eq!((refused.status, reader(&refused)), (401, Some(ORIGIN)));
    assert_eq!(refused.header("access-control-expose-headers"), Some("retry-after"));
}

#[test]
fn a_preflight_needs_no_token() {
    let service = with_two_origins();
    let answer = service.answer(&preflight(ORIGIN));
    assert_eq!((answer.status, reader(&answer), answer.body.as_str()), (204, Some(ORIGIN), ""));
    assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("authorization, content-type"));
    assert_eq!(reader(&service.answer(&preflight("https://evil.example.org"))), None);
}

#[test]
fn an_options_request_that_is_not_a_preflight_answers_405() {
    let service = with_two_origins();
    let options = || Request::new("OPTIONS", "/messaging/jwt");
    let asks_for = |request: Request| request.header("access-control-request-method", "POST");
    let post = asks_for(from(ORIGIN));
    for request in [options(), options().header("origin", ORIGIN), asks_for(options())] {
        let answer = service.answer(&request);
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{request:?}");
    }
    assert_eq!(service.answer(&post).status, 200, "a POST is never a preflight");
}

#[test]
fn without_allowed_origins_no_other_origin_can_read_the_answer() {
    let service = Setup::of(Kind::MessagingToken).env("SESSION_COOKIE", "acme_session").start();
    service.aws.put_user(TOKEN, &users::demo());
    assert_eq!(reader(&service.answer(&from(ORIGIN))), None);
    assert_eq!(reader(&service.answer(&preflight(ORIGIN))), None);
}
