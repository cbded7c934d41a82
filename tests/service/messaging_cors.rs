//! `POST /messaging/jwt` from a page of another origin: which origins can read the answer.

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

/// The origin that can read the answer.
fn reader(answer: &Answer) -> Option<&str> {
    let reader = answer.header("access-control-allow-origin")?;
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    Some(reader)
}

#[test]
fn only_a_page_of_an_allowed_origin_can_read_the_answer() {
    let service = service();
    for source in EventSource::ALL {
        for origin in [SITE, "https://shop.example.com"] {
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
    let service = service();
    let refused = service.answer(&Request::post("/messaging/jwt").cookie("session", "unknown").header("origin", SITE));
    assert_eq!((refused.status, reader(&refused)), (401, Some(SITE)));
    assert_eq!(refused.header("access-control-expose-headers"), Some("retry-after"));
}

#[test]
fn a_preflight_needs_no_token() {
    let service = service();
    let answer = service.answer(&preflight(SITE));
    assert_eq!((answer.status, reader(&answer), answer.body.as_str()), (204, Some(SITE), ""));
    assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("authorization, content-type"));
    assert_eq!(reader(&service.answer(&preflight("https://evil.example.org"))), None);
}

#[test]
fn an_options_request_that_is_not_a_preflight_answers_405() {
    let service = service();
    let options = || Request::new("OPTIONS", "/messaging/jwt");
    let asks_for = |request: Request| request.header("access-control-request-method", "POST");
    let post = asks_for(from(SITE));
    for request in [options(), options().header("origin", SITE), asks_for(options())] {
        let answer = service.answer(&request);
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{request:?}");
    }
    assert_eq!(service.answer(&post).status, 200, "a POST is never a preflight");
}

#[test]
fn without_allowed_origins_no_other_origin_can_read_the_answer() {
    let service = Setup::of(Kind::MessagingToken).env("SESSION_COOKIE", "session").start();
    service.aws.put_user(TOKEN, &users::demo());
    assert_eq!(reader(&service.answer(&from(SITE))), None);
    assert_eq!(reader(&service.answer(&preflight(SITE))), None);
}
