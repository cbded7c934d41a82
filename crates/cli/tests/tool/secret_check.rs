//! `zendesk-jwt secret check`: whether the stored secrets can sign, and whether two kinds share one.

use crate::local::Local;
use crate::support::operator::{Done, Operator};
use serde_json::{Value, json};
use std::process::{Command, Output};

const ALL: [&str; 6] = ["--sdk", "zendesk-jwt/sdk", "--messaging", "zendesk-jwt/messaging", "--sso", "zendesk-jwt/sso"];

fn check(local: &Local, arguments: &[&str]) -> Output {
    Command::new(crate::support::binary::tool())
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
