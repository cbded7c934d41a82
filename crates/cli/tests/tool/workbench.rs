//! The workbench of `zendesk-jwt local` without JavaScript: pages and forms.

use crate::identity_provider::{id_token, suspend};
use crate::local::Local;
use crate::support::operator::Operator;
use crate::support::{eventually, html, now};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const DEMO_USER: &str = "BD2F35A7621";
const FAULTS: [&str; 5] =
    ["redacted-secrets", "clock-ahead", "email-unverified", "dynamodb-down", "secrets-manager-down"];
/// Generous, since the machine may be busy.
const WITHIN: Duration = Duration::from_secs(20);

struct Page {
    status: u16,
    headers: ureq::http::HeaderMap,
    html: String,
}

impl Page {
    /// The visible text in one line.
    fn text(&self) -> String {
        text(&self.html)
    }

    /// The text of an element that contains no element of the same name.
    fn element(&self, name: &str, id: &str) -> String {
        let elements = html::elements(&self.html, name).into_iter();
        let mut found = elements.filter(|(attributes, _)| attributes.get("id").is_some_and(|found| found == id));
        text(found.next().unwrap_or_else(|| panic!("no {id} in {}", self.text())).1)
    }

    fn log_line(&self) -> Value {
        serde_json::from_str(&self.element("pre", "log-line")).unwrap()
    }

    fn says(&self, what: &str) {
        let text = self.text();
        assert!(text.contains(what), "no {what:?} in {text}");
    }
}

fn text(html: &str) -> String {
    let pieces = html.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    let text = pieces.collect::<String>();
    let plain = text.replace("&#34;", "\"").replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">");
    plain.replace("&#38;", "&").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
    config.timeout_global(Some(WITHIN)).build().into()
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Page {
    let html = response.body_mut().read_to_string().unwrap();
    Page { status: response.status().as_u16(), headers: response.headers().clone(), html }
}

fn get(local: &Local, path: &str) -> Page {
    read(agent().get(format!("{}{path}", local.url())).call().unwrap())
}

fn post(local: &Local, path: &str, fields: &[(&str, &str)]) -> Page {
    post_with(local, path, &[], fields)
}

fn post_with(local: &Local, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Page {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = agent().post(format!("{}{path}", local.url())).content_type("application/x-www-form-urlencoded");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    read(request.send(body).unwrap())
}

/// Posts a form and follows the redirect.
fn change(local: &Local, path: &str, fields: &[(&str, &str)]) -> Page {
    let answer = post(local, path, fields);
    assert_eq!(answer.status, 303, "{}", answer.text());
    get(local, answer.headers["location"].to_str().unwrap().split('#').next().unwrap())
}

fn run(local: &Local, kind: &str, user_token: &str) -> Page {
    let page = change(local, "/run", &[("user_token", user_token), ("kind", kind)]);
    assert_eq!(page.status, 200, "{}", page.text());
    page
}

fn switch(local: &Local, what: &str, on: bool) -> Page {
    change(local, "/faults/switch", &[("fault", what), ("on", if on { "true" } else { "false" })])
}

fn cold_start(local: &Local) {
    change(local, "/faults/cold-start", &[]);
}

/// The outcome in the log line of a run.
fn outcome(local: &Local, kind: &str) -> String {
    run(local, kind, DEMO_USER).log_line()["outcome"].as_str().unwrap().to_owned()
}

/// The text and the token hash in the row of this user.
fn row(local: &Local, name: &str) -> (String, String) {
    let page = get(local, "/users");
    let row =
        page.html.split("<tr").skip(1).find(|row| row.contains(name)).unwrap_or_else(|| panic!("{}", page.text()));
    (text(row), html::hidden_fields(row)["token_hash"].clone())
}

/// The only row of a search.
fn row_of(page: &Page) -> (String, String) {
    let row = page.html.split("<tr").nth(2).unwrap();
    (text(row), html::hidden_fields(row)["token_hash"].clone())
}

fn change_user(local: &Local, name: &str, what: &str) -> Page {
    change(local, "/users/change", &[("token_hash", &row(local, name).1), ("change", what)])
}

fn jwt_of(header: &Value, claims: &Value) -> String {
    let part = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.c2lnbmF0dXJl", part(header), part(claims))
}

// Running a flow

#[test]
fn each_flow_shows_request_response_claims_rules_and_log_line() {
    let local = Local::start(&[]);
    for (kind, function, line, claim) in [
        ("sdk", "sdk-exchange", "POST /sdk/jwt HTTP/1.1", "\"jti\""),
        ("messaging", "messaging-token", "POST /messaging/jwt HTTP/1.1", "\"scope\": \"user\""),
        ("sso", "sso-redirect", "GET /sso/login?return_to=%2Fhc%2Fen-us&brand_id=1", "\"jti\""),
    ] {
        let page = run(&local, kind, DEMO_USER);
        page.says(line);
        page.says("HTTP/1.1 200 OK");
        page.says("cache-control: no-store");
        page.says("\"alg\": \"HS256\"");
        page.says(claim);
        page.says("\"external_id\": \"demo-1\"");
        page.says("The signature was made with the shared secret of the demo.");
        let rules = page.text();
        let (_, rules) = rules.split_once("All ").unwrap_or_else(|| panic!("{rules}"));
        let count: usize = rules.split(' ').next().unwrap().parse().unwrap();
        assert!(count > 15 && rules.contains("tokens pass."), "{rules}");
        assert_eq!(page.html.matches(r#"<li class="passed">"#).count(), count);

        let log = page.log_line();
        assert_eq!(log["function"], function);
        assert_eq!(
            (&log["outcome"], &log["status"], &log["cold_start"]),
            (&json!("signed"), &json!(200), &json!(true))
        );
        assert!(log["_aws"]["CloudWatchMetrics"].is_array(), "{log}");
        assert!(page.element("pre", "terminal").contains("200 signed"));
        assert_eq!(run(&local, kind, DEMO_USER).log_line()["cold_start"], false);
    }
}

#[test]
fn the_curl_line_sends_the_same_request() {
    let local = Local::start(&[]);
    for (kind, status) in [("sdk", "200"), ("messaging", "200"), ("sso", "200")] {
        let line = run(&local, kind, DEMO_USER).element("pre", "curl");
        let command = format!("{line} --silent --max-time 10");
        let output = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
        if output.status.code() == Some(127) {
            return println!("skipped: curl is not installed");
        }
        let answer = String::from_utf8(output.stdout).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{line}: {answer}");
    }
}

#[test]
fn a_refusal_gives_the_reason_in_the_log_only() {
    let local = Local::start(&[]);
    for (token, code) in [
        ("unknown", "user_token_unknown"),
        ("demo-suspended", "user_suspended"),
        ("demo-expired", "user_token_expired"),
    ] {
        let page = run(&local, "sdk", token);
        page.says("HTTP/1.1 401 Unauthorized");
        page.says("The function signed no JWT.");
        page.says("the SDK may forget the user");
        assert_eq!(page.log_line()["outcome"], code);
    }
}

#[test]
fn every_user_token_can_be_run() {
    let local = Local::start(&[]);
    for token in ["a b&c=d;e", "'; echo \"pwned\" #", "ключ", "<script>alert(1)</script>"] {
        for kind in ["sdk", "messaging", "sso"] {
            let page = run(&local, kind, token);
            let outcome = page.log_line()["outcome"].clone();
            assert_eq!(outcome, "user_token_unknown", "{kind} {token}");
            assert!(!page.html.contains("<script>"), "{token}");
        }
    }
}

#[test]
fn the_log_line_has_the_members_of_the_line_in_lambda() {
    let local = Local::start(&[]);
    let line = run(&local, "sdk", "demo-unverified").log_line();
    let expected = ["cold_start", "duration_ms", "external_id_hash", "function", "level", "lookup_ms", "message"];
    let more = ["outcome", "refusals", "request_id", "requests", "signing_key_age_seconds", "status", "timestamp"];
    let expected = expected.into_iter().chain(more).chain(["user_token", "_aws"]);
    let mut expected: Vec<_> = expected.collect();
    expected.sort_unstable();
    let mut members: Vec<_> = line.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, expected);
    assert_eq!((&line["outcome"], &line["user_token"]), (&json!("email_unverified"), &json!("opaque")));
}

// ID tokens

#[test]
fn a_flow_runs_with_a_new_id_token_of_a_user_of_the_demo_identity_provider() {
    let local = Local::start(&[]);
    for kind in ["sdk", "messaging", "sso"] {
        let page = change(&local, "/run", &[("user", "id-token-of:demo-6"), ("user_token", ""), ("kind", kind)]);
        page.says("200 OK");
        assert_eq!(page.log_line()["user_token"], "id_token");
        assert!(page.html.contains("value=\"id-token-of:demo-6\" selected"), "the choice stays");
    }
    let entered = run(&local, "messaging", &id_token(&local, "demo-6"));
    assert_eq!(entered.log_line()["outcome"], "signed");
}

#[test]
fn resuming_the_user_record_lets_the_id_token_of_the_user_in_again() {
    let local = Local::start(&[]);
    suspend(&local, "demo-6");
    let token = id_token(&local, "demo-6");
    assert_eq!(run(&local, "sso", &token).log_line()["outcome"], "user_suspended");
    get(&local, "/users").says("demo-6 user record, for ID tokens");
    change(&local, "/users/change", &[("token_hash", "user:demo-6"), ("change", "resume")]);
    assert_eq!(run(&local, "sso", &token).log_line()["outcome"], "signed");
    let expired = change(&local, "/users/change", &[("token_hash", "user:demo-6"), ("change", "expire")]);
    expired.says("A user record never expires");
}

#[test]
fn an_id_token_is_taken_apart_with_the_zendesk_claims_that_result() {
    let local = Local::start(&[]);
    let page = post(&local, "/inspect", &[("jwt", &id_token(&local, "demo-2")), ("kind", ""), ("secret", "")]);
    page.says(&format!("This is an ID token of {}/idp, not a Zendesk JWT.", local.url()));
    page.says("The functions take it as a user token.");
    page.says("\"external_id\": \"demo-2\"");
    page.says("The e-mail address is not verified, so it is left out");
    page.says("The e-mail address is not verified, so it is not enough");
    assert!(!page.text().contains("Zendesk rejects"), "{}", page.text());

    let other = Local::start(&[]);
    let foreign = post(&other, "/inspect", &[("jwt", &id_token(&local, "demo-1"))]);
    foreign.says("The functions refuse the token: ");
    foreign.says("its issuer is another one");
}

// Users

#[test]
fn a_new_user_gets_a_token_that_is_shown_once_and_works() {
    let local = Local::start(&[]);
    let fields = [
        ("name", "Demo Added"),
        ("external_id", "demo-9"),
        ("email", "added@example.com"),
        ("email_verified", "true"),
        ("tags", "one, two"),
        ("audience", "sdk"),
        ("audience", "sso"),
    ];
    let page = change(&local, "/users/add", &fields);
    let token = page.element("pre", "token");
    let digits = token.strip_prefix("zjwt_").unwrap();
    assert!(digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    assert!(!get(&local, "/users").html.contains(&token));

    assert_eq!(local.exchange(&token).0, 200);
    run(&local, "sdk", &token).says("\"tags\": [ \"one\", \"two\" ]");
    assert_eq!(run(&local, "messaging", &token).log_line()["outcome"], "audience_not_allowed");
}

#[test]
fn an_invalid_user_is_not_added_and_the_form_stays_filled() {
    let local = Local::start(&[]);
    let page = post(
        &local,
        "/users/add",
        &[("name", "Demo Bad"), ("external_id", "demo-9"), ("email", "no address"), ("audience", "sdk")],
    );
    assert_eq!(page.status, 422);
    page.says("Not added: `email` is not one e-mail address");
    assert!(page.html.contains(r#"value="Demo Bad""#));
    assert!(!get(&local, "/users").html.contains("Demo Bad"));

    let nowhere = [("name", "Demo Bad"), ("external_id", "demo-9"), ("email", "bad@example.com")];
    post(&local, "/users/add", &nowhere).says("choose at least one flow");
}

#[test]
fn a_value_that_zendesk_ignores_is_stored_with_a_warning() {
    let local = Local::start(&[]);
    let fields = [
        ("name", "Demo Phone"),
        ("external_id", "demo-9"),
        ("email", "added@example.com"),
        ("phone", "0151 2345678"),
        ("audience", "sdk"),
    ];
    change(&local, "/users/add", &fields).says("Warning: `phone` is not in E.164 form");
    assert!(get(&local, "/users").html.contains("Demo Phone"));

    let undefined = [("name", "Demo Bad"), ("external_id", "undefined"), ("audience", "sdk")];
    post(&local, "/users/add", &undefined).says("Not added: `external_id` is a word for a missing value");
}

#[test]
fn a_change_of_a_user_takes_effect_at_the_endpoints() {
    let local = Local::start(&[]);
    for (change, status, word) in
        [("suspend", 401, "suspended"), ("expire", 401, "expired"), ("unverify", 401, "not verified")]
    {
        let undo = match change {
            "suspend" => "resume",
            "expire" => "renew",
            _ => "verify",
        };
        change_user(&local, "Demo User", change).says("Demo User");
        assert_eq!(local.exchange(DEMO_USER).0, status, "{change}");
        assert!(row(&local, "Demo User").0.contains(word), "{change}");
        change_user(&local, "Demo User", undo);
        assert_eq!(local.exchange(DEMO_USER).0, 200, "{undo}");
        assert!(!row(&local, "Demo User").0.contains(word), "{undo}");
    }
}

#[test]
fn a_change_of_a_missing_user_is_reported() {
    let local = Local::start(&[]);
    let gone = "0".repeat(64);
    change(&local, "/users/change", &[("token_hash", &gone), ("change", "suspend")]).says("not in the table any more");
    let text =
        change(&local, "/users/change", &[("token_hash", &row(&local, "Demo User").1), ("change", "crown")]).text();
    assert!(text.contains("this change does not exist"), "{text}");
}

#[test]
fn markup_in_a_name_is_shown_as_text() {
    let local = Local::start(&[]);
    let name = "<img src=x onerror=alert(1)>\"'&";
    let fields = [("name", name), ("external_id", "<b>9</b>"), ("audience", "sdk"), ("email", "b@example.com")];
    let page = change(&local, "/users/add", &fields);
    for page in [page, get(&local, "/users"), change_user(&local, "img src", "suspend")] {
        assert!(!page.html.contains("<img") && !page.html.contains("<b>"), "{}", page.html);
        page.says(name);
    }
}

#[test]
fn ten_thousand_users_are_searched_quickly_and_shown_in_pages() {
    let local = Local::start(&[]);
    let line = |at: u32| json!({"token": format!("t-{at}"), "external_id": format!("u-{at:05}"), "name": format!("User {at}")});
    let lines = (0..10_000).map(|at| line(at).to_string()).collect::<Vec<_>>().join("\n");
    Operator::local(local.url()).run_with(&["user", "import", "-", "--format", "jsonl", "--quiet"], &lines).well();

    get(&local, "/users").says("1 to 50 of 10005");
    let page = get(&local, "/users?q=&page=200");
    page.says("10001 to 10005 of 10005");
    assert!(page.html.contains("page=199\"") && !page.html.contains("page=201\""));
    get(&local, "/users?page=9999").says("10001 to 10005 of 10005");
    let started = Instant::now();
    get(&local, "/users?q=user+9877").says("1 to 1 of 1 that match, 10005 in all");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    get(&local, "/users?q=t-4711").says("User 4711");

    let page = post(
        &local,
        "/users/run",
        &[("token_hash", &row_of(&get(&local, "/users?q=u-00042")).1), ("kind", "messaging")],
    );
    let page = get(&local, page.headers["location"].to_str().unwrap().split('#').next().unwrap());
    page.says("\"external_id\": \"u-00042\"");
    get(&local, "/users?q=u-00042").says("1 to 2 of 2 that match");
}

#[test]
fn an_empty_table_says_how_to_fill_it() {
    let local = Local::start(&[]);
    for name in ["Demo User", "Demo Unverified", "Demo Visitor", "Demo Suspended", "Demo Expired"] {
        change(&local, "/users/delete", &[("token_hash", &row(&local, name).1)]).says("is deleted");
    }
    let page = get(&local, "/users");
    page.says("The table has no users");
    page.says("zendesk-jwt user import");
    change(&local, "/users/restore", &[]).says("Demo Expired is in the table again");
    change(&local, "/users/restore", &[]).says("no deletion is left to undo");
}

#[test]
fn an_edit_keeps_what_the_form_does_not_show_and_removes_what_is_emptied() {
    let local = Local::start(&[]);
    let key = row(&local, "Demo User").1;
    let page = get(&local, &format!("/users/edit?key={key}"));
    page.says("\"plan\": \"free\"");
    let more = "{\"user_fields\": {\"plan\": \"gold\"}}";
    let fields = |more| {
        let form = [("key", key.as_str()), ("name", "Demo Renamed"), ("email", "demo@example.com"), ("more", more)];
        [&form[..], &[("email_verified", "true"), ("audience", "sdk"), ("audience", "messaging"), ("audience", "sso")]]
            .concat()
    };
    change(&local, "/users/edit", &fields(more)).says("Demo Renamed is changed.");
    let claims = run(&local, "sdk", DEMO_USER);
    claims.says("\"plan\": \"gold\"");
    claims.says("\"external_id\": \"demo-1\"");
    assert!(!claims.text().contains("+15555550100"), "{}", claims.text());

    let broken = post(&local, "/users/edit", &fields("[1]"));
    assert_eq!(broken.status, 422);
    broken.says("Not changed: the other fields are not a JSON object");
    post(&local, "/users/edit", &fields("{\"nick\": 1}")).says("Not changed: there is no field `nick`");
}

// Faults

#[test]
fn every_fault_is_explained_and_every_page_shows_that_it_is_set() {
    let local = Local::start(&[]);
    for what in FAULTS {
        let off = get(&local, "/faults");
        assert!(!off.html.contains("Faults:"), "{what}");
        let on = switch(&local, what, true);
        on.says("set now");
        for path in ["/", "/users", "/faults", "/inspect", "/pages"] {
            let page = get(&local, path);
            assert!(page.html.contains(&format!("href=\"/faults#{what}\"")), "{what} at {path}");
        }
        let card = on.html.split("<section").find(|card| card.contains(&format!("id=\"{what}\""))).unwrap();
        for heading in ["Zendesk and the user see", "The logs say"] {
            let (_, description) = card.split_once(heading).unwrap();
            assert!(text(description.split("</dd>").next().unwrap()).len() > 40, "{what}: {heading}");
        }
        switch(&local, what, false);
    }
}

#[test]
fn with_dynamodb_down_every_flow_reports_an_outage_not_a_refusal() {
    let local = Local::start(&[]);
    switch(&local, "dynamodb-down", true);
    for kind in ["sdk", "messaging", "sso"] {
        let page = run(&local, kind, DEMO_USER);
        page.says("503 Service Unavailable");
        let log = page.log_line();
        assert_eq!((&log["outcome"], &log["level"]), (&json!("user_tokens_unavailable"), &json!("ERROR")));
        assert!(log["detail"].as_str().unwrap().contains("InternalServerError"), "{log}");
    }
    let scan = local.call("DynamoDB", "DynamoDB_20120810.Scan", &json!({"TableName": "zendesk-jwt-user-tokens"}));
    assert_eq!(scan.0, 500, "the fault applies to the tool");
    assert!(row(&local, "Demo User").0.contains("active"), "the workbench still works");

    switch(&local, "dynamodb-down", false);
    assert_eq!(outcome(&local, "sdk"), "signed");
}

#[test]
fn with_secrets_manager_down_a_good_key_stays_in_use_until_a_cold_start() {
    let local = Local::start(&[]);
    assert_eq!(outcome(&local, "sdk"), "signed");
    switch(&local, "secrets-manager-down", true);
    let get_secret =
        local.call("Secrets Manager", "secretsmanager.GetSecretValue", &json!({"SecretId": "zendesk-jwt/sdk"}));
    assert_eq!(get_secret.0, 500);

    let page = eventually("a refresh has failed", WITHIN, || {
        let page = run(&local, "sdk", DEMO_USER);
        page.log_line().get("signing_key_failure").is_some().then_some(page)
    });
    let log = page.log_line();
    assert_eq!((&log["outcome"], &log["signing_key_failure"]), (&json!("signed"), &json!("signing_key_unavailable")));
    assert!(log["signing_key_age_seconds"].as_u64().unwrap() >= 5, "{log}");
    page.says("the last good key stays in use");
    page.says("\"message\":\"no signing key was read\"");
    page.says("ERROR no signing key was read");

    cold_start(&local);
    let page = run(&local, "sdk", DEMO_USER);
    page.says("503 Service Unavailable");
    assert_eq!(page.log_line()["outcome"], "signing_key_unavailable");

    switch(&local, "secrets-manager-down", false);
    eventually("the key is read again", WITHIN, || (outcome(&local, "sdk") == "signed").then_some(()));
}

#[test]
fn redacted_secrets_are_refused_with_advice_and_restored() {
    let local = Local::start(&[]);
    switch(&local, "redacted-secrets", true);
    cold_start(&local);
    for (kind, screen) in [("sdk", "Mobile SDK"), ("messaging", "End user authentication"), ("sso", "Single sign-on")] {
        let page = run(&local, kind, DEMO_USER);
        page.says("503 Service Unavailable");
        let log = page.log_line();
        assert_eq!(log["outcome"], "signing_key_refused");
        assert!(log["detail"].as_str().unwrap().contains(screen), "{log}");
    }
    change(&local, "/faults/reset", &[]);
    for kind in ["sdk", "messaging", "sso"] {
        run(&local, kind, DEMO_USER).says("The signature was made with the shared secret of the demo.");
    }
}

#[test]
fn a_secret_that_an_operator_stores_during_the_fault_is_not_overwritten() {
    let local = Local::start(&[]);
    switch(&local, "redacted-secrets", true);
    switch(&local, "redacted-secrets", true);
    let stored = r#"{"secret": "a-new-demo-shared-secret"}"#;
    let put = json!({"SecretId": "zendesk-jwt/sdk", "SecretString": stored});
    assert_eq!(local.call("Secrets Manager", "secretsmanager.PutSecretValue", &put).0, 200);
    change(&local, "/faults/reset", &[]);

    let secret = |kind: &str| {
        let id = json!({"SecretId": format!("zendesk-jwt/{kind}")});
        let (_, body) = local.call("Secrets Manager", "secretsmanager.GetSecretValue", &id);
        serde_json::from_str::<Value>(&body).unwrap()["SecretString"].as_str().unwrap().to_owned()
    };
    assert_eq!(secret("sdk"), stored);
    assert!(secret("sso").contains("demo-sso-shared-secret-not-for-production"));
}

#[test]
fn with_the_clock_ahead_zendesk_refuses_a_jwt_that_we_log_as_signed() {
    let local = Local::start(&[]);
    switch(&local, "clock-ahead", true);
    for kind in ["sdk", "sso"] {
        let page = run(&local, kind, DEMO_USER);
        page.says("200 OK");
        page.says("Zendesk rejects this token");
        page.says("minutes in the future");
        page.says("iat_fresh");
        assert_eq!(page.log_line()["outcome"], "signed");
        let milliseconds = page.log_line()["_aws"]["Timestamp"].as_u64().unwrap();
        assert!(milliseconds / 1000 > now() + 500, "the log uses the same clock");
    }
    run(&local, "messaging", DEMO_USER).says("tokens pass");
    switch(&local, "clock-ahead", false);
    run(&local, "sso", DEMO_USER).says("tokens pass");
}

#[test]
fn with_an_unverified_address_only_messaging_works_and_omits_the_address() {
    let local = Local::start(&[]);
    switch(&local, "email-unverified", true);
    for kind in ["sdk", "sso"] {
        assert_eq!(outcome(&local, kind), "email_unverified");
    }
    let page = run(&local, "messaging", DEMO_USER);
    page.says("200 OK");
    assert!(!page.html.contains("demo@example.com"));
    assert!(row(&local, "Demo User").0.contains("not verified"));

    switch(&local, "email-unverified", false);
    assert_eq!(outcome(&local, "sdk"), "signed");
}

#[test]
fn one_button_resets_all_faults() {
    let local = Local::start(&[]);
    for what in FAULTS {
        switch(&local, what, true);
    }
    cold_start(&local);
    assert_ne!(outcome(&local, "sdk"), "signed");
    change(&local, "/faults/reset", &[]).says("All faults are reset");

    assert!(!get(&local, "/faults").html.contains("set now"));
    for kind in ["sdk", "messaging", "sso"] {
        run(&local, kind, DEMO_USER).says("tokens pass");
    }
}

// The pages of sign-in

#[test]
fn the_pages_of_sign_in_are_shown_with_the_entered_brand_in_every_language() {
    let local = Local::start(&["--brand-name", "Acme Robotics"]);
    let page = get(&local, "/pages?BRAND_NAME=Acme+Tea&BRAND_COLOR=%23f59e0b");
    let links: Vec<_> = html::tags(&page.html, "a").into_iter().map(|link| link["href"].clone()).collect();
    let links: Vec<_> = links.iter().filter(|link| link.starts_with("/pages/view?")).collect();
    assert_eq!(links.len(), 5 * 10, "{links:?}");
    for link in links {
        let shown = get(&local, link);
        let header = |name| shown.headers.get(name).map(|value| value.to_str().unwrap());
        assert!(
            header("content-type") == Some("text/html; charset=utf-8") && shown.html.contains("Acme Tea"),
            "{link}"
        );
        assert!(shown.html.contains("--accent:#f59e0b"), "{link}");
        assert!(header("set-cookie").is_none() && !header("content-security-policy").unwrap().contains("script"));
    }
    let own = get(&local, "/pages/view?page=signed-out&locale_id=8");
    assert!(own.html.contains("Acme Robotics") && own.html.contains("Sie sind abgemeldet"), "{}", own.html);
}

#[test]
fn a_brand_that_the_function_would_refuse_is_refused_in_the_workbench_and_as_an_option() {
    let local = Local::start(&[]);
    get(&local, "/pages?BRAND_COLOR=teal").says("BRAND_COLOR is `teal`");
    assert_eq!(get(&local, "/pages/view?page=error&locale_id=1&SUPPORT_URL=javascript:x").status, 303);
    for (option, value) in [("--brand-color", "teal"), ("--brand-logo-url", "/logo.svg"), ("--support-url", "help")] {
        let output = Operator::without_account().run(&["local", option, value]);
        assert_eq!(output.status, 2, "{output:?}");
    }
}

// Inspecting a JWT

#[test]
fn a_pasted_jwt_with_milliseconds_is_explained() {
    let local = Local::start(&[]);
    let claims = json!({"iat": now() * 1000, "jti": "0".repeat(32), "name": "Demo User", "email": "demo@example.com"});
    let jwt = jwt_of(&json!({"alg": "HS256", "typ": "JWT"}), &claims);
    let page = post(&local, "/inspect", &[("jwt", &jwt), ("kind", ""), ("secret", "")]);

    page.says("Zendesk rejects this token");
    page.says("milliseconds or finer: divide by 1000");
    page.says("not_milliseconds");
    page.says("The signature was not checked. The check needs a secret");
    assert!(page.html.contains(r#"<a href="https://support.zendesk.com/hc/en-us/articles/4408845838874""#));
    assert!(page.html.contains(r#"<a href="https://www.rfc-editor.org/rfc/rfc7515#section-7.1""#));
}

#[test]
fn a_pasted_jwt_is_checked_with_the_entered_kind_and_secret() {
    let local = Local::start(&[]);
    let (_, body) = local.exchange(DEMO_USER);
    let secret = "demo-sdk-shared-secret-not-for-production";
    let inspect = |kind, secret| post(&local, "/inspect", &[("jwt", &body), ("kind", kind), ("secret", secret)]);
    inspect("sdk", secret).says("The signature was made with the secret that you entered.");
    inspect("sdk", "another-shared-secret").says("The signature was not made with the secret that you entered.");
    inspect("messaging", secret).says("This looks like a Support SDK or SSO token");
    inspect("", "").says("There is more than the token");
}

#[test]
fn every_example_shows_what_its_name_says() {
    let local = Local::start(&[]);
    for (example, says) in [
        ("sdk", "rules for Support SDK tokens pass"),
        ("messaging", "rules for messaging tokens pass"),
        ("sso", "rules for SSO tokens pass"),
        ("id-token", "The functions take it as a user token."),
        ("milliseconds", "not_milliseconds"),
        ("late", "iat_fresh"),
        ("no-email", "required_claims"),
        ("other-secret", "The signature was not made with the shared secret of the demo"),
        ("no-algorithm", "The rule algorithm"),
    ] {
        let page = post(&local, "/inspect", &[("example", example)]);
        page.says(says);
        let is_refused = page.text().contains("Zendesk rejects this token");
        assert_eq!(is_refused, !["sdk", "messaging", "sso", "id-token"].contains(&example), "{example}");
    }
}

#[test]
fn every_text_can_be_inspected() {
    let local = Local::start(&[]);
    for text in ["", "<script>alert(1)</script>", "a.b.c", "…", &"x.".repeat(40_000)] {
        let page = post(&local, "/inspect", &[("jwt", text)]);
        assert_eq!(page.status, 200);
        page.says("Zendesk rejects this token");
        assert!(!page.html.contains("<script>"));
    }
}

// Other sites

#[test]
fn another_site_cannot_change_anything() {
    let local = Local::start(&[]);
    let fields = [("fault", "dynamodb-down"), ("on", "true")];
    let origin = format!("http://{}", local.url().trim_start_matches("http://"));
    for headers in [
        [("origin", "http://evil.example.org"), ("sec-fetch-site", "cross-site")],
        [("origin", "null"), ("sec-fetch-site", "cross-site")],
        [("origin", "http://127.0.0.1:1"), ("sec-fetch-site", "same-site")],
        [("origin", "http://127.0.0.1:1"), ("x-old-browser", "1")],
        [("origin", &origin), ("sec-fetch-site", "same-site")],
    ] {
        let page = post_with(&local, "/faults/switch", &headers, &fields);
        assert_eq!(page.status, 403, "{headers:?}");
        assert_eq!(post_with(&local, "/users/add", &headers, &[("name", "x")]).status, 403, "{headers:?}");
    }
    assert!(!get(&local, "/faults").html.contains("set now"));

    let own = [("origin", origin.as_str()), ("sec-fetch-site", "same-origin")];
    assert_eq!(post_with(&local, "/faults/switch", &own, &fields).status, 303);
}

#[test]
fn a_foreign_host_name_is_refused_unless_host_allows_other_machines() {
    let ask = |local: &Local, path: &str, host: &str| {
        let request = agent().get(format!("{}{path}", local.url())).header("host", host);
        read(request.call().unwrap()).status
    };
    let local = Local::start(&[]);
    for path in ["/", "/users", "/faults", "/inspect", "/pages", "/page.js"] {
        for host in ["evil.example.org", "evil.example.org:3000", "127.0.0.1.example.org", "localhost.example.org"] {
            assert_eq!(ask(&local, path, host), 421, "{path} {host}");
        }
        for host in ["localhost", "localhost:3000", "127.0.0.1", "127.0.0.1:3000", "[::1]:3000"] {
            assert_eq!(ask(&local, path, host), 200, "{path} {host}");
        }
    }
    assert_eq!(ask(&Local::start(&["--host", "0.0.0.0"]), "/users", "workbench.example.org"), 200);
}

#[test]
fn no_page_allows_foreign_scripts_or_frames() {
    let local = Local::start(&[]);
    for path in ["/", "/users", "/faults", "/inspect", "/pages"] {
        let page = get(&local, path);
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.headers["cache-control"], "no-store");
        assert_eq!(page.headers["x-content-type-options"], "nosniff");
        assert!(!page.html.contains("style=") && !page.html.contains(" onclick"), "{path}");
        for tag in html::tags(&page.html, "script").into_iter().chain(html::tags(&page.html, "link")) {
            let address = tag.get("src").or(tag.get("href")).unwrap();
            assert!(address.starts_with('/') && get(&local, address).status == 200, "{address}");
        }
    }
}

#[test]
fn a_reload_repeats_no_change() {
    let local = Local::start(&[]);
    let answer = post(&local, "/users/change", &[("token_hash", &row(&local, "Demo User").1), ("change", "suspend")]);
    assert_eq!((answer.status, answer.headers["location"].to_str().unwrap()), (303, "/users"));
    get(&local, "/users").says("Demo User is suspended");
    assert!(!get(&local, "/users").text().contains("Demo User is suspended"), "the notice is shown once");
    assert_eq!(get(&local, "/run").status, 303);
}

#[test]
fn a_page_that_refreshes_itself_leaves_the_notice_to_the_page_of_the_action() {
    let local = Local::start(&[]);
    run(&local, "sdk", DEMO_USER);
    post(&local, "/faults/reset", &[]);
    for live in ["/", "/runs/1"] {
        assert!(!get(&local, live).text().contains("All faults are reset"), "{live}");
    }
    get(&local, "/faults").says("All faults are reset");
}

#[test]
fn an_unknown_address_is_a_page_with_a_way_on() {
    let local = Local::start(&[]);
    for path in ["/nowhere", "/runs/7", "/runs/0", "/runs/x", "/runs/delete", "/users/nobody", "/users/change"] {
        let page = get(&local, path);
        assert_eq!(page.status, 404, "{path}");
        page.says("Page not found");
        assert!(page.html.contains("<a href=\"/\">Run a flow</a>"), "{path}");
    }
    assert_eq!(post(&local, "/runs/7/again", &[]).status, 404);
}

#[test]
fn an_error_that_zendesk_sent_back_is_a_failure_in_the_history() {
    let local = Local::start(&[]);
    get(&local, "/sso/logout?kind=error&message=User+is+invalid");
    let page = get(&local, "/runs/1");
    page.says("Zendesk did not sign the user in");
    assert!(page.html.contains("result--bad"));
    get(&local, "/?result=returned+by+Zendesk").says("GET /sso/logout");
}

#[test]
fn a_run_has_an_address_of_its_own_and_the_latest_500_are_kept() {
    let local = Local::start(&[]);
    run(&local, "messaging", DEMO_USER);
    get(&local, "/runs/1").says("Messaging token: 200 OK");
    for _ in 0..500 {
        assert_eq!(local.exchange("unknown").0, 401);
    }
    assert_eq!(get(&local, "/runs/1").status, 404);
    get(&local, "/runs/501").says("401 Unauthorized");
    assert_eq!(get(&local, "/").html.matches("<tr ").count(), 501, "500 rows and their header");
}

#[test]
fn both_sites_have_one_style_sheet_of_at_most_20_kilobytes() {
    let local = Local::start(&[]);
    let sheet = get(&local, "/style.css").html;
    assert!(sheet.len() <= 20_000, "{}", sheet.len());
    let zendesk = read(agent().get(format!("{}/style.css", local.aws("Zendesk"))).call().unwrap());
    assert!(zendesk.html == sheet);
}

/// A page that listens for new requests keeps its connection open.
#[test]
fn an_interrupt_ends_the_process_while_a_page_is_open() {
    let mut local = Local::start(&[]);
    let mut changes = agent().get(format!("{}/runs/changes", local.url())).call().unwrap();
    local.interrupt();
    assert_eq!(changes.body_mut().read_to_string().unwrap(), "");
    local.ends();
}
