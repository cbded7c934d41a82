//! The ways back to a page whose JWT was used: none of them sends it again, for Zendesk takes each once.

use super::world::{World, in_a_browser};
use super::zendesk;
use serde_json::{Value, json};
use std::time::Duration;

const HELP_CENTER: &str = "https://acme.zendesk.com/hc/en-us";

fn login() -> String {
    zendesk::remote_login("/hc/en-us")
}

/// Signs in so often that the next page waits for a click, and goes there.
fn held_back(world: &World) {
    world.log_in();
    for _ in 0..3 {
        world.browser.open(&login());
        world.arrives_at(HELP_CENTER);
    }
    world.browser.open(&login());
    world.reads("round in circles");
    world.zendesk_gets(3);
}

fn jwt_on_the_page(world: &World) -> Value {
    world.browser.evaluate("return document.querySelector('input[name=jwt]').value")
}

#[test]
fn the_back_button_leads_past_the_sign_in() {
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
fn a_reload_while_zendesk_takes_its_time_brings_another_jwt() {
    in_a_browser(|world| {
        world.log_in();
        // A person need not wait until the page has loaded; a command to the browser does.
        let impatience = "if (location.host == 'sso.example.com' && !sessionStorage.reloaded) {
            sessionStorage.reloaded = true;
            setTimeout(() => location.reload(), 1000);
        }";
        world.browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": impatience }));
        world.zendesk.answers_after(Duration::from_secs(2));
        world.browser.open(&login());
        world.arrives_at(HELP_CENTER);

        world.zendesk_gets(2);
    });
}

#[test]
fn a_double_click_sends_one_jwt() {
    in_a_browser(|world| {
        held_back(world);
        world.zendesk.answers_after(Duration::from_secs(2));
        world.browser.double_click("form button");
        world.arrives_at(HELP_CENTER);

        world.zendesk_gets(4);
    });
}

#[test]
fn a_page_that_waited_for_a_click_has_a_new_jwt_when_it_is_come_back_to() {
    in_a_browser(|world| {
        held_back(world);
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
fn a_page_out_of_the_back_forward_cache_is_fetched_anew() {
    in_a_browser(|world| {
        held_back(world);
        let used = jwt_on_the_page(world);
        // Whether a browser keeps this page there is its own choice. What the page does then is not.
        world.browser.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
        world.reads("round in circles");

        assert_ne!(jwt_on_the_page(world), used);
        world.zendesk_gets(3);
    });
}
