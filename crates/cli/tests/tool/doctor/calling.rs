//! The command line and the output.

use super::*;
use crate::local::Local;

fn refusing() -> BrokenServer {
    BrokenServer::http(|_| refusal())
}

#[test]
fn kind_is_required_when_the_path_does_not_say_it() {
    let server = refusing();
    let ran = run(&server.url("/zendesk"), "", &[]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("--kind sdk, --kind messaging or --kind sso"), "{}", ran.stderr);
    assert!(server.requests().is_empty());

    assert_eq!(Diagnosis::of(&server.url("/zendesk"), "", &["--kind", "sdk"]).report["kind"], "sdk");
    assert_eq!(Diagnosis::of(&server.url("/prod/sso/login"), "", &[]).report["kind"], "sso", "behind a stage");
}

#[test]
fn a_usage_error_is_one_clear_sentence() {
    let url = refusing().url("/sdk/jwt");
    let (redacted, empty) = (file("123456789"), file(""));
    for (arguments, words) in [
        (vec!["--secret-file", path(&redacted)], "redacted"),
        (vec!["--secret-file", path(&empty)], "is empty"),
        (vec!["--secret-file", "/nowhere/secret"], "a secret is never an argument"),
        (vec!["--secret-file", "-", "--token-file", "-"], "standard input holds either"),
        (vec!["--cookie", "sid"], "in a form"),
        (vec!["--origin", "https://www.example.com"], "messaging endpoints"),
        (vec!["--logout-url", "https://www.example.com/bye"], "SSO endpoints"),
        (vec!["--ca-file", path(&empty)], "holds no certificate"),
        (vec!["--resolve", "support.example.com"], "HOST:PORT:ADDRESS"),
        (vec!["--kind", "chat"], "sdk, messaging or sso"),
    ] {
        let ran = run(&url, "", &arguments);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.stderr.contains(words), "{arguments:?}: {}", ran.stderr);
    }
    let messaging = run(&refusing().url("/messaging/jwt"), "two\nlines", &[]);
    assert_eq!(messaging.status, 2);
    assert!(messaging.stderr.contains("cannot be sent in a header"), "{}", messaging.stderr);
    assert!(!messaging.stderr.contains("two"), "{}", messaging.stderr);
}

#[test]
fn a_flawed_secret_is_refused_before_the_endpoint_is_asked() {
    let server = refusing();
    for (secret, words) in [
        ("Shared secret: demo-shared-secret-0123456789", "name in front"),
        ("demo-shared-secret-0123456789\u{200b}", "zero-width space"),
        ("eyJhbGciOiJIUzI1NiJ9.e30.AAAA", "a JWT"),
        (r#"{"kid": "app_demo", "secret": "demo-shared-secret-0123456789"}"#, "only messaging's key has one"),
    ] {
        let secret = file(secret);
        let ran = run(&server.url("/sdk/jwt"), "", &["--secret-file", path(&secret)]);
        assert_eq!(ran.status, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    assert!(server.requests().is_empty());
}

#[test]
fn an_address_with_a_password_is_refused() {
    for url in ["https://user:canary@example.com/sdk/jwt", "ftp://example.com/sdk/jwt", "example.com/sdk/jwt"] {
        assert_eq!(run(url, "", &[]).status, 2, "{url}");
    }
}

#[test]
fn the_checklist_has_a_mark_per_check_a_remedy_per_failure_and_ends_with_the_counts() {
    let server = BrokenServer::http(|_| answer(500, "text/plain", ""));
    let ran = run(&server.url("/sdk/jwt"), USER_TOKEN, &[]);

    assert_eq!(ran.status, 1);
    assert!(ran.stderr.starts_with(&format!("Asking {}", server.url("/sdk/jwt"))), "{}", ran.stderr);
    for words in ["✓ tcp", "✗ unknown-token", "→ Answer 401", "– skipped", "\nConnection\n", "\nJWT\n"] {
        assert!(format!("\n{}", ran.stdout).contains(words), "no {words} in {}", ran.stdout);
    }
    let last = ran.stdout.lines().last().unwrap();
    assert!(last.contains(" passed, ") && last.contains(" failed, ") && last.contains(" skipped"), "{last}");
    assert!(!ran.stdout.contains('\u{1b}'), "a pipe gets no colours");
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
}

#[test]
fn the_checklist_opens_with_what_to_fix_first_and_ends_with_the_failures() {
    let server = BrokenServer::http(|request| match request.method.as_str() {
        "GET" => answer(500, "text/plain", ""),
        _ => answer(200, "text/html", json!({ "jwt": sign(&header(), &profile(), SECRET) }).to_string()),
    });
    let ran = run(&server.url("/sdk/jwt"), USER_TOKEN, &[]);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], "Critical: fix this first");
    assert!(lines[1].starts_with("  ✗ unknown-token") && lines[1].contains("signs a JWT"), "{}", ran.stdout);
    let (_, end) = ran.stdout.rsplit_once("\nFailures\n").unwrap();
    assert!(end.contains("✗ unknown-token") && end.contains("✗ media-type") && !end.contains('→'), "{end}");

    let server = BrokenServer::http(|request| match (request.method.as_str(), user_token(request).as_deref()) {
        ("GET", _) => answer(500, "text/plain", ""),
        (_, Some(USER_TOKEN)) => answer(200, "application/json", "{}"),
        _ => refusal(),
    });
    let ran = run(&server.url("/sdk/jwt"), USER_TOKEN, &[]);
    assert!(ran.stdout.starts_with("Fix this first\n  ✗ json"), "a main check comes first: {}", ran.stdout);

    let healthy = run(&refusing().url("/sdk/jwt"), "", &[]);
    assert!(healthy.stdout.starts_with("Connection\n") && !healthy.stdout.contains("Failures"), "{}", healthy.stdout);
}

#[test]
fn nothing_secret_or_personal_is_shown() {
    let local = Local::start(&[]);
    let secret = "demo-sdk-shared-secret-not-for-production";
    let secret_file = file(secret);
    for json in [&["--json"][..], &[]] {
        let arguments = [&["--secret-file", path(&secret_file)], json].concat();
        let ran = run(&format!("{}/sdk/jwt?key=canary", local.url()), "BD2F35A7621", &arguments);
        let shown = ran.stdout + &ran.stderr;
        assert!(shown.contains("/sdk/jwt"));
        for hidden in ["BD2F35A7621", secret, "eyJ", NAME, EMAIL, "canary", "+15555550100"] {
            assert!(!shown.contains(hidden), "{hidden} in {shown}");
        }
    }
}

#[test]
fn a_server_cannot_send_control_characters_to_the_terminal() {
    let server = BrokenServer::http(|_| with_header(answer(401, "text/html", ""), "cache-control", "\u{9b}31mred"));
    let ran = run(&server.url("/sdk/jwt"), "", &[]);
    assert!(ran.stdout.contains("31mred") && !ran.stdout.contains('\u{9b}'), "{}", ran.stdout);
}
