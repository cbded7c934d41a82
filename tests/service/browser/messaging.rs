//! `web/zendesk-auth.js` in a real browser, with the function on another origin and a fake widget of Zendesk.
//!
//! - `site`: the page, the function and a fake Zendesk, which checks every JWT;
//! - `widget.js`: a fake `zE`; `recorder.js`: records what the script does.

mod site;

use crate::support::{Fault, now, skipped, users};
use serde_json::json;
use site::{REACT_PAGE, Site, TOKEN, in_a_browser};

/// The options of a page that has the user token.
fn bearer() -> String {
    format!("userToken: '{TOKEN}'")
}

#[test]
fn a_plain_script_logs_the_visitor_in_with_the_session_cookie() {
    in_a_browser(|site| {
        site.sign_in();
        site.open("/plain");
        site.visitor_becomes("Demo User");

        let visits = site.visits();
        let methods: Vec<_> = visits.iter().map(|visit| visit.request.method.as_str()).collect();
        assert_eq!(methods, ["POST"], "the request needs no preflight");
        assert!(visits[0].request.body.is_empty());
        assert_eq!(visits[0].answer.header("access-control-allow-origin"), Some("https://www.example.com"));
        assert_eq!(site.zendesk_got().len(), 1);
    });
}

#[test]
fn a_module_logs_the_visitor_in_with_a_user_token() {
    in_a_browser(|site| {
        site.open("/module");
        site.visitor_becomes("Demo User");

        let visits = site.visits();
        let methods: Vec<_> = visits.iter().map(|visit| visit.request.method.as_str()).collect();
        assert_eq!(methods, ["OPTIONS", "POST"]);
        assert_eq!(visits[1].request.headers_named("cookie").count(), 0);
    });
}

#[test]
fn a_new_jwt_is_fetched_when_the_last_one_has_expired() {
    in_a_browser(|site| {
        site.sign_in();
        site.open("/plain");
        site.visitor_becomes("Demo User");

        // A cached JWT would have the old name.
        site.aws().put_user(TOKEN, &users::demo_with(&json!({ "name": "Demo User, Married" })));
        site.expire();
        site.visitor_becomes("Demo User, Married");
        assert_eq!(site.visits().len(), 2);
    });
}

#[test]
fn two_requests_of_zendesk_at_once_cause_one_fetch() {
    in_a_browser(|site| {
        site.sign_in();
        site.open("/");
        site.log_in("");
        site.browser.evaluate("zE.expire(), zE.expire()");
        site.visitor_becomes("Demo User");

        assert_eq!((site.recorded("requests"), site.visits().len()), (json!(1), 1));
    });
}

#[test]
fn an_unknown_visitor_stays_anonymous() {
    in_a_browser(|site| {
        for (options, status) in [("userToken: 'unknown'", 401), ("", 400)] {
            site.open("/");
            site.log_in(options);
            let failure = site.failure();
            assert_eq!((&failure["kind"], &failure["detail"]["status"]), (&json!("signed_out"), &json!(status)));

            site.expire();
            assert_eq!((site.visitor(), site.logouts()), (json!("anonymous"), json!(0)));
            assert_eq!(site.recorded("requests"), 1, "the script does not retry");
            assert_eq!(site.recorded("waits.length"), 1, "the only wait is the timeout of the one request");
        }
        assert_eq!(site.zendesk_got().len(), 0);
    });
}

#[test]
fn a_visitor_whose_session_ends_is_logged_out_when_the_jwt_expires() {
    in_a_browser(|site| {
        site.open("/");
        site.log_in(&bearer());
        site.visitor_becomes("Demo User");

        site.aws().put_user(TOKEN, &users::demo_with(&json!({ "suspended": true })));
        site.expire();
        assert_eq!(site.failure()["kind"], "signed_out");
        assert_eq!((site.visitor(), site.logouts()), (json!("anonymous"), json!(1)));
    });
}

#[test]
fn a_jwt_expires_with_the_user_token() {
    in_a_browser(|site| {
        site.open("/");
        site.aws().put_user(TOKEN, &users::demo_with(&json!({ "expires_at": now() + 6 })));
        site.log_in(&bearer());
        site.visitor_becomes("Demo User");

        site.visitor_becomes("anonymous");
        assert_eq!((&site.failure()["kind"], site.recorded("requests")), (&json!("signed_out"), json!(2)));
    });
}

#[test]
fn the_last_login_wins() {
    in_a_browser(|site| {
        site.aws().put_user("another", &users::demo_with(&json!({ "name": "Demo Colleague" })));
        site.open("/");
        site.aws().dynamodb().fail(Fault::ACCESS_DENIED);
        site.log_in(&bearer());
        site.first_pause_begins();
        site.aws().dynamodb().recover();
        site.log_in("userToken: async () => 'another'");
        site.visitor_becomes("Demo Colleague");

        site.first_pause_ends();
        assert_eq!((site.recorded("requests"), site.recorded("failures")), (json!(2), json!([])));
        assert_eq!((site.visitor(), site.zendesk_got().len()), (json!("Demo Colleague"), 1));
    });
}

#[test]
fn the_script_retries_until_an_outage_is_over() {
    in_a_browser(|site| {
        site.sign_in();
        site.open("/");
        site.hurry(20);
        site.aws().dynamodb().fail(Fault::ACCESS_DENIED);
        site.log_in("timeout: 200000");
        let visits = site.visits_reach(3);
        site.aws().dynamodb().recover();
        site.visitor_becomes("Demo User");

        assert!(visits.iter().all(|visit| visit.answer.status == 503), "{visits:?}");
        assert_eq!(site.recorded("failures"), json!([]));
        // Retry-After is 2 seconds. The backoff starts at 1 second and doubles, with up to half as much on top.
        for (pause, least) in site.pauses().into_iter().zip([2000.0, 2000.0, 4000.0, 8000.0]) {
            assert!((least..least * 1.5).contains(&pause), "{pause} for {least}");
        }
    });
}

#[test]
fn an_outage_that_does_not_end_is_reported() {
    in_a_browser(|site| {
        site.sign_in();
        site.open("/");
        site.aws().dynamodb().fail(Fault::ACCESS_DENIED);
        site.log_in("giveUpAfter: 1500");
        let failure = site.failure();
        assert_eq!((&failure["kind"], &failure["detail"]["status"]), (&json!("unavailable"), &json!(503)));
        assert_eq!(site.recorded("requests"), 1, "Retry-After is longer than the page would wait");

        // When Zendesk asks for the next JWT, the script fetches again.
        site.aws().dynamodb().recover();
        site.expire();
        site.visitor_becomes("Demo User");
    });
}

#[test]
fn a_service_that_does_not_answer_is_reported_as_unavailable() {
    in_a_browser(|site| {
        site.sign_in();
        site.aws().dynamodb().fail(Fault::Stall);
        for (options, message) in [
            ("timeout: 200", "Error: no answer in time"),
            ("userToken: () => Promise.reject('the app is offline')", "the app is offline"),
        ] {
            site.open("/");
            site.log_in(&format!("giveUpAfter: 500, {options}"));
            let detail = json!({ "message": message, "status": 0 });
            assert_eq!(site.failure(), json!({ "kind": "unavailable", "detail": detail }));
        }
    });
}

#[test]
fn a_foreign_page_gets_no_jwt() {
    in_a_browser(|site| {
        site.sign_in_with("None");
        for options in [&bearer(), ""] {
            site.open_a_foreign_page();
            site.log_in(&format!("giveUpAfter: 500, {options}"));
            let failure = site.failure();
            assert_eq!((&failure["kind"], &failure["detail"]["status"]), (&json!("unavailable"), &json!(0)));
            assert_eq!(site.visitor(), "anonymous");
        }
        let visits = site.visits();
        assert!(visits.iter().all(|visit| visit.answer.header("access-control-allow-origin").is_none()), "{visits:?}");
        assert!(visits.last().unwrap().request.headers_named("cookie").next().is_some(), "only CORS prevented it");
        assert!(site.complaints().iter().all(|line| line.contains("blocked by CORS policy")));
    });
}

#[test]
fn logging_out_ends_the_login() {
    in_a_browser(|site| {
        site.open("/");
        site.log_in(&bearer());
        site.visitor_becomes("Demo User");

        site.log_out();
        assert_eq!((site.visitor(), site.logouts()), (json!("anonymous"), json!(1)));
        site.log_in(&bearer());
        site.visitor_becomes("Demo User");
    });
}

#[test]
fn logging_out_stops_the_retries() {
    in_a_browser(|site| {
        site.open("/");
        site.aws().dynamodb().fail(Fault::ACCESS_DENIED);
        site.log_in(&bearer());
        site.first_pause_begins();
        site.log_out();
        site.aws().dynamodb().recover();

        site.first_pause_ends();
        assert_eq!((site.recorded("requests"), site.recorded("failures")), (json!(1), json!([])));
        assert_eq!((site.visitor(), site.zendesk_got().len()), (json!("anonymous"), 0));
    });
}

#[test]
fn the_reason_of_zendesks_refusal_is_reported() {
    in_a_browser(|site| {
        site.sign_in();
        site.open("/");
        site.zendesk_refuses("Conflict", "The email is in use by another user");
        site.log_in("");
        let detail = json!({
            "type": "LoginFailedError", "message": "Conflict", "reason": "The email is in use by another user",
        });
        assert_eq!(site.failure(), json!({ "kind": "refused_by_zendesk", "detail": detail }));
        assert_eq!((site.visitor(), site.visits().len()), (json!("anonymous"), 1));
    });
}

#[test]
fn the_script_waits_for_the_widget() {
    in_a_browser(|site| {
        site.sign_in();
        site.open("/without-widget");
        site.log_in("");
        site.load_the_widget();
        site.visitor_becomes("Demo User");

        site.open("/without-widget");
        site.log_in("giveUpAfter: 300");
        let detail = json!({ "message": "zE is not defined" });
        assert_eq!(site.failure(), json!({ "kind": "unavailable", "detail": detail }));
        assert_eq!(site.visits().len(), 1);
    });
}

/// Opens the page with React.
fn in_react(test: impl FnOnce(&Site)) {
    if !std::path::Path::new(REACT_PAGE).exists() {
        return skipped("no target/npm/web/page.js, which tests/web-script makes");
    }
    in_a_browser(|site| {
        site.open("/react");
        // React's development build advertises in the console.
        assert!(site.complaints().iter().all(|line| line.contains("Download the React DevTools")));
        test(site);
    });
}

fn show(site: &Site, user_token: &str) {
    site.browser.evaluate(&format!("show({user_token})"));
}

#[test]
fn a_react_page_in_strict_mode_logs_the_visitor_in_once() {
    in_react(|site| {
        show(site, &format!("'{TOKEN}'"));
        site.visitor_becomes("Demo User");
        // Another rendering of the same user.
        show(site, &format!("'{TOKEN}'"));
        site.expire();
        site.visits_reach(3);

        assert_eq!((site.recorded("requests"), site.logouts()), (json!(2), json!(0)));
        assert_eq!(site.recorded("failures"), json!([]));
    });
}

#[test]
fn a_react_page_logs_the_visitor_out_when_the_user_changes() {
    in_react(|site| {
        site.aws().put_user("another", &users::demo_with(&json!({ "name": "Demo Colleague" })));
        show(site, "null");
        show(site, &format!("'{TOKEN}'"));
        site.visitor_becomes("Demo User");
        assert_eq!(site.logouts(), 0);
        show(site, "'another'");
        site.visitor_becomes("Demo Colleague");
        assert_eq!(site.logouts(), 1);
        show(site, "null");
        site.visitor_becomes("anonymous");
        assert_eq!((site.logouts(), site.recorded("failures")), (json!(2), json!([])));
    });
}
