//! SSO after the first sign-in: foreign origins, loops, agents, errors of Zendesk.

use crate::support::service::SSO_SECRET;
use crate::support::{Answer, EventSource, Jwt, Kind, Request, Service, Setup, eventually, html, logs, now, users};
use serde_json::{Value, json};
use std::time::Duration;

const TOKEN: &str = "session-7f3a";

fn setup() -> Setup {
    Setup::of(Kind::SsoRedirect).env("SESSION_COOKIE", "session")
}

fn started(setup: Setup) -> Service {
    let service = setup.start();
    service.aws.put_user(TOKEN, &users::demo());
    service
}

fn login() -> Request {
    Request::get("/sso/login").cookie("session", TOKEN)
}

fn posted_from(origin: &str) -> Request {
    Request::post("/sso/login").form(&[("user_token", TOKEN)]).header("origin", origin)
}

/// A browser that Zendesk sends to the remote logout URL because of `message`.
fn returned(message: &str) -> Request {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs([("kind", "error"), ("message", message), ("email", "demo@example.com")]);
    query.extend_pairs([("external_id", "canary-7"), ("brand_id", "360000000001")]);
    Request::get(&format!("/sso/logout?{}", query.finish())).cookie("session", TOKEN)
}

fn outcome(service: &Service, request: &Request) -> Value {
    logs::request_line(&service.reply(request).logs)["outcome"].clone()
}

fn is_signed(answer: &Answer) -> bool {
    html::hidden_fields(&answer.body).get("jwt").is_some_and(|jwt| Jwt::is_signed_with(jwt, SSO_SECRET))
}

#[test]
fn a_page_of_a_foreign_origin_may_not_sign_its_visitor_in() {
    let service = started(setup().env("ALLOWED_ORIGINS", "https://www.example.com,https://app.example.com"));

    for origin in [
        "https://evil.example.org",
        "null",
        "",
        "http://www.example.com",
        "https://www.example.com:8443",
        "https://example.com",
    ] {
        for source in EventSource::ALL {
            let answer = service.answer_through(source, &posted_from(origin));
            assert_eq!((answer.status, is_signed(&answer)), (403, false), "{origin} through {source:?}");
        }
    }
}

#[test]
fn the_origin_null_is_never_our_own() {
    let service = started(setup().env("ALLOWED_ORIGINS", "https://www.example.com"));
    for source in [EventSource::Alb, EventSource::HttpApi, EventSource::RestApi] {
        for scheme in ["foo", "data", "https"] {
            let mut event = source.event(&posted_from("null"));
            event["headers"]["x-forwarded-proto"] = scheme.into();
            let answer = service.reply_to_event(source, event).answer;
            assert_eq!((answer.status, is_signed(&answer)), (403, false), "{scheme} through {source:?}");
        }
    }
}

#[test]
fn pages_of_our_own_and_of_allowed_origins_may_sign_their_visitor_in() {
    let allowed = started(setup().env("ALLOWED_ORIGINS", "https://www.example.com, https://app.example.com/"));
    for origin in ["https://www.example.com", "https://app.example.com"] {
        assert!(is_signed(&allowed.answer(&posted_from(origin))), "{origin}");
    }
    let public = started(setup().env("PUBLIC_URL", "https://sso.example.com/zendesk"));
    assert!(is_signed(&public.answer(&posted_from("https://sso.example.com"))));
    assert_eq!(public.answer(&posted_from("https://www.example.com")).status, 403);
    let no_browser = Request::post("/sso/login").form(&[("user_token", TOKEN)]);
    assert!(is_signed(&public.answer(&no_browser)), "a client that sends no Origin is not a browser");
}

#[test]
fn a_script_or_a_frame_gets_no_jwt() {
    let service = started(setup());
    for destination in ["empty", "iframe", "frame", "script", "image", "embed"] {
        let answer = service.answer(&login().header("sec-fetch-dest", destination));
        assert_eq!((answer.status, is_signed(&answer)), (400, false), "{destination}");
    }
    assert!(is_signed(&service.answer(&login().header("sec-fetch-dest", "document"))));
}

/// The headers of a browser that does not open a page in its window.
const NOT_A_PAGE: [(&str, &str); 10] = [
    ("sec-fetch-dest", "image"),
    ("sec-fetch-dest", "iframe"),
    ("sec-fetch-dest", "empty"),
    ("sec-fetch-dest", "style"),
    ("sec-fetch-dest", "video"),
    ("sec-purpose", "prefetch"),
    ("sec-purpose", "prefetch;prerender"),
    ("sec-purpose", "prefetch;anonymous-client-ip"),
    ("sec-purpose", "Prefetch; prerender"),
    ("purpose", "prefetch"),
];

#[test]
fn images_frames_and_prefetches_neither_sign_in_nor_sign_out() {
    let service = started(setup().env("POST_LOGOUT_URL", "https://www.example.com/bye"));
    let requests = [login(), Request::get("/sso/logout"), returned("Rate limit exceeded")];
    for (name, value) in NOT_A_PAGE {
        for request in &requests {
            let request = request.clone().header(name, value);
            for source in EventSource::ALL {
                let answer = service.answer_through(source, &request);
                assert_eq!((answer.status, is_signed(&answer)), (400, false), "{name}: {value} through {source:?}");
                assert_eq!((answer.header("set-cookie"), answer.header("location")), (None, None), "{name}: {value}");
            }
        }
    }
    for request in requests {
        let request = request.header("sec-fetch-dest", "document").header("sec-purpose", "");
        assert!([200, 303].contains(&service.answer(&request).status), "{request:?}");
    }
}

#[test]
fn signing_out_leaves_the_session_alone_if_configured() {
    for (value, ends_session) in [("true", true), ("", true), ("false", false)] {
        let setup = setup().env("END_SESSION_ON_LOGOUT", value);
        let with_page = started(setup.env("POST_LOGOUT_URL", "https://www.example.com/bye"));
        let answer = with_page.answer(&Request::get("/sso/logout").cookie("session", TOKEN));
        assert_eq!((answer.status, answer.header("location")), (303, Some("https://www.example.com/bye")));
        assert_eq!(answer.values("set-cookie").next().is_some(), ends_session, "{value:?}");
    }
}

#[test]
fn only_numbers_that_zendesk_sent_are_posted_back() {
    let service = started(setup());
    let request = Request::get("/sso/login?brand_id=360000000001&locale_id=8%22%3E&timestamp=1795168800")
        .cookie("session", TOKEN);
    let fields = html::hidden_fields(&service.answer(&request).body);

    assert_eq!(fields.keys().collect::<Vec<_>>(), ["brand_id", "jwt", "timestamp"]);
    assert_eq!((fields["brand_id"].as_str(), fields["timestamp"].as_str()), ("360000000001", "1795168800"));
}

/// The value of the loop guard's cookie in an answer.
fn guard(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").expect("the loop guard's cookie");
    let (value, attributes) = cookie.strip_prefix("__Host-zendesk-sign-ins=").expect(cookie).split_once(';').unwrap();
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=600"] {
        assert!(attributes.contains(attribute), "{cookie}");
    }
    assert!(!attributes.contains("Domain"), "{cookie}");
    value.to_owned()
}

#[test]
fn the_fourth_sign_in_within_a_minute_waits_for_a_click_and_says_why() {
    let service = started(setup());
    let mut request = login();
    for _ in 0..3 {
        let answer = service.answer(&request);
        assert!(html::elements(&answer.body, "script")[0].1.contains("form.submit()"));
        request = login().header("cookie", &format!("__Host-zendesk-sign-ins={}", guard(&answer)));
    }

    let reply = service.reply(&request);
    assert!(is_signed(&reply.answer) && !html::elements(&reply.answer.body, "script")[0].1.contains(".submit()"));
    assert!(
        reply.answer.body.contains("<h1>You are not signed in yet</h1>")
            && reply.answer.body.contains("https://acme.zendesk.com/access/normal")
    );
    assert_eq!(html::elements(&reply.answer.body, "button").len(), 1);
    assert_eq!(logs::request_line(&reply.logs)["outcome"], "sign_in_loop");
    assert_eq!(guard(&reply.answer).split('.').count(), 3, "the cookie does not grow");
}

#[test]
fn an_agent_without_a_custom_role_is_refused_only_if_one_is_required() {
    let agent = users::demo_with(&json!({ "role": "agent" }));
    let strict = started(setup().env("REQUIRE_CUSTOM_ROLE", "true"));
    strict.aws.put_user(TOKEN, &agent);
    let reply = strict.reply(&login());
    assert_eq!((reply.answer.status, is_signed(&reply.answer)), (401, false));
    let line = logs::request_line(&reply.logs);
    assert_eq!(line["outcome"], "legacy_agent");
    assert!(line["detail"].as_str().unwrap().contains("REQUIRE_CUSTOM_ROLE"), "{line}");

    let with_role = users::demo_with(&json!({ "role": "agent", "custom_role_id": 7 }));
    strict.aws.put_user("with a role", &with_role);
    assert!(is_signed(&strict.answer(&Request::get("/sso/login").bearer("with a role"))));

    let default = started(setup());
    default.aws.put_user(TOKEN, &agent);
    assert!(is_signed(&default.answer(&login())));
}

#[test]
fn an_error_of_zendesk_is_shown_on_a_page_with_advice() {
    let service = started(setup());
    for (message, code, advice) in [
        ("Signature verification raised", "zendesk_signature_invalid", "reset the shared secret"),
        (
            "Users with the email address demo@example.com are not allowed to sign up",
            "zendesk_address_not_allowed",
            "blocklist",
        ),
        ("The unique user identifier has been reused", "zendesk_identifier_reused", "once"),
        ("Something new", "zendesk_error_unknown", "not one that we know"),
    ] {
        let reply = service.reply(&returned(message));
        let page = &reply.answer.body;
        assert_eq!((reply.answer.status, reply.answer.media_type()), (200, "text/html"));
        assert!(page.contains(message) && page.contains(advice), "{page}");
        assert!(
            page.contains(&format!("Reference: {}<", &reply.request_id[..8]))
                && page.contains("https://acme.zendesk.com/access/normal")
        );
        assert!(page.contains("href='login'"), "the page offers another try");
        assert_eq!(logs::request_line(&reply.logs)["outcome"], code);
        assert_eq!(reply.answer.header("set-cookie"), None, "the session stays, so that another try can work");
        for personal in ["demo@example.com", "demo%40example.com", "canary-7"] {
            logs::assert_without(&reply.logs, personal, code);
        }
    }
}

/// Whether the log line counts an error of Zendesk for the alarms.
fn counts_for_the_alarms(service: &Service, request: &Request) -> bool {
    let line = logs::request_line(&service.reply(request).logs);
    assert_eq!(line["outcome"], "zendesk_signature_invalid");
    let is_metric = logs::metric_names(&line).contains(&"zendesk_errors".to_owned());
    assert_eq!(line.get("zendesk_errors").is_some(), is_metric, "{line}");
    is_metric
}

#[test]
fn an_error_of_zendesk_counts_for_the_alarms_only_after_a_sign_in_of_this_browser() {
    let service = started(setup());
    let error = || returned("Invalid signature");
    let with_guard = |value: &str| error().header("cookie", &format!("__Host-zendesk-sign-ins={value}"));
    let signed_in = guard(&service.answer(&login()));
    for source in EventSource::ALL {
        let reply = service.reply_through(source, &with_guard(&signed_in));
        assert_eq!(logs::request_line(&reply.logs)["zendesk_errors"], 1, "{source:?}");
    }
    assert!(counts_for_the_alarms(&service, &with_guard(&signed_in)));

    let (times, code) = signed_in.rsplit_once('~').unwrap();
    let time: u64 = times.trim_end_matches('~').parse().unwrap();
    let refused = service.answer(&Request::get("/sso/login").bearer("unknown"));
    let anonymous = [
        error(),
        with_guard(""),
        with_guard(&now().to_string()),
        with_guard(times),
        with_guard(&format!("{times}~{}", "0".repeat(code.len()))),
        with_guard(&format!("{}~~{code}", time - 7)),
        with_guard(&format!("~~{code}")),
        with_guard(refused.header("set-cookie").unwrap_or_default()),
    ];
    for request in anonymous {
        assert!(!counts_for_the_alarms(&service, &request), "{request:?}");
    }
}

#[test]
fn a_message_is_shown_as_text_whatever_it_holds() {
    let service = started(setup());
    let message = r#"</blockquote><script>alert(1)</script><img src=x onerror=alert(1)>"'&"#;
    let answer = service.answer(&returned(message));

    assert!(
        html::tags(&answer.body, "script").is_empty() && html::tags(&answer.body, "img").is_empty(),
        "{}",
        answer.body
    );
    assert!(answer.body.contains("&#60;script&#62;") || answer.body.contains("&lt;script&gt;"), "{}", answer.body);
}

#[test]
fn a_logout_of_another_kind_than_error_signs_out() {
    let service = started(setup().env("POST_LOGOUT_URL", "https://www.example.com/bye"));
    let answer =
        service.answer(&Request::get("/sso/logout?email=demo%40example.com&external_id=7&brand_id=1&kind=logout"));

    assert_eq!((answer.status, answer.header("location")), (303, Some("https://www.example.com/bye")));
    assert!(answer.values("set-cookie").all(|cookie| cookie.starts_with("session=;")));
    assert_eq!(outcome(&service, &returned("Rate limit exceeded")), "zendesk_rate_limited");
}

#[test]
fn the_first_invalid_signature_makes_the_function_read_a_reset_secret_and_later_ones_do_not() {
    let service = started(setup().with_fakes().env("SIGNING_KEY_MAX_AGE", "86400"));
    assert!(is_signed(&service.answer(&login())));
    let reset = "a-secret-that-was-reset-just-now-0123456789";
    service.aws.set_secret(&json!({ "secret": reset }).to_string());
    assert!(is_signed(&service.answer(&login())), "the function does not know about the reset yet");
    let calls = service.aws.secrets_manager().calls().len();

    for other in ["IAT is too old", "email is invalid", "something new", ""] {
        service.answer(&returned(other));
    }
    assert_eq!(service.aws.secrets_manager().calls().len(), calls, "no other message is about the key");

    service.answer(&returned("Invalid signature"));
    let heals = || {
        let page = service.answer(&login()).body;
        Jwt::is_signed_with(&html::hidden_fields(&page)["jwt"], reset).then_some(())
    };
    eventually("the new secret signs", Duration::from_secs(3), heals);
    for _ in 0..5 {
        service.answer(&returned("Invalid signature"));
    }
    assert_eq!(service.aws.secrets_manager().calls().len(), calls + 1);
}
