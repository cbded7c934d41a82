//! Sign-ins that go round in circles: the page stops after the third, and says why.

use super::world::{World, in_a_browser};
use super::zendesk::{self, Verdict};

/// Checks that the page has stopped with an explanation, a way to go on and a way round.
fn assert_held_back(world: &World) {
    world.reads("round in circles");
    let link = "return document.querySelector('a[href=\"https://acme.zendesk.com/access/normal\"]')?.innerText";
    assert!(world.browser.evaluate(link).is_string());
    assert_eq!(world.browser.evaluate("return document.querySelectorAll('button').length"), 1);
}

#[test]
fn a_help_center_that_sends_the_visitor_straight_back_is_stopped() {
    in_a_browser(|world| {
        world.log_in();
        world.zendesk.answers_with(Verdict::SentToSignInAgain);
        world.browser.open(&zendesk::remote_login("/hc/en-us"));
        assert_held_back(world);
        world.zendesk_gets(3);

        // A person may go on, once for every click.
        world.browser.click("form button");
        world.zendesk_gets(4);
        assert_held_back(world);
        world.zendesk.answers_with(Verdict::SignedIn);
        world.browser.click("form button");
        world.arrives_at("https://acme.zendesk.com/hc/en-us");
        world.zendesk_gets(5);
    });
}

#[test]
fn whoever_tries_again_after_each_error_is_stopped_too() {
    in_a_browser(|world| {
        world.log_in();
        world.zendesk.answers_with(Verdict::Refused("Something nobody has seen"));
        world.browser.open(&zendesk::remote_login("/hc/en-us"));
        for count in 1..=3 {
            world.reads("Something nobody has seen");
            world.zendesk_gets(count);
            world.browser.click("a[href=login]");
        }

        assert_held_back(world);
        world.zendesk_gets(3);
    });
}

#[test]
fn the_way_round_single_sign_on_leads_to_zendesk() {
    in_a_browser(|world| {
        world.log_in();
        world.zendesk.answers_with(Verdict::SentToSignInAgain);
        world.browser.open(&zendesk::remote_login("/hc/en-us"));
        assert_held_back(world);
        world.browser.click("a[href$='/access/normal']");
        world.arrives_at("https://acme.zendesk.com/access/normal");
    });
}

#[test]
fn an_application_without_a_cookie_is_led_to_the_login_page_when_zendesk_asks_again() {
    in_a_browser(|world| {
        world.zendesk.answers_with(Verdict::SentToSignInAgain);
        world.browser.open("https://www.example.com/app");
        world.browser.click("#help");
        assert_held_back(world);

        let answers: Vec<_> = world.front_door.visits().iter().map(|visit| visit.answer.status).collect();
        assert_eq!(answers, [200, 303, 200, 200, 200], "the login page gave the browser a cookie");
        world.zendesk_gets(3);
    });
}
