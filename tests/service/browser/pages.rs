//! Accessibility of every page: phone, keyboard, screen reader, contrast; and screenshots.

use super::world::{World, in_a_browser_with};
use super::{sites, zendesk};
use crate::support::chromium::{Axe, LOW_CONTRAST_TEXTS, WIDTHS};
use crate::support::eventually;
use crate::support::webdriver::TAB;
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// A message that is wider than a phone and has no place for a line break.
const MESSAGE: &str = "User creation failed: Email is invalid for \
    a.demo.user.with.a.name.that.goes.on.and.on.and.on@a-department-with-a-long-name.example.com";

/// Opens each page in turn and calls `look` with the page's name. Scripts do not post forms meanwhile.
pub fn on_every_page(look: impl Fn(&World, &str)) {
    on_every_page_with(&[], "en", look);
}

/// The same, with further variables of the function, and in this language.
pub fn on_every_page_with(environment: &[(&str, &str)], language: &str, look: impl Fn(&World, &str)) {
    let own_pages = [("LOGIN_URL", ""), ("POST_LOGOUT_URL", "")];
    in_a_browser_with(&[&own_pages, environment].concat(), |world| {
        world.prefer_languages(language);
        let stand_still = json!({ "source": "HTMLFormElement.prototype.submit = () => {}" });
        let stand_still = world.browser.devtools("Page.addScriptToEvaluateOnNewDocument", &stand_still);
        // Without a `locale_id`, so that the browser's language counts.
        let login = "https://sso.example.com/sso/login?return_to=%2Fhc%2Fen-us".to_owned();
        world.browser.open(&login);
        look(world, "not-signed-in");
        world.log_in();
        world.browser.open(&login);
        look(world, "sign-in");
        for _ in 0..3 {
            world.browser.open(&login);
        }
        look(world, "loop-guard");
        world.browser.open(&zendesk::remote_logout(&[("kind", "error"), ("message", MESSAGE)]));
        look(world, "error");
        world.http_api.fail_lookups();
        world.browser.open(&login);
        // The button appears after a while.
        let is_shown = || world.browser.evaluate(BUTTON_IS_SHOWN).as_bool()?.then_some(());
        eventually("the button appears", Duration::from_secs(20), is_shown);
        look(world, "unavailable");
        world.http_api.repair_lookups();
        world.browser.open(&zendesk::remote_logout(&[]));
        look(world, "signed-out");
        world.browser.devtools("Page.removeScriptToEvaluateOnNewDocument", &stand_still);
        world.browser.open("https://evil.example.org/");
        world.browser.click("#help");
        world.arrives_at("https://sso.example.com/sso/login?return_to=%2Fhc%2Fen-us");
        look(world, "foreign-form");
    });
}

/// JavaScript that returns whether the page shows a button.
pub const BUTTON_IS_SHOWN: &str =
    "return document.querySelector('.button').checkVisibility({ visibilityProperty: true })";

#[test]
fn every_page_has_a_language_a_title_and_one_heading() {
    on_every_page(|world, name| {
        let language = "const { lang, dir } = document.documentElement; return [lang, dir]";
        assert_eq!(world.browser.evaluate(language), json!(["en", "ltr"]), "{name}");
        assert!(!world.browser.title().is_empty(), "{name}");
        let headings =
            world.browser.evaluate("return [...document.querySelectorAll('h1:not([role])')].map(h => h.innerText)");
        assert_eq!(headings.as_array().unwrap().len(), 1, "{name}: {headings}");
        assert_ne!(headings[0], "", "{name}");
        assert_eq!(world.browser.evaluate("return document.querySelectorAll('main').length"), 1, "{name}");
    });
}

#[test]
fn no_page_is_wider_than_a_phone() {
    on_every_page_with(&[("BRAND_NAME", sites::LONG_NAME)], "de", |world, name| {
        world.browser.resize(360, 640);
        world.open_details();
        let hidden = "const page = document.documentElement; return page.scrollWidth - page.clientWidth";
        assert_eq!(world.browser.evaluate(hidden), 0, "{name}");
    });
}

#[test]
fn every_link_and_button_is_reached_with_the_keyboard_and_shows_its_focus() {
    const FOCUSED: &str = "const { activeElement: it } = document, style = getComputedStyle(it);
        return { name: it.innerText, ring: style.outlineStyle != 'none' && parseFloat(style.outlineWidth) >= 2 }";
    on_every_page(|world, name| {
        world.open_details();
        let names = "return [...document.querySelectorAll('a[href], button, summary')].map(it => it.innerText)";
        for expected in world.browser.evaluate(names).as_array().unwrap() {
            world.browser.press(TAB);
            assert_ne!(expected, "", "{name}");
            assert_eq!(world.browser.evaluate(FOCUSED), json!({ "name": expected, "ring": true }), "{name}");
        }
    });
}

#[test]
fn all_text_has_enough_contrast_in_light_and_dark() {
    on_every_page(|world, name| {
        let [light, dark] = ["light", "dark"].map(|scheme| {
            world.browser.prefer_colours(scheme);
            world.open_details();
            let found = world.browser.evaluate(LOW_CONTRAST_TEXTS);
            assert!(found[0].as_u64() > Some(1) && found[1] == json!([]), "{name} in {scheme}: {found}");
            world.browser.evaluate("return getComputedStyle(document.body).backgroundColor")
        });
        assert_ne!(light, dark, "{name}");
    });
}

#[test]
fn axe_finds_nothing_on_any_page() {
    let Some(axe) = Axe::install() else { return };
    for (brand, language) in [(&[][..], "en"), (&sites::BRAND[..], "ja")] {
        on_every_page_with(brand, language, |world, name| {
            for scheme in ["light", "dark"] {
                world.browser.prefer_colours(scheme);
                assert_eq!(axe.findings(&world.browser), Vec::<String>::new(), "{name} in {scheme}");
                world.open_details();
                assert_eq!(axe.findings(&world.browser), Vec::<String>::new(), "{name} in {scheme}, opened");
            }
        });
    }
}

/// For the documents and for reviews of a change:
/// `SCREENSHOTS=docs/images cargo test --test service screenshots -- --ignored`
#[test]
#[ignore = "writes files"]
fn take_screenshots() {
    let folder = PathBuf::from(std::env::var_os("SCREENSHOTS").expect("SCREENSHOTS=folder"));
    std::fs::create_dir_all(&folder).unwrap();
    let long_name = [("BRAND_NAME", sites::LONG_NAME), ("BRAND_COLOR", "#1d4ed8")];
    let looks = [
        ("neutral", &[][..], "en"),
        ("brand", &sites::BRAND[..], "de"),
        ("brand", &sites::BRAND[..], "ja"),
        ("long-name", &long_name[..], "en"),
    ];
    for (look, environment, language) in looks {
        on_every_page_with(environment, language, |world, name| {
            for width in WIDTHS {
                // As high as the page, but at least as high as a usual window.
                world.browser.resize(width, width.min(640));
                let height = world.browser.evaluate("return document.documentElement.scrollHeight");
                world.browser.resize(width, height.as_u64().unwrap().try_into().unwrap());
                for scheme in ["light", "dark"] {
                    world.browser.prefer_colours(scheme);
                    let file = folder.join(format!("{look}-{language}-{name}-{scheme}-{width}.png"));
                    std::fs::write(file, world.browser.screenshot()).unwrap();
                }
            }
        });
    }
}
