//! The page for an outage: its button appears when `Retry-After` is over, without JavaScript.

use super::pages::BUTTON_IS_SHOWN;
use super::world::{World, in_a_browser, in_a_browser_without_javascript};
use super::zendesk;
use crate::support::eventually;
use std::time::{Duration, Instant};

fn try_again_after_an_outage(world: &World) {
    world.log_in();
    world.http_api.fail_lookups();
    let before = Instant::now();
    world.browser.open(&zendesk::remote_login("/agent/tickets/1"));
    let is_shown = || world.browser.evaluate(BUTTON_IS_SHOWN).as_bool().unwrap();
    let visits = world.http_api.visits();
    let answer = &visits.last().unwrap().answer;
    let retry_after = Duration::from_secs(answer.header("retry-after").unwrap().parse().unwrap());
    assert_eq!(answer.status, 503);
    let was_shown = is_shown();
    // On a busy machine the time can be over already.
    assert!(!was_shown || before.elapsed() >= retry_after);
    eventually("the button appears", Duration::from_secs(20), || is_shown().then_some(()));
    assert!(before.elapsed() >= retry_after);

    world.http_api.repair_lookups();
    world.browser.click("a.button");
}

#[test]
fn the_button_appears_when_it_may_be_used_and_signs_in() {
    in_a_browser(|world| {
        try_again_after_an_outage(world);
        world.arrives_at("https://acme.zendesk.com/agent/tickets/1");
    });
}

#[test]
fn the_button_needs_no_javascript() {
    in_a_browser_without_javascript(|world| {
        try_again_after_an_outage(world);
        world.reads("You are on your way to the agent workspace.");
    });
}
