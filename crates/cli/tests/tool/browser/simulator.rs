//! `zendesk-jwt local` in a real browser: each of the three flows from the first click to the last.

use crate::identity_provider::suspend;
use crate::local::Local;
use crate::support::chromium::{Axe, Chromium, Programs, WIDTHS};
use crate::support::eventually;
use crate::support::webdriver::{ENTER, TAB};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// Generous, since the machine may be busy.
const WITHIN: Duration = Duration::from_mins(1);

const DEMO_USER: &str = "button[value=BD2F35A7621]";

struct Walk {
    browser: Chromium,
    local: Local,
    zendesk: String,
}

/// Runs a test in a browser, and checks that the console has no policy violation and no script error.
fn in_a_browser(test: impl FnOnce(&Walk)) {
    let Some(programs) = Programs::find() else { return };
    let local = Local::start(&[]);
    let zendesk = local.aws("Zendesk");
    let walk = Walk { browser: Chromium::on_this_machine(&programs, &json!({})), local, zendesk };
    test(&walk);
    // The console also shows every 4xx, which is not an error of the page.
    let lines = walk.browser.console().into_iter().filter(|line| line.source != "network");
    let complaints: Vec<_> = lines.map(|line| line.message).collect();
    assert_eq!(complaints, Vec::<String>::new());
}

impl Walk {
    fn open(&self, page: &str) {
        self.browser.open(&format!("{}{page}", self.zendesk));
    }

    /// Waits until the page shows this text.
    fn reads(&self, text: &str) {
        eventually(&format!("the page shows {text:?}"), WITHIN, || self.browser.text().contains(text).then_some(()));
    }

    /// Waits until an element has exactly this text.
    fn shows(&self, selector: &str, text: &str) {
        let found = format!("return document.querySelector('{selector}')?.innerText");
        eventually(&format!("{selector} shows {text:?}"), WITHIN, || {
            (self.browser.evaluate(&found) == text).then_some(())
        });
    }

    /// Waits for an element and clicks it.
    fn click(&self, selector: &str) {
        let found = format!("return document.querySelector('{selector}') !== null");
        eventually(&format!("{selector} is there"), WITHIN, || (self.browser.evaluate(&found) == true).then_some(()));
        self.browser.click(selector);
    }

    fn arrives_at(&self, address: &str) {
        eventually(&format!("the browser arrives at {address}"), WITHIN, || {
            (self.browser.address() == address).then_some(())
        });
    }

    /// Puts a user token into the messaging page's field.
    fn enter_user_token(&self, user_token: &str) {
        self.browser.evaluate(&format!("document.getElementById('user-token').value = '{user_token}'"));
    }

    /// The number of events on the page that begin with this text.
    fn events(&self, beginning: &str) -> usize {
        let events =
            self.browser.evaluate("return [...document.querySelectorAll('#events li')].map(li => li.innerText)");
        let events = events.as_array().unwrap();
        events.iter().filter(|event| event.as_str().unwrap().starts_with(beginning)).count()
    }

    fn noted(&self, beginning: &str, count: usize) {
        eventually(&format!("{count} times {beginning:?}"), WITHIN, || (self.events(beginning) == count).then_some(()));
    }
}

#[test]
fn a_visitor_signs_in_sees_the_user_in_zendesk_and_signs_out() {
    in_a_browser(|walk| {
        walk.open("/hc/en-us");
        walk.click("#sign-in");
        walk.reads("Which user do you want to be?");
        walk.click(DEMO_USER);
        walk.arrives_at(&format!("{}/hc/en-us", walk.zendesk));
        walk.shows("#state", "Signed in as Demo User, a user that Zendesk created just now.");
        let changes = walk.browser.evaluate("return document.getElementById('changes').innerText");
        // A narrow screen shows each cell on a line of its own.
        let changes = changes.as_str().unwrap().replace('\n', "\t");
        for row in [
            "external_id\tnothing\tdemo-1\tset",
            "tags\tnothing\tdemo\tset",
            "user_fields.nickname\tnothing\tnothing\tnull clears it",
        ] {
            assert!(changes.contains(row), "no {row} in {changes}");
        }

        walk.click("#sign-out");
        walk.reads("You are signed out");
        assert!(walk.browser.address().starts_with(&format!("{}/sso/logout?", walk.local.url())));
        let left: Vec<_> = walk.browser.cookies().into_iter().map(|cookie| cookie["name"].clone()).collect();
        assert!(!left.contains(&json!("session")) && !left.contains(&json!("_zendesk_session")), "{left:?}");
        walk.open("/hc");
        walk.shows("#state", "You are not signed in.");
    });
}

#[test]
fn a_visitor_of_the_identity_provider_uses_all_three_flows_with_one_id_token() {
    in_a_browser(|walk| {
        walk.open("/hc/en-us");
        walk.click("#sign-in");
        walk.click("#identity-provider");
        walk.reads("Log in to the demo identity provider");
        walk.click("button[value=demo-6]");
        walk.arrives_at(&format!("{}/hc/en-us", walk.zendesk));
        walk.shows("#state", "Signed in as Demo Colleague, a user that Zendesk created just now.");

        walk.open("/messaging");
        walk.enter_user_token("");
        walk.click("#log-in");
        walk.shows("#name", "Demo Colleague");
        walk.shows("#email", "colleague@example.com");

        walk.browser.open(&format!("{}/login", walk.local.url()));
        walk.reads("You are logged in with the identity provider");
        walk.click("button[value=sdk]");
        walk.reads("Zendesk accepts the JWT and gives the app an access token");

        walk.browser.open(&format!("{}/login", walk.local.url()));
        walk.click("button[name=log_out]");
        eventually("both sessions end", WITHIN, || {
            let is_session = |cookie: &serde_json::Value| cookie["name"] == "session" || cookie["path"] == "/idp";
            (!walk.browser.cookies().iter().any(is_session)).then_some(())
        });
    });
}

/// Chooses a user of the identity provider that the SSO function refuses.
fn is_refused_with_an_id_token(user: &str, prepare: impl FnOnce(&Local)) {
    in_a_browser(|walk| {
        prepare(&walk.local);
        walk.open("/hc");
        walk.click("#sign-in");
        walk.click("#identity-provider");
        walk.click(&format!("button[value={user}]"));
        walk.reads("You are logged in with the identity provider");
        assert!(walk.browser.address().starts_with(&format!("{}/login?", walk.local.url())));
        walk.open("/hc");
        walk.shows("#state", "You are not signed in.");
    });
}

#[test]
fn a_visitor_of_a_host_mapped_brand_returns_there_signed_in() {
    in_a_browser(|walk| {
        walk.open("/hc/en-us");
        walk.click("#brand a");
        let mapped = walk.zendesk.replace("127.0.0.1", "localhost");
        walk.arrives_at(&format!("{mapped}/hc"));
        walk.reads("mapped to a host of your company");
        walk.click("#sign-in");
        walk.click(DEMO_USER);
        walk.arrives_at(&format!("{mapped}/hc"));
        walk.reads("Signed in as Demo User");
    });
}

#[test]
fn an_id_token_with_an_unverified_address_does_not_sign_in() {
    is_refused_with_an_id_token("demo-2", |_| {});
}

#[test]
fn a_user_record_refuses_the_id_token_of_a_suspended_user() {
    is_refused_with_an_id_token("demo-6", |local| suspend(local, "demo-6"));
}

#[test]
fn a_remembered_user_that_the_functions_refuse_reaches_a_page_instead_of_a_redirect_loop() {
    in_a_browser(|walk| {
        walk.open("/hc");
        walk.click("#sign-in");
        walk.reads("Which user do you want to be?");
        walk.click("form:first-of-type input[name=remember]");
        walk.click("button[value=demo-suspended]");
        walk.reads("Go to the login page");
        assert!(walk.browser.address().starts_with(&format!("{}/sso/login?", walk.local.url())));

        walk.browser.open(&format!("{}/login", walk.local.url()));
        walk.reads("This page remembers you as demo-suspended");
        walk.click("button[name=forget]");
        walk.click(DEMO_USER);
        walk.arrives_at(&format!("{}/hc", walk.zendesk));
    });
}

#[test]
fn an_agent_signs_in_with_the_keyboard_and_returns_to_the_full_address() {
    in_a_browser(|walk| {
        walk.open("/agent/tickets/1");
        walk.browser.evaluate("document.getElementById('sign-in').focus()");
        walk.browser.press(ENTER);
        walk.reads("Which user do you want to be?");
        // The link to the content, two links to the other sites, and the first user.
        for _ in 0..4 {
            walk.browser.press(TAB);
        }
        walk.browser.press(ENTER);
        walk.arrives_at(&format!("{}/agent/tickets/1", walk.zendesk));
        walk.reads("Signed in as Demo User");
        walk.reads("This is an end user");
    });
}

#[test]
fn a_refused_sign_in_ends_on_the_page_of_the_remote_logout_url() {
    in_a_browser(|walk| {
        let wrong = json!({"secret": "another-demo-secret-not-for-production"}).to_string();
        let put = json!({"SecretId": "zendesk-jwt/sso", "SecretString": wrong});
        assert_eq!(walk.local.call("Secrets Manager", "secretsmanager.PutSecretValue", &put).0, 200);
        walk.open("/hc");
        walk.click("#sign-in");
        walk.click(DEMO_USER);
        walk.reads("We could not sign you in");
        walk.click("summary");
        walk.reads("Signature verification failed (signature)");
        assert!(walk.browser.address().starts_with(&format!("{}/sso/logout?", walk.local.url())));

        walk.open("/hc");
        walk.shows("#state", "You are not signed in.");
        walk.click("main a[href=\"/access/unauthenticated\"]");
        walk.shows(".findings code", "signature");
        walk.open("/access/normal");
        walk.reads("bypasses single sign-on");
    });
}

#[test]
fn a_user_token_is_exchanged_for_an_access_token_or_refused() {
    in_a_browser(|walk| {
        walk.open("/sdk");
        walk.click("#exchange");
        walk.shows("#verdict", "The app gets an access token");
        let text = |id: &str| walk.browser.evaluate(&format!("return document.getElementById('{id}').innerText"));
        let (sent, received) = (text("sent"), text("received"));
        assert!(sent.as_str().unwrap().starts_with("POST /sdk/jwt HTTP/1.1\nHost: 127.0.0.1:"), "{sent}");
        assert!(sent.as_str().unwrap().ends_with("\n\nuser_token=BD2F35A7621"), "{sent}");
        assert!(received.as_str().unwrap().starts_with("HTTP/1.1 200 OK\n"), "{received}");
        assert!(received.as_str().unwrap().contains("{\"jwt\":\"eyJ"), "{received}");

        walk.click("button[value=demo-suspended]");
        walk.shows("#verdict", "The app gets 401");
        walk.shows(".findings code", "endpoint_refused");
    });
}

#[test]
fn a_visitor_logs_in_to_messaging_and_the_agent_sees_the_name() {
    in_a_browser(|walk| {
        walk.open("/messaging");
        walk.click("#message-form button");
        walk.shows("#conversation li", "Visitor: Hello");
        walk.click("#log-in");
        walk.shows("#name", "Demo User");
        walk.shows("#check", "✓ authenticated");
        walk.shows("#external-id", "demo-1");
        walk.shows("#email", "demo@example.com");
        walk.click("#message-form button");
        walk.shows("#conversation li:last-child", "Demo User: Hello ✓");

        walk.click("#expire");
        walk.noted("The widget asks for a JWT", 2);
        walk.noted("The widget logged in", 2);
        walk.click("#log-out");
        walk.shows("#name", "Visitor");
        walk.shows("#external-id", "none");
    });
}

#[test]
fn an_agent_does_not_see_an_unverified_address() {
    in_a_browser(|walk| {
        walk.open("/messaging");
        walk.enter_user_token("demo-unverified");
        walk.click("#log-in");
        walk.shows("#name", "Demo Unverified");
        walk.shows("#email", "none");
    });
}

#[test]
fn a_visitor_with_the_address_of_another_user_stays_anonymous() {
    in_a_browser(|walk| {
        walk.open("/messaging");
        walk.click("#bind-form button");
        walk.noted("Zendesk binds demo@example.com to demo-other", 1);
        walk.click("#log-in");
        walk.noted("The widget was refused: 409 Conflict", 1);
        walk.noted("onError receives refused_by_zendesk, Conflict", 1);
        walk.shows("#name", "Visitor");
        walk.shows("#findings code", "email_conflict");
    });
}

#[test]
fn a_conflict_is_undone_and_all_users_are_forgotten() {
    in_a_browser(|walk| {
        walk.open("/simulator/users");
        walk.reads("Zendesk has no users yet");
        walk.open("/messaging");
        walk.click("#log-in");
        walk.shows("#name", "Demo User");
        walk.click("#bind-form button");
        walk.reads("demo@example.com belongs to demo-other.");
        walk.click("#expire");
        walk.noted("The widget was refused: 409 Conflict", 1);
        walk.click("#undo-form button");
        eventually("the page is new", WITHIN, || (walk.events("The widget") == 0).then_some(()));
        walk.click("#log-in");
        walk.shows("#email", "demo@example.com");

        walk.click("#bind-form button");
        walk.reads("demo@example.com belongs to demo-other.");
        walk.open("/sdk");
        walk.click("#exchange");
        walk.shows(".findings code", "email_conflict");
        walk.click(".findings a");
        walk.reads("because you made a conflict");
        walk.click("#forget");
        walk.reads("All users, sessions and refusals are forgotten");
        walk.open("/sdk");
        walk.click("#exchange");
        walk.shows("#verdict", "The app gets an access token");
    });
}

#[test]
fn a_sign_in_is_shown_as_steps_with_what_travelled() {
    in_a_browser(|walk| {
        walk.open("/hc/en-us");
        walk.click("#sign-in");
        walk.click(DEMO_USER);
        walk.reads("The sign-in, step by step");
        let steps = walk.browser.evaluate("return [...document.querySelectorAll('.steps li')].map(li => li.innerText)");
        let steps: Vec<&str> = steps.as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
        for (step, words) in steps.iter().zip([
            ["GET /access/login", "/sso/login\nreturn_to: /hc/en-us\nbrand_id: 360000000001"],
            ["GET /sso/login", "Location: http://127.0.0.1"],
            ["GET /login", "200 OK"],
            ["POST /login", "303 See Other"],
            ["GET /sso/login", "200 OK"],
            ["POST /access/jwt\njwt: ey", "302 Found\nLocation: /hc/en-us"],
        ]) {
            assert!(words.iter().all(|word| step.contains(word)), "no {words:?} in {step}");
        }
        assert_eq!(steps.len(), 6, "{steps:?}");
    });
}

#[test]
fn a_page_without_a_user_token_logs_in_with_the_session_cookie() {
    in_a_browser(|walk| {
        walk.open("/messaging");
        walk.enter_user_token("");
        walk.click("#log-in");
        walk.noted("onError receives signed_out", 1);

        walk.browser.open(&format!("{}/login", walk.local.url()));
        walk.click(DEMO_USER);
        walk.arrives_at(&format!("{}/hc", walk.zendesk));
        walk.open("/messaging");
        walk.enter_user_token("");
        walk.click("#log-in");
        walk.shows("#name", "Demo User");
    });
}

#[test]
fn the_login_page_redirects_to_no_other_site_and_refuses_a_token_that_cannot_be_a_cookie() {
    in_a_browser(|walk| {
        walk.browser.open(&format!("{}/login?return_to=https%3A%2F%2Fexample.org", walk.local.url()));
        walk.click(DEMO_USER);
        walk.arrives_at(&format!("{}/hc", walk.zendesk));

        walk.browser.open(&format!("{}/login", walk.local.url()));
        walk.browser.evaluate("document.querySelector('input[name=user_token]').value = 'a;b'");
        walk.click("form:last-of-type button");
        walk.reads("A user token in a cookie is printable ASCII");
    });
}

/// Visits every page with every part that a page can have. `look` gets a name for each.
fn on_every_page(look: impl Fn(&Walk, &str)) {
    in_a_browser(|walk| {
        let open = |page: &str, name: &str| {
            walk.open(page);
            look(walk, name);
        };
        let open_details = || walk.browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)");
        open("/", "home");
        open("/access/normal", "normal");
        open("/access/unauthenticated", "none-refused");
        open("/hc", "help-center");
        walk.click("#sign-in");
        walk.reads("Which user do you want to be?");
        look(walk, "login");
        walk.click(DEMO_USER);
        walk.reads("Signed in as");
        look(walk, "signed-in");
        open_details();
        look(walk, "signed-in-open");
        open("/agent", "agent");
        open("/simulator/users", "users");
        open("/sdk", "sdk");
        walk.click("#exchange");
        walk.shows("#verdict", "The app gets an access token");
        look(walk, "sdk-granted");
        walk.click("button[value=demo-expired]");
        walk.shows("#verdict", "The app gets 401");
        look(walk, "sdk-refused");
        open("/messaging", "messaging");
        walk.click("#log-in");
        walk.shows("#name", "Demo User");
        walk.click("#message-form button");
        look(walk, "messaging-logged-in");
        walk.click("#bind-form button");
        walk.click("#expire");
        walk.noted("The widget was refused", 1);
        look(walk, "messaging-conflict");
        let form = "const form = document.createElement('form'); form.method = 'post'; form.action = '/access/jwt';
            form.innerHTML = '<input name=jwt value=eyJhbGciOiJSUzI1NiJ9.e30.eA>'; document.body.append(form); form.submit()";
        // This document has no policy that could block the form.
        walk.open("/zendesk-auth.js");
        walk.browser.evaluate(form);
        walk.reads("We could not sign you in");
        open("/access/unauthenticated", "refused");
        walk.browser.open(&format!("{}/login", walk.local.url()));
        walk.click("#identity-provider");
        walk.reads("Log in to the demo identity provider");
        look(walk, "identity-provider");
        walk.click("button[value=demo-1]");
        walk.reads("You are logged in with the identity provider");
        open_details();
        look(walk, "login-with-id-token");
    });
}

#[test]
fn every_page_fits_a_phone_has_one_heading_and_names_its_fields() {
    on_every_page(|walk, name| {
        walk.browser.resize(390, 800);
        let width = walk.browser.evaluate("return document.documentElement.scrollWidth");
        assert!(width.as_u64().unwrap() <= 390, "{name} is {width} wide");
        assert_eq!(walk.browser.evaluate("return document.documentElement.lang"), "en", "{name}");
        assert_eq!(walk.browser.evaluate("return document.querySelectorAll('h1').length"), 1, "{name}");
        let nameless = walk.browser.evaluate(
            "return [...document.querySelectorAll('input:not([type=hidden])')].filter(i => !i.labels.length).map(i => i.outerHTML)",
        );
        assert_eq!(nameless, json!([]), "{name}");
        walk.browser.devtools("Emulation.clearDeviceMetricsOverride", &json!({}));
    });
}

/// WCAG 2.2, 1.4.3: 4.5 to 1 for text.
#[test]
fn every_text_is_readable_in_light_and_dark() {
    const CONTRAST: &str = r"
        const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
        const luminance = (colour) => {
            const [r, g, b] = channels(colour).map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const ground = (element) => {
            const { backgroundColor } = getComputedStyle(element);
            return channels(backgroundColor)[3] === 0 ? (element.parentElement ? ground(element.parentElement) : 'rgb(255, 255, 255)') : backgroundColor;
        };
        const low = [];
        for (const element of document.querySelectorAll('body *')) {
            const isText = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
            if (!isText || !element.checkVisibility() || element.matches(':disabled, script, noscript, option')) continue;
            const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground(element))];
            const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (contrast < 4.5) low.push(`${contrast.toFixed(2)} ${element.outerHTML.slice(0, 80)}`);
        }
        return low";
    on_every_page(|walk, name| {
        for scheme in ["light", "dark"] {
            walk.browser.prefer_colours(scheme);
            assert_eq!(walk.browser.evaluate(CONTRAST), json!([]), "{name} in {scheme}");
        }
    });
}

#[test]
fn axe_finds_nothing_on_any_page() {
    let Some(axe) = Axe::install() else { return };
    on_every_page(|walk, name| {
        for scheme in ["light", "dark"] {
            walk.browser.prefer_colours(scheme);
            assert_eq!(axe.findings(&walk.browser), Vec::<String>::new(), "{name} in {scheme}");
        }
    });
}

/// `SCREENSHOTS=docs/images cargo test -p zendesk-jwt-cli --test tool screenshots_of_the_simulator -- --ignored`
#[test]
#[ignore = "writes files"]
fn take_screenshots_of_the_simulator() {
    let folder = PathBuf::from(std::env::var_os("SCREENSHOTS").expect("SCREENSHOTS=folder"));
    std::fs::create_dir_all(&folder).unwrap();
    on_every_page(|walk, name| {
        for width in WIDTHS {
            walk.browser.resize(width, 640);
            let height = walk.browser.evaluate("return document.documentElement.scrollHeight");
            walk.browser.resize(width, height.as_u64().unwrap().try_into().unwrap());
            for scheme in ["light", "dark"] {
                walk.browser.prefer_colours(scheme);
                let file = folder.join(format!("{name}-{scheme}-{width}.png"));
                std::fs::write(file, walk.browser.screenshot()).unwrap();
            }
        }
        walk.browser.devtools("Emulation.clearDeviceMetricsOverride", &json!({}));
    });
}
