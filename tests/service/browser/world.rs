//! The browser and all hosts of a test, and the checks after every test.

use super::http_api::{self, HttpApi};
use super::sites;
use super::zendesk::{self, Zendesk};
use crate::support::chromium::{Chromium, Programs};
use crate::support::server::HttpsServer;
use crate::support::webdriver::ConsoleLine;
use crate::support::{Kind, Setup, eventually, users};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

const HOSTS: [&str; 6] =
    [http_api::HOST, zendesk::HOST, zendesk::HELP_CENTER_HOST, sites::COMPANY, sites::LOGO_HOST, sites::ATTACKER];

/// Long, because the machine can be busy.
const ARRIVES_WITHIN: Duration = Duration::from_mins(1);
/// After this time a page with a script has submitted its form.
const SETTLES_WITHIN: Duration = Duration::from_millis(500);

/// A browser and all hosts that it can reach.
pub struct World {
    pub browser: Chromium,
    pub zendesk: Arc<Zendesk>,
    pub http_api: Arc<HttpApi>,
    _internet: HttpsServer,
}

/// Runs a test in a browser. Afterwards the console must show no violation of a policy and no error of a script, and
/// Zendesk must have received only good JWTs, each once.
pub fn in_a_browser(test: impl FnOnce(&World)) {
    run(&json!({}), &[], test);
}

/// The same, with some variables of the function changed.
pub fn in_a_browser_with(environment: &[(&str, &str)], test: impl FnOnce(&World)) {
    run(&json!({}), environment, test);
}

/// The same, without JavaScript.
pub fn in_a_browser_without_javascript(test: impl FnOnce(&World)) {
    run(&json!({ "profile.managed_default_content_settings.javascript": 2 }), &[], test);
}

fn run(preferences: &Value, environment: &[(&str, &str)], test: impl FnOnce(&World)) {
    let Some(programs) = Programs::find() else { return };
    let world = World::start(&programs, preferences, environment);
    test(&world);
    assert_eq!(world.complaints(), Vec::<String>::new());
    world.zendesk.assert_each_jwt_is_good_and_new();
}

impl World {
    fn start(programs: &Programs, preferences: &Value, environment: &[(&str, &str)]) -> Self {
        let setup = Setup::of(Kind::SsoRedirect)
            .with_fakes()
            .env("SESSION_COOKIE", sites::COOKIE)
            .env("LOGIN_URL", &format!("https://{}/login", sites::COMPANY))
            .env("POST_LOGOUT_URL", &format!("https://{}/bye", sites::COMPANY))
            .env("RETURN_TO_HOSTS", zendesk::HELP_CENTER_HOST)
            .env("ALLOWED_ORIGINS", &format!("https://{}", sites::COMPANY));
        let service = environment.iter().fold(setup, |setup, (name, value)| setup.env(name, value)).start();
        service.aws.put_user(sites::SESSION, &users::demo());
        service.aws.put_user(sites::ATTACKERS_SESSION, &users::demo_with(&json!({ "name": "Demo Attacker" })));
        let http_api = Arc::new(HttpApi::of(service));
        let zendesk = Arc::new(Zendesk::default());
        let internet = internet(Arc::clone(&http_api), Arc::clone(&zendesk));
        let browser = Chromium::start(programs, &internet, &HOSTS, preferences);
        Self { browser, zendesk, http_api, _internet: internet }
    }

    /// Signs the visitor in on the company's site.
    pub fn log_in(&self) {
        self.browser.open(&format!("https://{0}/login?return_to=https://{0}/login", sites::COMPANY));
    }

    /// Suspends the user of the company's session cookie.
    pub fn suspend_the_user(&self) {
        self.http_api.put_user(sites::SESSION, &users::demo_with(&json!({ "suspended": true })));
    }

    /// Waits until the browser shows this address.
    pub fn arrives_at(&self, address: &str) {
        let mut last = String::new();
        let bound = Instant::now() + ARRIVES_WITHIN;
        while Instant::now() < bound {
            last = self.browser.address();
            if last == address {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let (page, console) = (self.browser.text(), self.browser.console());
        panic!("the browser did not arrive at {address}, but at {last}:\n{page}\n{console:#?}");
    }

    /// Waits until the page shows this text.
    pub fn reads(&self, text: &str) {
        let bound = Instant::now() + ARRIVES_WITHIN;
        while !self.browser.text().contains(text) {
            if Instant::now() > bound {
                let (address, page, console) = (self.browser.address(), self.browser.text(), self.browser.console());
                panic!("the browser does not show {text:?}, but {address}:\n{page}\n{console:#?}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until Zendesk has got this many JWTs, and fails if it gets more.
    pub fn zendesk_gets(&self, count: usize) {
        let got = || (self.zendesk.posts().len() >= count).then_some(());
        eventually(&format!("Zendesk gets {count} JWTs"), ARRIVES_WITHIN, got);
        std::thread::sleep(SETTLES_WITHIN);
        assert_eq!(self.zendesk.posts().len(), count);
    }

    /// Sets the languages that the browser prefers.
    pub fn prefer_languages(&self, languages: &str) {
        self.browser.devtools("Network.enable", &json!({}));
        let headers = json!({ "headers": { "Accept-Language": languages } });
        self.browser.devtools("Network.setExtraHTTPHeaders", &headers);
    }

    /// Opens the part for administrators, if the page has one.
    pub fn open_details(&self) {
        self.browser.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)");
    }

    /// Violations of a policy and errors of scripts that the console shows.
    pub fn complaints(&self) -> Vec<String> {
        // The console also reports each 4xx and 5xx, which is not an error of the page.
        let lines = self.browser.console().into_iter();
        lines.filter(|line| line.source != "network").map(|ConsoleLine { message, .. }| message).collect()
    }
}

fn internet(http_api: Arc<HttpApi>, zendesk: Arc<Zendesk>) -> HttpsServer {
    HttpsServer::of(&HOSTS, move |request| match request.headers_named("host").next().unwrap_or_default() {
        http_api::HOST => http_api.answer(request),
        host @ (zendesk::HOST | zendesk::HELP_CENTER_HOST) => zendesk.answer(host, request),
        sites::COMPANY => sites::company(request),
        sites::LOGO_HOST => sites::logo(),
        sites::ATTACKER => sites::attacker(request),
        _ => sites::not_found(),
    })
}
