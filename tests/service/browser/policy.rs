//! The content security policy of the sign-in page, as a browser understands it.

use super::world::in_a_browser;
use super::zendesk::{self, Verdict};
use crate::support::webdriver::ConsoleLine;

fn violations(console: Vec<ConsoleLine>) -> Vec<String> {
    let lines = console.into_iter().filter(|line| line.source == "security");
    lines.map(|line| line.message).filter(|message| message.contains("Content Security Policy")).collect()
}

#[test]
fn a_script_that_is_not_the_pages_own_does_not_run_and_the_console_says_so() {
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

/// Why `RETURN_TO_HOSTS` is in the policy: the browser asks it about the redirect after the post, too.
#[test]
fn a_form_ends_where_the_policy_does_not_let_it_go() {
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
