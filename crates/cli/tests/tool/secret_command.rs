//! `zendesk-jwt secret put` stores a signing key that can be right, and never shows it. `zendesk-jwt secret check` says whether the
//! stored secrets can sign, and whether two kinds share one.

use crate::local::{Local, jwt};
use crate::support::Jwt;
use crate::support::operator::{Done, Operator};
use serde_json::{Value, json};
use std::process::{Command, Output};

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

const ALL: [&str; 6] = ["--sdk", "zendesk-jwt/sdk", "--messaging", "zendesk-jwt/messaging", "--sso", "zendesk-jwt/sso"];

fn check(local: &Local, arguments: &[&str]) -> Output {
    Command::new(crate::support::operator::tool())
        .args(["secret", "check", "--region", "us-east-1"])
        .args(arguments)
        .env_remove("AWS_PROFILE")
        .env("AWS_ENDPOINT_URL_SECRETS_MANAGER", local.aws("Secrets Manager"))
        .env("AWS_ACCESS_KEY_ID", "demo")
        .env("AWS_SECRET_ACCESS_KEY", "demo")
        .output()
        .unwrap()
}

fn store(local: &Local, kind: &str, value: &Value) {
    let request = json!({ "SecretId": format!("zendesk-jwt/{kind}"), "SecretString": value.to_string() });
    assert_eq!(local.call("Secrets Manager", "secretsmanager.PutSecretValue", &request).0, 200);
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn only_the_fingerprints_of_good_secrets_are_shown() {
    let local = Local::start(&[]);
    let output = check(&local, &ALL);

    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(text(&output).matches("can sign").count(), 3, "{output:?}");
    assert!(!text(&output).contains("not-for-production"), "{output:?}");
}

#[test]
fn a_secret_that_two_kinds_share_is_reported_for_both() {
    let local = Local::start(&[]);
    let shared = "one-secret-for-two-kinds-0123456789";
    store(&local, "sdk", &json!({ "secret": shared }));
    store(&local, "sso", &json!({ "secret": shared }));

    let output = check(&local, &ALL);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        text(&output).contains("also the secret of sso") && text(&output).contains("also the secret of sdk"),
        "{output:?}"
    );
    assert!(!text(&output).contains(shared), "{output:?}");
}

#[test]
fn a_redacted_secret_and_a_missing_one_are_named_in_json() {
    let local = Local::start(&[]);
    store(&local, "messaging", &json!({ "kid": "app_demo", "secret": "canary" }));

    let output = check(&local, &["--messaging", "zendesk-jwt/messaging", "--sso", "elsewhere", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let verdicts: Value = serde_json::from_slice(&output.stdout).unwrap();
    let problem = |at: usize| verdicts[at]["problems"][0].as_str().unwrap().to_owned();
    assert!(problem(0).contains("redacted") && problem(0).contains("End user authentication"), "{verdicts}");
    assert!(problem(1).contains("elsewhere"), "{verdicts}");
    assert!(!text(&output).contains("canary"), "{output:?}");
}

#[test]
fn a_stored_text_that_is_not_a_secret_cannot_sign() {
    let local = Local::start(&[]);
    for (value, says) in [
        (json!({ "secret": "\u{feff}canary-shared-secret" }), "byte order mark"),
        (json!({ "secret": "canary-shared-secret\u{200b}" }), "zero-width space"),
        (json!({ "secret": "Shared secret: canary-shared-secret" }), "name in front"),
        (json!({ "secret": "mobile_sdk_client_canary0123456789" }), "client id"),
        (json!({ "secret": "your-shared-secret" }), "placeholder"),
        (json!({ "kid": "app_demo", "secret": "canary-shared-secret" }), "only messaging's key has one"),
    ] {
        store(&local, "sdk", &value);
        let output = check(&local, &["--sdk", "zendesk-jwt/sdk"]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(text(&output).contains(says) && !text(&output).contains("canary"), "{output:?}");
    }
}

#[test]
fn each_key_of_a_secret_has_a_verdict_of_its_own() {
    let local = Local::start(&[]);
    let (ios, shared) = ("canary-shared-secret-ios", "canary-shared-secret-of-two");
    store(
        &local,
        "sdk",
        &json!({ "configurations": {
            "android": { "secret": "short" }, "ios": { "secret": ios }, "tv": { "secret": shared }, "watch": { "secret": shared },
        } }),
    );
    let output = check(&local, &["--sdk", "zendesk-jwt/sdk", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let verdicts: Value = serde_json::from_slice(&output.stdout).unwrap();
    let says = |at: usize, name: &str, words: &str| {
        assert_eq!(verdicts[at]["configuration"], name, "{verdicts}");
        assert!(verdicts[at]["problems"].to_string().contains(words), "{words}: {verdicts}");
    };
    says(0, "android", "at least 10");
    says(1, "ios", "[]");
    says(2, "tv", "also the secret of sdk/watch");
    says(3, "watch", "also the secret of sdk/tv");
    assert_eq!(verdicts.as_array().unwrap().len(), 4, "an unnamed key may be absent");
    assert!(!text(&output).contains("canary"), "{output:?}");
}

/// Asks the simulated Zendesk of `zendesk-jwt local`, which has the demo secret.
fn ask(local: &Local, arguments: &[&str]) -> Done {
    let zendesk = local.aws("Zendesk");
    let user = ["--ask-zendesk", "--yes", "--zendesk-url", &zendesk, "--email", "canary@example.com"];
    let done = Operator::local(local.url()).run(&[&["secret", "check"], &user[..], arguments].concat());
    assert!(!format!("{done:?}").contains("canary"), "{done:?}");
    done
}

#[test]
fn zendesk_says_whether_the_stored_sso_secret_is_its_own() {
    let local = Local::start(&[]);
    let accepted = ask(&local, &[]).well();
    assert!(accepted.stdout.contains("Zendesk accepts the JWT and signs the user in"), "{accepted:?}");
    assert_eq!(local.posted(), 1, "one attempt");

    store(&local, "sso", &json!({ "secret": "another-shared-secret-0123456789" }));
    let refused = ask(&local, &["--external-id", "canary-1", "--json"]);
    assert_eq!(refused.status, 1, "{refused:?}");
    let sso = refused.json().as_array().unwrap().iter().find(|verdict| verdict["kind"] == "sso").unwrap().clone();
    assert_eq!(sso["zendesk"]["accepted"], false, "{sso}");
    assert!(sso["zendesk"]["remedy"].as_str().unwrap().contains("The stored secret is not the one"), "{sso}");
    assert!(sso["fingerprint"].is_string(), "{sso}");
}

#[test]
fn the_key_of_one_configuration_is_asked_about() {
    let local = Local::start(&[]);
    let demo = "demo-sso-shared-secret-not-for-production";
    let other = "another-shared-secret-0123456789";
    store(&local, "sso", &json!({ "secret": other, "configurations": { "legacy": { "secret": demo } } }));
    let accepted = ask(&local, &["--configuration", "legacy"]).well();
    assert!(accepted.stdout.starts_with("sso/legacy can sign"), "{accepted:?}");
    ask(&local, &["--configuration", "ios"]).refused(1, &["no secret has a key of the configuration ios"]);
    assert_eq!(local.posted(), 1);
}

#[test]
fn zendesk_is_not_asked_with_a_key_that_cannot_sign_or_without_a_user() {
    let local = Local::start(&[]);
    let operator = Operator::local(local.url());
    let run = |arguments: &[&str]| operator.run(&[&["secret", "check", "--ask-zendesk"], arguments].concat());
    run(&[]).refused(2, &["--yes"]);
    run(&["--yes"]).refused(2, &["--zendesk-subdomain"]);
    run(&["--yes", "--zendesk-subdomain", "acme"]).refused(2, &["--email"]);
    run(&["--yes", "--zendesk-subdomain", "acme.zendesk.com"]).refused(2, &["the subdomain alone"]);
    run(&["--yes", "--zendesk-url", "https://zendesk.example.com"]).refused(2, &["127.0.0.1"]);
    store(&local, "sso", &json!({ "secret": "short" }));
    assert_eq!(ask(&local, &[]).status, 1);
    assert_eq!(local.posted(), 0);
}

#[test]
fn for_the_other_kinds_the_steps_by_hand_are_shown() {
    let local = Local::start(&[]);
    let checked = check(&local, &["--sdk", "zendesk-jwt/sdk", "--ask-zendesk", "--yes"]);
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    assert!(text(&checked).contains("By hand:") && text(&checked).contains("createJwt"), "{checked:?}");
    assert!(!text(&checked).contains("loginUser"), "{checked:?}");
}

#[test]
fn the_steps_by_hand_never_say_that_sso_cannot_be_asked() {
    let local = Local::start(&[]);
    store(&local, "sdk", &json!({ "configurations": { "ios": { "secret": "another-shared-secret-0123456789" } } }));
    let checked = ask(&local, &["--configuration", "ios"]).well();
    assert!(checked.stdout.contains("Whether Zendesk accepts a Support SDK JWT cannot be asked"), "{checked:?}");
    assert!(!checked.stdout.contains("SSO JWT cannot be asked"), "{checked:?}");
}
