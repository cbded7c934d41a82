//! A page with the fake widget and `web/zendesk-auth.js` in a browser, the function `messaging-token` on another origin,
//! and a fake Zendesk.

use super::super::http_api::Visit;
use super::super::sites;
use crate::support::chromium::{Chromium, Programs};
use crate::support::server::HttpsServer;
use crate::support::service::MESSAGING_SECRET;
use crate::support::{Answer, Aws, Kind, Request, Service, Setup, eventually, now, users};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use zendesk_jwt_rules::inspect::{Expectation, inspect};

/// The company's own site.
const COMPANY: &str = "www.example.com";
/// A foreign site, which is not in `ALLOWED_ORIGINS`.
const STRANGER: &str = "evil.example.org";
const SERVICE: &str = "auth.example.com";
/// The host of the snippet.
const SNIPPET: &str = "static.zdassets.com";
/// The host to which the widget posts its JWTs.
const ZENDESK: &str = "acme.zendesk.com";

const COOKIE: &str = "acme_session";
/// The user token in the demo user's cookie.
pub const TOKEN: &str = "session-7f3a";

/// Long, because the machine can be busy.
const WITHIN: Duration = Duration::from_mins(1);

/// `tests/web/page.tsx`, which `tests/web-script` bundles.
pub const REACT_PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/npm/web/page.js");

pub struct Site {
    pub browser: Chromium,
    backend: Arc<Backend>,
    _internet: HttpsServer,
}

/// The hosts.
struct Backend {
    service: Service,
    /// Locked during each request, because an execution environment takes one event at a time.
    visits: Mutex<Vec<Visit>>,
    zendesk: Mutex<Zendesk>,
}

#[derive(Default)]
struct Zendesk {
    /// The claims of every JWT, with the findings of `inspect`.
    jwts: Vec<(Value, Vec<String>)>,
    refusal: Option<Value>,
}

/// Runs a test in a browser. Afterwards the console must show no error of a script, and Zendesk must have received only
/// good JWTs.
pub fn in_a_browser(test: impl FnOnce(&Site)) {
    let Some(programs) = Programs::find() else { return };
    let site = Site::start(&programs);
    test(&site);
    assert_eq!(site.complaints(), Vec::<String>::new());
    for (claims, findings) in &site.backend.zendesk.lock().unwrap().jwts {
        assert!(findings.is_empty(), "{findings:?}: {claims}");
    }
}

impl Site {
    fn start(programs: &Programs) -> Self {
        let service = Setup::of(Kind::MessagingToken)
            .with_fakes()
            .env("SESSION_COOKIE", COOKIE)
            .env("ALLOWED_ORIGINS", &format!("https://{COMPANY}"))
            .start();
        service.aws.put_user(TOKEN, &users::demo());
        let backend = Arc::new(Backend { service, visits: Mutex::default(), zendesk: Mutex::default() });
        let hosts = [COMPANY, STRANGER, SERVICE, SNIPPET, ZENDESK];
        let answering = Arc::clone(&backend);
        let internet = HttpsServer::of(&hosts, move |request| answering.answer(request));
        // With third-party cookies, so that only CORS keeps a foreign page out.
        let preferences = json!({ "profile.cookie_controls_mode": 0 });
        let browser = Chromium::start(programs, &internet, &hosts, &preferences);
        Self { browser, backend, _internet: internet }
    }

    pub fn aws(&self) -> &Aws {
        &self.backend.service.aws
    }

    /// Signs the visitor in on the company's site, which sets the cookie.
    pub fn sign_in(&self) {
        self.sign_in_with("Lax");
    }

    /// The same with another `SameSite` value.
    pub fn sign_in_with(&self, same_site: &str) {
        self.browser.open(&format!("https://{COMPANY}/login?{same_site}"));
    }

    /// Opens one of the company's pages.
    pub fn open(&self, page: &str) {
        self.browser.open(&format!("https://{COMPANY}{page}"));
    }

    /// Opens the foreign site's copy of the company's page.
    pub fn open_a_foreign_page(&self) {
        self.browser.open(&format!("https://{STRANGER}/"));
    }

    /// Calls `zendeskAuth.logIn` with `url`, `onError` and these options.
    pub fn log_in(&self, options: &str) {
        self.browser.evaluate(&format!(
            "zendeskAuth.logIn({{ url: 'https://{SERVICE}/messaging/jwt', onError: note, {options} }})"
        ));
    }

    pub fn log_out(&self) {
        self.browser.evaluate("zendeskAuth.logOut()");
    }

    /// Makes the widget's JWT expire.
    pub fn expire(&self) {
        self.browser.evaluate("zE.expire()");
    }

    /// The name of the widget's visitor.
    pub fn visitor(&self) -> Value {
        self.browser.evaluate("return window.zE?.visitor")
    }

    pub fn visitor_becomes(&self, name: &str) {
        eventually(&format!("the visitor becomes {name}"), WITHIN, || (self.visitor() == name).then_some(()));
    }

    /// How often the script logged the visitor out.
    pub fn logouts(&self) -> Value {
        self.browser.evaluate("return zE.logouts")
    }

    /// Waits for a failure that the script reports to the page. The test fails if there are more.
    pub fn failure(&self) -> Value {
        let failures = || self.recorded("failures").as_array().unwrap().clone();
        let mut failures = eventually("a failure is reported to the page", WITHIN, || {
            Some(failures()).filter(|failures| !failures.is_empty())
        });
        assert_eq!(failures.len(), 1, "{failures:?}");
        failures.remove(0)
    }

    /// A value of the page's recorder (see `recorder.js`).
    pub fn recorded(&self, name: &str) -> Value {
        self.browser.evaluate(&format!("return record.{name}"))
    }

    /// Shortens the script's waits by this factor.
    pub fn hurry(&self, factor: u32) {
        self.browser.evaluate(&format!("record.hurry = {factor}"));
    }

    /// The script's pauses between its requests, in milliseconds. Every other wait is the timeout of a request.
    pub fn pauses(&self) -> Vec<f64> {
        let waits = self.recorded("waits");
        waits.as_array().unwrap().iter().skip(1).step_by(2).map(|wait| wait["milliseconds"].as_f64().unwrap()).collect()
    }

    /// Waits until the script pauses.
    pub fn first_pause_begins(&self) {
        eventually("the script pauses", WITHIN, || (self.pauses().len() == 1).then_some(()));
    }

    /// Waits until that pause is over.
    pub fn first_pause_ends(&self) {
        eventually("the pause ends", WITHIN, || (self.recorded("waits[1].isOver") == true).then_some(()));
    }

    /// Adds Zendesk's snippet to the page.
    pub fn load_the_widget(&self) {
        let source = format!("https://{SNIPPET}/ekr/snippet.js?key=demo");
        self.browser.evaluate(&format!(
            "document.body.append(Object.assign(document.createElement('script'), {{ src: '{source}' }}))"
        ));
    }

    /// What the console has shown since the last call, without the status of answers.
    pub fn complaints(&self) -> Vec<String> {
        let lines = self.browser.console().into_iter();
        lines.filter(|line| line.source != "network").map(|line| line.message).collect()
    }

    /// All requests to the function so far.
    pub fn visits(&self) -> Vec<Visit> {
        self.backend.visits.lock().unwrap().clone()
    }

    /// Waits until the function has got this many requests, and returns them.
    pub fn visits_reach(&self, count: usize) -> Vec<Visit> {
        eventually(&format!("the function gets {count} requests"), WITHIN, || {
            Some(self.visits()).filter(|visits| visits.len() >= count)
        })
    }

    /// Makes Zendesk refuse every JWT from now on.
    pub fn zendesk_refuses(&self, message: &str, reason: &str) {
        self.backend.zendesk.lock().unwrap().refusal = Some(json!({ "message": message, "reason": reason }));
    }

    /// The claims of all JWTs that Zendesk has received.
    pub fn zendesk_got(&self) -> Vec<Value> {
        self.backend.zendesk.lock().unwrap().jwts.iter().map(|(claims, _)| claims.clone()).collect()
    }
}

impl Backend {
    fn answer(&self, request: &Request) -> Answer {
        match request.headers_named("host").next().unwrap_or_default() {
            COMPANY | STRANGER => web_site(request),
            SERVICE => self.invoke(request),
            SNIPPET => script(include_str!("widget.js")),
            ZENDESK => self.log_in(request),
            _ => sites::not_found(),
        }
    }

    fn invoke(&self, request: &Request) -> Answer {
        let mut visits = self.visits.lock().unwrap();
        let answer = self.service.answer_at(SERVICE, request);
        visits.push(Visit { request: request.clone(), answer: answer.clone() });
        answer
    }

    /// Checks a JWT as Zendesk does.
    fn log_in(&self, request: &Request) -> Answer {
        let jwt = String::from_utf8_lossy(&request.body);
        let secret = Some(MESSAGING_SECRET.as_bytes());
        let inspection =
            inspect(&jwt, &Expectation { kind: Some(zendesk_jwt::jwt::Kind::Messaging), secret, now: now() });
        let claims = inspection.claims.clone().map(Value::Object).unwrap_or_default();
        let findings = inspection.findings.iter().map(|finding| finding.message.clone()).collect();
        let mut zendesk = self.zendesk.lock().unwrap();
        zendesk.jwts.push((claims.clone(), findings));
        let answer = match &zendesk.refusal {
            Some(refusal) => json!({ "refusal": refusal }),
            None if inspection.is_accepted() => json!({ "name": claims["name"], "exp": claims["exp"] }),
            None => json!({ "refusal": { "message": "Unauthorized", "reason": "Invalid JWT" } }),
        };
        Answer::new(200, &[("access-control-allow-origin", "*")], answer.to_string())
    }
}

fn web_site(request: &Request) -> Answer {
    let snippet = format!("<script id=ze-snippet src='https://{SNIPPET}/ekr/snippet.js?key=demo'></script>");
    let recorder =
        "<script src=/recorder.js></script><script>const note = (failure) => record.failures.push(failure)</script>";
    let plain = "<script src=/zendesk-auth.js></script>";
    let page = |lines: &[&str]| sites::page("Shop", &lines.concat());
    match request.path.as_str() {
        "/login" => sites::with_header(
            page(&[]),
            "set-cookie",
            &format!("{COOKIE}={TOKEN}; Domain=example.com; Path=/; Secure; HttpOnly; SameSite={}", request.query),
        ),
        "/recorder.js" => script(include_str!("recorder.js")),
        "/zendesk-auth.js" => script(include_str!("../../../../web/zendesk-auth.js")),
        "/" => page(&[&snippet, recorder, plain]),
        "/without-widget" => page(&[recorder, plain]),
        "/plain" => page(&[
            &snippet,
            recorder,
            plain,
            &format!("<script>zendeskAuth.logIn({{ url: 'https://{SERVICE}/messaging/jwt' }});</script>"),
        ]),
        "/module" => page(&[
            &snippet,
            recorder,
            &format!(
                "<script type=module>
                import '/zendesk-auth.js';
                const userToken = async () => '{TOKEN}';
                zendeskAuth.logIn({{ url: 'https://{SERVICE}/messaging/jwt', userToken }});
                </script>"
            ),
        ]),
        "/react" => page(&[&snippet, recorder, "<script src=/react.js defer></script>"]),
        "/react.js" => script(&std::fs::read_to_string(REACT_PAGE).unwrap()),
        _ => sites::not_found(),
    }
}

fn script(source: &str) -> Answer {
    Answer::new(200, &[("content-type", "text/javascript; charset=utf-8")], source)
}
