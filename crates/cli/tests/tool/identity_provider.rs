//! The demo identity provider of `zendesk-jwt local`, as a client sees it.

use crate::local::Local;
use crate::support::now;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

const REDIRECT_URI: &str = "http://localhost:9999/callback";

/// The example of RFC 7636, appendix B.
const CODE_VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

const REQUEST: &str = "client_id=demo-site&response_type=code&scope=openid+email&state=af0if&nonce=n-0S6\
     &redirect_uri=http%3A%2F%2Flocalhost%3A9999%2Fcallback\
     &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

/// What the provider or the company's site answers. Redirects are not followed.
struct Answer {
    status: u16,
    location: String,
    cookies: Vec<String>,
    body: String,
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Answer {
    let header = |name| response.headers().get_all(name).iter().map(|value| value.to_str().unwrap().to_owned());
    Answer {
        status: response.status().as_u16(),
        location: header("location").next().unwrap_or_default(),
        cookies: header("set-cookie").map(|cookie| cookie.split(';').next().unwrap().to_owned()).collect(),
        body: response.body_mut().read_to_string().unwrap(),
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into()
}

fn get(local: &Local, target: &str, cookies: &[String]) -> Answer {
    read(agent().get(format!("{}{target}", local.url())).header("cookie", cookies.join("; ")).call().unwrap())
}

fn post(local: &Local, target: &str, form: &[(&str, &str)]) -> Answer {
    read(agent().post(format!("{}{target}", local.url())).send_form(form.iter().copied()).unwrap())
}

/// Logs a user in, and returns the code for the client.
fn code(local: &Local, user: &str) -> String {
    let answer = post(local, &format!("/idp/authorize?{REQUEST}"), &[("user", user)]);
    assert_eq!(answer.status, 303, "{}", answer.body);
    let query = answer.location.strip_prefix("http://localhost:9999/callback?").unwrap();
    assert!(query.contains("state=af0if"), "{query}");
    code_of(&answer)
}

fn code_of(answer: &Answer) -> String {
    answer.location.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).unwrap().to_owned()
}

fn redeem(local: &Local, code: &str, code_verifier: &str) -> (u16, Value) {
    redeem_at(local, code, code_verifier, REDIRECT_URI)
}

fn redeem_at(local: &Local, code: &str, code_verifier: &str, redirect_uri: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "demo-site"),
        ("redirect_uri", redirect_uri),
        ("code", code),
        ("code_verifier", code_verifier),
    ];
    let answer = post(local, "/idp/token", &form);
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

/// An ID token of a user of the demo identity provider.
pub fn id_token(local: &Local, user: &str) -> String {
    let (status, body) = redeem(local, &code(local, user), CODE_VERIFIER);
    assert_eq!(status, 200, "{body}");
    body["id_token"].as_str().unwrap().to_owned()
}

/// Stores the user record that suspends a user, whatever ID tokens the user has.
pub fn suspend(local: &Local, user: &str) {
    let item =
        json!({"token_hash": {"S": format!("user:{user}")}, "external_id": {"S": user}, "suspended": {"BOOL": true}});
    let put = json!({"TableName": "zendesk-jwt-user-tokens", "Item": item});
    let (status, answer) = local.call("DynamoDB", "DynamoDB_20120810.PutItem", &put);
    assert_eq!(status, 200, "{answer}");
}

#[test]
fn a_client_gets_an_id_token_that_the_published_key_verifies() {
    let local = Local::start(&[]);
    let document: Value =
        serde_json::from_str(&get(&local, "/idp/.well-known/openid-configuration", &[]).body).unwrap();
    let issuer = format!("{}/idp", local.url());
    assert_eq!(document["issuer"], issuer);
    assert_eq!(document["jwks_uri"], format!("{issuer}/jwks"));

    let id_token = id_token(&local, "demo-1");
    let keys: JwkSet = serde_json::from_str(&get(&local, "/idp/jwks", &[]).body).unwrap();
    let key = keys.find(&decode_header(&id_token).unwrap().kid.unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&["demo-site"]);
    validation.set_issuer(&[&issuer]);
    let claims: Value = decode(&id_token, &DecodingKey::from_jwk(key).unwrap(), &validation).unwrap().claims;
    assert_eq!(claims["sub"], "demo-1");
    assert_eq!(claims["nonce"], "n-0S6");
    assert_eq!(claims["azp"], "demo-site");
    assert_eq!(claims["email_verified"], true);
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 3600);
    assert!(claims["iat"].as_u64().unwrap().abs_diff(now()) < 60);
}

#[test]
fn a_code_is_good_once_and_only_with_its_code_verifier() {
    let local = Local::start(&[]);
    let first = code(&local, "demo-1");
    assert_eq!(redeem(&local, &first, CODE_VERIFIER).0, 200);
    assert_eq!(redeem(&local, &first, CODE_VERIFIER).1["error"], "invalid_grant");

    let second = code(&local, "demo-1");
    assert_eq!(redeem(&local, &second, "another-code-verifier").0, 400);
    assert_eq!(redeem(&local, &second, CODE_VERIFIER).0, 400, "a failed attempt spends the code");
}

#[test]
fn a_code_is_good_for_its_redirect_uri_only_which_may_lack_a_path() {
    let local = Local::start(&[]);
    let request = REQUEST.replace("9999%2Fcallback", "9999");
    let code = || code_of(&post(&local, &format!("/idp/authorize?{request}"), &[("user", "demo-1")]));
    assert_eq!(redeem_at(&local, &code(), CODE_VERIFIER, "http://localhost:9999").0, 200);
    assert_eq!(redeem(&local, &code(), CODE_VERIFIER).1["error"], "invalid_grant");
}

#[test]
fn a_wrong_authorization_request_is_explained_and_not_redirected() {
    let local = Local::start(&[]);
    for (right, wrong, said) in [
        ("client_id=demo-site", "client_id=other", "client_id must be demo-site"),
        ("localhost%3A9999", "example.org", "redirect_uri must be an http address of 127.0.0.1"),
        ("response_type=code", "response_type=token", "response_type must be code"),
        ("scope=openid", "scope=mail", "must contain openid"),
        ("S256", "plain", "needs PKCE"),
    ] {
        let answer = get(&local, &format!("/idp/authorize?{}", REQUEST.replace(right, wrong)), &[]);
        assert_eq!((answer.status, answer.location.as_str()), (400, ""), "{wrong}");
        assert!(answer.body.contains(said), "{wrong}: {}", answer.body);
    }
}

#[test]
fn a_browser_with_a_session_at_the_provider_needs_no_click_until_the_session_ends() {
    let local = Local::start(&[]);
    let authorize = format!("/idp/authorize?{REQUEST}");
    assert_eq!(get(&local, &authorize, &[]).status, 200);
    let session = post(&local, &authorize, &[("user", "demo-2")]).cookies;
    assert_eq!(get(&local, &authorize, &session).status, 303);
    assert_eq!(get(&local, &format!("{authorize}&prompt=login"), &session).status, 200);

    let end = "/idp/end-session?post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A9999%2Fbye";
    let ended = get(&local, end, &session);
    assert_eq!(ended.location, "http://localhost:9999/bye");
    assert_eq!(ended.cookies, ["identity_provider="]);
    assert_eq!(get(&local, &end.replace("localhost", "example.org"), &session).location, "/login");
}

#[test]
fn the_company_takes_a_code_only_in_the_browser_that_began_the_login() {
    let local = Local::start(&[]);
    let begun = get(&local, "/login/identity-provider?return_to=", &[]);
    let answer = post(&local, &begun.location, &[("user", "demo-1")]);
    let callback = answer.location.strip_prefix(local.url()).unwrap();

    let foreign = get(&local, callback, &[]);
    assert_eq!(foreign.status, 400);
    assert!(foreign.body.contains("This login was not begun here"), "{}", foreign.body);
    let other = get(&local, "/login/identity-provider", &[]).cookies;
    assert_eq!(get(&local, callback, &other).status, 400);

    let own = get(&local, callback, &begun.cookies);
    assert_eq!((own.status, own.location.as_str()), (303, "/login"));
    assert!(own.cookies[0].starts_with("session=eyJ"), "{:?}", own.cookies);
    assert_eq!(get(&local, callback, &begun.cookies).status, 400, "the code is spent");
}

#[test]
fn a_page_of_another_site_cannot_log_a_user_in() {
    let local = Local::start(&[]);
    let post = agent().post(format!("{}/idp/authorize?{REQUEST}", local.url()));
    let answer = read(post.header("origin", "http://evil.example.org").send_form([("user", "demo-1")]).unwrap());
    assert_eq!(answer.status, 403);
}
