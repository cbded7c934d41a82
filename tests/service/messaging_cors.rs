//! `POST /messaging/jwt` from a page of another origin: who may read the answer, whichever front is before the function.

use crate::support::{Answer, EventSource, Kind, Request, Service, Setup, users};

const TOKEN: &str = "session-7f3a";
const SITE: &str = "https://www.example.com";

fn service() -> Service {
    let setup = Setup::of(Kind::MessagingToken).env("SESSION_COOKIE", "session");
    let service = setup.env("ALLOWED_ORIGINS", "https://www.example.com,https://shop.example.com").start();
    service.aws.put_user(TOKEN, &users::demo());
    service
}

fn from(origin: &str) -> Request {
    Request::post("/messaging/jwt").cookie("session", TOKEN).header("origin", origin)
}

fn preflight(origin: &str) -> Request {
    Request::new("OPTIONS", "/messaging/jwt")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization")
}

/// The origin that may read the answer with its visitor's cookie.
fn reader(answer: &Answer) -> Option<&str> {
    let reader = answer.header("access-control-allow-origin")?;
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    Some(reader)
}

#[test]
fn an_allowed_page_reads_the_answer_and_no_other() {
    let service = service();
    for front in EventSource::ALL {
        for origin in [SITE, "https://shop.example.com"] {
            let answer = service.answer_through(front, &from(origin));
            assert_eq!((answer.status, reader(&answer)), (200, Some(origin)), "{front:?}");
            assert_eq!(answer.header("vary"), Some("origin"), "a cache must keep the answers apart");
        }
        for origin in ["https://evil.example.org", "http://www.example.com", "https://www.example.com:8443", "null", ""]
        {
            assert_eq!(reader(&service.answer_through(front, &from(origin))), None, "{origin} through {front:?}");
        }
    }
}

#[test]
fn an_error_can_be_read_as_well_and_an_outage_says_when_to_try_again() {
    let service = service();
    let refused = service.answer(&Request::post("/messaging/jwt").cookie("session", "unknown").header("origin", SITE));
    assert_eq!((refused.status, reader(&refused)), (401, Some(SITE)));
    assert_eq!(refused.header("access-control-expose-headers"), Some("retry-after"));
}

#[test]
fn a_preflight_is_answered_without_looking_at_any_token() {
    let service = service();
    let answer = service.answer(&preflight(SITE));
    assert_eq!((answer.status, reader(&answer), answer.body.as_str()), (204, Some(SITE), ""));
    assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("authorization, content-type"));
    assert_eq!(reader(&service.answer(&preflight("https://evil.example.org"))), None);
}

#[test]
fn an_options_request_that_no_page_of_another_origin_caused_is_a_wrong_method() {
    let service = service();
    let options = || Request::new("OPTIONS", "/messaging/jwt");
    let asks_for = |request: Request| request.header("access-control-request-method", "POST");
    let post = asks_for(from(SITE));
    for request in [options(), options().header("origin", SITE), asks_for(options())] {
        let answer = service.answer(&request);
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{request:?}");
    }
    assert_eq!(service.answer(&post).status, 200, "a POST is none, whatever its headers");
}

#[test]
fn without_allowed_origins_no_other_origin_reads_anything() {
    let service = Setup::of(Kind::MessagingToken).env("SESSION_COOKIE", "session").start();
    service.aws.put_user(TOKEN, &users::demo());
    assert_eq!(reader(&service.answer(&from(SITE))), None);
    assert_eq!(reader(&service.answer(&preflight(SITE))), None);
}
