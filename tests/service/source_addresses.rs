//! `SDK_ALLOWED_CIDRS`: from which source addresses user tokens are exchanged.

use crate::support::service::Reply;
use crate::support::{Answer, EventSource, Kind, Request, Service, Setup, logs, users};
use serde_json::{Value, json};

const TOKEN: &str = "BD2F35A7621";

/// A network and a single address, each of IPv4 and of IPv6.
const NETWORKS: &str = "203.0.113.0/24, 2001:db8:1::/48,198.51.100.7,2001:db8:2::7";

const INSIDE: [&str; 6] =
    ["203.0.113.0", "203.0.113.255", "198.51.100.7", "2001:db8:1::", "2001:0DB8:1:ffff::1", "2001:db8:2::7"];

const OUTSIDE: [&str; 6] =
    ["203.0.112.255", "203.0.114.0", "198.51.100.6", "2001:db8::1", "2001:db8:2::8", "127.0.0.1"];

/// The event sources that report a source address.
const REPORTING: [EventSource; 4] =
    [EventSource::HttpApi, EventSource::HttpApiPlainBody, EventSource::FunctionUrl, EventSource::RestApi];

fn setup(networks: &str) -> Setup {
    Setup::of(Kind::SdkExchange).with_fakes().env("SDK_ALLOWED_CIDRS", networks)
}

/// A function that knows `TOKEN` and answers requests from `NETWORKS`. The requests of its warm-up are dropped.
fn service() -> Service {
    let service = setup(NETWORKS).start();
    service.aws.put_user(TOKEN, &users::demo());
    service.aws.dynamodb().take_requests();
    service
}

fn exchange(token: &str) -> Request {
    Kind::SdkExchange.request(token)
}

/// The source address in an event.
fn source(event_source: EventSource, event: &mut Value) -> &mut Value {
    let context = &mut event["requestContext"];
    if event_source == EventSource::RestApi {
        &mut context["identity"]["sourceIp"]
    } else {
        &mut context["http"]["sourceIp"]
    }
}

fn reply_to(service: &Service, event_source: EventSource, address: impl Into<Value>, request: &Request) -> Reply {
    let mut event = event_source.event(request);
    *source(event_source, &mut event) = address.into();
    service.reply_to_event(event_source, event)
}

/// The answer to an unknown token from a function without `SDK_ALLOWED_CIDRS`.
fn refusal_of_an_unknown_token(event_source: EventSource) -> Answer {
    Setup::of(Kind::SdkExchange).start().answer_through(event_source, &exchange("unknown"))
}

/// Checks that a request was refused like an unknown token, and that only the log has the reason.
fn assert_refused(reply: &Reply, unknown: &Answer, place: &str) {
    assert_eq!(reply.answer, *unknown, "{place}");
    let line = logs::request_line(&reply.logs);
    assert_eq!((&line["outcome"], &line["status"]), (&json!("source_address_not_allowed"), &json!(401)), "{place}");
}

#[test]
fn a_request_from_an_allowed_network_is_answered() {
    let service = service();
    for event_source in REPORTING {
        for address in INSIDE {
            let answer = reply_to(&service, event_source, address, &exchange(TOKEN)).answer;
            assert_eq!(answer.status, 200, "{event_source:?} {address}");
        }
    }
}

#[test]
fn a_request_from_another_network_is_refused_like_an_unknown_token() {
    let service = service();
    for event_source in REPORTING {
        let unknown = refusal_of_an_unknown_token(event_source);
        assert_eq!(unknown.status, 401);
        for address in OUTSIDE {
            let reply = reply_to(&service, event_source, address, &exchange(TOKEN));
            assert_refused(&reply, &unknown, &format!("{event_source:?} {address}"));
        }
    }
}

#[test]
fn an_unknown_token_gets_the_same_answer_from_inside_and_outside() {
    let service = service();
    let inside = reply_to(&service, EventSource::HttpApi, INSIDE[0], &exchange("unknown"));
    let outside = reply_to(&service, EventSource::HttpApi, OUTSIDE[0], &exchange("unknown"));

    assert_eq!(inside.answer, outside.answer);
    let outcomes = [inside, outside].map(|reply| logs::request_line(&reply.logs)["outcome"].clone());
    assert_eq!(outcomes, ["user_token_unknown", "source_address_not_allowed"]);
}

#[test]
fn headers_that_claim_a_source_address_are_ignored() {
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
    for event_source in REPORTING {
        let unknown = refusal_of_an_unknown_token(event_source);
        for (own, claimed) in INSIDE.into_iter().zip(OUTSIDE) {
            for (name, value) in claims(claimed) {
                let answer = reply_to(&service, event_source, own, &exchange(TOKEN).header(name, &value)).answer;
                assert_eq!(answer.status, 200, "{event_source:?} {name}: {value}");
            }
            let (own, claimed) = (claimed, own);
            for (name, value) in claims(claimed) {
                let reply = reply_to(&service, event_source, own, &exchange(TOKEN).header(name, &value));
                assert_refused(&reply, &unknown, &format!("{event_source:?} {name}: {value}"));
            }
        }
    }
}

#[test]
fn requests_through_a_load_balancer_are_refused_because_it_reports_no_address() {
    let service = service();
    for event_source in [EventSource::Alb, EventSource::AlbMultiValueHeaders] {
        let unknown = refusal_of_an_unknown_token(event_source);
        for request in [exchange(TOKEN), exchange(TOKEN).header("x-forwarded-for", INSIDE[0])] {
            assert_refused(&service.reply_through(event_source, &request), &unknown, &format!("{event_source:?}"));
        }
    }
}

#[test]
fn a_missing_or_invalid_address_is_refused() {
    let service = service();
    for event_source in REPORTING {
        let unknown = refusal_of_an_unknown_token(event_source);
        // The second one is what the console of a REST API sends.
        for address in [json!(null), json!("test-invoke-source-ip"), json!(""), json!("203.0.113.7:443")] {
            let reply = reply_to(&service, event_source, address.clone(), &exchange(TOKEN));
            assert_refused(&reply, &unknown, &format!("{event_source:?} {address}"));
        }
    }
}

#[test]
fn outside_the_networks_every_request_gets_the_same_answer_without_a_lookup() {
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
fn a_refused_source_is_counted_and_its_address_is_not_logged() {
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
fn the_warm_up_request_reaches_dynamodb_with_any_networks() {
    for networks in ["", "203.0.113.0/24", "2001:db8:1::/48", "198.51.100.7", "0.0.0.0/0", NETWORKS] {
        let service = setup(networks).start();
        let lookups = service.aws.dynamodb().take_requests();
        assert!(!lookups.is_empty(), "{networks}");
        // On a busy machine the SDK retries, so there can be several.
        for request in lookups {
            assert_eq!(request.body["Key"]["token_hash"]["S"], users::token_hash("warm-up"), "{networks}");
        }
    }
}

#[test]
fn a_wrong_method_is_answered_before_the_source_is_checked() {
    let reply = reply_to(&service(), EventSource::HttpApi, OUTSIDE[0], &Request::get("/sdk/jwt"));

    assert_eq!((reply.answer.status, reply.answer.header("allow")), (405, Some("POST")));
}

#[test]
fn every_invalid_network_is_named_with_what_is_expected() {
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
fn the_functions_that_browsers_call_ignore_the_variable() {
    for kind in [Kind::MessagingToken, Kind::SsoRedirect] {
        for networks in ["203.0.113.0/24", "nowhere"] {
            let service = Setup::of(kind).env("SDK_ALLOWED_CIDRS", networks).start();
            assert_eq!(service.answer_for(TOKEN, &users::demo()).status, 200, "{kind:?} {networks}");
        }
    }
}
