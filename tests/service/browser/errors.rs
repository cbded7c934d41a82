//! The error page, for visitors that Zendesk cannot sign in.

use super::world::in_a_browser;
use super::zendesk::{self, Verdict};
use crate::support::webdriver::{ENTER, TAB};

#[test]
fn the_error_page_says_what_to_do_and_offers_another_try() {
    in_a_browser(|world| {
        world.zendesk.answers_with(Verdict::Refused("The unique user identifier has been reused"));
        world.browser.open("https://acme.zendesk.com/agent/tickets/1");
        world.reads("The unique user identifier has been reused");
        let page = world.browser.text();
        for part in ["used already", "What you can do", "For the administrator", "request 8476a536"] {
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
        assert_eq!(focused(), "https://acme.zendesk.com/access/normal");
        world.browser.press(ENTER);
        world.arrives_at("https://acme.zendesk.com/access/normal");
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
