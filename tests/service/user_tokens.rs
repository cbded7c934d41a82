//! User tokens in DynamoDB: the requests of the functions, and their answers to malformed items and during an outage.

use crate::support::{Answer, Fault, Kind, Request, Service, Setup, eventually, logs, users};
use serde_json::{Value, json};
use std::time::Duration;

const TOKEN: &str = "BD2F35A7621";
const SOON: Duration = Duration::from_secs(15);

fn started(kind: Kind) -> Service {
    let service = Setup::of(kind).with_fakes().start();
    service.aws.put_user(TOKEN, &users::demo());
    service
}

fn ask(service: &Service) -> Answer {
    service.answer(&service.kind.request(TOKEN))
}

#[test]
fn a_request_is_one_consistent_read_by_the_tokens_hash() {
    let service = started(Kind::SdkExchange);
    ask(&service);
    service.aws.dynamodb().take_requests();
    ask(&service);

    let [request] = service.aws.dynamodb().take_requests().try_into().expect("one request");
    assert_eq!(request.operation, "GetItem");
    assert_eq!(request.body["TableName"], service.aws.table());
    assert_eq!(request.body["ConsistentRead"], true);
    assert_eq!(request.body["Key"], json!({ "token_hash": { "S": users::token_hash(TOKEN) } }));
}

#[test]
fn functions_call_only_get_item_on_the_table() {
    for kind in Kind::ALL {
        let service = started(kind);
        for token in [TOKEN, "unknown", ""] {
            service.answer(&kind.request(token));
        }
        for request in service.aws.dynamodb().take_requests() {
            assert_eq!(request.operation, "GetItem", "{kind:?}");
            assert!(!request.body.to_string().contains(TOKEN), "the request holds the token: {}", request.body);
        }
    }
}

#[test]
fn a_malformed_request_causes_no_lookup() {
    let service = started(Kind::SdkExchange);
    service.aws.dynamodb().take_requests();
    service.answer(&Request::get("/sdk/jwt"));
    service.answer(&Request::post("/sdk/jwt").form_body("user_token="));

    assert_eq!(service.aws.dynamodb().take_requests().len(), 0);
}

#[test]
fn a_change_in_the_table_takes_effect_at_the_next_request() {
    let service = started(Kind::SdkExchange);
    assert_eq!(ask(&service).status, 200);

    service.aws.put_user(TOKEN, &users::demo_with(&json!({ "suspended": true })));
    assert_eq!(ask(&service).status, 401);
    service.aws.put_user(TOKEN, &users::demo());
    assert_eq!(ask(&service).status, 200);
}

#[test]
fn a_token_longer_than_a_dynamodb_key_is_found_by_its_hash() {
    let service = started(Kind::SdkExchange);

    assert_eq!(service.answer_for(&"ü".repeat(1200), &users::demo()).status, 200);
}

#[test]
fn unknown_attributes_are_ignored() {
    let service = started(Kind::SdkExchange);
    let mut item = users::item("more", &users::demo());
    item["created_by"] = json!({ "S": "backend" });
    item["picture"] = json!({ "B": "AAEC" });
    item["history"] = json!({ "NS": ["1", "2"] });
    service.aws.put_item(&item);

    assert_eq!(service.answer(&service.kind.request("more")).status, 200);
}

#[test]
fn a_malformed_item_answers_503_and_the_log_names_the_attribute() {
    for kind in Kind::ALL {
        let service = Setup::of(kind).env("LOGIN_URL", "https://www.example.com/login").start();
        for (attribute, user) in users::malformed() {
            service.aws.put_user(TOKEN, &user);
            let reply = service.reply(&kind.request(TOKEN));
            assert_eq!(reply.answer.status, 503, "{kind:?}, {attribute}: {}", reply.answer.body);
            assert!(reply.answer.header("retry-after").is_some(), "{kind:?}, {attribute}");

            let line = logs::request_line(&reply.logs);
            assert_eq!((&line["outcome"], &line["level"]), (&json!("item_malformed"), &json!("ERROR")), "{line}");
            assert!(line["detail"].as_str().unwrap().contains(attribute), "{line}");
            assert_eq!(line.get("refusals"), None, "a malformed item is not a refusal");
        }
        service.aws.put_user(TOKEN, &users::demo());
        assert_eq!(ask(&service).status, 200);
    }
}

#[test]
fn a_misspelt_decisive_attribute_is_logged() {
    for kind in Kind::ALL {
        let service = started(kind);
        for (misspelt, meant) in [("Suspended", "suspended"), ("audience", "audiences"), ("expiresAt", "expires_at")] {
            let mut item = users::item(TOKEN, &users::demo());
            item[misspelt] = json!({ "BOOL": true });
            service.aws.put_item(&item);
            let reply = service.reply(&kind.request(TOKEN));
            assert_eq!(reply.answer.status, 200);
            let lines = logs::lines(&reply.logs);
            let warning = lines.iter().find(|line| line["code"] == "attribute_misspelt").expect(misspelt);
            let cause = warning["cause"].as_str().unwrap();
            assert!(cause.contains(misspelt) && cause.contains(meant) && warning["level"] == "WARN", "{warning}");
        }
        service.aws.put_user(TOKEN, &users::demo());
        assert!(!service.reply(&kind.request(TOKEN)).logs.contains("attribute_misspelt"));
    }
}

fn assert_outage(service: &Service) {
    let reply = service.reply(&service.kind.request(TOKEN));
    assert_eq!(reply.answer.status, 503, "{}", reply.answer.body);
    assert!(reply.took < Duration::from_secs(4), "{:?}", reply.took);
    let retry_after = reply.answer.header("retry-after").expect("a Retry-After header");
    assert!(retry_after.parse::<u32>().is_ok(), "{retry_after}");
    assert!(!reply.answer.body.contains("<form"));
}

fn an_outage_answers_503_until_it_ends(kind: Kind, fault: Fault) {
    let service = started(kind);
    assert_eq!(ask(&service).status, 200);

    service.aws.dynamodb().fail(fault);
    assert_outage(&service);

    service.aws.dynamodb().recover();
    eventually("serves again", SOON, || (ask(&service).status == 200).then_some(()));
    assert!(service.function.is_alive());
}

#[test]
fn dynamodb_errors_answer_503_until_they_end() {
    for kind in Kind::ALL {
        an_outage_answers_503_until_it_ends(kind, Fault::INTERNAL_ERROR);
    }
}

#[test]
fn a_throttled_table_answers_503_until_throttling_ends() {
    an_outage_answers_503_until_it_ends(Kind::SdkExchange, Fault::THROTTLED);
}

#[test]
fn a_table_without_permission_to_read_answers_503_until_permission_is_given() {
    an_outage_answers_503_until_it_ends(Kind::SdkExchange, Fault::ACCESS_DENIED);
}

#[test]
fn a_missing_table_answers_503_until_it_exists() {
    an_outage_answers_503_until_it_ends(Kind::SdkExchange, Fault::NOT_FOUND);
}

#[test]
fn a_silent_dynamodb_answers_503_within_four_seconds() {
    an_outage_answers_503_until_it_ends(Kind::SdkExchange, Fault::Stall);
}

#[test]
fn closed_connections_answer_503_until_connections_stay_open() {
    an_outage_answers_503_until_it_ends(Kind::SdkExchange, Fault::ClosedConnection);
}

#[test]
fn a_function_survives_an_outage_at_cold_start() {
    for fault in [Fault::INTERNAL_ERROR, Fault::Stall, Fault::ClosedConnection] {
        let setup = Setup::of(Kind::MessagingToken).with_fakes();
        setup.aws().dynamodb().fail(fault);
        let service = setup.start();
        service.aws.put_user(TOKEN, &users::demo());
        assert_outage(&service);

        service.aws.dynamodb().recover();
        eventually("serves after the outage", SOON, || (ask(&service).status == 200).then_some(()));
    }
}

#[test]
fn a_json_client_gets_a_problem_with_details_during_an_outage() {
    for kind in [Kind::SdkExchange, Kind::MessagingToken] {
        let service = started(kind);
        service.aws.dynamodb().fail(Fault::INTERNAL_ERROR);
        let problem = ask(&service).problem();
        assert_ne!(problem["detail"], Value::Null);
    }
}
