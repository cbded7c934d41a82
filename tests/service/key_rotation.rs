//! Rotation of a signing key while requests arrive all the time. No request fails.

use crate::support::service::{MESSAGING_KID, MESSAGING_SECRET};
use crate::support::{Jwt, Kind, Service, Setup, logs, users};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const TOKEN: &str = "session-7f3a";
const NEW_SECRET: &str = "newMessagingSecret-0123456789abcdefghijklmnopqrstuvwxyz";
const NEW_KID: &str = "app_new";

/// Seconds after which the functions in these tests refresh their key.
const MAX_AGE: u64 = 2;

fn started() -> Service {
    let setup = Setup::of(Kind::MessagingToken).with_fakes().env("SIGNING_KEY_MAX_AGE", &MAX_AGE.to_string());
    let service = setup.start();
    service.aws.put_user(TOKEN, &users::demo());
    service
}

/// The key id of the next answer, which must be a success.
fn next_kid(service: &Service) -> String {
    let token = service.answer(&service.kind.request(TOKEN)).jwt();
    let kid = if Jwt::is_signed_with(&token, NEW_SECRET) { NEW_KID } else { MESSAGING_KID };
    let secret = if kid == NEW_KID { NEW_SECRET } else { MESSAGING_SECRET };
    assert_eq!(Jwt::verified(&token, secret).header["kid"], kid, "each kid belongs to one secret");
    kid.to_owned()
}

#[test]
fn a_new_key_is_used_one_second_after_the_max_age_at_the_latest_and_no_request_fails() {
    let service = started();
    for _ in 0..100 {
        assert_eq!(next_kid(&service), MESSAGING_KID);
    }

    service.aws.set_secret(&json!({ "kid": NEW_KID, "secret": NEW_SECRET }).to_string());
    let stored = Instant::now();
    let mut requests = 0;
    while next_kid(&service) != NEW_KID {
        requests += 1;
        let bound = Duration::from_secs(MAX_AGE + 1);
        assert!(stored.elapsed() < bound, "the old key still signs after {bound:?} and {requests} requests");
    }
    assert!(requests > 10, "only {requests} requests");
    for _ in 0..100 {
        assert_eq!(next_kid(&service), NEW_KID, "the old key is not used again");
    }
}

/// The request line of the next answer, which must be a success.
fn next_line(service: &Service) -> Value {
    let reply = service.reply(&service.kind.request(TOKEN));
    assert_eq!(reply.answer.status, 200);
    logs::request_line(&reply.logs)
}

#[test]
fn an_invalid_version_never_replaces_the_key_and_is_logged_and_counted() {
    for (bad, code) in [
        (json!({ "kid": NEW_KID, "secret": "123456" }), "signing_key_refused"),
        (json!({ "kid": NEW_KID, "secret": "" }), "signing_key_refused"),
        (json!({ "secret": NEW_SECRET }), "signing_key_refused"),
        (json!("just the secret, as text"), "signing_key_refused"),
    ] {
        let service = started();
        next_line(&service);
        service.aws.set_secret(&bad.to_string());
        let started = Instant::now();
        let line = loop {
            assert_eq!(next_kid(&service), MESSAGING_KID, "{bad}");
            let line = next_line(&service);
            if line.get("signing_key_failure").is_some() {
                break line;
            }
            assert!(started.elapsed() < Duration::from_secs(10), "the log does not mention {bad}");
        };
        assert_eq!((&line["signing_key_failure"], &line["signing_key_failures"]), (&json!(code), &json!(1)));
        assert!(logs::metric_names(&line).iter().any(|name| name == "signing_key_failures"), "{line}");
        let log = service.function.logs();
        assert!(log.contains("End user authentication"), "the log names the screen: {log}");
        assert!(!log.contains(NEW_SECRET), "{log}");
    }
}
