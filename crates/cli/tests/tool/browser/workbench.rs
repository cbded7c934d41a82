//! The workbench of `zendesk-jwt local` in a real browser: with the mouse, with the keyboard, and without JavaScript.

use crate::identity_provider::id_token;
use crate::local::Local;
use crate::support::chromium::{Axe, Chromium, LOW_CONTRAST_TEXTS, Programs};
use crate::support::eventually;
use crate::support::webdriver::{ENTER, RIGHT, TAB};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// Generous, since the machine may be busy.
const SHOWN_WITHIN: Duration = Duration::from_mins(1);
/// A token with `iat` in milliseconds and a wrong signature.
const BAD_JWT: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3OTUzMDYyNDQwMDAsImp0aSI6IjEiLCJuYW1lIjoiRGVtbyBVc2VyIiwiZW1haWwiOiJkZW1vQGV4YW1wbGUuY29tIiwicm9sZSI6ImFkbWluIn0.c2lnbmF0dXJl";

/// Shows what is folded, so that the keyboard reaches it.
const OPEN_FOLDS: &str = "document.querySelectorAll('details').forEach((it) => { it.open = true })";

/// A browser, and a workbench for this test only.
struct Desk {
    browser: Chromium,
    local: Local,
}

impl Desk {
    fn open(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.local.url()));
    }

    /// Waits until the page shows this text.
    fn reads(&self, text: &str) {
        let shown = || self.browser.text().contains(text).then_some(());
        eventually(&format!("the page shows {text:?}"), SHOWN_WITHIN, shown);
    }

    fn type_text(&self, text: &str) {
        for letter in text.chars() {
            self.browser.press(&letter.to_string());
        }
    }

    /// Presses the tab key until the expression is true for `it`, the element with the focus.
    fn tab_to(&self, wanted: &str) {
        let is_there = format!("const it = document.activeElement; return Boolean({wanted})");
        let found = (0..60).any(|_| {
            self.browser.press(TAB);
            self.browser.evaluate(&is_there) == true
        });
        assert!(found, "the keyboard does not come to {wanted}");
    }

    /// Visits every page with every part that a page can have. `look` gets a name for each.
    fn on_every_page(&self, look: impl Fn(&str)) {
        let click = |selector: &str, shown: &str| {
            self.browser.click(selector);
            self.reads(shown);
        };
        self.open("/");
        look("run");
        for (kind, title) in [("sdk", "Support SDK exchange"), ("messaging", "Messaging token"), ("sso", "SSO sign-in")]
        {
            click(&format!("button[value={kind}]"), &format!("{title}: 200 OK"));
            look(&format!("run-{kind}"));
        }
        self.open("/");
        look("history");
        self.add_user();
        look("users-added");
        self.open("/users");
        look("users");
        self.browser.evaluate("document.querySelector('details.menu').open = true");
        look("users-menu");
        self.open("/users?q=nobody");
        look("users-none-found");
        self.open("/users");
        click("tbody th a", "The id never changes");
        look("user");
        self.open("/faults");
        look("faults");
        click("#clock-ahead button", "Fault set: Clock 10 minutes ahead");
        click("#secrets-manager-down button", "Fault set: Secrets Manager is down");
        look("faults-set");
        self.open("/");
        click("button[value=sso]", "Zendesk rejects this token");
        look("run-refused");
        click(".faults-now button", "All faults are reset");
        self.open("/pages?BRAND_NAME=Acme");
        look("pages");
        self.open("/inspect");
        look("inspect");
        self.paste(BAD_JWT);
        look("inspected");
        self.paste(&id_token(&self.local, "demo-2"));
        self.reads("As a user token");
        look("inspected-id-token");
    }

    fn paste(&self, jwt: &str) {
        self.browser.click("textarea");
        self.browser.evaluate(&format!("document.querySelector('textarea').value = {}", json!(jwt)));
        self.browser.click("form[data-typing] > button");
        self.reads("Result");
    }

    fn add_user(&self) {
        self.open("/users");
        for (control, value) in [("name", "Demo Clicked"), ("external_id", "demo-7"), ("email", "clicked@example.com")]
        {
            self.browser.click(&format!("input[name={control}]"));
            self.type_text(value);
        }
        self.browser.click("form[action^='/users/add'] > button");
        self.reads("Demo Clicked is added");
    }
}

/// Runs a test, and checks that the console has no policy violation and no script error.
fn at_the_desk(preferences: &Value, test: impl FnOnce(&Desk)) {
    let Some(programs) = Programs::find() else { return };
    let desk = Desk { local: Local::start(&[]), browser: Chromium::on_this_machine(&programs, preferences) };
    test(&desk);
    // The console also shows every 4xx, which is not an error of the page.
    let console = desk.browser.console().into_iter().filter(|line| line.source != "network");
    assert_eq!(console.map(|line| line.message).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn a_person_adds_a_user_runs_a_flow_and_sets_and_resets_a_fault_by_clicking() {
    walk(&json!({}));
}

#[test]
fn the_same_works_without_javascript() {
    walk(&json!({ "profile.managed_default_content_settings.javascript": 2 }));
}

fn walk(preferences: &Value) {
    at_the_desk(preferences, |desk| {
        desk.open("/");
        desk.browser.click("nav a[href='/users']");
        desk.reads("Demo Suspended");
        desk.add_user();
        desk.browser.click(".notice button[value=sso]");
        desk.reads("SSO sign-in: 200 OK");
        desk.reads("rules for SSO tokens pass");
        desk.reads("\"name\": \"Demo Clicked\"");

        desk.browser.click("nav a[href='/faults']");
        desk.browser.click("#clock-ahead button");
        desk.reads("set now");
        desk.browser.click("nav a[href='/']");
        desk.reads("Faults:");
        desk.browser.click("button[value=sdk]");
        desk.reads("Zendesk rejects this token");
        for (tab, text) in [("request", "POST /sdk/jwt HTTP/1.1"), ("response", "HTTP/1.1 200 OK"), ("log", "_aws")] {
            desk.browser.click(&format!("label[for=tab-{tab}]"));
            desk.reads(text);
        }
        desk.browser.click(".faults-now button");
        desk.reads("All faults are reset");
        desk.browser.click("nav a[href='/']");
        desk.browser.click("button[value=sdk]");
        desk.reads("rules for Support SDK tokens pass");

        desk.browser.click("nav a[href='/inspect']");
        desk.paste(BAD_JWT);
        desk.reads("divide by 1000");
    });
}

/// Enters text as a person who types or pastes it.
fn enter(desk: &Desk, field: &str, text: &str) {
    let value = json!(text);
    desk.browser.evaluate(&format!(
        "const it = document.getElementById('{field}');
        it.value = {value};
        it.dispatchEvent(new Event('input', {{ bubbles: true }}))"
    ));
}

#[test]
fn a_jwt_is_decoded_while_a_person_types_and_signed_again_after_an_edit() {
    at_the_desk(&json!({}), |desk| {
        desk.open("/inspect");
        desk.browser.click("button[value=sso]");
        desk.reads("The signature was made with the shared secret of the demo");
        enter(desk, "jwt-text", BAD_JWT);
        desk.reads("divide by 1000");
        let claims = "return document.getElementById('claims-text').value";
        assert!(desk.browser.evaluate(claims).as_str().unwrap().contains("1795306244000"), "the claims follow");

        desk.browser.click("form[data-typing] summary");
        enter(desk, "claims-text", r#"{"name": "Demo Edited"}"#);
        desk.reads("Demo Edited");
        desk.reads("required_claims");
        assert_ne!(desk.browser.evaluate("return document.getElementById('jwt-text').value"), BAD_JWT);
        enter(desk, "claims-text", r#"{"name": "#);
        desk.reads("Not signed: the claims must be a JSON object");

        let secret = "pasted-secret-canary-of-this-test";
        desk.browser.click("button[value=sdk]");
        desk.reads("rules for Support SDK tokens pass");
        desk.browser.evaluate(&format!("document.querySelector('[name=secret]').value = '{secret}'"));
        desk.browser.click("form[data-typing] summary");
        desk.browser.click("button[name=sign]");
        desk.reads("The signature was made with the secret that you entered");
        let page = desk.browser.evaluate("return document.documentElement.outerHTML + location.href");
        assert!(!page.as_str().unwrap().contains(secret) && !page.as_str().unwrap().contains('?'), "{page}");
    });
}

#[test]
fn a_run_leads_to_its_jwt_in_inspect() {
    at_the_desk(&json!({}), |desk| {
        desk.open("/");
        desk.browser.click("button[value=messaging]");
        desk.reads("Messaging token: 200 OK");
        desk.browser.click("form[action^='/inspect'] button");
        desk.reads("Edit and sign again");
        desk.reads("rules for messaging tokens pass");
    });
}

#[test]
fn a_person_searches_edits_runs_deletes_and_restores_a_user() {
    manage_a_user(&json!({}));
}

#[test]
fn a_user_is_managed_without_javascript() {
    manage_a_user(&json!({ "profile.managed_default_content_settings.javascript": 2 }));
}

fn manage_a_user(preferences: &Value) {
    at_the_desk(preferences, |desk| {
        desk.open("/users");
        desk.browser.click("#search");
        desk.type_text("VISIT demo-3");
        desk.browser.press(ENTER);
        desk.reads("1 to 1 of 1 that match, 5 in all");
        desk.browser.click("tbody th a");
        desk.reads("The id never changes");
        desk.browser.click("input[name=phone]");
        desk.type_text("+15555550123");
        desk.browser.click("form[action='/users/edit'] .row > button");
        desk.reads("Demo Visitor is changed");

        desk.open("/users?q=demo-3");
        desk.browser.click("tbody button[value=messaging]");
        desk.reads("Messaging token: 200 OK");

        desk.open("/users?q=demo-3");
        desk.browser.click("details.menu summary");
        desk.browser.click("button[formaction='/users/delete']");
        desk.reads("Demo Visitor is deleted.");
        desk.reads("No user matches “demo-3”");
        desk.browser.click(".notice button");
        desk.reads("Demo Visitor is in the table again");
        desk.open("/users?q=5555550123");
        desk.reads("Demo Visitor");
    });
}

#[test]
fn the_search_shows_its_result_while_a_person_types() {
    at_the_desk(&json!({}), |desk| {
        desk.open("/users");
        enter(desk, "search", "suspended");
        desk.reads("1 to 1 of 1 that match, 5 in all");
        assert!(desk.browser.address().contains("/users?q=suspended"), "{}", desk.browser.address());
        enter(desk, "search", "nobody");
        desk.reads("No user matches “nobody”");
    });
}

#[test]
fn the_keyboard_reaches_everything_and_the_focus_is_visible() {
    const RINGS: &str = "const style = getComputedStyle(document.activeElement);
        return style.outlineStyle != 'none' && parseFloat(style.outlineWidth) >= 2";
    at_the_desk(&json!({}), |desk| {
        desk.open("/");
        desk.tab_to("it.matches('.skip')");
        desk.browser.press(ENTER);
        desk.tab_to("it.name == 'user'");
        desk.tab_to("it.name == 'user_token'");
        desk.type_text("demo-unverified");
        desk.tab_to("it.value == 'messaging'");
        desk.browser.press(ENTER);
        desk.reads("Messaging token: 200 OK");
        assert_eq!(
            desk.browser.evaluate("return document.activeElement.id"),
            "result",
            "the keyboard continues at the result"
        );
        desk.tab_to("it.matches('summary')");
        desk.tab_to("it.matches('.copy')");
        desk.tab_to("it.id == 'tab-request'");
        desk.browser.press(RIGHT);
        desk.reads("cache-control: no-store");

        desk.open("/faults");
        desk.tab_to("it.closest('#email-unverified')");
        desk.browser.press(ENTER);
        desk.reads("set now");
        desk.tab_to("it.innerText == 'Reset all'");
        desk.browser.press(ENTER);
        desk.reads("All faults are reset");

        for path in ["/", "/users", "/faults", "/inspect", "/pages"] {
            desk.open(path);
            desk.browser.evaluate(OPEN_FOLDS);
            let count = desk.browser.evaluate(
                "return document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea').length",
            );
            for _ in 0..count.as_u64().unwrap() {
                desk.browser.press(TAB);
                let it = desk.browser.evaluate("return document.activeElement.outerHTML");
                assert_eq!(desk.browser.evaluate(RINGS), true, "{path}: {it}");
            }
        }
    });
}

#[test]
fn every_page_has_landmarks_headings_in_order_and_a_name_for_each_control() {
    const PROBLEMS: &str = "
        document.querySelectorAll('details').forEach((it) => { it.open = true });
        const problems = [];
        for (const mark of ['main', 'nav', 'h1', 'header', 'footer', 'title'])
            if (document.querySelectorAll(mark).length != 1) problems.push(`not one ${mark}`);
        if (document.documentElement.lang != 'en') problems.push('no language');
        let last = 0;
        for (const heading of document.querySelectorAll('h1, h2, h3, h4')) {
            const level = Number(heading.tagName[1]);
            if (level > last + 1) problems.push(`${heading.innerText} skips a level`);
            last = level;
        }
        const ids = [...document.querySelectorAll('[id]')].map((it) => it.id);
        problems.push(...ids.filter((id, at) => ids.indexOf(id) != at).map((id) => `${id} is there twice`));
        for (const it of document.querySelectorAll('input:not([type=hidden]), select, textarea'))
            if (!it.labels.length || !it.labels[0].innerText.trim()) problems.push(`${it.name} has no label`);
        for (const it of document.querySelectorAll('button, a'))
            if (!it.textContent.trim()) problems.push('a button or link without a name');
        for (const it of document.querySelectorAll('[aria-labelledby], [aria-describedby]'))
            for (const name of ['aria-labelledby', 'aria-describedby'])
                if (it.hasAttribute(name) && !document.getElementById(it.getAttribute(name))) problems.push(`no ${it.getAttribute(name)}`);
        return problems";
    at_the_desk(&json!({}), |desk| {
        desk.on_every_page(|name| assert_eq!(desk.browser.evaluate(PROBLEMS), json!([]), "{name}"));
    });
}

#[test]
fn every_page_fits_a_phone_and_is_readable_in_light_and_dark() {
    at_the_desk(&json!({}), |desk| {
        desk.on_every_page(|name| {
            for width in [390, 1280] {
                desk.browser.resize(width, 844);
                let hidden = "const page = document.documentElement; return page.scrollWidth - page.clientWidth";
                assert_eq!(desk.browser.evaluate(hidden), 0, "{name} at {width}");
            }
            for scheme in ["light", "dark"] {
                desk.browser.prefer_colours(scheme);
                let found = desk.browser.evaluate(&LOW_CONTRAST_TEXTS.replace("main *", "body *"));
                assert!(found[0].as_u64() > Some(10) && found[1] == json!([]), "{name} in {scheme}: {found}");
            }
        });
    });
}

#[test]
fn axe_finds_nothing_on_any_page() {
    let Some(axe) = Axe::install() else { return };
    at_the_desk(&json!({}), |desk| {
        desk.on_every_page(|name| {
            for scheme in ["light", "dark"] {
                desk.browser.prefer_colours(scheme);
                assert_eq!(axe.findings(&desk.browser), Vec::<String>::new(), "{name} in {scheme}");
            }
        });
    });
}

/// `SCREENSHOTS=docs/images cargo test -p zendesk-jwt-cli --test tool screenshots_of_the_workbench -- --ignored`
#[test]
#[ignore = "writes files"]
fn take_screenshots_of_the_workbench() {
    let folder = PathBuf::from(std::env::var_os("SCREENSHOTS").expect("SCREENSHOTS=folder"));
    std::fs::create_dir_all(&folder).unwrap();
    at_the_desk(&json!({}), |desk| {
        desk.on_every_page(|name| {
            for width in [1280, 390] {
                desk.browser.resize(width, 844);
                let height = desk.browser.evaluate("return document.documentElement.scrollHeight");
                desk.browser.resize(width, height.as_u64().unwrap().try_into().unwrap());
                for scheme in ["light", "dark"] {
                    desk.browser.prefer_colours(scheme);
                    let file = folder.join(format!("workbench-{name}-{scheme}-{width}.png"));
                    std::fs::write(file, desk.browser.screenshot()).unwrap();
                }
                desk.browser.resize(1280, 844);
            }
        });
    });
}

#[test]
fn the_jwt_and_its_claims_are_in_view_after_a_run() {
    const IN_VIEW: &str = "return ['#jwt', '#claims'].every((it) => {
        const place = document.querySelector(it).getBoundingClientRect();
        return place.top >= 0 && place.bottom <= innerHeight;
    })";
    at_the_desk(&json!({}), |desk| {
        for (width, height) in [(1280, 800), (390, 844)] {
            desk.browser.resize(width, height);
            for kind in ["sdk", "messaging", "sso"] {
                desk.open("/");
                desk.browser.click(&format!("button[value={kind}]"));
                desk.reads("200 OK");
                eventually(&format!("{kind} at {width}: in view"), SHOWN_WITHIN, || {
                    (desk.browser.evaluate(IN_VIEW) == true).then_some(())
                });
            }
        }
    });
}

#[test]
fn a_request_from_outside_appears_without_a_reload_and_is_filtered_run_again_and_deleted() {
    at_the_desk(&json!({}), |desk| {
        desk.open("/");
        desk.reads("Nothing has reached the functions yet");
        assert_eq!(desk.local.exchange("BD2F35A7621").0, 200);
        desk.reads("POST /sdk/jwt");
        assert_eq!(desk.local.exchange("demo-suspended").0, 401);
        desk.reads("user_suspended");
        let colors = "return [...document.querySelectorAll('tbody .badge')].map((it) => getComputedStyle(it).color)";
        let colors = desk.browser.evaluate(colors);
        assert_ne!(colors[0], colors[1], "a refusal has another color than a signed JWT");

        desk.open("/?result=refused");
        let rows = || desk.browser.evaluate("return document.querySelectorAll('tbody tr').length");
        assert_eq!(rows(), 1);
        desk.reads("Demo Suspended");
        desk.browser.click("tbody .quiet");
        desk.reads("Support SDK exchange: 401 Unauthorized");
        desk.reads("The function signed no JWT.");
        desk.open("/?text=demo+user");
        assert_eq!(rows(), 1);
        desk.open("/?flow=sso");
        desk.reads("No request fits the filter.");
        desk.open("/");
        assert_eq!(rows(), 3);
        desk.browser.click("form[action='/runs/delete'] button");
        desk.reads("Nothing has reached the functions yet");
    });
}

#[test]
fn a_jwt_that_zendesk_refuses_shows_the_contradiction() {
    at_the_desk(&json!({}), |desk| {
        desk.open("/faults");
        desk.browser.click("#clock-ahead button");
        desk.reads("set now");
        desk.open("/");
        desk.browser.click("button[value=sdk]");
        desk.reads("Our log shows a success.");
        let badges = |what: &str| {
            let all = "[...document.querySelectorAll('.result--split .badge')]";
            desk.browser.evaluate(&format!("return {all}.map((it) => {what})"))
        };
        assert_eq!(badges("it.innerText"), json!(["signed", "Zendesk refuses"]));
        let grounds = badges("getComputedStyle(it.parentElement).backgroundColor");
        assert_ne!(grounds[0], grounds[1], "the two halves have their own colors");
        desk.open("/");
        desk.reads("signed Zendesk refuses");
    });
}

#[test]
fn each_part_of_a_run_can_be_copied() {
    at_the_desk(&json!({}), |desk| {
        desk.open("/");
        desk.browser.click("button[value=messaging]");
        desk.reads("Messaging token: 200 OK");
        desk.browser.evaluate(OPEN_FOLDS);
        for (tab, part) in [
            ("request", "jwt"),
            ("request", "claims"),
            ("request", "curl"),
            ("response", "response"),
            ("log", "log-line"),
        ] {
            desk.browser.click(&format!("label[for=tab-{tab}]"));
            desk.browser.click(&format!("button[data-copies={part}]"));
            let said = format!("return document.querySelector('button[data-copies={part}]').textContent");
            eventually(&format!("{part} is copied"), SHOWN_WITHIN, || {
                (desk.browser.evaluate(&said) == "Copied").then_some(())
            });
        }
    });
}

#[test]
fn unknown_addresses_lead_on_and_the_two_sites_lead_to_each_other() {
    at_the_desk(&json!({}), |desk| {
        let zendesk = desk.local.aws("Zendesk");
        let sites = [(desk.local.url(), "Zendesk simulator"), (&zendesk, "Workbench")];
        for (site, other) in sites {
            desk.browser.open(&format!("{site}/nowhere"));
            desk.reads("Page not found");
            desk.reads(other);
            desk.browser.click(".sites a");
            let title = if other == "Workbench" { "Run a flow" } else { "What to try" };
            desk.reads(title);
        }
    });
}

#[test]
fn two_hundred_requests_fit_a_phone_and_a_desktop() {
    at_the_desk(&json!({}), |desk| {
        for token in ["BD2F35A7621", "demo-suspended", "a-token-of-nobody", "demo-unverified"].repeat(50) {
            desk.local.exchange(token);
        }
        desk.open("/");
        desk.reads("user_token_unknown");
        assert_eq!(desk.browser.evaluate("return document.querySelectorAll('tbody tr').length"), 200);
        for width in [390, 1280] {
            desk.browser.resize(width, 844);
            let hidden = "const page = document.documentElement; return page.scrollWidth - page.clientWidth";
            assert_eq!(desk.browser.evaluate(hidden), 0, "at {width}");
            let height = desk.browser.evaluate("return document.querySelector('tbody tr').offsetHeight");
            assert!(height.as_u64() < Some(100), "a row at {width} is {height} high");
        }
    });
}
