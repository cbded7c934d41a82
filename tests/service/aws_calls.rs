//! What a function sends to AWS: the operation, its arguments and a valid signature.

use crate::support::server::BrokenServer;
use crate::support::service::Reply;
use crate::support::{Answer, Kind, Request, Service, Setup, eventually, logs, users};
use aws_lc_rs::{digest, hmac};
use serde_json::{Value, json};
use std::time::Duration;

const TOKEN: &str = "t0ken";
/// The secret access key of the function in these tests.
const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// DynamoDB, which knows every token, and Secrets Manager, which answers `secret`, at one address.
fn aws(secret: &Value) -> BrokenServer {
    aws_with_item(&users::item(TOKEN, &users::demo()), secret)
}

fn aws_with_item(item: &Value, secret: &Value) -> BrokenServer {
    let (item, secret) = (json!({ "Item": item }).to_string(), secret.to_string());
    BrokenServer::http(move |request| {
        let body = match header(request, "x-amz-target") {
            "DynamoDB_20120810.GetItem" => item.clone(),
            "secretsmanager.GetSecretValue" => secret.clone(),
            other => panic!("unexpected operation {other}"),
        };
        Answer::new(200, &[("content-type", "application/x-amz-json-1.0")], body)
    })
}

/// A function that has only `AWS_ENDPOINT_URL`.
fn started(kind: Kind, aws: &BrokenServer) -> Service {
    let setup = Setup::of(kind).env("AWS_ENDPOINT_URL_DYNAMODB", "").env("AWS_ENDPOINT_URL_SECRETS_MANAGER", "");
    setup.env("AWS_ENDPOINT_URL", &aws.url("/")).start()
}

/// All calls for one sign-in.
fn calls_of(kind: Kind) -> Vec<Request> {
    let aws = aws(&json!({ "SecretString": kind.signing_key(kind.secret()).to_string() }));
    let service = started(kind, &aws);
    assert_eq!(service.answer(&kind.request(TOKEN)).status, 200);
    aws.requests()
}

#[test]
fn aws_endpoint_url_is_the_address_of_both_services() {
    for kind in Kind::ALL {
        let calls = calls_of(kind);
        let mut operations: Vec<_> = calls.iter().map(|call| header(call, "x-amz-target")).collect();
        operations.sort_unstable();
        // GetItem once for the warm-up and once for the sign-in.
        let get_item = "DynamoDB_20120810.GetItem";
        assert_eq!(operations, [get_item, get_item, "secretsmanager.GetSecretValue"], "{kind:?}");
    }
}

#[test]
fn every_call_is_signed_by_the_function_s_role_for_its_service_and_region() {
    for call in calls_of(Kind::SdkExchange) {
        let service = if header(&call, "x-amz-target").starts_with("DynamoDB") { "dynamodb" } else { "secretsmanager" };
        let authorization = header(&call, "authorization");
        let date = &header(&call, "x-amz-date")[..8];
        let scope = format!("{date}/eu-west-1/{service}/aws4_request");
        let signed = authorization.strip_prefix("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/").unwrap();
        let signed = signed.strip_prefix(&scope).unwrap().strip_prefix(", SignedHeaders=").unwrap();
        let (names, signature) = signed.split_once(", Signature=").unwrap();
        for name in ["host", "x-amz-date", "x-amz-security-token", "x-amz-target"] {
            assert!(names.split(';').any(|signed| signed == name), "{name} is not signed: {names}");
        }
        assert_eq!(header(&call, "x-amz-security-token"), "a-session-token");
        assert!(header(&call, "user-agent").ends_with(" app/zendesk-jwt"), "CloudTrail shows the program");
        assert_eq!(signature, signature_of(&call, names, &scope), "{service}");
    }
}

#[test]
fn a_user_token_is_looked_up_by_its_hash_and_read_consistently() {
    let is_lookup = |call: &Request| header(call, "x-amz-target").ends_with("GetItem");
    let lookup = calls_of(Kind::MessagingToken).into_iter().rfind(is_lookup).unwrap();
    let body: Value = serde_json::from_slice(&lookup.body).unwrap();

    assert_eq!(body["Key"], json!({ "token_hash": { "S": users::token_hash(TOKEN) } }));
    assert_eq!(body["ConsistentRead"], true);
    assert!(!String::from_utf8(lookup.body).unwrap().contains(TOKEN));
}

#[test]
fn a_binary_secret_answers_503_and_the_log_says_what_to_store() {
    let aws = aws(&json!({ "SecretBinary": "c2VjcmV0" }));
    let service = started(Kind::SdkExchange, &aws);
    let reply = service.reply(&service.kind.request(TOKEN));

    assert_eq!(reply.answer.status, 503);
    assert!(reply.logs.contains("store the signing key as text"), "{}", reply.logs);
}

/// A user with the smallest and most numerous values: each empty text counts 1 byte in DynamoDB, and 9 bytes in JSON.
fn item_with_tags(count: usize) -> Value {
    users::item(TOKEN, &users::demo_with(&json!({ "tags": vec![""; count] })))
}

fn with_item(kind: Kind, item: &Value) -> (BrokenServer, Service) {
    let aws = aws_with_item(item, &json!({ "SecretString": kind.signing_key(kind.secret()).to_string() }));
    let service = started(kind, &aws);
    (aws, service)
}

/// The reply and the number of its calls. On a busy machine, so long an answer may not arrive in time.
fn reply_in_time(aws: &BrokenServer, service: &Service) -> (Reply, usize) {
    eventually("an answer in time", Duration::from_mins(1), || {
        let before = aws.requests().len();
        let reply = service.reply(&service.kind.request(TOKEN));
        let in_time = logs::request_line(&reply.logs)["outcome"] != "user_tokens_unavailable";
        in_time.then(|| (reply, aws.requests().len() - before))
    })
}

#[test]
fn an_item_of_the_largest_size_is_read() {
    const LARGEST_ITEM: usize = 400 * 1024;
    for kind in Kind::ALL {
        let (aws, service) = with_item(kind, &item_with_tags(LARGEST_ITEM));
        let (reply, _) = reply_in_time(&aws, &service);
        assert_eq!(reply.answer.status, 200, "{kind:?}: {}", reply.logs);
    }
}

#[test]
fn an_answer_that_is_longer_than_any_item_is_a_malformed_item() {
    for kind in Kind::ALL {
        let (aws, service) = with_item(kind, &item_with_tags(500 * 1024));
        let (reply, calls) = reply_in_time(&aws, &service);
        assert_eq!(reply.answer.status, 503, "{kind:?}");
        assert_eq!(logs::request_line(&reply.logs)["outcome"], "item_malformed", "{kind:?}: {}", reply.logs);
        assert_eq!(calls, 1, "a retry would read the same item");
    }
}

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    request.headers_named(name).next().unwrap_or_else(|| panic!("no header {name}"))
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>, for `POST /` without a query.
fn signature_of(request: &Request, names: &str, scope: &str) -> String {
    let headers: Vec<_> = names.split(';').map(|name| format!("{name}:{}", header(request, name))).collect();
    let canonical = format!("POST\n/\n\n{}\n\n{names}\n{}", headers.join("\n"), sha256(&request.body));
    let date = header(request, "x-amz-date");
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256(canonical.as_bytes()));
    let first = format!("AWS4{SECRET_ACCESS_KEY}").into_bytes();
    let key = scope.split('/').fold(first, |key, part| mac(&key, part));
    hex::encode(mac(&key, &to_sign))
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}
