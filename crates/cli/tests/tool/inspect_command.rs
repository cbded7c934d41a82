//! `zendesk-jwt inspect`: checks a JWT from anywhere.

use crate::identity_provider::id_token;
use crate::local::Local;
use crate::support::jwt::sign;
use crate::support::now;
use crate::support::operator::{Done, Operator, has_terminal};
use serde_json::{Value, json};

const SECRET: &str = "demo-sdk-shared-secret-not-for-production";

/// What the Support SDK endpoint answers for a user that all kinds accept.
fn answer(local: &Local) -> String {
    local.exchange("BD2F35A7621").1
}

fn in_a_file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn inspect_answer(local: &Local, arguments: &[&str]) -> Done {
    Operator::without_account().run_with(&[&["inspect"], arguments].concat(), &answer(local))
}

#[test]
fn the_answer_of_an_endpoint_can_be_piped_in() {
    let local = Local::start(&[]);
    let secret = in_a_file(&format!("{SECRET}\n"));
    let good = inspect_answer(&local, &["--kind", "sdk", "--secret-file", secret.path().to_str().unwrap()]);

    assert_eq!(good.status, 0, "{good:?}");
    for said in [
        "JWT for Support SDK, signed with the given secret",
        "\"alg\": \"HS256\"",
        "iat is 20",
        "0 broken",
        "accepts it.",
    ] {
        assert!(good.stdout.contains(said), "no {said} in {good:?}");
    }
    assert!(!format!("{good:?}").contains(SECRET), "{good:?}");
}

#[test]
fn the_secret_can_be_read_from_secrets_manager() {
    let local = Local::start(&[]);
    let id = |kind| format!("zendesk-jwt/{kind}");
    let own = inspect_answer(&local, &["--secret-id", &id("sdk"), &local.option()]);
    assert_eq!(own.status, 0, "{own:?}");

    let other = inspect_answer(&local, &["--secret-id", &id("sso"), &local.option()]);
    assert_eq!(other.status, 1, "{other:?}");
    assert!(other.stdout.contains("not signed with the given secret"), "{other:?}");
    assert!(other.stdout.contains("Zendesk refuses it."), "{other:?}");
}

#[test]
fn a_broken_rule_is_explained_and_exits_with_1() {
    let local = Local::start(&[]);
    let stale = inspect_answer(&local, &["--kind", "sso", "--at", "1700000000"]);

    assert_eq!(stale.status, 1, "{stale:?}");
    assert!(stale.stdout.contains("✗ `iat` is within 3 minutes"), "{stale:?}");
    assert!(stale.stdout.contains("synchronised clock") && stale.stdout.contains("1 broken"), "{stale:?}");
    assert!(stale.stdout.lines().all(|line| line.chars().count() <= 80), "{stale:?}");
}

#[test]
fn json_holds_the_same_findings() {
    let local = Local::start(&[]);
    let jwt = crate::local::jwt(&answer(&local));
    let stale = Operator::without_account().run(&["inspect", &jwt, "--kind", "sso", "--at", "1700000000", "--json"]);

    assert_eq!(stale.status, 1, "{stale:?}");
    let report = stale.json();
    assert_eq!((&report["kind"], &report["accepted"]), (&"sso".into(), &false.into()));
    assert_eq!(report["signature"], "not_checked");
    assert_eq!(report["claims"]["email"], "demo@example.com");
    let rules = report["rules"].as_array().unwrap();
    let broken: Vec<&Value> = rules.iter().filter(|rule| !rule["broken"].is_null()).collect();
    assert_eq!(broken.len(), 1, "{report}");
    assert_eq!((&broken[0]["code"], &broken[0]["severity"]), (&"iat_fresh".into(), &"rejected".into()));
    assert!(rules.len() > 20, "{report}");
}

#[test]
fn a_pipe_gets_no_colours() {
    let ended = Operator::without_account().run(&["inspect", "nonsense"]);
    assert_eq!(ended.status, 1, "{ended:?}");
    assert!(!ended.stdout.contains('\u{1b}'), "{ended:?}");
}

#[test]
fn the_first_line_is_the_answer_and_quiet_prints_nothing_else() {
    let (good, secret) = (sdk_or_sso(), in_a_file(SECRET));
    let unread = sign(&json!({ "alg": "HS256", "typ": "JWT" }), &json!({ "Name": "x" }), SECRET);
    let key = ["--kind", "sso", "--secret-file", secret.path().to_str().unwrap()];
    let with_role = |role: &str| {
        let claims = json!({ "name": "D", "email": "d@example.com", "iat": now(), "jti": "0f8fad5b", "role": role });
        sign(&json!({ "alg": "HS256", "typ": "JWT" }), &claims, SECRET)
    };
    for (text, options, status, answer) in [
        (&*good, &key[..], 0, "✓ Zendesk accepts it."),
        (&good, &key[..2], 0, "✓ Zendesk accepts it if the signature is right."),
        (&with_role("boss"), &key, 1, "! Zendesk accepts it, but not as intended."),
        (&unread, &key, 1, "✗ Zendesk refuses it."),
        ("BD2F35A7621", &[], 1, "This is not a JWT."),
    ] {
        let run = |more: &[&str]| Operator::without_account().run_with(&[&["inspect"], options, more].concat(), text);
        assert_eq!(run(&[]).stdout.lines().next(), Some(answer), "{text}");
        for quiet in ["--quiet", "-q"] {
            let done = run(&[quiet]);
            assert_eq!((done.status, done.line()), (status, answer.to_owned()), "{text}");
        }
    }
    let both = Operator::without_account().run(&["inspect", &good, "--quiet", "--json"]);
    both.refused(2, &["cannot be used with"]);
}

#[test]
fn a_terminal_gets_the_colour_of_the_result_unless_no_color_is_set() {
    if !has_terminal() {
        return;
    }
    let in_colour = Operator::without_account().export("TERM", "xterm-256color");
    for (jwt, colour) in [(sdk_or_sso(), "\u{1b}[32m"), ("e30.e30.".to_owned(), "\u{1b}[31m")] {
        let shown = in_colour.terminal(80, &["inspect", &jwt, "--quiet"]);
        assert!(shown.starts_with(colour), "{shown:?}");
    }
    let plain = in_colour.export("NO_COLOR", "1").terminal(80, &["inspect", "e30.e30.", "--quiet"]);
    assert_eq!(plain.trim_end(), "✗ Zendesk refuses it.");
}

#[test]
fn invisible_and_control_characters_in_a_jwt_are_escaped() {
    let hostile = ['\u{7f}', '\u{9b}', '\u{1b}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{ad}', '\u{e0041}'];
    let text: String = hostile.iter().collect();
    let claims = json!({ "name": text, "email": text, text.as_str(): text, "iat": 1, "jti": text, "role": text });
    let jwt = sign(&json!({ "alg": text, "typ": text, "kid": text }), &claims, "");
    for json in [&["--json"][..], &[]] {
        let ended = Operator::without_account().run(&[&["inspect", &jwt], json].concat());
        assert_eq!(ended.status, 1, "{ended:?}");
        let shown = ended.stdout + &ended.stderr;
        assert!(!shown.contains(hostile) && shown.contains("\\u202e") && shown.contains("\\udc41"), "{shown}");
        if !json.is_empty() {
            assert_eq!(serde_json::from_str::<Value>(&shown).unwrap()["claims"]["name"], text);
        }
    }
}

fn sdk_or_sso() -> String {
    let mut claims = json!({ "name": "Demo User", "email": "demo@example.com", "iat": now() });
    claims["jti"] = "0f8fad5b-d9cb-469f-a165-70867728950e".into();
    sign(&json!({ "alg": "HS256", "typ": "JWT" }), &claims, SECRET)
}

#[test]
fn a_pasted_jwt_is_judged_first_and_what_surrounds_it_second() {
    let jwt = sdk_or_sso();
    for (text, surroundings) in [
        (format!("https://acme.zendesk.com/access/jwt?jwt={jwt}&return_to=%2Fhc"), "an address, a form"),
        (json!({ "token": jwt }).to_string(), "JSON, quotes"),
        (format!("\u{feff}{}", json!({ "data": { "token": jwt } })), "JSON, quotes"),
        (format!("b'{jwt}'\n"), "Python's b'…', quotes"),
        (format!("Authorization: Bearer {jwt}\n"), "Bearer, white space"),
    ] {
        let ended = Operator::without_account().run_with(&["inspect"], &text);
        assert_eq!(ended.status, 0, "{text}: {ended:?}");
        let (verdict, remark) = ended.stdout.rsplit_once("\n\n").unwrap();
        assert!(verdict.contains("0 broken") && remark.replace('\n', " ").contains(surroundings), "{text}: {ended:?}");
    }
    let alone = Operator::without_account().run_with(&["inspect"], &format!("{jwt}\n"));
    assert!(!alone.stdout.contains("Around the JWT"), "{alone:?}");
}

#[test]
fn a_text_without_a_jwt_says_so_and_lists_no_rules() {
    for (text, words) in [
        ("", "empty"),
        (r#"{"title": "Unauthorized", "status": 401}"#, "JSON without a JWT"),
        ("<html><h1>502 Bad Gateway</h1></html>", "HTML without a JWT"),
        ("BD2F35A7621", "user token"),
    ] {
        let ended = Operator::without_account().run_with(&["inspect"], text);
        assert_eq!(ended.status, 1, "{ended:?}");
        assert!(ended.stdout.contains(words) && !ended.stdout.contains('✗'), "{ended:?}");
        let json = Operator::without_account().run_with(&["inspect", "--json"], text).json();
        assert_eq!((&json["is_jwt"], json["rules"].as_array().unwrap().len()), (&false.into(), 1), "{json}");
    }
}

#[test]
fn a_kind_is_named_only_if_it_is_known() {
    let jwt = sdk_or_sso();
    let run = |arguments: &[&str]| Operator::without_account().run(&[&["inspect", &jwt], arguments].concat());
    let unknown = run(&[]);
    let says = |done: &Done, kind: &str| done.stdout.lines().nth(1).unwrap().starts_with(kind);
    assert!(says(&unknown, "JWT for Support SDK or SSO (say --kind),"), "{unknown:?}");
    let json = run(&["--json"]).json();
    assert_eq!((&json["kind"], &json["kinds"]), (&Value::Null, &json!(["sdk", "sso"])));
    assert!(says(&run(&["--kind", "sso"]), "JWT for SSO,"));

    let local = Local::start(&[]);
    let id = run(&["--secret-id", "zendesk-jwt/sdk", &local.option()]);
    assert!(says(&id, "JWT for Support SDK,"), "{id:?}");
}

#[test]
fn a_usage_error_says_what_is_expected() {
    for (arguments, status, says) in [
        (&["inspect", "a.b.c", "--kind", "chat"][..], 2, "sdk, messaging or sso"),
        (&["inspect", "a.b.c", "--secret-file", "canary-secret"], 1, "a secret is never an argument"),
        (&["inspect", "--secret-file", "-"], 1, "standard input cannot hold both"),
        (&["inspect", "a.b.c", "--secret-file", "-", "--secret-id", "x"], 2, "cannot be used with"),
    ] {
        let ended = Operator::without_account().run(arguments);
        assert_eq!(ended.status, status, "{ended:?}");
        assert!(ended.stderr.contains(says) && !ended.stderr.contains("canary"), "{ended:?}");
    }
}

#[test]
fn an_id_token_is_named_as_such_and_not_judged_by_zendesks_rules() {
    let local = Local::start(&[]);
    let id_token = id_token(&local, "demo-1");
    let shown = Operator::without_account().run_with(&["inspect"], &id_token);
    assert_eq!(shown.status, 1, "{shown:?}");
    for said in [
        "ID token of an identity provider, not a Zendesk JWT",
        &format!("\"iss\": \"{}/idp\"", local.url()),
        "exp is 20",
        "zendesk-jwt idp check ISSUER --audience AUDIENCE",
    ] {
        assert!(shown.stdout.contains(said), "no {said} in {shown:?}");
    }
    assert!(!shown.stdout.contains("Rules"), "{shown:?}");

    let json = Operator::without_account().run_with(&["inspect", "--json"], &id_token).json();
    assert_eq!(json["id_token"]["issuer"], format!("{}/idp", local.url()));
    assert_eq!(json["id_token"]["audiences"], json!(["demo-site"]));
    assert_eq!(json["id_token"]["zendesk"][1]["claims"]["external_id"], "demo-1");
    assert_eq!(json["accepted"], false);
    assert_eq!(json["rules"], json!([]));

    let as_messaging = Operator::without_account().run_with(&["inspect", "--kind", "messaging"], &id_token);
    assert!(as_messaging.stdout.contains("`alg` in the header is `ES256`"), "{as_messaging:?}");
}
