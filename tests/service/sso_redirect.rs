//! `/sso/login` and `/sso/logout`: signing in and out at Zendesk, request by request.

use crate::support::service::SSO_SECRET;
use crate::support::{Answer, EventSource, Fault, Jwt, Kind, Request, Service, Setup, html, now, users};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;
use url::{Host, Url};
use zendesk_jwt::handlers::sso_redirect::{ReturnTo, ZendeskHosts};

const TOKEN: &str = "session-7f3a";
const ACCESS_URL: &str = "https://acme.zendesk.com/access/jwt";

fn setup() -> Setup {
    Setup::of(Kind::SsoRedirect)
        .env("SESSION_COOKIE", "acme_session")
        .env("LOGIN_URL", "https://www.example.com/login?lang=de")
        .env("RETURN_TO_HOSTS", "help.example.com,support.example.com")
}

fn service() -> Service {
    let service = setup().start();
    service.aws.put_user(TOKEN, &users::demo());
    service
}

fn login(return_to: Option<&str>) -> Request {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(return_to.map(|place| ("return_to", place)));
    query.append_pair("brand_id", "360000000001").append_pair("locale_id", "1").append_pair("timestamp", "1795168800");
    Request::get(&format!("/sso/login?{}", query.finish())).cookie("acme_session", TOKEN)
}

/// The fields that the page sends to Zendesk.
fn form(answer: &Answer) -> html::Attributes {
    assert_eq!((answer.status, answer.media_type()), (200, "text/html"), "{}", answer.body);
    html::hidden_fields(&answer.body)
}

fn signed(answer: &Answer) -> Jwt {
    Jwt::verified(&form(answer)["jwt"], SSO_SECRET)
}

/// The sources of each directive of the content security policy.
fn policy(answer: &Answer) -> BTreeMap<&str, Vec<&str>> {
    let header = answer.header("content-security-policy").expect("a content security policy");
    header
        .split(';')
        .filter_map(|directive| {
            let mut words = directive.split_whitespace();
            words.next().map(|name| (name, words.collect()))
        })
        .collect()
}

#[test]
fn a_known_user_gets_a_page_that_posts_a_jwt_to_zendesk() {
    let answer = service().answer(&login(None));

    let forms = html::tags(&answer.body, "form");
    assert_eq!(forms.len(), 1);
    assert_eq!((forms[0]["method"].to_lowercase().as_str(), forms[0]["action"].as_str()), ("post", ACCESS_URL));
    assert_eq!(form(&answer).keys().collect::<Vec<_>>(), ["brand_id", "jwt", "locale_id", "timestamp"]);
    let jwt = signed(&answer);
    assert_eq!(jwt.header, json!({ "alg": "HS256", "typ": "JWT" }));
    assert_eq!(jwt.claim_names(), ["email", "external_id", "iat", "jti", "name"]);
    assert_eq!(jwt.claim("email"), "Demo.User@Example.com");
    assert_eq!(jwt.claim("name"), "Demo User");
    assert!(jwt.claim("iat").as_u64().unwrap().abs_diff(now()) <= 2);
}

#[test]
fn the_jwt_carries_the_optional_claims() {
    let service = service();
    let optional = json!({ "tags": [], "phone": null, "role": "agent", "custom_role_id": 7, "organization": "" });
    service.aws.put_user(TOKEN, &users::demo_with(&optional));
    let jwt = signed(&service.answer(&login(None)));

    for (name, stored) in optional.as_object().unwrap() {
        assert_eq!(jwt.claim(name), stored, "{name}");
    }
}

#[test]
fn each_page_has_its_own_jti() {
    let service = service();
    let [first, second] = [(); 2].map(|()| signed(&service.answer(&login(None))));

    assert_ne!(first.claim("jti"), second.claim("jti"));
}

#[test]
fn cookie_bearer_token_and_form_field_work_with_every_event_source() {
    let service = service();
    for (place, request) in [
        ("cookie", login(None)),
        ("bearer", Request::get("/sso/login").bearer(TOKEN)),
        ("form", Request::post("/sso/login").form(&[("user_token", TOKEN)])),
        ("cookie of a post", Request::post("/sso/login").cookie("acme_session", TOKEN)),
    ] {
        for source in EventSource::ALL {
            let answer = service.answer_through(source, &request);
            assert_eq!(answer.status, 200, "{place} through {source:?}");
            assert_eq!(signed(&answer).claim("name"), "Demo User");
        }
    }
}

#[test]
fn a_cookie_that_is_not_valid_does_not_hide_the_session() {
    let service = service();
    let bad = ["city=Zürich", "price=5€", "bell=\u{7}", "no equals sign", "=no name", "a b=c", "\"", ""];
    for source in EventSource::ALL {
        for bad in bad {
            for cookies in [format!("{bad}; acme_session={TOKEN}"), format!("acme_session={TOKEN}; {bad}")] {
                let answer = service.answer_through(source, &Request::get("/sso/login").header("cookie", &cookies));
                assert_eq!(answer.status, 200, "{cookies} through {source:?}");
                assert_eq!(signed(&answer).claim("name"), "Demo User");
            }
        }
        let other_header = login(None).header("x-city", "Zürich").header("user-agent", "Bück");
        assert_eq!(service.answer_through(source, &other_header).status, 200, "{source:?}");
    }
}

#[test]
fn the_session_cookie_may_come_twice_with_one_value_but_not_with_two() {
    let service = service();
    let session = format!("acme_session={TOKEN}");
    for source in EventSource::ALL {
        let status = |headers: &[&str]| {
            let request =
                headers.iter().fold(Request::get("/sso/login"), |request, cookie| request.header("cookie", cookie));
            service.answer_through(source, &request).status
        };
        assert_eq!(status(&[&format!("{session}; a=b; {session}")]), 200, "{source:?}");
        assert_eq!(status(&[&format!("{session}; acme_session=of-a-sub-domain")]), 400, "{source:?}");
        // A load balancer without multi-value headers passes only the last header on.
        if source != EventSource::Alb {
            assert_eq!(status(&[&session, &session]), 200, "{source:?}");
            assert_eq!(status(&["acme_session=of-a-sub-domain", &session]), 400, "{source:?}");
        }
    }
}

/// The address that a browser on Zendesk's page opens for this `return_to`, so that two spellings can be compared.
fn seen_from_zendesk(return_to: &str) -> Url {
    Url::parse(ACCESS_URL).unwrap().join(return_to).unwrap()
}

#[test]
fn an_allowed_return_to_is_posted_with_the_jwt() {
    let service = service();
    for place in [
        "/hc/en-us",
        "/hc/requests/new?ticket_form_id=1&subject=Tea%20%26%20milk#top",
        "https://acme.zendesk.com/agent/tickets/1?a=b%20c&d=e+f",
        "https://help.example.com/hc/de",
        "https://support.example.com",
    ] {
        for source in EventSource::ALL {
            let fields = form(&service.answer_through(source, &login(Some(place))));
            assert_eq!(seen_from_zendesk(&fields["return_to"]), seen_from_zendesk(place), "{source:?}");
        }
    }
}

#[test]
fn a_foreign_return_to_is_dropped_and_the_sign_in_continues() {
    let service = service();
    for place in [
        "https://evil.example/hc",
        "http://acme.zendesk.com/hc",
        "https://other.zendesk.com/hc",
        "https://acme.zendesk.com.evil.example/",
        "https://evilacme.zendesk.com/",
        "https://acme.zendesk.com@evil.example/",
        "https://evil.example\\@acme.zendesk.com/",
        "https://sub.help.example.com/",
        "//evil.example/hc",
        "///evil.example/hc",
        "/\\evil.example",
        "/\t/evil.example",
        "\\\\evil.example",
        "\t//evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "evil.example",
        "https:evil.example",
        "",
    ] {
        let fields = form(&service.answer(&login(Some(place))));
        assert!(!fields.contains_key("return_to"), "{place:?}");
        assert!(Jwt::is_signed_with(&fields["jwt"], SSO_SECRET), "{place:?}");
    }
}

#[test]
fn any_text_in_return_to_leaves_the_page_intact() {
    let service = service();
    let cases = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(cases, |(start in "(/|https://acme.zendesk.com/|)", rest in "[<>\"'&;=/a-z\\PC]{0,24}")| {
        let place = start + &rest;
        let answer = service.answer(&login(Some(&place)));
        let fields = form(&answer);
        if let Some(posted) = fields.get("return_to") {
            let target = seen_from_zendesk(posted);
            prop_assert_eq!(target.host_str(), Some("acme.zendesk.com"), "{}", &place);
            prop_assert_eq!(target, seen_from_zendesk(&place));
        }
        prop_assert_eq!(html::tags(&answer.body, "form").len(), 1);
        prop_assert_eq!(html::tags(&answer.body, "script").len(), 1);
        prop_assert!(Jwt::is_signed_with(&fields["jwt"], SSO_SECRET));
    });
}

#[test]
fn without_javascript_a_button_submits_the_form() {
    let page = service().answer(&login(None)).body;

    let (_, after) = page.split_once("<form").unwrap();
    let (inside, _) = after.split_once("</form>").unwrap();
    let (_, fallback) = inside.split_once("<noscript>").expect("a noscript element in the form");
    let (fallback, _) = fallback.split_once("</noscript>").unwrap();
    let button = &html::tags(fallback, "button")[0];
    assert!(button.get("type").is_none_or(|kind| kind == "submit"));
}

#[test]
fn the_pages_policy_allows_only_its_own_script_and_style() {
    let answer = service().answer(&login(None));
    let policy = policy(&answer);

    assert_eq!(policy["default-src"], ["'none'"]);
    assert_eq!(policy["frame-ancestors"], ["'none'"]);
    assert!(!answer.header("content-security-policy").unwrap().contains("unsafe"));
    for (element, directive) in [("script", "script-src"), ("style", "style-src")] {
        for (attributes, content) in html::elements(&answer.body, element) {
            assert!(!attributes.contains_key("src"), "the page loads nothing");
            let mut allowed = vec![format!("'sha256-{}'", html::sha256(content))];
            allowed.extend(attributes.get("nonce").map(|nonce| format!("'nonce-{nonce}'")));
            let sources = policy.get(directive).unwrap_or_else(|| panic!("no {directive} for <{element}>"));
            assert!(sources.iter().any(|source| allowed.iter().any(|own| own == source)), "{sources:?}");
        }
    }
    assert_eq!(html::tags(&answer.body, "script").len(), 1);
}

#[test]
fn the_form_may_lead_only_to_zendesk_its_help_centers_the_login_page_and_back() {
    let answer = service().answer(&login(None));
    // `'self'` is for the error page. The last one is for a second sign-in that leads to the login page.
    let expected = [
        "'self'",
        "https://acme.zendesk.com",
        "https://help.example.com",
        "https://support.example.com",
        "https://www.example.com",
    ];
    assert_eq!(policy(&answer)["form-action"], expected);
}

#[test]
fn a_nonce_is_never_used_twice() {
    let service = service();
    let nonces = || html::tags(&service.answer(&login(None)).body, "script")[0].get("nonce").cloned();

    let (first, second) = (nonces(), nonces());
    assert!(first.is_none() || first != second);
}

#[test]
fn a_page_is_not_cached_or_framed_and_sends_no_referrer() {
    let answer = service().answer(&login(None));

    answer.assert_security_headers();
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
}

#[test]
fn a_visitor_without_a_session_is_sent_to_the_login_page() {
    let service = service();
    for request in [Request::get("/sso/login"), Request::get("/sso/login").cookie("other", TOKEN)] {
        assert_eq!(service.answer(&request).status, 303);
    }
}

#[test]
fn an_outage_gives_an_error_page_without_a_form_or_a_redirect() {
    let service = setup().with_fakes().start();
    service.aws.put_user(TOKEN, &users::demo());
    service.aws.dynamodb().fail(Fault::INTERNAL_ERROR);
    let without_table = service.answer(&login(None));
    let without_key = setup().secret("{}").start();
    without_key.aws.put_user(TOKEN, &users::demo());

    for answer in [without_table, without_key.answer(&login(None))] {
        assert_eq!((answer.status, answer.header("location")), (503, None));
        assert!(answer.header("retry-after").is_some());
        assert!(answer.body.contains("<h1>Sign-in is not available right now</h1>"), "{}", answer.body);
        assert!(!answer.body.contains("<form"));
    }
}

/// The address that the login page gets in `return_to`.
fn address_for_the_login_page(source: EventSource, answer: &Answer) -> Url {
    assert_eq!(answer.status, 303, "{source:?}: {}", answer.body);
    let login = Url::parse(answer.header("location").unwrap()).unwrap();
    assert_eq!((login.host_str(), login.path()), (Some("www.example.com"), "/login"));
    let mut query: Vec<_> = login.query_pairs().into_owned().collect();
    assert_eq!(query.remove(0), ("lang".to_owned(), "de".to_owned()), "the login page keeps its own query");
    assert_eq!((query.len(), query[0].0.as_str()), (1, "return_to"), "{query:?}");
    Url::parse(&query[0].1).unwrap_or_else(|error| panic!("{source:?}, {error}: {}", query[0].1))
}

/// The pairs of a query, sorted, because event sources order them differently.
fn sorted_query(query: &str) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    pairs.sort();
    pairs
}

#[test]
fn the_login_page_gets_the_address_of_this_request() {
    let service = service();
    let request = Request { headers: Vec::new(), ..login(Some("https://help.example.com/hc?a=b&c=d e#f")) };
    for source in EventSource::ALL {
        let back = address_for_the_login_page(source, &service.answer_through(source, &request));
        assert_eq!((back.scheme(), back.host_str()), ("https", Some(source.host())), "{source:?}");
        assert_eq!(back.path(), source.public_path("/sso/login"), "{source:?}");
        let query = back.query().unwrap_or_default();
        assert_eq!(sorted_query(query), sorted_query(&request.query), "{source:?}");
    }
}

#[test]
fn the_address_for_the_login_page_starts_with_the_public_url() {
    let service = setup().env("PUBLIC_URL", "https://id.example.com").start();

    let answer = service.answer(&Request::get("/sso/login?return_to=%2Fhc&brand_id=1"));
    let back = address_for_the_login_page(EventSource::HttpApi, &answer);
    assert_eq!(back.as_str(), "https://id.example.com/sso/login?return_to=%2Fhc&brand_id=1");
}

#[test]
fn the_login_page_gets_the_path_and_the_domain_that_the_client_used() {
    let service = service();
    let request = Request::get("/sso/login?brand_id=1");
    let address = |source: EventSource, event| {
        let answer = service.reply_to_event(source, event).answer;
        address_for_the_login_page(source, &answer).to_string()
    };
    for source in [EventSource::HttpApi, EventSource::FunctionUrl, EventSource::RestApi] {
        let mut event = source.event(&request);
        event["requestContext"]["stage"] = "prod".into();
        event["requestContext"]["domainName"] = "sso.acme.example".into();
        event["requestContext"]["path"] = "/sso/login".into();
        let expected = "https://sso.acme.example/sso/login?brand_id=1";
        assert_eq!(address(source, event.clone()), expected, "a custom domain of a named stage, {source:?}");

        event["requestContext"]["path"] = "/auth/sso/login".into();
        if source != EventSource::RestApi {
            event["rawPath"] = "/auth/sso/login".into();
        }
        let expected = "https://sso.acme.example/auth/sso/login?brand_id=1";
        assert_eq!(address(source, event), expected, "with a base path, {source:?}");
    }
    let mut event = EventSource::HttpApi.event(&request);
    event["headers"]["host"] = "evil.example.org".into();
    let host = EventSource::HttpApi.host();
    assert_eq!(address(EventSource::HttpApi, event), format!("https://{host}/sso/login?brand_id=1"));
}

#[test]
fn the_login_page_gets_only_the_parameters_of_zendesk_and_only_valid_ones() {
    let service = setup().env("PUBLIC_URL", "https://id.example.com").start();
    let long = format!("/hc?q={}", "a".repeat(4000));
    for (query, expected) in [
        (format!("junk={}&brand_id=1", "x".repeat(10_000)), "?brand_id=1"),
        (format!("return_to={long}&timestamp=5"), "?timestamp=5"),
        ("return_to=https%3A%2F%2Fevil.example.org%2F&locale_id=8".to_owned(), "?locale_id=8"),
        ("brand_id=1%27--&locale_id=-8&timestamp=99999999999999999999".to_owned(), ""),
        ("user_token=secret&jwt=secret".to_owned(), ""),
        (format!("{}return_to=%2Fhc", "a=b&".repeat(2000)), "?return_to=%2Fhc"),
    ] {
        for source in EventSource::ALL {
            let answer = service.answer_through(source, &Request::get(&format!("/sso/login?{query}")));
            let address = address_for_the_login_page(source, &answer);
            assert_eq!(address.as_str(), format!("https://id.example.com/sso/login{expected}"), "{source:?}");
            assert!(answer.header("location").unwrap().len() < 300);
        }
    }
}

#[test]
fn without_a_login_page_a_refused_user_gets_an_error_page() {
    let service = Setup::of(Kind::SsoRedirect).env("SESSION_COOKIE", "acme_session").start();
    let answer = service.answer(&login(Some("/hc")));

    assert_eq!((answer.status, answer.media_type()), (401, "text/html"));
    assert_eq!(policy(&answer)["default-src"], ["'none'"]);
    assert!(answer.body.contains("<h1>Please sign in first</h1>"), "{}", answer.body);
    assert!(answer.body.contains("Sign in to your account, and then come back"), "{}", answer.body);
    assert!(!answer.body.contains("<form"));
}

#[test]
fn signing_out_ends_the_session_and_leads_to_the_configured_page() {
    let service = setup().env("POST_LOGOUT_URL", "https://www.example.com/bye").start();
    let request = Request::get("/sso/logout?email=demo%40example.com&external_id=7&brand_id=1");
    for source in EventSource::ALL {
        let answer = service.answer_through(source, &request.clone().cookie("acme_session", TOKEN));
        assert_eq!(answer.status, 303, "{source:?}");
        assert_eq!(answer.header("location"), Some("https://www.example.com/bye"));
        assert!(answer.values("set-cookie").next().is_some(), "{source:?}");
        for cookie in answer.values("set-cookie") {
            assert!(cookie.starts_with("acme_session=;"), "{cookie}");
            let attributes: Vec<_> = cookie.split(';').map(str::trim).collect();
            for attribute in ["Max-Age=0", "Path=/", "Secure"] {
                assert!(attributes.contains(&attribute), "{cookie}");
            }
        }
    }
}

#[test]
fn signing_out_ends_the_cookie_of_every_parent_domain() {
    let service = setup().env("PUBLIC_URL", "https://sso.help.example.com").start();
    let answer = service.answer(&Request::get("/sso/logout"));

    let domain =
        |cookie: &'_ str| cookie.split("Domain=").nth(1).map(|rest| rest.split(';').next().unwrap().to_owned());
    let domains: Vec<_> = answer.values("set-cookie").map(domain).collect();
    let expected = [None, Some("sso.help.example.com"), Some("help.example.com"), Some("example.com")];
    assert_eq!(domains.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
}

#[test]
fn without_a_configured_page_signing_out_shows_our_own_page() {
    let answer = service().answer(&Request::get("/sso/logout"));

    assert_eq!((answer.status, answer.media_type()), (200, "text/html"));
    assert!(answer.values("set-cookie").all(|cookie| cookie.contains("Max-Age=0")));
    assert_eq!(policy(&answer)["default-src"], ["'none'"]);
}

#[test]
fn other_paths_answer_404_and_other_methods_405() {
    let service = service();
    for path in ["/", "/sso", "/sso/login/x", "/sdk/jwt", "/SSO/LOGIN"] {
        let answer = service.answer(&Request::get(path).cookie("acme_session", TOKEN));
        assert_eq!(answer.status, 404, "{path}");
    }
    for method in ["PUT", "DELETE"] {
        let answer = service.answer(&Request::new(method, "/sso/login").cookie("acme_session", TOKEN));
        assert_eq!(answer.status, 405, "{method}");
        let allowed: Vec<_> = answer.header("allow").unwrap().split(',').map(str::trim).collect();
        assert!(allowed.contains(&"GET") && allowed.contains(&"POST"), "{allowed:?}");
    }
}

/// Known payloads for open redirects: hosts that look like ours, parsers that disagree, double encodings.
fn open_redirects() -> Vec<String> {
    serde_json::from_str(include_str!("open_redirects.json")).unwrap()
}

#[test]
fn every_open_redirect_is_rejected_as_return_to() {
    let origin = Url::parse("https://acme.zendesk.com").unwrap();
    let hosts = ZendeskHosts::new(origin, vec![Host::parse("help.example.com").unwrap()]);

    let payloads = open_redirects();
    assert!(payloads.len() >= 200, "{}", payloads.len());
    for payload in payloads {
        assert_eq!(ReturnTo::parse(&payload, &hosts), None, "{payload:?}");
    }
}

#[test]
fn sign_in_continues_without_an_open_redirect_and_the_log_reports_it() {
    let service = Setup::of(Kind::SsoRedirect).env("SESSION_COOKIE", "acme_session").start();
    service.aws.put_user(TOKEN, &users::demo());

    for payload in open_redirects().iter().step_by(10) {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", payload).finish();
        let reply = service.reply(&Request::get(&format!("/sso/login?{query}")).cookie("acme_session", TOKEN));
        assert_eq!(reply.answer.status, 200, "{payload:?}");
        let fields = html::hidden_fields(&reply.answer.body);
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["jwt"], "{payload:?}");
        assert!(reply.logs.contains(r#""return_to_dropped":1"#), "{}", reply.logs);
    }
}
