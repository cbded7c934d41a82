//! The content security policy in a browser.

use super::world::in_a_browser;
use super::zendesk::{self, Verdict};
use crate::support::webdriver::ConsoleLine;

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
