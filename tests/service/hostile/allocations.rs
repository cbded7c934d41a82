//! Limits for the memory that reading takes: bytes per byte of input, plus a constant. The inputs are the seeds of the
//! fuzz targets, and inputs with many small parts, which need the most memory for their length.

use super::folder;
use super::targets::{hosts, request};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use lambda_http::request::LambdaRequest;
use std::hint::black_box;
use zendesk_jwt::aws::user_tokens::{GetItemReader, stored_record};
use zendesk_jwt::handlers::sso_redirect::ReturnTo;
use zendesk_jwt::jwt::messaging::Messaging;
use zendesk_jwt::jwt::signing::SigningKey;
use zendesk_jwt::web::{TokenPlace, decodable, user_token};
use zendesk_jwt_rules::inspect::{Expectation, inspect};

/// The longest event of Lambda, in bytes.
const LONGEST_EVENT: usize = 6_000_000;

/// The longest answer of DynamoDB that a function reads, in bytes.
const LONGEST_ITEM: usize = 4 * 1024 * 1024;

/// The limit for the memory that is allocated at one time.
struct Limit {
    per_byte: usize,
    constant: usize,
}

impl Limit {
    /// Fails if reading the input takes more.
    fn check<T>(&self, what: &str, input: &[u8], read: impl Fn(&[u8]) -> T) {
        let peak = peak(|| drop(black_box(read(black_box(input)))));
        let allowed = self.per_byte * input.len() + self.constant;
        assert!(peak <= allowed, "{what}: {peak} bytes for {}, allowed are {allowed}", input.len());
    }

    /// Checks all seeds of a fuzz target, and these inputs, which must be valid.
    fn check_all<T>(&self, target: &str, grown: &[(&str, String)], read: impl Fn(&[u8]) -> Option<T>) {
        read(b""); // Do not count what a process allocates only once.
        for file in folder(&format!("fuzz/seeds/{target}")) {
            self.check(&file.display().to_string(), &std::fs::read(&file).unwrap(), &read);
        }
        for (what, input) in grown {
            assert!(read(input.as_bytes()).is_some(), "{what} cannot be read");
            self.check(what, input.as_bytes(), &read);
        }
    }
}

/// The most bytes that were allocated at one time.
fn peak(run: impl FnOnce()) -> usize {
    allocation_counter::measure(run).bytes_max.try_into().unwrap()
}

/// Repeats `piece` between `start` and `end`, up to `length` bytes.
fn grown(start: &str, piece: &str, end: &str, length: usize) -> String {
    start.to_owned() + &piece.repeat((length - start.len() - end.len()) / piece.len()) + end
}

#[test]
fn reading_an_event_takes_limited_memory() {
    let context = r#"{"routeKey":"$default","rawPath":"/sdk/jwt","requestContext":{"http":{"method":"POST"}},"#;
    let balancer = r#"{"httpMethod":"POST","requestContext":{"elb":{}},"#;
    let of = |start: &str, member: &str, piece: &str, end: &str, length| {
        grown(&(start.to_owned() + member), piece, end, length)
    };
    let inputs = [
        ("a body", of(context, r#""body":""#, "a", r#""}"#, LONGEST_EVENT)),
        ("an escaped body", of(context, r#""body":""#, "\\u0061", r#""}"#, LONGEST_EVENT)),
        ("a body in Base64", of(context, r#""isBase64Encoded":true,"body":""#, "YWFh", r#""}"#, LONGEST_EVENT)),
        ("cookies", of(context, r#""cookies":["#, r#""a","#, r#"""]}"#, LONGEST_EVENT)),
        ("a query", of(context, r#""rawQueryString":""#, "a&", r#""}"#, LONGEST_EVENT)),
        (
            "values of a parameter",
            of(balancer, r#""multiValueQueryStringParameters":{"a":["#, r#""","#, r#"""]}}"#, LONGEST_EVENT),
        ),
        ("a path", of(balancer, r#""path":""#, "é", r#""}"#, LONGEST_EVENT)),
        ("unknown members", of(balancer, r#""unknown":["#, "[],", "[]]}", LONGEST_EVENT)),
    ];
    Limit { per_byte: 32, constant: 8 * 1024 }.check_all("event", &inputs, |data| {
        let event = serde_json::from_slice::<LambdaRequest>(data).ok()?;
        Some(user_token(&decodable(event).into(), &TokenPlace::all(Some("session"))))
    });
}

#[test]
fn finding_a_user_token_takes_limited_memory() {
    let form = "POST\ncontent-type:application/x-www-form-urlencoded\n\n";
    let inputs = [
        ("fields", grown(form, "a&", "", 8 * 1024)),
        ("a value", grown(form, "%41", "", 8 * 1024)),
        ("a body", grown(form, "a", "", LONGEST_EVENT)),
        ("cookies", grown("GET\ncookie:", "a=;", "", 10 * 1024)),
        ("quoted cookies", grown("GET\ncookie:", "session=\"\";", "", 10 * 1024)),
        ("a bearer", grown("GET\nauthorization:Bearer ", "a", "", 10 * 1024)),
    ];
    for (what, input) in inputs {
        let request = request(input.as_bytes());
        let limit = Limit { per_byte: 2, constant: 1024 };
        limit.check(what, input.as_bytes(), |_| user_token(&request, &TokenPlace::all(Some("session"))));
    }
}

#[test]
fn reading_a_return_to_takes_limited_memory() {
    let hosts = hosts();
    let inputs = [
        ("a path", grown("/", "a", "", 10 * 1024)),
        ("percent-encoded characters", grown("/", "\"", "", 10 * 1024)),
        ("non-ASCII characters", grown("/", "é", "", 10 * 1024)),
        ("dots", grown("/", "a/../", "", 10 * 1024)),
        ("a query", grown("/?", "<", "", 10 * 1024)),
    ];
    // A host in Punycode takes the most, and a seed has one.
    Limit { per_byte: 64, constant: 1024 }
        .check_all("return_to", &inputs, |data| ReturnTo::parse(std::str::from_utf8(data).ok()?, &hosts));
}

#[test]
fn reading_an_item_takes_limited_memory() {
    let reader = GetItemReader::default();
    let map = r#"{"Item":{"user_fields":{"M":{"a":"#;
    let inputs = [
        ("texts", grown(r#"{"Item":{"tags":{"L":["#, r#"{"S":""},"#, r#"{"S":""}]}}}"#, LONGEST_ITEM)),
        ("a set", grown(r#"{"Item":{"tags":{"SS":["#, r#""","#, r#"""]}}}"#, LONGEST_ITEM)),
        ("lists", grown(&(map.to_owned() + r#"{"L":["#), r#"{"L":[]},"#, r#"{"L":[]}]}}}}}"#, LONGEST_ITEM)),
        ("maps", grown(&(map.to_owned() + r#"{"L":["#), r#"{"M":{"":{"L":[]}}},"#, r#"{"M":{}}]}}}}}"#, LONGEST_ITEM)),
        ("a text", grown(r#"{"Item":{"name":{"S":""#, "\\u0061", r#""}}}"#, LONGEST_ITEM)),
    ];
    Limit { per_byte: 40, constant: 4096 }
        .check_all("item", &inputs, |data| stored_record(reader.read(data.to_vec())?).ok());
}

#[test]
fn reading_a_secret_takes_limited_memory() {
    // Secrets Manager holds up to 64 KiB.
    let inputs = [
        ("a secret", grown(r#"{"kid":"app_1","secret":""#, "a", r#""}"#, 64 * 1024)),
        ("an escaped secret", grown(r#"{"kid":"app_1","secret":""#, "\\u0061", r#""}"#, 64 * 1024)),
        (
            "unknown members",
            grown(r#"{"kid":"app_1","secret":"demo-shared-secret","unknown":["#, "[],", "[]]}", 64 * 1024),
        ),
    ];
    Limit { per_byte: 3, constant: 2048 }
        .check_all("secret", &inputs, |data| SigningKey::<Messaging>::parse(std::str::from_utf8(data).ok()?).ok());
}

#[test]
fn an_inspection_takes_limited_memory() {
    let token = |claims: String| format!("e30.{}.AAAA", BASE64_URL_SAFE_NO_PAD.encode(claims));
    let inputs = [
        ("parts", grown("", ".", "", 64 * 1024)),
        ("lists", token(grown(r#"{"a":["#, "[],", "[]]}", 45 * 1024))),
        ("objects", token(grown(r#"{"a":["#, r#"{"":0},"#, "0]}", 45 * 1024))),
        ("claims", token(format!("{{{}}}", (0..4000).map(|n| format!(r#""{n}":0"#)).collect::<Vec<_>>().join(",")))),
        ("tags", token(grown(r#"{"tags":["#, r#""","#, "0]}", 45 * 1024))),
        ("more than the limit", grown("", "a", "", LONGEST_EVENT)),
    ];
    Limit { per_byte: 80, constant: 4096 }.check_all("inspect", &inputs, |data| {
        let expectation = Expectation { kind: None, secret: Some(b"demo-shared-secret-0123456789"), now: 0 };
        Some(inspect(std::str::from_utf8(data).ok()?, &expectation))
    });
}
