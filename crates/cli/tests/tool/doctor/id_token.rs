//! ID tokens of an identity provider as user tokens.

use super::*;
use crate::support::jwt::Jwt;

const ISSUER: &str = "https://login.example.com/";
const PROVIDER_SECRET: &str = "the-key-of-the-provider-0123456789";

const CHANGED: [&str; 3] = ["id-token-signature", "id-token-expired", "id-token-unsigned"];

fn id_token(lifetime: i64) -> String {
    let exp = now().checked_add_signed(lifetime).unwrap();
    sign(&header(), &json!({ "iss": ISSUER, "sub": "demo-1", "email": EMAIL, "exp": exp }), PROVIDER_SECRET)
}

/// Messaging endpoints, which sign for the bearer tokens that they accept.
fn endpoint(accepts: impl Fn(&str) -> bool + Send + Sync + 'static) -> BrokenServer {
    BrokenServer::http(move |request| {
        let bearer = request.headers_named("authorization").next().and_then(|value| value.strip_prefix("Bearer "));
        let is_token = |token: &&str| token.matches('.').count() == 2 && !token.contains("zendesk-jwt-doctor");
        match bearer.filter(is_token) {
            Some(token) if request.method == "POST" && accepts(token) => {
                let claims = json!({ "scope": "user", "external_id": "demo-1", "exp": now() + 300 });
                let header = json!({ "alg": "HS256", "typ": "JWT", "kid": KID });
                answer(200, "application/json", json!({ "jwt": sign(&header, &claims, SECRET) }).to_string())
            }
            _ => refusal(),
        }
    })
}

fn is_signed(token: &str) -> bool {
    Jwt::is_signed_with(token, PROVIDER_SECRET)
}

fn is_valid(token: &str) -> bool {
    is_signed(token) && Jwt::verified(token, PROVIDER_SECRET).claim("exp").as_u64() > Some(now())
}

fn diagnosis(server: &BrokenServer, token: &str) -> Diagnosis {
    Diagnosis::of(&server.url("/messaging/jwt"), token, &[])
}

#[test]
fn an_endpoint_that_verifies_id_tokens_passes() {
    let server = endpoint(is_valid);
    let diagnosis = diagnosis(&server, &id_token(600));
    assert_eq!((diagnosis.ids("fail"), diagnosis.ids("warn")), (vec![], vec![]), "{:#}", diagnosis.report);
    assert_eq!(diagnosis.state("good-token"), "pass");
    diagnosis.says_seen("id-token", &format!("the issuer `{ISSUER}` that expires at 20"));
    for id in CHANGED {
        assert_eq!(diagnosis.state(id), "pass");
    }
}

#[test]
fn the_doctor_says_what_it_sends_and_shows_neither_token_nor_user() {
    let token = id_token(600);
    let ran = run(&endpoint(is_valid).url("/messaging/jwt"), &token, &[]);
    assert!(ran.stderr.contains(&format!("an ID token of the issuer `{ISSUER}` that expires at 20")), "{}", ran.stderr);
    let shown = ran.stdout + &ran.stderr;
    for hidden in [token.as_str(), "eyJ", EMAIL, "demo-1"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}

#[test]
fn an_opaque_token_has_no_checks_of_id_tokens() {
    let diagnosis = diagnosis(&endpoint(is_valid), PLAIN_TOKEN);
    let checks = diagnosis.report["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["group"] != "id-token"), "{:#}", diagnosis.report);
}

#[test]
fn an_endpoint_that_does_not_verify_is_critical() {
    let unverified = diagnosis(&endpoint(|_| true), &id_token(600));
    for id in CHANGED {
        assert!(unverified.critical().contains(&id), "{:#}", unverified.report);
        unverified.says(id, &["published keys of the provider"]);
    }

    let is_unsigned = |token: &str| token.ends_with('.');
    let unsigned = diagnosis(&endpoint(move |token| is_valid(token) || is_unsigned(token)), &id_token(600));
    assert_eq!(unsigned.critical(), ["id-token-unsigned"], "{:#}", unsigned.report);
}

#[test]
fn an_expired_id_token_is_a_warning_and_must_be_refused() {
    let token = id_token(-600);
    let diagnosis = diagnosis(&endpoint(is_valid), &token);
    diagnosis.warns(&["id-token"], &["expired at 20", "Sign in again"]);
    assert_eq!((diagnosis.state("good-token"), diagnosis.state("id-token-expired")), ("skip", "pass"));

    let forgetful = self::diagnosis(&endpoint(is_signed), &token);
    assert_eq!(forgetful.critical(), ["id-token-expired"], "{:#}", forgetful.report);
}

#[test]
fn the_support_sdk_is_warned_of_id_tokens() {
    let server = BrokenServer::http(|_| refusal());
    let diagnosis = Diagnosis::of(&server.url("/sdk/jwt"), &id_token(600), &[]);
    assert_eq!(diagnosis.state("id-token"), "warn");
    diagnosis.says("id-token", &["opaque user token", "makes the phone forget the user"]);
}

#[test]
fn a_refused_id_token_has_the_usual_causes_as_remedy() {
    diagnosis(&endpoint(|_| false), &id_token(600))
        .fails(&["good-token"], &["issuer exactly as `iss` has it", "audience", "suspended", "unverified e-mail"]);
}

#[test]
fn a_sign_in_page_that_does_not_verify_is_critical() {
    let form = "<form method=post action=\"https://acme.zendesk.com/access/jwt\"><input name=jwt value=eyJ></form>";
    let page = move |accepts: fn(&str) -> bool| {
        BrokenServer::http(move |request| {
            let token = request.headers_named("cookie").next().and_then(|value| value.strip_prefix("session="));
            match token {
                Some(token) if token.contains('.') && accepts(token) => answer(200, "text/html", form),
                _ => answer(401, "text/html", ""),
            }
        })
    };
    for (accepts, critical) in [(is_valid as fn(&str) -> bool, &[][..]), (|_| true, &CHANGED[..])] {
        let diagnosis = Diagnosis::of(&page(accepts).url("/sso/login"), &id_token(600), &[]);
        assert_eq!(diagnosis.critical(), critical, "{:#}", diagnosis.report);
    }
}
