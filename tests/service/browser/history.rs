//! Ways back to a page whose JWT was sent. None of them sends the JWT again, because Zendesk accepts a JWT only once.

use super::world::{World, in_a_browser};
use super::zendesk;
use serde_json::{Value, json};
use std::time::Duration;

const HELP_CENTER: &str = "https://acme.zendesk.com/hc/en-us";

fn login() -> String {
    zendesk::remote_login("/hc/en-us")
}

/// Signs in so often that the page waits for a click.
fn sign_in_until_the_page_waits(world: &World) {
    world.log_in();
    for _ in 0..3 {
        world.browser.open(&login());
        world.arrives_at(HELP_CENTER);
    }
    world.browser.open(&login());
    world.reads("You are not signed in yet");
    world.zendesk_gets(3);
}

fn jwt_on_the_page(world: &World) -> Value {
    world.browser.evaluate("return document.querySelector('input[name=jwt]').value")
}

#[test]
fn the_back_button_skips_the_sign_in_page() {
    in_a_browser(|world| {
        world.log_in();
        world.browser.open("https://www.example.com/app");
        world.browser.evaluate(&format!("location.href = {:?}", login()));
        world.arrives_at(HELP_CENTER);

        world.browser.back();
        world.arrives_at("https://www.example.com/app");
        world.zendesk_gets(1);
    });
}

#[test]
fn a_reload_while_zendesk_is_slow_sends_a_new_jwt() {
    in_a_browser(|world| {
        world.log_in();
        // A WebDriver command would wait until the page has loaded. A person does not.
        let reload = "if (location.host == 'sso.example.com' && !sessionStorage.reloaded) {
            sessionStorage.reloaded = true;
            setTimeout(() => location.reload(), 1000);
        }";
        world.browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": reload }));
        world.zendesk.answers_after(Duration::from_secs(2));
        world.browser.open(&login());
        world.arrives_at(HELP_CENTER);

        world.zendesk_gets(2);
    });
}

#[test]
fn a_double_click_sends_one_jwt() {
    in_a_browser(|world| {
        sign_in_until_the_page_waits(world);
        world.zendesk.answers_after(Duration::from_secs(2));
        world.browser.double_click("form button");
        world.arrives_at(HELP_CENTER);

        world.zendesk_gets(4);
    });
}

#[test]
fn going_back_to_a_page_that_waits_for_a_click_gives_a_new_jwt() {
    in_a_browser(|world| {
        sign_in_until_the_page_waits(world);
        for count in 4..=5 {
            world.browser.click("form button");
            world.arrives_at(HELP_CENTER);
            world.zendesk_gets(count);
            world.browser.back();
            world.arrives_at(&login());
        }
    });
}

#[test]
fn a_page_from_the_back_forward_cache_is_loaded_again() {
    in_a_browser(|world| {
        sign_in_until_the_page_waits(world);
        let used = jwt_on_the_page(world);
        // The browser decides whether it caches this page, so the event is simulated.
        world.browser.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
        world.reads("You are not signed in yet");

        assert_ne!(jwt_on_the_page(world), used);
        world.zendesk_gets(3);
    });
}
