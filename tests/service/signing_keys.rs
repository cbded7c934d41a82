//! Signing keys: a function reads its key at cold start, refreshes it while it serves, and refuses an invalid key. A
//! problem with the key never ends the process, and no request fails while a key is rotated.

use crate::support::service::{MESSAGING_KID, MESSAGING_SECRET, SDK_SECRET};
use crate::support::{Answer, Aws, Fault, Jwt, Kind, Service, Setup, eventually, logs, users};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const TOKEN: &str = "BD2F35A7621";
const SOON: Duration = Duration::from_secs(15);

/// A service with a known user, which refreshes its key every second.
fn started(setup: Setup) -> Service {
    let service = setup.env("SIGNING_KEY_MAX_AGE", "1").start();
    service.aws.put_user(TOKEN, &users::demo());
    service
}

fn ask(service: &Service) -> Answer {
    service.answer(&service.kind.request(TOKEN))
}

fn signed_with(service: &Service, secret: &str) -> Option<()> {
    let answer = ask(service);
    (answer.status == 200 && Jwt::is_signed_with(&answer.jwt(), secret)).then_some(())
}

fn assert_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.body);
    answer.header("retry-after").expect("a Retry-After header").parse::<u32>().expect("seconds");
    assert!(!answer.body.contains("<form"));
}

/// Secrets as Zendesk shows them after saving, and secrets with mistakes of copying.
fn invalid_secrets(kind: Kind) -> Vec<(&'static str, String)> {
    let secret = kind.secret();
    let mut invalid = vec![
        ("nine characters", kind.signing_key(&secret[..9]).to_string()),
        ("six characters", kind.signing_key(&secret[..6]).to_string()),
        ("empty", kind.signing_key("").to_string()),
        ("an ellipsis at the end", kind.signing_key(&format!("{}…", &secret[..30])).to_string()),
        ("asterisks at the end", kind.signing_key(&format!("{}****", &secret[..30])).to_string()),
        ("bullets at the end", kind.signing_key(&format!("{}••••", &secret[..30])).to_string()),
        ("a line end", kind.signing_key(&format!("{secret}\n")).to_string()),
        ("a space in front", kind.signing_key(&format!(" {secret}")).to_string()),
        ("quotes around it", kind.signing_key(&format!("\"{secret}\"")).to_string()),
        ("not JSON", secret.to_owned()),
        ("no member `secret`", json!({ "kid": MESSAGING_KID, "key": secret }).to_string()),
    ];
    if kind == Kind::MessagingToken {
        invalid.push(("no kid", json!({ "secret": secret }).to_string()));
        invalid.push(("an empty kid", json!({ "kid": "", "secret": secret }).to_string()));
    }
    invalid
}

fn an_invalid_key_answers_503_and_the_log_names_the_screen(kind: Kind) {
    for (reason, secret) in invalid_secrets(kind) {
        let service = started(Setup::of(kind).secret(&secret));
        assert_unavailable(&ask(&service));
        let logs = service.function.logs();
        assert!(logs.contains(kind.admin_center_screen()), "{reason}: {logs}");
        assert!(!logs.contains(&kind.secret()[..20]), "{reason}: the log holds the secret");
    }
}

#[test]
fn an_invalid_sdk_key_answers_503_and_the_log_names_the_screen() {
    an_invalid_key_answers_503_and_the_log_names_the_screen(Kind::SdkExchange);
}

#[test]
fn an_invalid_messaging_key_answers_503_and_the_log_names_the_screen() {
    an_invalid_key_answers_503_and_the_log_names_the_screen(Kind::MessagingToken);
}

#[test]
fn an_invalid_sso_key_answers_503_and_the_log_names_the_screen() {
    an_invalid_key_answers_503_and_the_log_names_the_screen(Kind::SsoRedirect);
}

#[test]
fn a_missing_secret_answers_503_and_the_log_names_it() {
    let service = started(Setup::of(Kind::SdkExchange).without_secret());

    assert_unavailable(&ask(&service));
    let logs = service.function.logs();
    assert!(logs.contains(service.aws.secret_id()), "{logs}");
}

#[test]
fn a_secret_without_permission_to_read_answers_503_and_the_log_names_it() {
    let setup = Setup::of(Kind::SdkExchange).with_fakes();
    setup.aws().secrets_manager().fail(Fault::ACCESS_DENIED);
    let service = started(setup);

    assert_unavailable(&ask(&service));
    let logs = service.function.logs();
    assert!(logs.contains(service.aws.secret_id()), "{logs}");
}

#[test]
fn a_function_without_a_key_signs_as_soon_as_the_secret_is_valid() {
    for kind in Kind::ALL {
        let service = started(Setup::of(kind).secret(&kind.signing_key("sdk123456").to_string()));
        assert_unavailable(&ask(&service));

        service.aws.set_secret(&kind.signing_key(kind.secret()).to_string());
        eventually("signs with the valid secret", SOON, || signed_with(&service, kind.secret()));
    }
}

#[test]
fn a_function_signs_as_soon_as_its_secret_exists() {
    let service = started(Setup::of(Kind::SdkExchange).without_secret());
    assert_unavailable(&ask(&service));

    service.aws.set_secret(&service.kind.signing_key(SDK_SECRET).to_string());
    eventually("signs with the new secret", SOON, || signed_with(&service, SDK_SECRET));
}

fn a_function_survives_a_fault_at_cold_start(fault: Fault) {
    let setup = Setup::of(Kind::SdkExchange).with_fakes();
    setup.aws().secrets_manager().fail(fault);
    let service = started(setup);
    assert_unavailable(&ask(&service));

    service.aws.secrets_manager().recover();
    eventually("signs after the outage", SOON, || signed_with(&service, SDK_SECRET));
}

#[test]
fn a_function_survives_errors_of_secrets_manager_at_cold_start() {
    a_function_survives_a_fault_at_cold_start(Fault::INTERNAL_ERROR);
}

#[test]
fn a_function_survives_closed_connections_to_secrets_manager_at_cold_start() {
    a_function_survives_a_fault_at_cold_start(Fault::ClosedConnection);
}

#[test]
fn a_function_survives_a_silent_secrets_manager_at_cold_start() {
    a_function_survives_a_fault_at_cold_start(Fault::Stall);
}

#[test]
fn the_key_is_read_once_at_cold_start_and_not_for_each_request() {
    let service = Setup::of(Kind::SdkExchange).with_fakes().start();
    service.aws.put_user(TOKEN, &users::demo());
    assert_eq!(service.aws.secrets_manager().calls(), ["GetSecretValue"]);

    for _ in 0..5 {
        assert_eq!(ask(&service).status, 200);
    }
    assert_eq!(service.aws.secrets_manager().calls().len(), 1);
}

#[test]
fn a_new_secret_is_picked_up_while_the_function_serves() {
    let service = started(Setup::of(Kind::SdkExchange));
    signed_with(&service, SDK_SECRET).expect("the first secret");

    let next = "the-next-secret-0123456789-0123456789";
    service.aws.set_secret(&service.kind.signing_key(next).to_string());
    eventually("signs with the next secret", SOON, || {
        assert_eq!(ask(&service).status, 200, "a new secret causes no outage");
        signed_with(&service, next)
    });
}

#[test]
fn a_new_kid_is_used_together_with_its_secret() {
    let service = started(Setup::of(Kind::MessagingToken));
    assert_eq!(ask(&service).status, 200);

    let next = "the-next-secret-0123456789-0123456789";
    service.aws.set_secret(&json!({ "kid": "app_next", "secret": next }).to_string());
    let token = eventually("signs with the next key", SOON, || {
        let token = ask(&service).jwt();
        Jwt::is_signed_with(&token, next).then_some(token)
    });
    assert_eq!(Jwt::verified(&token, next).header["kid"], "app_next");
}

/// Waits until the function has read its secret `times` more, while it serves requests.
fn serves_through_refreshes(service: &Service, times: usize) {
    let calls = |aws: &Aws| aws.secrets_manager().calls().len();
    let before = calls(&service.aws);
    eventually("refreshes its key", SOON, || {
        signed_with(service, SDK_SECRET).expect("the last valid key");
        (calls(&service.aws) >= before + times).then_some(())
    });
    signed_with(service, SDK_SECRET).expect("the last valid key");
}

#[test]
fn an_invalid_version_never_replaces_a_valid_key() {
    let service = started(Setup::of(Kind::SdkExchange).with_fakes());
    signed_with(&service, SDK_SECRET).unwrap();

    service.aws.set_secret(&service.kind.signing_key("sdk123456").to_string());
    serves_through_refreshes(&service, 2);
    let logs = service.function.logs();
    assert!(logs.contains("Mobile SDK"), "{logs}");
}

#[test]
fn the_last_valid_key_stays_in_use_during_an_outage_of_secrets_manager() {
    let service = started(Setup::of(Kind::SdkExchange).with_fakes());
    signed_with(&service, SDK_SECRET).unwrap();

    service.aws.secrets_manager().fail(Fault::INTERNAL_ERROR);
    serves_through_refreshes(&service, 2);
}

#[test]
fn requests_do_not_wait_for_a_silent_secrets_manager() {
    let service = started(Setup::of(Kind::SdkExchange).with_fakes());
    signed_with(&service, SDK_SECRET).unwrap();

    service.aws.secrets_manager().fail(Fault::Stall);
    let before = service.aws.secrets_manager().calls().len();
    eventually("refreshes its key", SOON, || {
        let reply = service.reply(&service.kind.request(TOKEN));
        assert_eq!(reply.answer.status, 200);
        assert!(reply.took < Duration::from_secs(1), "{:?}", reply.took);
        (service.aws.secrets_manager().calls().len() > before).then_some(())
    });
}

const NEW_SECRET: &str = "newMessagingSecret-0123456789abcdefghijklmnopqrstuvwxyz";
const NEW_KID: &str = "app_new";

/// Seconds after which the functions in the tests of rotation refresh their key.
const MAX_AGE: u64 = 2;

fn rotating() -> Service {
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
    let service = rotating();
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
        let service = rotating();
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
