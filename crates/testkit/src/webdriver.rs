//! Remote control of a browser (<https://www.w3.org/TR/webdriver2/>), with the commands that the tests use.
//!
//! The clients on crates.io are asynchronous, and add second versions of `http`, `cookie` and `thiserror`.

use super::eventually;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::time::Duration;

/// Longer than the limits of the session for its commands.
const ANSWER_WITHIN: Duration = Duration::from_secs(50);

/// The driver's errors for a command during a change of page.
const PAGE_CHANGES: [&str; 4] =
    ["no such element", "stale element reference", "aborted by navigation", "document unloaded while waiting"];
const PAGE_CHANGES_WITHIN: Duration = Duration::from_secs(20);

/// The protocol's name for an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

pub const TAB: &str = "\u{E004}";
pub const ENTER: &str = "\u{E007}";
pub const RIGHT: &str = "\u{E014}";

/// A session with a browser. Dropping it closes the browser.
pub struct Session {
    url: String,
    agent: ureq::Agent,
    pub capabilities: Value,
}

/// A line of the browser's console.
#[derive(Clone, Debug)]
pub struct ConsoleLine {
    /// Its source: `security`, `javascript`, `network`, `console-api`, …
    pub source: String,
    pub message: String,
}

impl Session {
    /// Requests a browser from the driver at this address.
    pub fn start(driver: &str, capabilities: &Value) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(ANSWER_WITHIN));
        let agent = config.build().new_agent();
        let wanted = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let started = call(agent.post(format!("{driver}/session")).send(wanted.to_string())).unwrap();
        let id = started["sessionId"].as_str().expect("a session");
        Self { url: format!("{driver}/session/{id}"), agent, capabilities: started["capabilities"].clone() }
    }

    /// Opens an address and waits until its page has loaded. The page's scripts may still run.
    pub fn open(&self, address: &str) {
        self.post("url", &json!({ "url": address }));
    }

    pub fn back(&self) {
        self.post("back", &json!({}));
    }

    pub fn reload(&self) {
        self.post("refresh", &json!({}));
    }

    /// The address in the browser's address bar.
    pub fn address(&self) -> String {
        self.text_value("url")
    }

    pub fn title(&self) -> String {
        self.text_value("title")
    }

    /// The visible text of the page.
    pub fn text(&self) -> String {
        self.evaluate("return document.body?.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// Clicks the first element of `selector`, as soon as there is one.
    pub fn click(&self, selector: &str) {
        settled(&format!("click {selector}"), || {
            let element = self.find(selector)?;
            let element = element[ELEMENT].as_str().unwrap_or_default();
            self.try_post(&format!("element/{element}/click"), &json!({}))
        });
    }

    /// Clicks twice, as quickly as a person does.
    pub fn double_click(&self, selector: &str) {
        let element = settled(selector, || self.find(selector));
        let point = json!({ "type": "pointerMove", "origin": element, "x": 0, "y": 0 });
        let (down, up) = (json!({ "type": "pointerDown", "button": 0 }), json!({ "type": "pointerUp", "button": 0 }));
        let pause = json!({ "type": "pause", "duration": 250 });
        let mouse = json!({ "type": "pointer", "id": "mouse", "actions": [point, down, up, pause, down, up] });
        self.post("actions", &json!({ "actions": [mouse] }));
    }

    pub fn press(&self, key: &str) {
        let strokes = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        self.post("actions", &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] }));
    }

    /// Runs the body of a JavaScript function and returns its result, even if the page's policy allows no script.
    pub fn evaluate(&self, body: &str) -> Value {
        settled(body, || self.try_post("execute/sync", &json!({ "script": body, "args": [] })))
    }

    /// The cookies of the page's host, including those that scripts cannot read.
    pub fn cookies(&self) -> Vec<Value> {
        self.get("cookie").as_array().unwrap().clone()
    }

    /// The lines of the console since the last call.
    pub fn console(&self) -> Vec<ConsoleLine> {
        let lines = self.post("se/log", &json!({ "type": "browser" }));
        let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let read = |line| ConsoleLine { source: text(line, "source"), message: text(line, "message") };
        lines.as_array().unwrap().iter().map(read).collect()
    }

    /// Runs a command of the DevTools protocol (<https://chromedevtools.github.io/devtools-protocol/>).
    pub fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// Sets the colour scheme of the reader's system, `light` or `dark`.
    pub fn prefer_colours(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", &features);
    }

    /// Lays the page out for a screen of this width and height in CSS pixels.
    pub fn resize(&self, width: u32, height: u32) {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &screen);
    }

    /// The visible part of the page as a PNG file.
    pub fn screenshot(&self) -> Vec<u8> {
        BASE64_STANDARD.decode(self.text_value("screenshot")).unwrap()
    }

    fn text_value(&self, path: &str) -> String {
        self.get(path).as_str().unwrap().to_owned()
    }

    fn get(&self, path: &str) -> Value {
        call(self.agent.get(format!("{}/{path}", self.url)).call())
            .unwrap_or_else(|problem| panic!("{path}: {problem}"))
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.try_post(path, body).unwrap_or_else(|problem| panic!("{path} {body}: {problem}"))
    }

    fn try_post(&self, path: &str, body: &Value) -> Result<Value, String> {
        call(self.agent.post(format!("{}/{path}", self.url)).send(body.to_string()))
    }

    fn find(&self, selector: &str) -> Result<Value, String> {
        self.try_post("element", &json!({ "using": "css selector", "value": selector }))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        call(self.agent.delete(&self.url).call()).ok();
    }
}

/// The value or the error in the driver's answer.
fn call(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, String> {
    let mut answer = answer.map_err(|error| error.to_string())?;
    // A screenshot can be larger than the default limit.
    let text = answer.body_mut().with_config().limit(64 << 20).read_to_string().map_err(|error| error.to_string())?;
    let mut answer: Value = serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
    let value = answer["value"].take();
    match value["error"].as_str() {
        Some(error) => Err(format!("{error}: {}", value["message"].as_str().unwrap_or_default())),
        None => Ok(value),
    }
}

/// Repeats a command that failed because the page was changing. Every other error is final.
fn settled(what: &str, command: impl Fn() -> Result<Value, String>) -> Value {
    let is_passing = |problem: &str| PAGE_CHANGES.iter().any(|error| problem.contains(error));
    eventually(what, PAGE_CHANGES_WITHIN, || match command() {
        Err(problem) if is_passing(&problem) => None,
        result => Some(result),
    })
    .unwrap_or_else(|problem| panic!("{what}: {problem}"))
}
