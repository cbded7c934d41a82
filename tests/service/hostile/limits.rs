//! Requests as large as the front doors let through, and larger; events that no front door should send. Each
//! function answers them by its contract, and the next request as if nothing had been.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>

use crate::support::{Answer, EventSource, Kind, Request, Service, Setup, logs, users};
use serde_json::{Value, json};

const TOKEN: &str = "BD2F35A7621";

/// An HTTP API's limit for the request line and all headers together, in bytes.
const HEADERS: usize = 10_240;

/// The limit for a request line in bytes.
fn request_line(front: EventSource) -> usize {
    match front {
        EventSource::Alb | EventSource::AlbMultiValueHeaders => 16 * 1024,
        _ => HEADERS,
    }
}

/// API Gateway's limit for a payload in bytes; an event of Lambda's has at most 6 MB, so less comes through.
const PAYLOAD: usize = 10_000_000;

/// Our own limit for a body and a user token, in bytes.
const BODY: usize = 8 * 1024;

fn service(kind: Kind) -> Service {
    let service = Setup::of(kind).env("SESSION_COOKIE", "session").start();
    service.aws.put_user(TOKEN, &users::demo());
    service
}

/// The answer, after checking that it left nothing behind.
fn answer(service: &Service, what: &str, front: EventSource, event: Value) -> Answer {
    let reply = service.reply_to_event(front, event);
    logs::request_line(&reply.logs);
    assert_eq!(service.answer(&service.kind.request(TOKEN)).status, 200, "after {what}");
    reply.answer
}

fn status(service: &Service, what: &str, front: EventSource, request: &Request) -> u16 {
    answer(service, what, front, front.event(request)).status
}

/// The request of a browser or an app that carries the good token where this function reads it.
fn good(kind: Kind) -> Request {
    match kind {
        Kind::SdkExchange | Kind::MessagingToken => kind.request(TOKEN),
        Kind::SsoRedirect => Request::get("/sso/login").cookie("session", TOKEN),
    }
}

#[test]
fn a_body_counts_up_to_8_kib_and_whatever_is_longer_is_refused() {
    let form = |length: usize| "user_token=".to_owned() + &"a".repeat(length - "user_token=".len());
    for kind in Kind::ALL {
        let service = service(kind);
        for (length, expected) in [(BODY, 401), (BODY + 1, 413), (4_400_000, 413), (PAYLOAD, 413)] {
            let request = kind.request("").form_body(form(length));
            for front in [EventSource::HttpApi, EventSource::HttpApiPlainBody, EventSource::Alb] {
                let what = format!("{} bytes for {} through {front:?}", length, kind.name());
                assert_eq!(status(&service, &what, front, &request), expected, "{what}");
            }
        }
    }
}

#[test]
fn headers_of_any_number_and_length_do_not_matter() {
    for kind in Kind::ALL {
        let service = service(kind);
        let long = good(kind).header("x-long", &"a".repeat(HEADERS));
        let many =
            (0..HEADERS / 10).fold(good(kind), |request, number| request.header(&format!("x-{number:05}"), "ab"));
        let alike = (0..HEADERS / 5).fold(good(kind), |request, _| request.header("x-a", "b"));
        for front in EventSource::ALL {
            for (what, request) in [("one long", &long), ("many", &many), ("many of a name", &alike)] {
                let what = format!("{what} for {} through {front:?}", kind.name());
                assert_eq!(status(&service, &what, front, request), 200, "{what}");
            }
        }
    }
}

#[test]
fn a_token_is_found_among_any_number_of_cookies_and_refused_when_it_is_too_long() {
    for kind in [Kind::MessagingToken, Kind::SsoRedirect] {
        let service = service(kind);
        let request = |cookies: String| match kind {
            Kind::SsoRedirect => Request::get("/sso/login").header("cookie", &cookies),
            _ => Request::post("/messaging/jwt").header("cookie", &cookies),
        };
        let others = "a=b; ".repeat(HEADERS / 5);
        let tokens = format!("session={}", "a".repeat(BODY + 1));
        for (what, cookies, expected) in [
            ("many cookies", format!("{others}session={TOKEN}"), 200),
            ("a cookie twice", format!("session={TOKEN}; {others}session={TOKEN}"), 200),
            ("two values of a cookie", format!("session={TOKEN}; {others}session=other"), 400),
            ("no more than separators", format!("{}session={TOKEN}", "; ".repeat(HEADERS / 2)), 200),
            ("a token of 8 KiB", tokens[..tokens.len() - 1].to_owned(), 401),
            ("a longer token", tokens.clone(), 413),
        ] {
            for front in EventSource::ALL {
                let what = format!("{what} for {} through {front:?}", kind.name());
                assert_eq!(status(&service, &what, front, &request(cookies.clone())), expected, "{what}");
            }
        }
        let bearer = |length| request(String::new()).bearer(&"a".repeat(length));
        assert_eq!(status(&service, "a bearer of 8 KiB", EventSource::HttpApi, &bearer(BODY)), 401);
        assert_eq!(status(&service, "a longer bearer", EventSource::HttpApi, &bearer(BODY + 1)), 413);
    }
}

#[test]
fn a_query_may_have_any_length_and_any_text() {
    for kind in Kind::ALL {
        let service = service(kind);
        for front in EventSource::ALL {
            let line = request_line(front);
            for query in [
                format!("return_to=/{}", "a".repeat(line)),
                format!("return_to=/{}", "%22".repeat(line / 3)),
                "%ff".repeat(line / 3),
                "\u{fffd}".repeat(line / 3),
                "a=b&".repeat(line / 4),
                "&".repeat(line),
                "return_to=/hc/<script>\"quoted\" {a|b}^`[é]\\#x".to_owned(),
                "\u{0}\t \u{7f}".to_owned(),
            ] {
                let what = format!("{:.20} for {} through {front:?}", query, kind.name());
                let request = Request { query, ..good(kind) };
                assert_eq!(status(&service, &what, front, &request), 200, "{what}");
            }
        }
    }
}

#[test]
fn what_a_client_left_unencoded_in_a_query_is_read_as_it_was_meant() {
    let service = service(Kind::SsoRedirect);
    let request = Request { query: "return_to=/hc/search?query=<a b>".to_owned(), ..good(Kind::SsoRedirect) };
    let page = answer(&service, "a query", EventSource::HttpApi, EventSource::HttpApi.event(&request)).body;
    assert!(page.contains(r#"name="return_to" value="/hc/search?query=%3Ca%20b%3E""#), "{page}");
}

#[test]
fn an_address_that_is_none_leads_to_no_page_and_breaks_nothing() {
    for kind in Kind::ALL {
        let service = service(kind);
        // Where nothing but the host is odd, what does not read the address goes on as ever.
        let expected = if kind == Kind::SsoRedirect { 404 } else { 200 };
        for front in EventSource::ALL {
            for host in ["a b", "[", "a:99999", "999.999.999.999", "a\"b", "xn--a", "@", ":", ""] {
                let mut event = front.event(&good(kind));
                for headers in ["headers", "multiValueHeaders"] {
                    if let Some(headers) = event[headers].as_object_mut() {
                        headers.retain(|name, _| !name.eq_ignore_ascii_case("host"));
                        headers.insert("host".to_owned(), json!(host));
                    }
                }
                let what = format!("the host {host:?} for {} through {front:?}", kind.name());
                // With multi-value headers alone, `lambda_http` does not look for the host.
                let expected = if front == EventSource::AlbMultiValueHeaders { 200 } else { expected };
                assert_eq!(answer(&service, &what, front, event).status, expected, "{what}");
            }
            for path in ["no/slash", "", "*", "/sso/login\u{0}x", &"/é".repeat(60_000)] {
                let request = Request { path: path.to_owned(), ..good(kind) };
                let what = format!("the path {path:.20?} for {} through {front:?}", kind.name());
                assert_eq!(status(&service, &what, front, &request), expected, "{what}");
            }
            let request = Request { query: format!("a={}", "b".repeat(70_000)), ..good(kind) };
            let what = format!("a query that no address can have, for {} through {front:?}", kind.name());
            assert_eq!(status(&service, &what, front, &request), expected, "{what}");
        }
    }
}

#[test]
fn a_parameter_without_values_is_no_parameter() {
    for kind in Kind::ALL {
        let service = service(kind);
        for front in [EventSource::RestApi, EventSource::AlbMultiValueHeaders] {
            let request = Request { query: "return_to=/hc".to_owned(), ..good(kind) };
            let mut event = front.event(&request);
            event["multiValueQueryStringParameters"]["empty"] = json!([]);
            let what = format!("for {} through {front:?}", kind.name());
            let answer = answer(&service, &what, front, event);
            assert_eq!(answer.status, 200, "{what}");
            assert_eq!(answer.body.contains(r#"value="/hc""#), kind == Kind::SsoRedirect, "{what}: {}", answer.body);
        }
    }
}

#[test]
fn a_body_that_is_not_the_base64_that_it_is_said_to_be_is_no_form() {
    for kind in Kind::ALL {
        let service = service(kind);
        for front in EventSource::ALL {
            let mut event = front.event(&kind.request(TOKEN));
            event["body"] = json!("user_token=!");
            event["isBase64Encoded"] = json!(true);
            let what = format!("for {} through {front:?}", kind.name());
            assert_eq!(answer(&service, &what, front, event).status, 401, "{what}");
        }
    }
}

#[test]
fn what_is_no_event_of_a_front_door_is_reported_and_breaks_nothing() {
    for kind in Kind::ALL {
        let service = service(kind);
        for event in
            [json!(null), json!({}), json!("a"), json!([1]), json!({ "Records": [] }), json!({ "httpMethod": 7 })]
        {
            let invocation = service.function.invoke(event.clone());
            assert!(invocation.outcome.is_err(), "{event}");
            assert!(service.function.is_alive(), "{event}");
            assert_eq!(service.answer(&kind.request(TOKEN)).status, 200, "after {event}");
        }
    }
}
