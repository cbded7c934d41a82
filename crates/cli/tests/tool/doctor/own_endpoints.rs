//! Our own endpoints, run by `zendesk-jwt local`, and their paths that name a configuration.

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

/// Support SDK endpoints of the configurations `ios` and `android`, behind the stage of a REST API or not.
fn server(unknown: u16) -> BrokenServer {
    BrokenServer::http(move |request| match request.path.as_str() {
        "/sdk/ios/jwt" | "/sdk/android/jwt" | "/prod/sdk/ios/jwt" => match user_token(request).as_deref() {
            Some(USER_TOKEN) => {
                answer(200, "application/json", json!({ "jwt": sign(&header(), &profile(), SECRET) }).to_string())
            }
            _ => refusal(),
        },
        _ => answer(unknown, "application/problem+json", "{}"),
    })
}

#[test]
fn the_kind_is_known_by_the_path_and_an_unknown_configuration_is_404() {
    for path in ["/sdk/ios/jwt", "/sdk/android/jwt", "/prod/sdk/ios/jwt"] {
        let server = server(404);
        let diagnosis = Diagnosis::of(&server.url(path), USER_TOKEN, &[]);
        assert_eq!(diagnosis.ids("fail"), [""; 0], "{path}: {:#}", diagnosis.report);
        assert_eq!(
            (diagnosis.report["kind"].as_str(), diagnosis.state("unknown-configuration")),
            (Some("sdk"), "pass")
        );
        let stage = path.strip_suffix("/sdk/ios/jwt").unwrap_or_default();
        let is_invented = |request: &Request| request.path.starts_with(&format!("{stage}/sdk/doctor-"));
        assert_eq!(server.requests().into_iter().filter(is_invented).count(), 1, "{path}");
    }
}

#[test]
fn an_unknown_configuration_that_is_not_404_is_reported() {
    for status in [200, 401, 500] {
        let diagnosis = Diagnosis::of(&server(status).url("/sdk/ios/jwt"), USER_TOKEN, &[]);
        diagnosis.fails(&["unknown-configuration"], &[&status.to_string(), "Answer 404", "mistyped"]);
    }
}

#[test]
fn a_path_without_a_configuration_has_no_such_check() {
    let diagnosis = Diagnosis::of(&BrokenServer::http(|_| refusal()).url("/sdk/jwt"), "", &[]);
    assert!(!diagnosis.report.to_string().contains("unknown-configuration"), "{:#}", diagnosis.report);
}

#[test]
fn a_remedy_about_keys_and_settings_names_the_configuration() {
    let secret = file("another-secret-0123456789");
    let diagnosis = Diagnosis::of(&server(404).url("/sdk/ios/jwt"), USER_TOKEN, &["--secret-file", path(&secret)]);
    diagnosis.fails(&["jwt-signature"], &["the configuration `ios`", "its own key"]);

    let messaging = BrokenServer::http(|_| refusal());
    let diagnosis = Diagnosis::of(&messaging.url("/messaging/web-2/jwt"), PLAIN_TOKEN, &[]);
    assert_eq!(diagnosis.report["kind"], "messaging");
    diagnosis.says("good-token", &["the configuration `web-2`"]);
}

#[test]
fn the_remote_logout_url_is_that_of_the_same_configuration() {
    let server = BrokenServer::http(|request| match request.path.as_str() {
        "/sso/legacy/logout" => answer(200, "text/html", "Signed out"),
        "/sso/legacy/login" => answer(401, "text/html", ""),
        _ => answer(404, "text/html", ""),
    });
    let diagnosis = Diagnosis::of(&server.url("/sso/legacy/login?theme=dark"), "", &[]);
    assert_eq!((diagnosis.state("sign-out"), diagnosis.state("unknown-configuration")), ("pass", "pass"));
    assert_eq!(diagnosis.report["kind"], "sso");
    let is_of_logout = |request: &Request| request.path == "/sso/legacy/logout";
    assert!(server.requests().into_iter().filter(is_of_logout).all(|request| !request.query.contains("theme")));
}

#[test]
fn a_key_in_the_query_of_the_address_is_sent_with_every_request() {
    let server = server(404);
    Diagnosis::of(&server.url("/sdk/ios/jwt?key=canary"), USER_TOKEN, &[]);
    assert!(server.requests().iter().all(|request| request.query == "key=canary"));
}

#[test]
fn a_fragment_of_the_login_url_is_not_part_of_the_remote_logout_url() {
    let server = BrokenServer::http(|request| match request.path.as_str() {
        "/sso/logout" => answer(200, "text/html", "zendesk-jwt doctor"),
        _ => answer(401, "text/html", ""),
    });
    let diagnosis = Diagnosis::of(&server.url("/sso/login#top"), "", &[]);
    assert_eq!(diagnosis.state("error-page"), "pass", "{:#}", diagnosis.report);
}
