//! Attacks on a visitor: forms, frames and scripts of other origins, and what the content security policy stops. Only
//! pages of our own and of the allowed origins may post a form that signs in, and no page gets a JWT.

use super::world::in_a_browser;
use super::zendesk::{self, Verdict};
use crate::support::webdriver::ConsoleLine;

/// The button of an application that signs its visitor in with a form.
const HELP: &str = "#help";

#[test]
fn a_foreign_page_cannot_sign_its_visitor_in_as_another_user() {
    in_a_browser(|world| {
        world.log_in();
        world.browser.open("https://evil.example.org/");
        world.browser.click(HELP);
        world.arrives_at("https://sso.example.com/sso/login?return_to=%2Fhc%2Fen-us");
        world.zendesk_gets(0);

        let visits = world.http_api.visits();
        let origin = visits[0].request.headers_named("origin").next();
        assert_eq!((visits.len(), visits[0].answer.status, origin), (1, 403, Some("https://evil.example.org")));
        assert_eq!(world.browser.evaluate("return document.querySelectorAll('form').length"), 0);
    });
}

#[test]
fn an_application_on_an_allowed_origin_signs_its_visitor_in() {
    in_a_browser(|world| {
        world.browser.open("https://www.example.com/app");
        world.browser.click(HELP);
        world.arrives_at("https://acme.zendesk.com/hc/en-us");

        assert_eq!(world.zendesk.only_post().jwt().claim("name"), "Demo User");
    });
}

#[test]
fn an_application_on_our_own_origin_signs_its_visitor_in() {
    in_a_browser(|world| {
        world.browser.open("https://sso.example.com/app");
        world.browser.click(HELP);
        world.arrives_at("https://acme.zendesk.com/hc/en-us");

        assert_eq!(world.zendesk.only_post().jwt().claim("name"), "Demo User");
    });
}

#[test]
fn a_script_and_a_frame_of_the_companys_page_get_no_jwt() {
    in_a_browser(|world| {
        world.log_in();
        world.browser.open("https://www.example.com/app");
        world.browser.evaluate(
            "const address = 'https://sso.example.com/sso/login';
            const frame = document.createElement('iframe');
            frame.src = address;
            document.body.append(frame);
            return Promise.all([
                new Promise((resolve) => frame.addEventListener('load', resolve)),
                fetch(address, { credentials: 'include', mode: 'no-cors' }),
            ]).then(() => true)",
        );

        let visits = world.http_api.visits();
        assert_eq!(visits.len(), 2);
        for visit in visits {
            assert!(visit.request.headers_named("cookie").next().is_some(), "the session cookie was sent");
            assert!(visit.answer.status == 400 && !visit.answer.body.contains("<form"), "{visit:?}");
        }
        let complaints = world.complaints();
        assert!(complaints.len() == 1 && complaints[0].contains("frame"), "{complaints:?}");
    });
}

pub fn violations(console: Vec<ConsoleLine>) -> Vec<String> {
    let lines = console.into_iter().filter(|line| line.source == "security");
    lines.map(|line| line.message).filter(|message| message.contains("Content Security Policy")).collect()
}

#[test]
fn an_injected_script_does_not_run_and_the_console_reports_it() {
    in_a_browser(|world| {
        world.browser.open(&zendesk::remote_logout(&[("kind", "error"), ("message", "Invalid JWT token")]));
        world.browser.evaluate(
            "const script = document.createElement('script');
            script.textContent = 'document.title = \"executed\"';
            document.body.append(script)",
        );

        assert_ne!(world.browser.title(), "executed");
        let violations = violations(world.browser.console());
        assert!(violations.len() == 1 && violations[0].contains("script-src"), "{violations:?}");
    });
}

/// The browser applies the policy to the redirect after the post, so the policy contains `RETURN_TO_HOSTS`.
#[test]
fn the_policy_stops_a_redirect_to_a_foreign_host() {
    in_a_browser(|world| {
        world.log_in();
        world.zendesk.answers_with(Verdict::SentTo("https://evil.example.org/"));
        world.browser.open(&zendesk::remote_login("/hc/en-us"));
        world.zendesk_gets(1);

        assert!(world.browser.address().starts_with("https://sso.example.com/sso/login?"));
        let violations = violations(world.browser.console());
        assert!(violations.len() == 1 && violations[0].contains("form-action"), "{violations:?}");
    });
}
