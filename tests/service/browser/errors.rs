//! The error page, for visitors that Zendesk cannot sign in, and the page for an outage, whose button appears when
//! `Retry-After` is over.

use super::pages::BUTTON_IS_SHOWN;
use super::world::{World, in_a_browser, in_a_browser_without_javascript};
use super::zendesk::{self, Verdict};
use crate::support::eventually;
use crate::support::webdriver::{ENTER, TAB};
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn the_error_page_says_what_to_do_and_offers_another_try() {
    in_a_browser(|world| {
        world.zendesk.answers_with(Verdict::Refused("The unique user identifier has been reused"));
        world.browser.open("https://acme.zendesk.com/agent/tickets/1");
        world.reads("This sign-in was already used");
        let page = world.browser.text();
        for part in ["click only once", "Reference: 8476a536", "Information for administrators"] {
            assert!(page.contains(part), "{page}");
        }
        for personal in ["Demo.User@Example.com", "demo-1"] {
            assert!(!page.contains(personal), "{page}");
        }

        world.zendesk.answers_with(Verdict::SignedIn);
        world.browser.click("a[href=login]");
        world.arrives_at("https://acme.zendesk.com/hc");
        world.zendesk_gets(2);
    });
}

#[test]
fn the_links_work_with_the_keyboard() {
    in_a_browser(|world| {
        let focused = || world.browser.evaluate("return document.activeElement.href");
        world.log_in();
        world.browser.open(&zendesk::remote_logout(&[("kind", "error"), ("message", "Invalid JWT token")]));
        world.browser.press(TAB);
        assert_eq!(focused(), "https://sso.example.com/sso/login");
        world.browser.press(TAB);
        world.browser.press(ENTER);
        for path in ["normal", "sso_bypass"] {
            world.browser.press(TAB);
            assert_eq!(focused(), format!("https://acme.zendesk.com/access/{path}"));
        }
        world.browser.press(ENTER);
        world.arrives_at("https://acme.zendesk.com/access/sso_bypass");
    });
}

/// The text of the page without the part for administrators.
const CUSTOMERS_PART: &str = "const main = document.body.cloneNode(true);
    main.querySelectorAll('details').forEach(it => it.remove());
    return document.title + main.outerHTML";

#[test]
fn no_part_of_zendesks_message_is_shown_to_customers() {
    in_a_browser(|world| {
        let long = "We close your account. ".repeat(220);
        for (message, telling) in [
            ("Call +1 555 010 0199 to keep your account", &["555", "keep"][..]),
            ("Go to https://evil.example.org/ or write to help@evil.example.org", &["evil", "write to"]),
            ("<a href='https://evil.example.org/'>Confirm</a><h1>Locked</h1>", &["evil", "Confirm", "Locked"]),
            ("Invalid JWT token: visit evil.example.org", &["evil", "visit"]),
            (&long, &["close your account"]),
        ] {
            world.browser.open(&zendesk::remote_logout(&[("kind", "error"), ("message", message)]));
            let shown = world.browser.evaluate(CUSTOMERS_PART);
            let shown = shown.as_str().unwrap();
            assert!(shown.contains("We could not sign you in"), "{shown}");
            assert!(telling.iter().all(|words| !shown.contains(words)), "{message}: {shown}");
            assert!(telling.iter().all(|words| !world.browser.text().contains(words)), "the details are closed");

            let quoted = world.browser.evaluate("return document.querySelector('details blockquote').textContent");
            let beginning: String = message.chars().take(300).collect();
            let expected = if message.len() > 300 { format!("{beginning}…") } else { beginning };
            assert_eq!(quoted, expected);
            let links = "return [...document.querySelectorAll('a')].map(it => new URL(it.href).host)";
            assert_eq!(
                world.browser.evaluate(links),
                json!(["sso.example.com", "acme.zendesk.com", "acme.zendesk.com"]),
                "{message}"
            );
            let phones = "return document.querySelector('meta[name=format-detection]').content";
            assert!(world.browser.evaluate(phones).as_str().unwrap().contains("telephone=no"));
        }
    });
}

#[test]
fn markup_in_a_message_is_shown_as_text() {
    in_a_browser(|world| {
        for message in [
            "<script>document.title = 'executed'</script>",
            "</blockquote><script>document.title = 'executed'</script>",
            "<img src=x onerror=\"document.title = 'executed'\">",
            "<svg onload=\"document.title = 'executed'\"></svg>",
            "\"><iframe srcdoc=\"<script>top.document.title = 'executed'</script>\"></iframe>",
            "<a href=\"javascript:document.title = 'executed'\">Try again</a>",
            "<meta http-equiv=refresh content='0;url=https://evil.example.org/'>",
            "<form action=https://evil.example.org/><button>Sign in</button></form>",
            "<base href=https://evil.example.org/>",
            "<style>main { display: none }</style>",
            "{{7*7}}${7*7}<%= 7*7 %>",
            "&lt;b&gt;Demo&lt;/b&gt; &amp; &#x41;",
            "\u{202e}gninraw a ton si siht",
        ] {
            world.browser.open(&zendesk::remote_logout(&[("kind", "error"), ("message", message)]));
            let title = world.browser.title();
            let quoted = world.browser.evaluate("return document.querySelector('blockquote').textContent");
            assert_eq!(quoted, message);
            let inside = "return document.querySelector('blockquote').childElementCount";
            assert_eq!(world.browser.evaluate(inside), 0, "{message}");
            let foreign = "return document.querySelectorAll('script, img, svg, iframe, form, base, [onload]').length";
            assert_eq!(world.browser.evaluate(foreign), 0, "{message}");
            assert!(world.browser.address().starts_with("https://sso.example.com/sso/logout?"));
            assert!(!title.contains("executed") && !title.is_empty(), "{title}");
            assert_eq!(world.complaints(), Vec::<String>::new(), "{message}");
        }
    });
}

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
fn after_an_outage_the_button_appears_when_it_may_be_used_and_signs_in() {
    in_a_browser(|world| {
        try_again_after_an_outage(world);
        world.arrives_at("https://acme.zendesk.com/agent/tickets/1");
    });
}

#[test]
fn after_an_outage_the_button_needs_no_javascript() {
    in_a_browser_without_javascript(|world| {
        try_again_after_an_outage(world);
        world.reads("You are on your way to the agent workspace.");
    });
}
