//! Requests at and above the size limits of the event sources, and events that no event source should send. Each
//! function answers them as its contract says, and then serves the next request.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>

use crate::support::{Answer, EventSource, Kind, Request, Service, Setup, logs, users};
use serde_json::{Value, json};

const TOKEN: &str = "BD2F35A7621";

/// The limit of an HTTP API for the request line and all headers together, in bytes.
const HEADERS: usize = 10_240;

/// The limit for a request line in bytes.
fn request_line(source: EventSource) -> usize {
    match source {
        EventSource::Alb | EventSource::AlbMultiValueHeaders => 16 * 1024,
        _ => HEADERS,
    }
}

/// The limit of API Gateway for a payload, in bytes. Lambda accepts only 6 MB.
const PAYLOAD: usize = 10_000_000;

/// The limit of the functions for a body and a user token, in bytes.
const BODY: usize = 8 * 1024;

fn service(kind: Kind) -> Service {
    let service = Setup::of(kind).env("SESSION_COOKIE", "session").start();
    service.aws.put_user(TOKEN, &users::demo());
    service
}

/// The answer. Also checks that the function serves the next request.
fn answer(service: &Service, what: &str, source: EventSource, event: Value) -> Answer {
    let reply = service.reply_to_event(source, event);
    logs::request_line(&reply.logs);
    assert_eq!(service.answer(&service.kind.request(TOKEN)).status, 200, "after {what}");
    reply.answer
}

fn status(service: &Service, what: &str, source: EventSource, request: &Request) -> u16 {
    answer(service, what, source, source.event(request)).status
}

/// A request with the known user token in the usual place.
fn valid(kind: Kind) -> Request {
    match kind {
        Kind::SdkExchange | Kind::MessagingToken => kind.request(TOKEN),
        Kind::SsoRedirect => Request::get("/sso/login").cookie("session", TOKEN),
    }
}

#[test]
fn a_body_may_have_up_to_8_kib() {
    let form = |length: usize| "user_token=".to_owned() + &"a".repeat(length - "user_token=".len());
    for kind in Kind::ALL {
        let service = service(kind);
        for (length, expected) in [(BODY, 401), (BODY + 1, 413), (4_400_000, 413), (PAYLOAD, 413)] {
            let request = kind.request("").form_body(form(length));
            for source in [EventSource::HttpApi, EventSource::HttpApiPlainBody, EventSource::Alb] {
                let what = format!("{} bytes for {} through {source:?}", length, kind.name());
                assert_eq!(status(&service, &what, source, &request), expected, "{what}");
            }
        }
    }
}

#[test]
fn other_headers_may_have_any_number_and_length() {
    for kind in Kind::ALL {
        let service = service(kind);
        let long = valid(kind).header("x-long", &"a".repeat(HEADERS));
        let many =
            (0..HEADERS / 10).fold(valid(kind), |request, number| request.header(&format!("x-{number:05}"), "ab"));
        let alike = (0..HEADERS / 5).fold(valid(kind), |request, _| request.header("x-a", "b"));
        for source in EventSource::ALL {
            for (what, request) in [("one long", &long), ("many", &many), ("many with one name", &alike)] {
                let what = format!("{what} for {} through {source:?}", kind.name());
                assert_eq!(status(&service, &what, source, request), 200, "{what}");
            }
        }
    }
}

#[test]
fn a_token_is_found_among_any_number_of_cookies_and_refused_if_it_is_too_long() {
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
            ("only separators", format!("{}session={TOKEN}", "; ".repeat(HEADERS / 2)), 200),
            ("a token of 8 KiB", tokens[..tokens.len() - 1].to_owned(), 401),
            ("a longer token", tokens.clone(), 413),
        ] {
            for source in EventSource::ALL {
                let what = format!("{what} for {} through {source:?}", kind.name());
                assert_eq!(status(&service, &what, source, &request(cookies.clone())), expected, "{what}");
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
        for source in EventSource::ALL {
            let line = request_line(source);
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
                let what = format!("{:.20} for {} through {source:?}", query, kind.name());
                let request = Request { query, ..valid(kind) };
                assert_eq!(status(&service, &what, source, &request), 200, "{what}");
            }
        }
    }
}

#[test]
fn unencoded_characters_in_a_query_are_read_like_encoded_ones() {
    let service = service(Kind::SsoRedirect);
    let request = Request { query: "return_to=/hc/search?query=<a b>".to_owned(), ..valid(Kind::SsoRedirect) };
    let page = answer(&service, "a query", EventSource::HttpApi, EventSource::HttpApi.event(&request)).body;
    assert!(page.contains("name='return_to' value='/hc/search?query=%3Ca%20b%3E'"), "{page}");
}

#[test]
fn an_invalid_address_gets_no_page_and_later_requests_are_served() {
    for kind in Kind::ALL {
        let service = service(kind);
        // Only sso-redirect reads the address.
        let expected = if kind == Kind::SsoRedirect { 404 } else { 200 };
        for source in EventSource::ALL {
            for host in ["a b", "[", "a:99999", "999.999.999.999", "a\"b", "xn--a", "@", ":", ""] {
                let mut event = source.event(&valid(kind));
                for headers in ["headers", "multiValueHeaders"] {
                    if let Some(headers) = event[headers].as_object_mut() {
                        headers.retain(|name, _| !name.eq_ignore_ascii_case("host"));
                        headers.insert("host".to_owned(), json!(host));
                    }
                }
                let what = format!("the host {host:?} for {} through {source:?}", kind.name());
                // With multi-value headers only, `lambda_http` does not read the host.
                let expected = if source == EventSource::AlbMultiValueHeaders { 200 } else { expected };
                assert_eq!(answer(&service, &what, source, event).status, expected, "{what}");
            }
            for path in ["no/slash", "", "*", "/sso/login\u{0}x", &"/é".repeat(60_000)] {
                let request = Request { path: path.to_owned(), ..valid(kind) };
                let what = format!("the path {path:.20?} for {} through {source:?}", kind.name());
                assert_eq!(status(&service, &what, source, &request), expected, "{what}");
            }
            let request = Request { query: format!("a={}", "b".repeat(70_000)), ..valid(kind) };
            let what = format!("a query that is too long for an address, for {} through {source:?}", kind.name());
            assert_eq!(status(&service, &what, source, &request), expected, "{what}");
        }
    }
}

#[test]
fn a_parameter_without_values_is_ignored() {
    for kind in Kind::ALL {
        let service = service(kind);
        for source in [EventSource::RestApi, EventSource::AlbMultiValueHeaders] {
            let request = Request { query: "return_to=/hc".to_owned(), ..valid(kind) };
            let mut event = source.event(&request);
            event["multiValueQueryStringParameters"]["empty"] = json!([]);
            let what = format!("for {} through {source:?}", kind.name());
            let answer = answer(&service, &what, source, event);
            assert_eq!(answer.status, 200, "{what}");
            assert_eq!(answer.body.contains("value='/hc'"), kind == Kind::SsoRedirect, "{what}: {}", answer.body);
        }
    }
}

#[test]
fn a_body_with_invalid_base64_is_not_a_form() {
    for kind in Kind::ALL {
        let service = service(kind);
        for source in EventSource::ALL {
            let mut event = source.event(&kind.request(TOKEN));
            event["body"] = json!("user_token=!");
            event["isBase64Encoded"] = json!(true);
            let what = format!("for {} through {source:?}", kind.name());
            assert_eq!(answer(&service, &what, source, event).status, 401, "{what}");
        }
    }
}

/// Events that AWS services and people send, and HTTP events that cannot be decoded.
fn other_events() -> Vec<Value> {
    let mut http_event = EventSource::HttpApi.event(&Request::post("/sdk/jwt"));
    http_event["requestContext"] = json!(7);
    let mut rest_event = EventSource::RestApi.event(&Request::post("/sdk/jwt"));
    rest_event["headers"] = json!({ "a": { "b": "c" } });
    vec![
        json!(null),
        json!({}),
        json!("a"),
        json!([1]),
        json!({ "Records": [] }),
        json!({ "httpMethod": 7 }),
        json!({ "key1": "value1", "key2": "value2", "key3": "value3" }),
        json!({ "source": "serverless-plugin-warmup" }),
        json!({ "version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} }),
        http_event,
        rest_event,
    ]
}

#[test]
fn an_invocation_that_is_not_a_request_is_answered_and_logged() {
    for kind in Kind::ALL {
        let service = Setup::of(kind).env("LOG_LEVEL", "error").start();
        service.aws.put_user(TOKEN, &users::demo());
        for event in other_events() {
            let invocation = service.function.invoke(event.clone());
            assert_eq!(invocation.outcome.as_ref(), Ok(&json!({ "ok": true })), "{event}");

            let [line] = logs::lines(&invocation.logs).try_into().expect("one line");
            assert_eq!(line["message"], "not an HTTP request", "{event}");
            assert_eq!((&line["function"], line["request_id"].is_string()), (&json!(kind.name()), true), "{event}");
            assert!(!line["event"].as_str().unwrap().contains("value1"), "{line}");
            assert_eq!(service.answer(&kind.request(TOKEN)).status, 200, "after {event}");
        }
        let warm_up = service.function.invoke(json!({ "source": "warm-up", "concurrency": 3 }));
        assert!(warm_up.logs.contains("an object with concurrency, source"), "{}", warm_up.logs);
    }
}
