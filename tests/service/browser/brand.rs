//! The company on the pages: name, logo, colour and support contact.

use super::attacks::violations;
use super::pages::on_every_page_with;
use super::sites::{self, BRAND};
use super::world::in_a_browser_with;
use super::zendesk;
use serde_json::{Value, json};

/// What a browser shows of the brand: language, title, name of the logo, whether it is visible, and the button's colour.
const BRAND_ON_THE_PAGE: &str =
    "const logo = document.querySelector('img'), button = document.querySelector('.button, button');
    return {
        language: document.documentElement.lang,
        title: document.title,
        logo: logo && [logo.alt, logo.src, logo.clientWidth > 0],
        button: button && getComputedStyle(button).backgroundColor,
        text: button && getComputedStyle(button).color,
        support: document.querySelector('main > p > a:not(.button)')?.href,
    }";

#[test]
fn every_page_shows_the_brand_in_the_browsers_language() {
    for (language, title) in [("de", "Anmeldung läuft\u{a0}…"), ("ja", "サインインしています…")] {
        on_every_page_with(&BRAND, language, |world, name| {
            let seen = world.browser.evaluate(BRAND_ON_THE_PAGE);
            assert_eq!(seen["language"], language, "{name}");
            assert!(seen["title"].as_str().unwrap().ends_with(" - Acme Robotics"), "{seen}");
            assert_eq!(seen["logo"], json!(["Acme Robotics", sites::LOGO_URL, true]), "{name}");
            let has_help = !matches!(name, "sign-in" | "signed-out");
            let support = if has_help { json!("https://www.example.com/contact") } else { Value::Null };
            assert_eq!(seen["support"], support, "{name}");
            if !seen["button"].is_null() {
                assert_eq!(
                    (&seen["button"], &seen["text"]),
                    (&json!("rgb(245, 158, 11)"), &json!("rgb(0, 0, 0)")),
                    "{name}"
                );
            }
            if name == "sign-in" {
                assert_eq!(world.browser.evaluate("return document.querySelector('h1').innerText"), title);
            }
        });
    }
}

#[test]
fn a_page_without_a_brand_names_nobody() {
    on_every_page_with(&[], "en", |world, name| {
        let seen = world.browser.evaluate(BRAND_ON_THE_PAGE);
        assert_eq!((&seen["logo"], &seen["support"]), (&Value::Null, &Value::Null), "{name}");
        assert!(!seen["title"].as_str().unwrap().contains(" - "), "{seen}");
    });
}

#[test]
fn the_logo_is_the_only_thing_that_a_page_loads_and_nothing_else_can_be_loaded() {
    in_a_browser_with(&BRAND, |world| {
        let error = [("kind", "error"), ("message", "Invalid JWT token")];
        world.browser.open(&zendesk::remote_logout(&error));
        let loaded = "return performance.getEntriesByType('resource').map(entry => entry.name)";
        assert_eq!(world.browser.evaluate(loaded), json!([sites::LOGO_URL]));
        assert_eq!(world.browser.evaluate("return document.querySelector('img').naturalWidth"), 480);
        assert_eq!(world.complaints(), Vec::<String>::new());

        for address in [
            "https://www.example.com/logo.svg",
            "https://sso.example.com/logo.svg",
            "data:image/gif;base64,R0lGODlhAQABAAAAACw=",
        ] {
            world
                .browser
                .evaluate(&format!("document.body.append(Object.assign(new Image(), {{ src: '{address}' }}))"));
            let violations = violations(world.browser.console());
            assert!(
                violations.len() == 1 && violations[0].contains("img-src https://cdn.example.com"),
                "{violations:?}"
            );
        }
    });
}
