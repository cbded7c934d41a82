//! `zendesk-jwt secret put`: stores a signing key that can be right, and never shows it.

use crate::local::{Local, jwt};
use crate::support::Jwt;
use crate::support::operator::{Done, Operator};

const NEW_SECRET: &str = "canary-shared-secret-0123456789";

fn put(local: &Local, secret: &str, arguments: &[&str]) -> Done {
    Operator::local(local.url()).run_with(&[&["secret", "put"], arguments].concat(), &format!("{secret}\n"))
}

fn fingerprints(local: &Local) -> Vec<String> {
    let checked = Operator::local(local.url()).run(&["secret", "check", "--json"]).json();
    checked.as_array().unwrap().iter().map(|verdict| verdict["fingerprint"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_stored_secret_signs_after_the_wait_and_is_never_shown() {
    let local = Local::start(&[]);
    local.exchange("BD2F35A7621");
    let stored = put(&local, NEW_SECRET, &["sdk"]);

    assert_eq!(stored.status, 0, "{stored:?}");
    assert!(stored.stdout.contains("31 characters") && stored.stdout.contains("within 5 seconds"), "{stored:?}");
    assert!(!format!("{stored:?}").contains("canary"), "{stored:?}");
    // The function reads the key again after this request.
    local.exchange("BD2F35A7621");
    let (status, body) =
        crate::support::eventually("the function signs with the new key", std::time::Duration::from_secs(10), || {
            let answer = local.exchange("BD2F35A7621");
            Jwt::is_signed_with(&jwt(&answer.1), NEW_SECRET).then_some(answer)
        });
    assert_eq!(status, 200, "{body}");
}

#[test]
fn a_secret_that_cannot_be_right_is_refused_with_its_admin_center_screen() {
    let local = Local::start(&[]);
    let before = fingerprints(&local);
    for (secret, kind, says) in [
        ("123456789", "sdk", "redacted"),
        ("canary", "messaging", "redacted"),
        ("short77", "sso", "every shared secret has at least 10"),
        ("canary-0123456789…", "sdk", "ellipsis"),
        (" canary-0123456789", "sdk", "white space"),
        ("\"canary-0123456789\"", "sso", "quotation mark"),
        ("", "sdk", "no `secret`"),
        (r#"{"kid": "app_demo"}"#, "messaging", "no `secret`"),
        ("canary-0123456789", "messaging", "no `kid`"),
    ] {
        let refused = put(&local, secret, &[kind]);
        assert_eq!(refused.status, 1, "{secret}: {refused:?}");
        assert!(
            refused.stderr.contains("nothing was stored") && refused.stderr.contains(says),
            "{secret}: {refused:?}"
        );
        assert!(refused.stderr.contains("Admin Center") && !format!("{refused:?}").contains("canary"), "{refused:?}");
    }
    assert_eq!(fingerprints(&local), before);
}

#[test]
fn a_text_that_is_not_a_secret_is_refused_by_what_it_is() {
    let local = Local::start(&[]);
    let before = fingerprints(&local);
    let whole = format!(r#"{{"kid": "app_new", "secret": "{NEW_SECRET}"}}"#);
    let nested = serde_json::json!({ "secret": format!(r#"{{"secret": "{NEW_SECRET}"}}"#) }).to_string();
    for (secret, says) in [
        (format!("{NEW_SECRET}\u{200b}"), "zero-width space at its end"),
        (format!("canary\u{feff}{NEW_SECRET}"), "byte order mark inside"),
        (format!("canary {NEW_SECRET}"), "white space (a blank) inside"),
        (format!("canary\n{NEW_SECRET}"), "a line break) inside"),
        (format!("Shared secret: {NEW_SECRET}"), "name in front"),
        (format!("SDK_SECRET={NEW_SECRET}"), "name in front"),
        ("eyJhbGciOiJIUzI1NiJ9.e30.canary".into(), "a JWT"),
        ("mobile_sdk_client_canary0123456789".into(), "client id"),
        ("5963ceb97cde542d000dbdb1".into(), "the id of an app"),
        ("<your-shared-secret>".into(), "placeholder"),
        (format!("zjwt_{}", "c".repeat(64)), "a user token"),
        (whole, "only messaging's key has one"),
        (nested, "JSON"),
    ] {
        let refused = put(&local, &secret, &["sdk"]);
        assert_eq!(refused.status, 1, "{secret}: {refused:?}");
        assert!(refused.stderr.contains("nothing was stored") && refused.stderr.contains(says), "{refused:?}");
        assert!(refused.stderr.contains("Mobile SDK") && !format!("{refused:?}").contains("canary"), "{refused:?}");
    }
    assert_eq!(fingerprints(&local), before);
}

#[test]
fn a_text_that_is_not_a_key_id_is_refused_by_what_it_is() {
    let local = Local::start(&[]);
    for (kid, says) in [
        ("app_5963…", "cut off"),
        ("act_5963ceb97cde542d000dbdb1", "account key"),
        ("YOUR_KEY_ID", "placeholder"),
        ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "UUID"),
    ] {
        let refused = put(&local, NEW_SECRET, &["messaging", "--kid", kid, "--force"]);
        assert_eq!(refused.status, 1, "{refused:?}");
        assert!(refused.stderr.contains(says) && refused.stderr.contains("Copy the Key ID"), "{refused:?}");
    }
}

#[test]
fn a_byte_order_mark_at_the_beginning_of_a_file_is_ignored() {
    let local = Local::start(&[]);
    let plain = put(&local, NEW_SECRET, &["sdk", "--no-wait", "--json"]).json();
    let marked = put(&local, &format!("\u{feff}{NEW_SECRET}"), &["sdk", "--no-wait", "--json"]).json();
    assert_eq!((&marked["changed"], &marked["fingerprint"]), (&false.into(), &plain["fingerprint"]));
}

#[test]
fn the_secret_of_another_kind_is_refused() {
    let local = Local::start(&[]);
    let refused = put(&local, "demo-sdk-shared-secret-not-for-production", &["sso"]);

    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(refused.stderr.contains("this is the secret of sdk"), "{refused:?}");
}

#[test]
fn swapped_kid_and_secret_are_refused_unless_forced() {
    let local = Local::start(&[]);
    for (secret, kid) in [("app_0123456789abcdef", "app_demo"), (NEW_SECRET, NEW_SECRET)] {
        let arguments = ["messaging", "--no-wait", "--kid", kid];
        let refused = put(&local, secret, &arguments);
        assert_eq!(refused.status, 1, "{refused:?}");
        assert!(refused.stderr.contains("Key ID") && refused.stderr.contains("--force"), "{refused:?}");

        let forced = put(&local, secret, &[&arguments[..], &["--force"]].concat());
        assert_eq!(forced.status, 0, "{forced:?}");
    }
}

#[test]
fn the_messaging_key_is_given_as_kid_and_secret_or_as_json() {
    let local = Local::start(&[]);
    let in_two_parts = put(&local, NEW_SECRET, &["messaging", "--kid", "app_new", "--no-wait", "--json"]);
    assert_eq!(in_two_parts.status, 0, "{in_two_parts:?}");
    assert_eq!(in_two_parts.json()["changed"], true);

    let whole = format!(r#"{{"kid": "app_new", "secret": "{NEW_SECRET}"}}"#);
    let again = put(&local, &whole, &["messaging", "--no-wait", "--json"]);
    assert_eq!(again.json()["changed"], false, "{again:?}");
    assert_eq!(again.json()["fingerprint"], in_two_parts.json()["fingerprint"]);

    let contrary = put(&local, &whole, &["messaging", "--kid", "app_other"]);
    assert_eq!(contrary.status, 1, "{contrary:?}");
    assert!(contrary.stderr.contains("differ"), "{contrary:?}");
}

#[test]
fn a_secret_is_read_from_a_file_and_refused_as_an_argument() {
    let local = Local::start(&[]);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{NEW_SECRET}\r\n")).unwrap();
    let stored = put(&local, "", &["sso", "--no-wait", "--secret-file", file.path().to_str().unwrap()]);
    assert_eq!(stored.status, 0, "{stored:?}");

    assert_eq!(put(&local, "", &["sso", NEW_SECRET]).status, 2);
    let missing = put(&local, "", &["sso", "--secret-file", NEW_SECRET]);
    assert_eq!(missing.status, 1, "{missing:?}");
    assert!(missing.stderr.contains("never an argument") && !format!("{missing:?}").contains("canary"), "{missing:?}");
}

#[test]
fn a_usage_error_says_what_is_missing() {
    for (arguments, says) in [
        (&["secret", "put", "sdk"][..], "--sdk ID"),
        (&["secret", "put", "chat", "--local"], "sdk, messaging or sso"),
        (&["secret", "put", "sso", "--kid", "app_demo", "--local"], "only messaging"),
        (&["secret", "put", "sso", "--region", "us-east-1", "--local"], "cannot be used with"),
        (&["secret", "check"], "--sdk, --messaging or --sso"),
    ] {
        let ended = Operator::without_account().run(arguments);
        assert_eq!(ended.status, 2, "{ended:?}");
        assert!(ended.stderr.contains(says), "{ended:?}");
    }
}

#[test]
fn an_unreachable_address_is_named_with_a_remedy() {
    let ended = Operator::local("http://127.0.0.1:9").run_with(&["secret", "put", "sdk"], NEW_SECRET);
    assert_eq!(ended.status, 1, "{ended:?}");
    assert!(ended.stderr.contains("nothing listens at http://127.0.0.1:9"), "{ended:?}");
}

#[test]
fn the_keys_of_configurations_share_one_secret() {
    let local = Local::start(&[]);
    let unnamed = fingerprints(&local);
    for (configuration, changed) in [("ios", true), ("android", true), ("ios", false)] {
        let secret = format!("{NEW_SECRET}-{configuration}");
        let stored = put(&local, &secret, &["sdk", "--configuration", configuration, "--no-wait", "--json"]).well();
        assert_eq!(
            (&stored.json()["configuration"], &stored.json()["changed"]),
            (&configuration.into(), &changed.into())
        );
    }
    put(&local, NEW_SECRET, &["messaging", "--configuration", "ios", "--kid", "app_ios", "--no-wait"]).well();
    assert_eq!(local.exchange("BD2F35A7621").0, 200, "the unnamed key still signs");

    let checked = Operator::local(local.url()).run(&["secret", "check", "--json"]).well().json();
    let names = |verdict: &serde_json::Value| (verdict["kind"].to_string(), verdict["configuration"].to_string());
    let names: Vec<_> = checked.as_array().unwrap().iter().map(names).map(|(kind, name)| kind + &name).collect();
    assert_eq!(
        names,
        [
            "\"sdk\"null",
            "\"sdk\"\"android\"",
            "\"sdk\"\"ios\"",
            "\"messaging\"null",
            "\"messaging\"\"ios\"",
            "\"sso\"null"
        ]
    );
    assert_eq!([0, 3, 5].map(|at| checked[at]["fingerprint"].as_str().unwrap()), *unnamed);
    let text = Operator::local(local.url()).run(&["secret", "check"]).well().stdout;
    assert!(text.contains("sdk/ios") && !text.contains("canary"), "{text}");

    // A new unnamed key leaves the keys of the configurations alone.
    put(&local, &format!("{NEW_SECRET}-new"), &["sdk", "--no-wait"]).well();
    assert_eq!(fingerprints(&local)[1..3], [1, 2].map(|at| checked[at]["fingerprint"].as_str().unwrap()));
}

#[test]
fn keys_that_several_people_store_at_once_are_all_stored() {
    let local = Local::start(&[]);
    let names: Vec<_> = (0..8).map(|at| format!("app-{at}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            let secret = format!("{NEW_SECRET}-{name}");
            let local = &local;
            scope.spawn(move || put(local, &secret, &["sdk", "--configuration", name, "--no-wait"]).well());
        }
    });
    let checked = Operator::local(local.url()).run(&["secret", "check", "--json"]).well().json();
    let stored: Vec<_> = checked.as_array().unwrap().iter().filter_map(|key| key["configuration"].as_str()).collect();
    assert_eq!(stored, names);
}

#[test]
fn the_secret_of_another_configuration_is_refused() {
    let local = Local::start(&[]);
    put(&local, NEW_SECRET, &["sdk", "--configuration", "ios", "--no-wait"]).well();
    for (arguments, twin) in [
        (&["sdk", "--configuration", "android"][..], "sdk/ios"),
        (&["sdk"], "sdk/ios"),
        (&["sso", "--configuration", "ios"], "sdk/ios"),
    ] {
        put(&local, NEW_SECRET, arguments).refused(1, &["nothing was stored", &format!("the secret of {twin}")]);
    }
    let demo = "demo-sdk-shared-secret-not-for-production";
    put(&local, demo, &["sdk", "--configuration", "ios"]).refused(1, &["this is the secret of sdk. That of sdk/ios"]);
}

#[test]
fn a_configuration_or_a_json_text_that_would_lose_a_key_is_refused() {
    let local = Local::start(&[]);
    for name in ["iOS", "", "a_b", "login", &"x".repeat(33)] {
        put(&local, NEW_SECRET, &["sdk", "--configuration", name])
            .refused(2, &["1 to 32 lower-case letters, digits and hyphens"]);
    }
    let several =
        format!(r#"{{"secret": "{NEW_SECRET}", "configurations": {{"ios": {{"secret": "{NEW_SECRET}-ios"}}}}}}"#);
    put(&local, &several, &["sdk"]).refused(1, &["nothing was stored", "--configuration"]);
}
