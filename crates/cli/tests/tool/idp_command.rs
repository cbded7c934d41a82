//! `zendesk-jwt idp check`: an identity provider and its ID tokens, before the functions trust them.

use crate::identity_provider::id_token;
use crate::local::Local;
use crate::support::http::{Answer, Request};
use crate::support::operator::{Done, Operator};
use crate::support::server::{BrokenServer, HttpsServer};
use serde_json::{Value, json};

/// The public key of RFC 7517, appendix A.1.
const PUBLIC_KEY: &str = r#"{"kty": "EC", "crv": "P-256", "kid": "1",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;

fn check(issuer: &str, arguments: &[&str], input: &str) -> Done {
    let arguments = [&["idp", "check", issuer, "--audience", "demo-site"], arguments].concat();
    Operator::without_account().run_with(&arguments, input)
}

/// Checks an ID token of a user of the demo identity provider.
fn check_token_of(user: &str, arguments: &[&str]) -> Done {
    let local = Local::start(&[]);
    let id_token = id_token(&local, user);
    let arguments = [&["--token-file", "-"], arguments].concat();
    let done = check(&format!("{}/idp", local.url()), &arguments, &id_token);
    assert!(!format!("{done:?}").contains(id_token.split('.').nth(1).unwrap()), "{done:?}");
    done
}

/// A provider whose two documents are these; `{own}` in a document is its address.
fn provider(discovery: &str, keys: &str) -> BrokenServer {
    let (discovery, keys) = (discovery.to_owned(), keys.to_owned());
    BrokenServer::http(move |request: &Request| {
        let own = format!("http://{}", request.headers_named("host").next().unwrap());
        let document = if request.path == "/keys" { &keys } else { &discovery };
        Answer::new(200, &[("content-type", "application/json")], document.replace("{own}", &own))
    })
}

const DISCOVERY: &str = r#"{"issuer": "{own}", "jwks_uri": "{own}/keys"}"#;

fn keys(key: &str) -> String {
    format!(r#"{{"keys": [{key}]}}"#)
}

#[test]
fn a_good_provider_is_described_with_the_value_to_paste() {
    let local = Local::start(&[]);
    let issuer = format!("{}/idp", local.url());
    let done = check(&issuer, &[], "").well();
    let value = format!(r#"[{{"audience":"demo-site","issuer":"{issuer}"}}]"#);
    let left = format!("{} of Lambda's 4096 bytes are left", 4096 - "IDENTITY_PROVIDERS".len() - value.len());
    assert_eq!(done.stdout.lines().last(), Some(&*value));
    for said in [&format!("The provider names the issuer {issuer}."), "Keys that can verify ID tokens: 1 (", &left] {
        assert!(done.stdout.contains(said), "no {said} in {done:?}");
    }

    let several = check(&issuer, &["--audience", "app", "--claims", r#"{"tags": "/groups"}"#, "--json"], "").well();
    let value = json!([{"issuer": issuer, "audience": ["demo-site", "app"], "claims": {"tags": "/groups"}}]);
    assert_eq!(several.json()["identity_providers"], value.to_string());
    assert_eq!(several.json()["key_ids"].as_array().unwrap().len(), 1);
}

#[test]
fn an_id_token_gives_the_claims_of_each_kind() {
    let report = check_token_of("demo-1", &["--json"]).well().json();
    let profile = json!({"external_id": "demo-1", "name": "Demo User", "email": "demo@example.com"});
    let messaging = json!({
        "scope": "user", "external_id": "demo-1", "name": "Demo User", "email": "demo@example.com",
        "email_verified": true,
    });
    let kind = |kind, is_on, claims| json!({"kind": kind, "in_audiences": is_on, "claims": claims, "problem": null});
    let kinds = json!([kind("sdk", false, &profile), kind("messaging", true, &messaging), kind("sso", true, &profile)]);
    assert_eq!(report["token"]["kinds"], kinds);
    assert_eq!(report["token"]["problem"], Value::Null);

    let text = check_token_of("demo-1", &[]).well().stdout;
    for said in ["The ID token is valid until 20", "Support SDK (off: not in `audiences` of the provider)"] {
        assert!(text.contains(said), "no {said} in {text}");
    }
}

#[test]
fn an_unverified_address_is_a_finding_with_a_remedy() {
    let text = check_token_of("demo-2", &[]);
    assert_eq!(text.status, 1, "{text:?}");
    for said in ["The e-mail address is not verified, so it is left out", "so it is not enough", "no JWT"] {
        assert!(text.stdout.contains(said), "no {said} in {text:?}");
    }

    let trusted = check_token_of("demo-2", &["--claims", r#"{"email_verified": {"value": true}}"#, "--json"]);
    assert_eq!(trusted.well().json()["token"]["kinds"][2]["claims"]["email"], "unverified@example.com");
}

#[test]
fn a_claim_that_the_token_does_not_have_is_named() {
    let done = check_token_of("demo-1", &["--claims", r#"{"name": "nickname"}"#, "--json"]);
    assert_eq!(done.status, 1, "{done:?}");
    let sso = &done.json()["token"]["kinds"][2];
    assert_eq!(sso["claims"], Value::Null);
    assert!(sso["problem"].as_str().unwrap().starts_with("`name` is missing"), "{sso}");
}

#[test]
fn an_id_token_that_the_functions_refuse_is_explained() {
    let local = Local::start(&[]);
    let issuer = format!("{}/idp", local.url());
    let token = id_token(&local, "demo-1");
    let (signed, _) = token.rsplit_once('.').unwrap();
    let refused = |issuer: &str, audience: &str, token: &str, said: &str| {
        let arguments = ["idp", "check", issuer, "--audience", audience, "--token-file", "-"];
        let done = Operator::without_account().run_with(&arguments, token);
        assert_eq!(done.status, 1, "{done:?}");
        assert!(done.stdout.contains("The functions refuse the token: "), "{done:?}");
        assert!(done.stdout.contains(said), "no {said} in {done:?}");
    };
    refused(&issuer, "another", &token, "its `aud` must be an audience");
    refused(&issuer, "demo-site", &format!("{signed}.{}", "A".repeat(86)), "Was the token copied whole?");
    let other = Local::start(&[]);
    refused(&format!("{}/idp", other.url()), "demo-site", &token, "issuer");

    let opaque = check(&issuer, &["--token-file", "-"], "BD2F35A7621");
    assert!(opaque.stdout.contains("This is not an ID token"), "{opaque:?}");
}

#[test]
fn a_provider_that_the_functions_cannot_use_is_a_finding_with_a_remedy() {
    let html = "<html><title>Log in</title></html>";
    for (discovery, keys, said) in [
        (html, "", "is not JSON with `issuer` and `jwks_uri`"),
        (
            r#"{"issuer": "https://other.example.com", "jwks_uri": "{own}/keys"}"#,
            "",
            "The provider names another issuer",
        ),
        (r#"{"issuer": "{own}", "jwks_uri": "http://keys.example.com/keys"}"#, "", "`jwks_uri` is not an https://"),
        (DISCOVERY, html, "the answer is not a set of keys"),
        (DISCOVERY, r#"{"keys": []}"#, "none of its 0 keys can verify"),
        (
            DISCOVERY,
            &keys(&PUBLIC_KEY.replace("\"kid\"", "\"use\": \"enc\", \"kid\"")),
            "none of its 1 keys can verify",
        ),
    ] {
        let provider = provider(discovery, keys);
        let done = check(&provider.url(""), &[], "");
        assert_eq!(done.status, 1, "{done:?}");
        assert!(done.stdout.starts_with("✗ ") && done.stdout.contains(said), "no {said} in {done:?}");
        assert!(!done.stdout.contains("IdentityProviders"), "{done:?}");
    }
    for (answer, said) in [
        (Answer::new(404, &[], ""), "HTTP 404"),
        (Answer::new(302, &[("location", "http://example.org/")], ""), "redirect (HTTP 302), which is not followed"),
        (Answer::new(200, &[], "x".repeat(300 * 1024)), "more than"),
    ] {
        let provider = BrokenServer::http(move |_| answer.clone());
        let done = check(&provider.url(""), &["--json"], "");
        assert_eq!(done.status, 1, "{done:?}");
        assert!(done.json()["problem"].as_str().unwrap().contains(said), "no {said} in {done:?}");
    }
    let closed = check("http://127.0.0.1:1", &[], "");
    assert!(closed.stdout.contains("check the host name"), "{closed:?}");
}

#[test]
fn a_missing_or_needless_slash_at_the_end_of_the_issuer_is_named() {
    let with_slash = provider(r#"{"issuer": "{own}/", "jwks_uri": "{own}/keys"}"#, &keys(PUBLIC_KEY));
    let issuer = with_slash.url("/");
    let done = check(&with_slash.url(""), &[], "");
    assert!(done.stdout.contains(&format!("The issuer of this provider is `{issuer}`")), "{done:?}");
    check(&issuer, &[], "").well();

    let without_slash = provider(DISCOVERY, &keys(PUBLIC_KEY));
    let done = check(&without_slash.url("/"), &[], "");
    assert!(done.stdout.contains(&format!("The issuer of this provider is `{}`", without_slash.url(""))), "{done:?}");
}

#[test]
fn a_certificate_that_is_not_trusted_is_a_finding_until_its_root_is_named() {
    let server = HttpsServer::of(&["localhost"], |request: &Request| {
        let own = format!("https://{}", request.headers_named("host").next().unwrap());
        let document = if request.path == "/keys" { keys(PUBLIC_KEY) } else { DISCOVERY.replace("{own}", &own) };
        Answer::new(200, &[], document)
    });
    let issuer = format!("https://localhost:{}", server.address().port());
    let done = check(&issuer, &[], "");
    assert_eq!(done.status, 1, "{done:?}");
    assert!(done.stdout.contains("name its root certificate in AWS_CA_BUNDLE"), "{done:?}");

    let bundle = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(bundle.path(), server.certificate()).unwrap();
    let operator = Operator::without_account().export("AWS_CA_BUNDLE", bundle.path().to_str().unwrap());
    operator.run(&["idp", "check", &issuer, "--audience", "demo-site"]).well();
}

#[test]
fn a_wrong_option_is_a_usage_error() {
    for (arguments, said) in [
        (&["http://id.example.com", "--audience", "site"][..], "issuer is not an https:// address"),
        (&["https://id.example.com"], "--audience"),
        (&["https://id.example.com", "--audience", "site", "--claims", "tags"], "--claims is not JSON"),
        (&["https://id.example.com", "--audience", "site", "--claims", r#"{"emial": "mail"}"#], "claims.emial"),
    ] {
        Operator::without_account().run(&[&["idp", "check"], arguments].concat()).refused(2, &[said]);
    }
}
