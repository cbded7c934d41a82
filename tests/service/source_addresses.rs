//! `SDK_ALLOWED_CIDRS`: who may have user tokens exchanged, by the address that the front door itself reports.

use crate::support::service::Reply;
use crate::support::{Answer, EventSource, Kind, Request, Service, Setup, logs, users};
use serde_json::{Value, json};

const TOKEN: &str = "BD2F35A7621";

/// A network and an address of IPv4, and of IPv6 the same.
const NETWORKS: &str = "203.0.113.0/24, 2001:db8:1::/48,198.51.100.7,2001:db8:2::7";

const INSIDE: [&str; 6] =
    ["203.0.113.0", "203.0.113.255", "198.51.100.7", "2001:db8:1::", "2001:0DB8:1:ffff::1", "2001:db8:2::7"];

const OUTSIDE: [&str; 6] =
    ["203.0.112.255", "203.0.114.0", "198.51.100.6", "2001:db8::1", "2001:db8:2::8", "127.0.0.1"];

/// The front doors that report a source address.
const REPORTING: [EventSource; 4] =
    [EventSource::HttpApi, EventSource::HttpApiPlainBody, EventSource::FunctionUrl, EventSource::RestApi];

fn setup(networks: &str) -> Setup {
    Setup::of(Kind::SdkExchange).with_fakes().env("SDK_ALLOWED_CIDRS", networks)
}

/// A function that knows `TOKEN`, has had its rehearsal, and answers requests from `NETWORKS`.
fn service() -> Service {
    let service = setup(NETWORKS).start();
    service.aws.put_user(TOKEN, &users::demo());
    service.aws.dynamodb().take_requests();
    service
}

fn exchange(token: &str) -> Request {
    Kind::SdkExchange.request(token)
}

/// The place of the source address in an event.
fn source(front: EventSource, event: &mut Value) -> &mut Value {
    let context = &mut event["requestContext"];
    if front == EventSource::RestApi { &mut context["identity"]["sourceIp"] } else { &mut context["http"]["sourceIp"] }
}

fn reply_to(service: &Service, front: EventSource, address: impl Into<Value>, request: &Request) -> Reply {
    let mut event = front.event(request);
    *source(front, &mut event) = address.into();
    service.reply_to_event(front, event)
}

/// The answer through this front door to a token that nobody has, from a function that anybody may ask.
fn refusal_of_an_unknown_token(front: EventSource) -> Answer {
    Setup::of(Kind::SdkExchange).start().answer_through(front, &exchange("unknown"))
}

/// Checks that a request was refused like an unknown token, and that the log alone knows better.
fn assert_refused(reply: &Reply, unknown: &Answer, place: &str) {
    assert_eq!(reply.answer, *unknown, "{place}");
    let line = logs::request_line(&reply.logs);
    assert_eq!((&line["outcome"], &line["status"]), (&json!("source_address_not_allowed"), &json!(401)), "{place}");
}

#[test]
fn a_request_from_an_allowed_network_is_answered() {
    let service = service();
    for front in REPORTING {
        for address in INSIDE {
            let answer = reply_to(&service, front, address, &exchange(TOKEN)).answer;
            assert_eq!(answer.status, 200, "{front:?} {address}");
        }
    }
}

#[test]
fn a_request_from_elsewhere_is_refused_like_an_unknown_token() {
    let service = service();
    for front in REPORTING {
        let unknown = refusal_of_an_unknown_token(front);
        assert_eq!(unknown.status, 401);
        for address in OUTSIDE {
            let reply = reply_to(&service, front, address, &exchange(TOKEN));
            assert_refused(&reply, &unknown, &format!("{front:?} {address}"));
        }
    }
}

#[test]
fn a_token_that_is_refused_for_itself_is_answered_alike_from_inside_and_outside() {
    let service = service();
    let inside = reply_to(&service, EventSource::HttpApi, INSIDE[0], &exchange("unknown"));
    let outside = reply_to(&service, EventSource::HttpApi, OUTSIDE[0], &exchange("unknown"));

    assert_eq!(inside.answer, outside.answer);
    let outcomes = [inside, outside].map(|reply| logs::request_line(&reply.logs)["outcome"].clone());
    assert_eq!(outcomes, ["user_token_unknown", "source_address_not_allowed"]);
}

#[test]
fn what_a_header_says_of_the_source_changes_nothing() {
    let service = service();
    let claims = |address: &str| {
        let forwarded = if address.contains(':') { format!("for=\"[{address}]\"") } else { format!("for={address}") };
        [
            ("x-forwarded-for", address.to_owned()),
            ("x-forwarded-for", format!("{address}, {address}")),
            ("forwarded", forwarded),
            ("x-real-ip", address.to_owned()),
            ("true-client-ip", address.to_owned()),
            ("cloudfront-viewer-address", format!("{address}:443")),
        ]
    };
    for front in REPORTING {
        let unknown = refusal_of_an_unknown_token(front);
        for (own, claimed) in INSIDE.into_iter().zip(OUTSIDE) {
            for (name, value) in claims(claimed) {
                let answer = reply_to(&service, front, own, &exchange(TOKEN).header(name, &value)).answer;
                assert_eq!(answer.status, 200, "{front:?} {name}: {value}");
            }
            let (own, claimed) = (claimed, own);
            for (name, value) in claims(claimed) {
                let reply = reply_to(&service, front, own, &exchange(TOKEN).header(name, &value));
                assert_refused(&reply, &unknown, &format!("{front:?} {name}: {value}"));
            }
        }
    }
}

#[test]
fn a_load_balancer_reports_no_address_and_so_is_refused() {
    let service = service();
    for front in [EventSource::Alb, EventSource::AlbMultiValueHeaders] {
        let unknown = refusal_of_an_unknown_token(front);
        for request in [exchange(TOKEN), exchange(TOKEN).header("x-forwarded-for", INSIDE[0])] {
            assert_refused(&service.reply_through(front, &request), &unknown, &format!("{front:?}"));
        }
    }
}

#[test]
fn an_address_that_is_missing_or_none_is_refused() {
    let service = service();
    for front in REPORTING {
        let unknown = refusal_of_an_unknown_token(front);
        // The second is what the console of a REST API sends.
        for address in [json!(null), json!("test-invoke-source-ip"), json!(""), json!("203.0.113.7:443")] {
            let reply = reply_to(&service, front, address.clone(), &exchange(TOKEN));
            assert_refused(&reply, &unknown, &format!("{front:?} {address}"));
        }
    }
}

#[test]
fn a_stranger_learns_nothing_from_what_is_in_the_request_and_dynamodb_is_not_asked() {
    let service = service();
    let unknown = refusal_of_an_unknown_token(EventSource::HttpApi);
    for request in [
        exchange(TOKEN),
        exchange("unknown"),
        exchange(""),
        exchange(&"x".repeat(9000)),
        Request::post("/sdk/jwt").body("application/json", "{}"),
    ] {
        let reply = reply_to(&service, EventSource::HttpApi, OUTSIDE[0], &request);
        assert_refused(&reply, &unknown, &String::from_utf8_lossy(&request.body));
    }
    assert_eq!(service.aws.dynamodb().take_requests().len(), 0);

    reply_to(&service, EventSource::HttpApi, INSIDE[0], &exchange(TOKEN));
    assert_eq!(service.aws.dynamodb().take_requests().len(), 1);
}

#[test]
fn a_stranger_is_counted_among_the_refused_and_the_log_does_not_hold_the_address() {
    let networks = "192.0.2.0/24";
    let service = setup(networks).env("LOG_LEVEL", "trace").start();
    for address in ["203.0.113.77", "2001:db8:77::77"] {
        let reply =
            reply_to(&service, EventSource::HttpApi, address, &exchange(TOKEN).header("x-forwarded-for", address));
        let line = logs::request_line(&reply.logs);
        assert!(logs::metric_names(&line).contains(&"refusals".to_owned()), "{line}");
        logs::assert_without(&service.function.logs(), address, "the log");
    }
}

#[test]
fn the_request_that_is_rehearsed_at_cold_start_still_reaches_dynamodb() {
    for networks in ["", "203.0.113.0/24", "2001:db8:1::/48", "198.51.100.7", "0.0.0.0/0", NETWORKS] {
        let service = setup(networks).start();
        let asked = service.aws.dynamodb().take_requests();
        assert!(!asked.is_empty(), "{networks}");
        // Again and again the same, when the machine is so busy that the first gets no answer in time.
        for request in asked {
            assert_eq!(request.body["Key"]["token_hash"]["S"], users::token_hash("warm-up"), "{networks}");
        }
    }
}

#[test]
fn only_what_would_be_answered_is_held_against_the_networks() {
    let reply = reply_to(&service(), EventSource::HttpApi, OUTSIDE[0], &Request::get("/sdk/jwt"));

    assert_eq!((reply.answer.status, reply.answer.header("allow")), (405, Some("POST")));
}

#[test]
fn every_network_that_is_none_is_named_with_what_it_should_be() {
    const GENERAL: &str = "it should be networks such as 203.0.113.0/24 separated by commas";
    let wrong = [
        ("203.0.113.7/24", "it should be `203.0.113.0/24`, or `203.0.113.7` for that address alone"),
        ("2001:db8::1/32", "it should be `2001:db8::/32`, or `2001:db8::1` for that address alone"),
        ("198.51.100.0/33", GENERAL),
        ("2001:db8::/129", GENERAL),
        ("203.0.113", GENERAL),
        ("203.0.113.0/", GENERAL),
        ("203.0.113.0-203.0.113.9", GENERAL),
        ("203.0.113.*", GENERAL),
        ("203.0.113.010", GENERAL),
        ("203.0.113.010/32", GENERAL),
        ("[2001:db8::1]", GENERAL),
        ("acme.zendesk.com", GENERAL),
        ("", GENERAL),
    ];
    let value: Vec<_> = wrong.iter().map(|(network, _)| *network).chain(["203.0.113.0/24", "2001:db8::1"]).collect();
    let exit = setup(&value.join(",")).env("LOG_LEVEL", "loud").expect_exit(&[]);

    assert!(!exit.status.success(), "{exit:?}");
    let problems: Vec<_> = logs::lines(&exit.output).iter().map(|line| line["message"].to_string()).collect();
    let [other, ours] = problems.as_slice() else { panic!("{problems:?}") };
    assert!(other.contains("LOG_LEVEL"), "{other}");
    assert!(ours.contains("configuration: SDK_ALLOWED_CIDRS has `203.0.113.7/24`: it should be"), "{ours}");
    for (network, remedy) in wrong {
        assert!(ours.contains(&format!("has `{network}`: {remedy}")), "{network}: {ours}");
    }
    assert_eq!(ours.matches("has `").count(), wrong.len(), "{ours}");
}

#[test]
fn the_functions_that_browsers_call_know_nothing_of_it() {
    for kind in [Kind::MessagingToken, Kind::SsoRedirect] {
        for networks in ["203.0.113.0/24", "nowhere"] {
            let service = Setup::of(kind).env("SDK_ALLOWED_CIDRS", networks).start();
            assert_eq!(service.answer_for(TOKEN, &users::demo()).status, 200, "{kind:?} {networks}");
        }
    }
}
