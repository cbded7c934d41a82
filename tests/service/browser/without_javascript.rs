//! Signing in without JavaScript: a button posts the form.

use super::world::in_a_browser_without_javascript;
use super::zendesk;
use crate::support::webdriver::{ENTER, TAB};
use std::time::Duration;

const BUTTON: &str = "form button";

#[test]
fn the_button_signs_in() {
    in_a_browser_without_javascript(|world| {
        world.browser.open("https://acme.zendesk.com/agent/tickets/1");
        world.reads("Continue");
        assert_eq!(world.zendesk.posts().len(), 0);

        world.browser.click(BUTTON);
        world.arrives_at("https://acme.zendesk.com/agent/tickets/1");
        world.zendesk_gets(1);
    });
}

#[test]
fn the_button_is_reached_and_pressed_with_the_keyboard() {
    in_a_browser_without_javascript(|world| {
        world.log_in();
        world.browser.open(&zendesk::remote_login("/hc/en-us"));
        world.browser.press(TAB);
        assert_eq!(world.browser.evaluate("return document.activeElement.innerText"), "Continue");
        world.browser.press(ENTER);
        world.arrives_at("https://acme.zendesk.com/hc/en-us");
    });
}

#[test]
fn a_double_click_sends_one_jwt() {
    in_a_browser_without_javascript(|world| {
        world.log_in();
        world.zendesk.answers_after(Duration::from_secs(2));
        world.browser.open(&zendesk::remote_login("/hc/en-us"));
        world.browser.double_click(BUTTON);
        world.arrives_at("https://acme.zendesk.com/hc/en-us");

        world.zendesk_gets(1);
    });
}

#[test]
fn the_back_button_never_sends_the_same_jwt_again() {
    in_a_browser_without_javascript(|world| {
        world.log_in();
        world.browser.open(&zendesk::remote_login("/hc/en-us"));
        world.browser.click(BUTTON);
        world.arrives_at("https://acme.zendesk.com/hc/en-us");
        world.browser.back();
        world.arrives_at(&zendesk::remote_login("/hc/en-us"));
        // Chromium shows the cached page. If its button worked, Zendesk would get the jti twice.
        world.browser.double_click(BUTTON);
        world.zendesk_gets(1);

        world.browser.reload();
        world.browser.click(BUTTON);
        world.arrives_at("https://acme.zendesk.com/hc/en-us");
        world.zendesk_gets(2);
    });
}
