//! `zendesk-jwt simulate`: its options, and what it refuses at start.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::simulator::Simulator;
use crate::support::Request;
use crate::support::operator::{Done, Operator};

const SECRET: &str = "demo-secret-not-for-production";

/// Runs the tool with this file of keys.
fn refusal(keys: &str, options: &[&str]) -> Done {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("keys.json");
    std::fs::write(&file, keys).unwrap();
    let ended = Operator::without_account()
        .run(&[&["simulate", "--port", "0", "--keys", file.to_str().unwrap()], options].concat());
    assert!(!format!("{ended:?}").contains(SECRET), "a secret is shown: {ended:?}");
    ended
}

/// Asserts that the file of keys is refused in one line with these words.
fn assert_refused(keys: &str, words: &[&str]) {
    let all = [
        "--sdk-url",
        "http://127.0.0.1:1/",
        "--sso-url",
        "http://127.0.0.1:1/",
        "--messaging-url",
        "http://127.0.0.1:1/",
    ];
    let ended = refusal(keys, &all);
    assert_eq!((ended.status, ended.stderr.lines().count()), (1, 1), "{keys}: {ended:?}");
    for word in ["keys.json"].iter().chain(words) {
        assert!(ended.stderr.contains(word), "no {word}: {ended:?}");
    }
}

fn good_keys() -> Value {
    let secret = json!({ "secret": SECRET });
    json!({ "sdk": secret, "sso": secret, "messaging": { "kid": "app_1", "secret": SECRET } })
}

fn with(kind: &str, value: Value) -> String {
    let mut keys = good_keys();
    keys[kind] = value;
    keys.to_string()
}

#[test]
fn only_kinds_with_an_address_are_simulated() {
    let kinds = [("--sdk-url", "/sdk"), ("--sso-url", "/hc"), ("--messaging-url", "/messaging")];
    for (option, page) in kinds {
        let simulator = Simulator::start(&[option, "http://127.0.0.1:1/"]);
        for (_, other) in kinds {
            let expected = if other == page { 200 } else { 404 };
            assert_eq!(simulator.ask(&Request::get(other)).status, expected, "{option} {other}");
        }
        let (home, terminal) = (simulator.ask(&Request::get("/")).body, simulator.terminal());
        for (_, other) in kinds {
            assert_eq!(home.contains(&format!("href=\"{other}\"")), other == page, "{option} {home}");
            assert_eq!(terminal.contains(&format!("{}{other} ", simulator.url)), other == page, "{option} {terminal}");
        }
    }
}

#[test]
fn keys_that_cannot_be_read_are_refused() {
    assert_refused("", &["line 1"]);
    assert_refused(SECRET, &["line 1"]);
    assert_refused("[]", &["line 1"]);
    assert_refused(&with("sdk", json!(SECRET)), &["`sdk.secret` is missing"]);
    assert_refused(&with("sso", json!({ "secret": 7 })), &["`sso.secret` is missing"]);
    assert_refused(&with("support", json!({})), &["`support` is not a kind"]);
    assert_refused(&with("messaging", json!({ "secret": SECRET })), &["`messaging.kid` is missing"]);
    assert_refused(&with("messaging", json!([])), &["has 0 keys"]);
    let eleven: Vec<_> = (0..11).map(|index| json!({ "kid": format!("app_{index}"), "secret": SECRET })).collect();
    assert_refused(&with("messaging", json!(eleven)), &["has 11 keys"]);
    let twice = json!({ "kid": "app_1", "secret": SECRET });
    assert_refused(&with("messaging", json!([twice, twice])), &["`messaging[1].kid` is there twice"]);
    let ended = Operator::without_account().run(&[
        "simulate",
        "--port",
        "0",
        "--keys",
        "/no/such/file",
        "--sdk-url",
        "http://127.0.0.1:1/",
    ]);
    assert!(ended.status == 1 && ended.stderr.contains("/no/such/file"), "{ended:?}");
}

#[test]
fn a_secret_that_cannot_be_whole_is_refused_with_its_admin_center_screen() {
    let sdk = ["`sdk.secret`", "Channels > Classic > Mobile SDK"];
    assert_refused(&with("sdk", json!({ "secret": "123456789" })), &sdk);
    assert_refused(&with("sso", json!({ "secret": "demo-secret…" })), &["`sso.secret`", "Single sign-on"]);
    assert_refused(&with("sso", json!({ "secret": format!("\"{SECRET}\"") })), &["`sso.secret`", "quotation mark"]);
    let key = json!({ "kid": "act_5963ceb97cde542d000dbdb1", "secret": SECRET });
    assert_refused(&with("messaging", key), &["`messaging.kid`", "account key"]);
    let key = json!([{ "kid": "app_1", "secret": SECRET }, { "kid": "app_2", "secret": "ZGVtby" }]);
    assert_refused(&with("messaging", key), &["`messaging[1].secret`", "End user authentication"]);
}

#[test]
fn an_address_without_a_key_is_refused() {
    for (option, kind) in [("--sdk-url", "sdk"), ("--sso-url", "sso"), ("--messaging-url", "messaging")] {
        let mut keys = good_keys();
        keys.as_object_mut().unwrap().remove(kind);
        let ended = refusal(&keys.to_string(), &[option, "http://127.0.0.1:1/"]);
        assert_eq!(ended.status, 1, "{ended:?}");
        assert!(
            ended.stderr.contains(&format!("no key for {kind}")) && ended.stderr.contains("Admin Center"),
            "{ended:?}"
        );
    }
}

#[test]
fn a_configuration_without_a_key_or_with_a_redacted_one_is_refused_by_its_name() {
    let ended = refusal(&good_keys().to_string(), &["--sso-url", "legacy=http://127.0.0.1:1/"]);
    assert!(ended.status == 1 && ended.stderr.contains("no key for sso (configuration legacy)"), "{ended:?}");
    let redacted = json!({ "configurations": { "ios": { "secret": "123456789" } } });
    assert_refused(&with("sdk", redacted), &["`sdk.configurations.ios.secret`", "Channels > Classic > Mobile SDK"]);
}

#[test]
fn invalid_addresses_are_refused() {
    for option in ["--sdk-url", "--sso-url", "--messaging-url"] {
        for url in ["example.com", "ftp://example.com", "http://example.com", "https://", ""] {
            let ended = refusal(&good_keys().to_string(), &[option, url]);
            assert!(ended.status == 2 && ended.stderr.contains(option), "{option} {url}: {ended:?}");
        }
    }
    let none = refusal(&good_keys().to_string(), &[]);
    assert!(none.status == 2 && none.stderr.contains("--sdk-url"), "{none:?}");
    let alone = refusal(
        &good_keys().to_string(),
        &["--messaging-url", "https://example.com", "--logout-url", "https://example.com"],
    );
    assert!(alone.status == 2 && alone.stderr.contains("--sso-url"), "{alone:?}");
}

#[test]
fn a_port_in_use_or_a_bad_ca_file_is_one_clear_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (options, words) in [
        (["--port", port.as_str()], "is in use"),
        (["--ca-file", "/no/such/file.pem"], "/no/such/file.pem"),
        (["--ca-file", "Cargo.toml"], "holds no certificate"),
    ] {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("keys.json");
        std::fs::write(&file, good_keys().to_string()).unwrap();
        let keys = file.to_str().unwrap();
        let ended = Operator::without_account()
            .run(&[&["simulate", "--keys", keys, "--sdk-url", "http://127.0.0.1:1/"], &options[..]].concat());
        assert_eq!((ended.status, ended.stderr.lines().count()), (1, 1), "{ended:?}");
        assert!(ended.stderr.contains(words), "{ended:?}");
    }
}
