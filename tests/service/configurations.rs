//! Named configurations: the path chooses key and settings, and the unnamed configuration does not notice the others.

use std::time::Duration;

use crate::support::{Answer, EventSource, Jwt, Kind, Request, Service, Setup, eventually, html, logs, users};
use serde_json::{Value, json};

const TOKEN: &str = "session-7f3a";
const IOS: &str = "secret-of-the-ios-app-0123456789";
const LEGACY: &str = "secret-of-the-legacy-login-0123456789";

/// A function with the configurations `ios` and `legacy`, with a key for each.
fn setup(kind: Kind, legacy: &Value) -> Setup {
    setup_with_secret(kind, legacy, &kind.signing_keys(&[("ios", IOS), ("legacy", LEGACY)]))
}

fn setup_with_secret(kind: Kind, legacy: &Value, secret: &Value) -> Setup {
    let configurations = json!({ "ios": {}, "legacy": legacy });
    Setup::of(kind).env("CONFIGURATIONS", &configurations.to_string()).secret(&secret.to_string())
}

fn started(setup: Setup) -> Service {
    let service = setup.start();
    service.aws.put_user(TOKEN, &users::demo());
    service
}

fn is_signed_with(answer: &Answer, secret: &str) -> bool {
    Jwt::is_signed_with(&answer.jwt(), secret)
}

/// The address to which a sign-in page posts.
fn posted_to(answer: &Answer) -> String {
    html::tags(&answer.body, "form")[0]["action"].clone()
}

/// An answer without what differs from answer to answer: the JWT, its time limit, the nonce and the cookie's value.
fn without_random_parts(answer: &Answer) -> Answer {
    let policy = answer.header("content-security-policy").unwrap_or_default();
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).map(str::to_owned);
    let has_jwt = answer.status == 200 && answer.body.contains("jwt");
    let jwt = has_jwt.then(|| answer.jwt());
    let masked = |text: &str| {
        let random = nonce.iter().chain(&jwt);
        random.fold(text.to_owned(), |text, random| text.replace(random, "(random)"))
    };
    let header = |(name, value): &(String, String)| {
        let value = if name == "set-cookie" { value.split('=').next().unwrap() } else { value };
        (name.clone(), masked(value))
    };
    Answer {
        status: answer.status,
        headers: answer.headers.iter().map(header).collect(),
        body: masked(answer.body.split(",\"expires_at\"").next().unwrap()),
    }
}

#[test]
fn configurations_change_nothing_on_the_unnamed_routes() {
    let legacy = json!({
        "zendesk_subdomain": "other", "login_url": "https://other.example.com", "session_cookie": "other",
        "post_logout_url": "https://other.example.com", "allowed_origins": ["https://evil.example"],
    });
    for kind in Kind::ALL {
        let own = |setup: Setup| {
            let setup = setup.env("LOGIN_URL", "https://www.example.com/login").env("SESSION_COOKIE", "session");
            started(setup.env("ALLOWED_ORIGINS", "https://www.example.com"))
        };
        let services = [own(Setup::of(kind)), own(setup(kind, &legacy))];
        let path = kind.path("");
        for request in [
            kind.request(TOKEN),
            kind.request("unknown"),
            Request::get(&path),
            Request::new("PATCH", &path),
            Request::post(&path).cookie("session", TOKEN).header("origin", "https://www.example.com"),
            Request::post(&path).header("origin", "https://evil.example"),
            Request::post(&path).body("application/json", "{}"),
            Request::new("OPTIONS", &path)
                .header("origin", "https://www.example.com")
                .header("access-control-request-method", "POST"),
            Request::get("/sso/logout"),
            Request::get("/elsewhere"),
            Request::post("/elsewhere").form(&[("user_token", TOKEN)]),
        ] {
            for source in EventSource::ALL {
                let [expected, answer] = services.each_ref().map(|service| {
                    let reply = service.reply_through(source, &request);
                    assert!(logs::request_line(&reply.logs).get("configuration").is_none(), "{}", reply.logs);
                    without_random_parts(&reply.answer)
                });
                assert_eq!(answer, expected, "{kind:?} {request:?} {source:?}");
            }
        }
    }
}

#[test]
fn an_unknown_configuration_is_404_without_a_lookup_and_without_reading_a_key() {
    for kind in Kind::ALL {
        for setup in [setup(kind, &json!({})), Setup::of(kind)] {
            let service = started(setup.with_fakes());
            service.aws.dynamodb().take_requests();
            let reads = service.aws.secrets_manager().calls().len();
            for unknown in ["android", "IOS", "jwt", "login", "%2F", "ios%20", "-", "ios.", &"a".repeat(33)] {
                let reply = service.reply(&kind.request_in(unknown, TOKEN));
                assert_eq!(reply.answer.status, 404, "{kind:?} {unknown}: {}", reply.answer.body);
                let line = logs::request_line(&reply.logs);
                assert_eq!((&line["outcome"], line.get("configuration")), (&json!("route_unknown"), None));
                if kind == Kind::SsoRedirect {
                    assert_eq!(reply.answer.media_type(), "text/html");
                } else {
                    reply.answer.problem();
                }
            }
            assert!(service.aws.dynamodb().take_requests().is_empty());
            assert_eq!(service.aws.secrets_manager().calls().len(), reads);
        }
    }
}

#[test]
fn each_configuration_of_each_kind_signs_with_its_own_key_only() {
    for kind in Kind::ALL {
        let service = started(setup(kind, &json!({})));
        for (configuration, own) in [("", kind.secret()), ("ios", IOS), ("legacy", LEGACY)] {
            for source in EventSource::ALL {
                let reply = service.reply_through(source, &kind.request_in(configuration, TOKEN));
                for secret in Kind::ALL.map(Kind::secret).into_iter().chain([IOS, LEGACY]) {
                    let is_signed = is_signed_with(&reply.answer, secret);
                    assert_eq!(is_signed, secret == own, "{kind:?} {configuration} {source:?}");
                }
                let line = logs::request_line(&reply.logs);
                assert_eq!(line["configuration"].as_str().unwrap_or_default(), configuration);
            }
        }
    }
}

#[test]
fn a_narrowed_token_is_accepted_by_its_configuration_only() {
    for (audience, of) in [("sdk", Kind::SdkExchange), ("messaging", Kind::MessagingToken), ("sso", Kind::SsoRedirect)]
    {
        for kind in Kind::ALL {
            let service = setup(kind, &json!({})).start();
            let audiences = json!({ "audiences": [format!("{audience}:legacy")] });
            service.aws.put_user(TOKEN, &users::demo_with(&audiences));
            for configuration in ["", "ios", "legacy"] {
                let reply = service.reply(&kind.request_in(configuration, TOKEN));
                if kind == of && configuration == "legacy" {
                    assert!(is_signed_with(&reply.answer, LEGACY));
                } else {
                    assert_eq!(reply.answer.status, 401, "{audience} {kind:?} {configuration}");
                    assert_eq!(logs::request_line(&reply.logs)["outcome"], "audience_not_allowed");
                }
            }
        }
    }
}

#[test]
fn an_audience_with_a_name_that_no_configuration_can_have_is_malformed() {
    let service = setup(Kind::SdkExchange, &json!({})).start();
    for audience in ["sdk:", "sdk:iOS", "sdk:ios:x", ":ios", "sdk:jwt"] {
        let answer = service.answer_for(TOKEN, &users::demo_with(&json!({ "audiences": [audience] })));
        assert_eq!(answer.status, 503, "{audience}");
    }
}

#[test]
fn a_refused_key_is_a_503_of_its_configuration_alone_and_the_log_names_both() {
    for kind in Kind::ALL {
        let keys = kind.signing_keys(&[("ios", "123456789"), ("legacy", LEGACY)]);
        let service = started(setup_with_secret(kind, &json!({}), &keys));
        let line = logs::lines(&service.function.logs()).into_iter().find(|line| line["level"] == "ERROR");
        let line = line.expect("a line about the refused key");
        assert_eq!((&line["configuration"], &line["code"]), (&json!("ios"), &json!("signing_key_refused")));
        let cause = line["cause"].as_str().unwrap();
        assert!(cause.contains("configuration ios") && cause.contains(kind.admin_center_screen()), "{cause}");

        let reply = service.reply(&kind.request_in("ios", TOKEN));
        assert_eq!(reply.answer.status, 503);
        assert!(reply.answer.header("retry-after").is_some());
        let line = logs::request_line(&reply.logs);
        assert_eq!((&line["configuration"], &line["outcome"]), (&json!("ios"), &json!("signing_key_refused")));
        assert!(line["detail"].as_str().unwrap().contains(kind.admin_center_screen()), "{line}");
        assert!(is_signed_with(&service.answer(&kind.request(TOKEN)), kind.secret()));
        assert!(is_signed_with(&service.answer(&kind.request_in("legacy", TOKEN)), LEGACY));
    }
}

#[test]
fn without_a_key_of_their_own_the_unnamed_routes_and_other_configurations_answer_503() {
    for kind in Kind::ALL {
        let mut keys = kind.signing_keys(&[("ios", IOS)]);
        keys.as_object_mut().unwrap().retain(|member, _| member == "configurations");
        let service = started(setup_with_secret(kind, &json!({}), &keys));
        assert_eq!(service.function.logs(), "", "a configuration may need the keys of other functions only");
        assert!(is_signed_with(&service.answer(&kind.request_in("ios", TOKEN)), IOS));
        for configuration in ["", "legacy"] {
            let reply = service.reply(&kind.request_in(configuration, TOKEN));
            assert_eq!(reply.answer.status, 503, "{configuration}");
            let line = logs::request_line(&reply.logs);
            assert_eq!(line["outcome"], "signing_key_refused", "{line}");
            assert!(line["detail"].as_str().unwrap().contains(kind.admin_center_screen()), "{line}");
        }
    }
}

#[test]
fn all_keys_come_from_one_read() {
    for kind in Kind::ALL {
        let service = started(setup(kind, &json!({})).with_fakes());
        for configuration in ["", "ios", "legacy", ""] {
            assert_eq!(service.answer(&kind.request_in(configuration, TOKEN)).status, 200);
        }
        assert_eq!(service.aws.secrets_manager().calls(), ["GetSecretValue"]);
    }
}

#[test]
fn a_refresh_takes_the_newer_key_of_one_configuration_and_keeps_the_last_key_of_a_removed_one() {
    let kind = Kind::SdkExchange;
    let newer = "a-newer-secret-0123456789";
    let service = started(setup(kind, &json!({})).env("SIGNING_KEY_MAX_AGE", "1"));
    service.aws.set_secret(&kind.signing_keys(&[("ios", newer)]).to_string());
    eventually("the newer key signs", Duration::from_secs(15), || {
        is_signed_with(&service.answer(&kind.request_in("ios", TOKEN)), newer).then_some(())
    });
    let reply = service.reply(&kind.request_in("legacy", TOKEN));
    assert!(is_signed_with(&reply.answer, LEGACY));
    assert_eq!(logs::request_line(&reply.logs)["signing_key_failure"], "signing_key_refused");
}

/// An SSO function with settings of its own.
fn sso(legacy: &Value) -> Service {
    let setup = setup(Kind::SsoRedirect, legacy)
        .env("LOGIN_URL", "https://www.example.com/login")
        .env("POST_LOGOUT_URL", "https://www.example.com/bye")
        .env("RETURN_TO_HOSTS", "help.example.com")
        .env("ALLOWED_ORIGINS", "https://www.example.com")
        .env("SESSION_COOKIE", "session");
    started(setup)
}

fn policy(answer: &Answer) -> &str {
    answer.header("content-security-policy").unwrap()
}

#[test]
fn the_account_of_a_configuration_gets_its_jwts() {
    let service = sso(&json!({ "zendesk_subdomain": "old-acme" }));
    let page = |configuration: &str| service.answer(&Kind::SsoRedirect.request_in(configuration, TOKEN));
    let legacy = page("legacy");
    assert_eq!(posted_to(&legacy), "https://old-acme.zendesk.com/access/jwt");
    assert!(
        policy(&legacy)
            .contains("'self' https://old-acme.zendesk.com https://help.example.com https://www.example.com")
    );
    for unchanged in ["", "ios"] {
        assert_eq!(posted_to(&page(unchanged)), "https://acme.zendesk.com/access/jwt");
        assert!(!policy(&page(unchanged)).contains("old-acme"));
    }
}

#[test]
fn a_simulated_zendesk_stands_for_the_accounts_of_all_configurations() {
    let setup = setup(Kind::SsoRedirect, &json!({ "zendesk_subdomain": "old-acme" }));
    let service = started(setup.env("ZENDESK_URL", "http://127.0.0.1:3001"));
    let answer = service.answer(&Kind::SsoRedirect.request_in("legacy", TOKEN));
    assert_eq!(posted_to(&answer), "http://127.0.0.1:3001/access/jwt");
}

#[test]
fn a_configuration_has_its_own_return_to_hosts() {
    let service = sso(&json!({ "return_to_hosts": ["legacy.example.com"] }));
    for (configuration, host, is_kept) in [
        ("", "help", true),
        ("", "legacy", false),
        ("ios", "help", true),
        ("legacy", "help", false),
        ("legacy", "legacy", true),
    ] {
        let path = Kind::SsoRedirect.path(configuration);
        let request = Request::get(&format!("{path}?return_to=https://{host}.example.com/hc")).cookie("session", TOKEN);
        let fields = html::hidden_fields(&service.answer(&request).body);
        assert_eq!(fields.contains_key("return_to"), is_kept, "{configuration} {host}");
    }
}

#[test]
fn a_configuration_has_its_own_login_page_and_page_after_sign_out() {
    let legacy =
        json!({ "login_url": "https://legacy.example.com/in", "post_logout_url": "https://legacy.example.com/out" });
    let service = sso(&legacy);
    let location = |path: &str| service.answer(&Request::get(path)).header("location").unwrap().to_owned();
    let back = format!("?return_to=https%3A%2F%2F{}%2Fsso%2F", EventSource::HttpApi.host());
    assert_eq!(location("/sso/legacy/login"), format!("https://legacy.example.com/in{back}legacy%2Flogin"));
    assert_eq!(location("/sso/ios/login"), format!("https://www.example.com/login{back}ios%2Flogin"));
    assert_eq!(location("/sso/login"), format!("https://www.example.com/login{back}login"));
    assert_eq!(location("/sso/legacy/logout"), "https://legacy.example.com/out");
    assert_eq!(location("/sso/logout"), "https://www.example.com/bye");
    let page = service.answer(&Kind::SsoRedirect.request_in("legacy", TOKEN));
    assert!(policy(&page).contains("https://legacy.example.com;"), "{}", policy(&page));
}

#[test]
fn an_empty_setting_turns_the_functions_own_off() {
    let service = sso(&json!({
        "login_url": "", "post_logout_url": "", "session_cookie": "", "allowed_origins": [], "return_to_hosts": [],
    }));
    assert_eq!(service.answer(&Request::get("/sso/legacy/login")).status, 401, "there is no login page");
    let signed_out = service.answer(&Request::get("/sso/legacy/logout"));
    assert_eq!((signed_out.status, signed_out.values("set-cookie").count()), (200, 0));
    let with_cookie = Request::get("/sso/legacy/login").cookie("session", TOKEN);
    assert_eq!(service.answer(&with_cookie).status, 401, "no cookie is read");
    let from_the_site = Kind::SsoRedirect.request_in("legacy", TOKEN).header("origin", "https://www.example.com");
    assert_eq!(service.answer(&from_the_site).status, 403);
    let back_to_a_host = Request::post("/sso/legacy/login?return_to=https://help.example.com/hc");
    let page = service.answer(&back_to_a_host.form(&[("user_token", TOKEN)]));
    assert!(!html::hidden_fields(&page.body).contains_key("return_to"));
}

#[test]
fn a_configuration_has_its_own_session_cookie() {
    let legacy = json!({ "session_cookie": "old_session" });
    for kind in [Kind::MessagingToken, Kind::SsoRedirect] {
        let service = started(setup(kind, &legacy).env("SESSION_COOKIE", "session"));
        for (configuration, own) in [("legacy", "old_session"), ("ios", "session"), ("", "session")] {
            for cookie in ["old_session", "session"] {
                let answer = service.answer(&Request::post(&kind.path(configuration)).cookie(cookie, TOKEN));
                assert_eq!(answer.status == 200, cookie == own, "{kind:?} {configuration} {cookie}");
            }
        }
    }
    let signed_out = sso(&legacy).answer(&Request::get("/sso/legacy/logout"));
    let ended: Vec<_> = signed_out.values("set-cookie").collect();
    assert!(!ended.is_empty() && ended.iter().all(|cookie| cookie.starts_with("old_session=;")), "{ended:?}");
}

#[test]
fn a_configuration_has_its_own_origins() {
    const SITE: &str = "https://www.example.com";
    const LEGACY_SITE: &str = "https://legacy.example.com";
    let legacy = json!({ "allowed_origins": [LEGACY_SITE] });
    let messaging = started(setup(Kind::MessagingToken, &legacy).env("ALLOWED_ORIGINS", SITE));
    let sso = sso(&legacy);
    for (configuration, own) in [("legacy", LEGACY_SITE), ("ios", SITE), ("", SITE)] {
        for origin in [LEGACY_SITE, SITE] {
            let is_own = origin == own;
            let preflight = Request::new("OPTIONS", &Kind::MessagingToken.path(configuration))
                .header("access-control-request-method", "POST");
            for request in [preflight, Kind::MessagingToken.request_in(configuration, TOKEN)] {
                let answer = messaging.answer(&request.header("origin", origin));
                assert_eq!(answer.header("access-control-allow-origin"), is_own.then_some(origin), "{configuration}");
            }
            let form = Kind::SsoRedirect.request_in(configuration, TOKEN).header("origin", origin);
            assert_eq!(sso.answer(&form).status, if is_own { 200 } else { 403 }, "{configuration} {origin}");
        }
    }
}

#[test]
fn a_page_of_the_service_itself_may_post_to_every_configuration() {
    let service = sso(&json!({}));
    for source in EventSource::ALL {
        let own = format!("https://{}", source.host());
        let form = Kind::SsoRedirect.request_in("legacy", TOKEN).header("origin", &own);
        assert_eq!(service.answer_through(source, &form).status, 200, "{source:?}");
    }
}

#[test]
fn the_public_url_stands_before_the_path_of_the_configuration() {
    let service = started(
        setup(Kind::SsoRedirect, &json!({}))
            .env("LOGIN_URL", "https://www.example.com/login")
            .env("PUBLIC_URL", "https://www.example.com/zendesk"),
    );
    let back = "https%3A%2F%2Fwww.example.com%2Fzendesk%2Fsso%2Flegacy%2Flogin";
    for source in EventSource::ALL {
        let answer = service.answer_through(source, &Request::get("/sso/legacy/login"));
        assert_eq!(answer.header("location").unwrap(), format!("https://www.example.com/login?return_to={back}"));
    }
}

#[test]
fn a_login_url_gets_the_brand_and_the_configuration() {
    let legacy = json!({ "login_url": "https://example.com/{brand_id}/{configuration}" });
    let service = started(
        setup(Kind::SsoRedirect, &legacy)
            .env("LOGIN_URL", "https://example.com/login?brand={brand_id}&of={configuration}"),
    );
    let address = |path: &str| {
        let location = service.answer(&Request::get(path)).header("location").unwrap().to_owned();
        location.split_once("return_to=").unwrap().0.trim_end_matches(['?', '&']).to_owned()
    };
    assert_eq!(address("/sso/login?brand_id=36000"), "https://example.com/login?brand=36000&of=");
    assert_eq!(address("/sso/ios/login?brand_id=36000"), "https://example.com/login?brand=36000&of=ios");
    assert_eq!(address("/sso/legacy/login?brand_id=7"), "https://example.com/7/legacy");
    for no_brand in ["", "?brand_id=", "?brand_id=x", "?brand_id=..%2F..", "?brand_id=-1"] {
        assert_eq!(address(&format!("/sso/ios/login{no_brand}")), "https://example.com/login?brand=&of=ios");
        assert_eq!(address(&format!("/sso/legacy/login{no_brand}")), "https://example.com//legacy");
    }
}

#[test]
fn the_loop_guard_counts_each_configuration_by_itself() {
    let service = sso(&json!({}));
    let refused = |configuration: &str, cookie: Option<&str>| {
        let request = Request::get(&Kind::SsoRedirect.path(configuration));
        service.answer(&cookie.into_iter().fold(request, |request, cookie| request.header("cookie", cookie)))
    };
    let guard = |answer: &Answer| answer.values("set-cookie").next().unwrap().split(';').next().unwrap().to_owned();
    let first = guard(&refused("legacy", None));
    assert!(first.starts_with("__Host-zendesk-sign-ins-legacy="), "{first}");
    let second = guard(&refused("legacy", Some(&first)));
    assert_eq!(refused("legacy", Some(&second)).status, 401, "the third refusal is a page");
    for other in ["", "ios"] {
        assert_eq!(refused(other, Some(&second)).status, 303, "{other}");
    }
}

#[test]
fn an_error_of_zendesk_belongs_to_the_configuration_that_signed_in() {
    let service = sso(&json!({ "zendesk_subdomain": "old-acme" }));
    let signed_in = service.answer(&Kind::SsoRedirect.request_in("legacy", TOKEN));
    let cookie = signed_in.values("set-cookie").next().unwrap().split(';').next().unwrap().to_owned();
    let error = |path: &str| {
        let request = Request::get(&format!("{path}?kind=error&message=User%20is%20suspended"));
        service.reply(&request.header("cookie", &cookie))
    };
    let reply = error("/sso/legacy/logout");
    let line = logs::request_line(&reply.logs);
    assert_eq!((&line["configuration"], &line["zendesk_errors"]), (&json!("legacy"), &json!(1)), "{line}");
    assert!(reply.answer.body.contains("https://old-acme.zendesk.com/access/normal"), "{}", reply.answer.body);
    assert!(reply.answer.body.contains("href='login'"), "the relative link leads to /sso/legacy/login");
    assert!(logs::request_line(&error("/sso/logout").logs).get("zendesk_errors").is_none());
}

#[test]
fn all_problems_are_named_at_once_with_their_path() {
    let configurations = r#"{
        "iOS": {}, "login": {}, "a": [], "b": null,
        "legacy": {"zendesk_subdomain": "https://acme.zendesk.com", "login_url": "https://example.com/{brand}",
            "post_logout_url": 7, "return_to_hosts": "help.example.com", "allowed_origins": ["https://*.example.com"],
            "session_cookie": "a cookie;", "logn_url": "x"},
        "host": {"login_url": "https://{configuration}.example.com", "return_to_hosts": ["a.example.com,b.example.com"]},
        "twice": {"login_url": "", "login_url": ""}, "twice": {}, "good": {"return_to_hosts": ["help.example.com"]}
    }"#;
    for kind in Kind::ALL {
        let exit = Setup::of(kind).env("CONFIGURATIONS", configurations).env("LOG_LEVEL", "loud").expect_exit(&[]);
        assert!(!exit.status.success());
        for place in [
            "iOS is not a name",
            "login is not a name",
            "a should be a JSON object",
            "b should be a JSON object",
            "legacy.zendesk_subdomain is `https://acme.zendesk.com`",
            "legacy.login_url is `https://example.com/{brand}`: its only placeholders can be {brand_id} and {configuration}",
            "legacy.post_logout_url should be a text",
            "legacy.return_to_hosts should be a list",
            "legacy.allowed_origins is",
            "legacy.session_cookie is",
            "legacy.logn_url is not a setting",
            "host.login_url is",
            "host.return_to_hosts has",
            "twice.login_url is there twice",
            "twice is there twice",
        ] {
            assert!(exit.output.contains(&format!("CONFIGURATIONS.{place}")), "{kind:?}: {place}: {}", exit.output);
        }
        assert!(exit.output.contains("LOG_LEVEL"), "{}", exit.output);
        assert!(!exit.output.contains("CONFIGURATIONS.good"), "{}", exit.output);
    }
}

#[test]
fn configurations_are_a_json_object() {
    for other in ["ios", "[]", "7", "null", r#""ios""#, r#"{"ios":{}"#, r#"{"ios":{}} {}"#, "{'ios':{}}"] {
        let exit = Setup::of(Kind::SdkExchange).env("CONFIGURATIONS", other).expect_exit(&[]);
        assert!(exit.output.contains("CONFIGURATIONS should be JSON such as"), "{other}: {}", exit.output);
    }
    for none in ["", " ", "{}"] {
        Setup::of(Kind::SdkExchange).env("CONFIGURATIONS", none).start();
    }
}

#[test]
fn a_password_in_a_login_url_is_not_repeated() {
    let configurations = r#"{"ios":{"login_url":"https://user:hunter2@example.com"}}"#;
    let exit = Setup::of(Kind::MessagingToken).env("CONFIGURATIONS", configurations).expect_exit(&[]);
    assert!(exit.output.contains("CONFIGURATIONS.ios.login_url"), "{}", exit.output);
    assert!(!exit.output.contains("hunter2"), "{}", exit.output);
}
