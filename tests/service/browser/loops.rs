//! Sign-in loops: after the third sign-in the page waits for a click and says why.

use super::world::{World, in_a_browser};
use super::zendesk::{self, Verdict};
use serde_json::json;

/// Checks that the page waits for a click, and has the links that bypass SSO in the part for administrators alone.
fn assert_waits_for_click(world: &World) {
    world.reads("You are not signed in yet");
    let bypass = "return [...document.querySelectorAll('a')].map(it => [it.href, it.closest('details').open])";
    let bypass = world.browser.evaluate(bypass);
    assert_eq!(
        bypass,
        json!([
            ["https://acme.zendesk.com/access/normal", false],
            ["https://acme.zendesk.com/access/sso_bypass", false]
        ])
    );
    assert_eq!(world.browser.evaluate("return document.querySelectorAll('button').length"), 1);
}

#[test]
fn the_page_waits_for_a_click_when_a_help_center_sends_the_visitor_straight_back() {
    in_a_browser(|world| {
        world.log_in();
        world.zendesk.answers_with(Verdict::SentToSignInAgain);
        world.browser.open(&zendesk::remote_login("/hc/en-us"));
        assert_waits_for_click(world);
        world.zendesk_gets(3);

        // Each click sends one JWT.
        world.browser.click("form button");
        world.zendesk_gets(4);
        assert_waits_for_click(world);
        world.zendesk.answers_with(Verdict::SignedIn);
        world.browser.click("form button");
        world.arrives_at("https://acme.zendesk.com/hc/en-us");
        world.zendesk_gets(5);
    });
}

#[test]
fn the_page_waits_for_a_click_when_the_visitor_tries_again_after_each_error() {
    in_a_browser(|world| {
        world.log_in();
        world.zendesk.answers_with(Verdict::Refused("Something new"));
        world.browser.open(&zendesk::remote_login("/hc/en-us"));
        for count in 1..=3 {
            world.reads("Please try again in a minute.");
            world.zendesk_gets(count);
            world.browser.click("a[href=login]");
        }

        assert_waits_for_click(world);
        world.zendesk_gets(3);
    });
}

#[test]
fn a_refused_user_gets_a_page_if_the_login_page_sends_them_straight_back() {
    in_a_browser(|world| {
        world.suspend_the_user();
        world.log_in();
        world.browser.open(&zendesk::remote_login("/hc/en-us"));
        world.reads("We could not sign you in");
        let statuses = || world.http_api.visits().iter().map(|visit| visit.answer.status).collect::<Vec<_>>();
        assert_eq!(statuses(), [303, 303, 401]);

        // The link goes to the login page, which sends the visitor back once.
        world.browser.click("a[href^='https://www.example.com/login']");
        world.reads("We could not sign you in");
        assert_eq!(statuses(), [303, 303, 401, 401]);
        world.zendesk_gets(0);
    });
}

#[test]
fn the_links_that_bypass_sso_lead_to_zendesk() {
    in_a_browser(|world| {
        world.log_in();
        world.zendesk.answers_with(Verdict::SentToSignInAgain);
        for path in ["/access/normal", "/access/sso_bypass"] {
            world.browser.open(&zendesk::remote_login("/hc/en-us"));
            assert_waits_for_click(world);
            world.browser.click("summary");
            world.browser.click(&format!("a[href$='{path}']"));
            world.arrives_at(&format!("https://acme.zendesk.com{path}"));
        }
    });
}

#[test]
fn a_visitor_without_a_cookie_gets_to_the_login_page_when_zendesk_asks_again() {
    in_a_browser(|world| {
        world.zendesk.answers_with(Verdict::SentToSignInAgain);
        world.browser.open("https://www.example.com/app");
        world.browser.click("#help");
        assert_waits_for_click(world);

        let answers: Vec<_> = world.http_api.visits().iter().map(|visit| visit.answer.status).collect();
        assert_eq!(answers, [200, 303, 200, 200, 200], "the login page gave the browser a cookie");
        world.zendesk_gets(3);
    });
}
