//! Our own endpoints, run by `zendesk-jwt local`.

use super::*;
use crate::local::Local;

const ORIGIN: &str = "https://www.example.com";
/// The demo's user token.
const DEMO_TOKEN: &str = "BD2F35A7621";

fn demo_secret(kind: &str) -> NamedTempFile {
    let mut value = json!({ "secret": format!("demo-{kind}-shared-secret-not-for-production") });
    if kind == "messaging" {
        value["kid"] = "app_demo".into();
    }
    file(&value.to_string())
}

#[test]
fn all_three_functions_pass_every_check() {
    let local = Local::start(&["--allow-origin", ORIGIN]);
    for (kind, path_of_kind, skipped) in [
        ("sdk", "/sdk/jwt", vec![]),
        ("messaging", "/messaging/jwt", vec!["encoded-token"]),
        ("sso", "/sso/login", vec![]),
    ] {
        let secret = demo_secret(kind);
        let url = format!("{}{path_of_kind}", local.url());
        let origin: &[&str] = if kind == "messaging" { &["--origin", ORIGIN] } else { &[] };
        let diagnosis = Diagnosis::of(&url, DEMO_TOKEN, &[&["--secret-file", path(&secret)], origin].concat());

        let of_tls = ["tls", "certificate-chain", "certificate-name", "certificate-dates", "certificate-expiry"];
        assert_eq!((diagnosis.ids("fail"), diagnosis.ids("warn")), (vec![], vec![]), "{:#}", diagnosis.report);
        assert_eq!(diagnosis.ids("skip"), [&of_tls, skipped.as_slice()].concat(), "{:#}", diagnosis.report);
        assert_eq!(diagnosis.report["kind"], kind);
        assert_eq!(diagnosis.report["url"], url);
    }
}

#[test]
fn a_messaging_endpoint_can_be_checked_by_form_and_by_cookie() {
    let local = Local::start(&["--allow-origin", ORIGIN]);
    let url = format!("{}/messaging/jwt", local.url());
    for place in [["--token-in", "form"], ["--cookie", "session"]] {
        let diagnosis = Diagnosis::of(&url, DEMO_TOKEN, &[&place[..], &["--origin", ORIGIN]].concat());
        assert_eq!(diagnosis.ids("fail"), [""; 0], "{:#}", diagnosis.report);
        assert_eq!((diagnosis.state("good-token"), diagnosis.state("cors-answer")), ("pass", "pass"));
    }
}

#[test]
fn a_check_that_passes_has_no_remedy() {
    let local = Local::start(&[]);
    let ran = run(&format!("{}/sdk/jwt", local.url()), DEMO_TOKEN, &[]);
    assert_eq!(ran.status, 0, "{}", ran.stdout);
    assert!(!ran.stdout.contains('→') && ran.stdout.contains("✓ unknown-token"), "{}", ran.stdout);
}
