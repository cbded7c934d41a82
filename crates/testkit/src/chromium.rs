//! Debian's `chromium` and `chromedriver`, started and ended by each test, and checks of accessibility.

use super::eventually;
use super::server::HttpsServer;
use super::webdriver::Session;
use serde_json::{Value, json};
use std::fs::File;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;
use tempfile::{NamedTempFile, TempDir};

/// Long, because the machine can be busy.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// A browser with its own profile, which resolves only the hosts of the test.
pub struct Chromium {
    session: Option<Session>,
    _driver: Driver,
    process: u64,
    _profile: TempDir,
}

/// The paths of the two programs.
pub struct Programs {
    chromium: PathBuf,
    driver: PathBuf,
}

impl Programs {
    /// On a machine without them, prints a message and returns `None`. Panics instead in CI (`CI=true`).
    pub fn find() -> Option<Self> {
        let programs =
            ["chromium", "google-chrome"].into_iter().find_map(find_program).zip(find_program("chromedriver"));
        let Some((chromium, driver)) = programs else {
            crate::skipped("no chromium with chromedriver here (apt-get install chromium chromium-driver)");
            return None;
        };
        Some(Self { chromium, driver })
    }
}

impl Chromium {
    /// Starts the browser. `hosts` resolve to `server`, and no other host resolves.
    pub fn start(programs: &Programs, server: &HttpsServer, hosts: &[&str], preferences: &Value) -> Self {
        let mapped = hosts.iter().map(|host| format!("MAP {host} {}", server.address()));
        let rules: Vec<_> = mapped.chain(["MAP * ~NOTFOUND".to_owned()]).collect();
        // The browser trusts only this key. All other rules for certificates still apply.
        let trust = format!("--ignore-certificate-errors-spki-list={}", server.public_key());
        Self::with(programs, preferences, &[trust, resolver(&rules.join(", "))])
    }

    /// Starts the browser, which can reach only this machine.
    pub fn on_this_machine(programs: &Programs, preferences: &Value) -> Self {
        Self::with(programs, preferences, &[resolver("MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost")])
    }

    fn with(programs: &Programs, preferences: &Value, arguments: &[String]) -> Self {
        let profile = TempDir::new().unwrap();
        let driver = Driver::start(&programs.driver, profile.path());
        let session = Session::start(&driver.url, &capabilities(programs, profile.path(), preferences, arguments));
        let process = session.capabilities["goog:processID"].as_u64().expect("a process");
        Self { session: Some(session), _driver: driver, process, _profile: profile }
    }
}

impl Deref for Chromium {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session.as_ref().expect("the session is open")
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        drop(self.session.take());
        // A browser that did not close would outlive its driver.
        if Path::new(&format!("/proc/{}", self.process)).exists() {
            Command::new("kill").args(["-KILL", &self.process.to_string()]).stderr(Stdio::null()).status().ok();
        }
    }
}

fn resolver(rules: &str) -> String {
    format!("--host-resolver-rules={rules}")
}

fn capabilities(programs: &Programs, profile: &Path, preferences: &Value, more_arguments: &[String]) -> Value {
    let mut arguments = [
        "--headless=new",
        "--no-sandbox", // root, as in CI, cannot use a sandbox
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!("--user-data-dir={}", profile.join("profile").display()));
    arguments.extend_from_slice(more_arguments);
    json!({
        "browserName": "chrome",
        "timeouts": { "pageLoad": 30_000, "script": 10_000, "implicit": 0 },
        "goog:loggingPrefs": { "browser": "ALL" },
        "goog:chromeOptions": {
            "binary": programs.chromium,
            "prefs": preferences,
            "args": arguments,
        },
    })
}

/// A running chromedriver. Dropping it ends the process.
struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    /// The operating system chooses a port for one IP version. If the port is taken for the other version, the driver
    /// ends, and this function starts it again.
    fn start(program: &Path, home: &Path) -> Self {
        (0..5).find_map(|_| Self::try_start(program, home)).expect("chromedriver starts")
    }

    fn try_start(program: &Path, home: &Path) -> Option<Self> {
        let output = NamedTempFile::new().unwrap();
        let stream = || -> Stdio { File::options().append(true).open(output.path()).unwrap().into() };
        let child = Command::new(program)
            .arg("--port=0")
            .env("HOME", home) // the browser writes some files outside of its profile
            .stdin(Stdio::null())
            .stdout(stream())
            .stderr(stream())
            .spawn()
            .unwrap();
        let mut driver = Self { child, url: String::new() };
        let port = eventually("chromedriver prints its port or ends", READY_WITHIN, || {
            let said = std::fs::read_to_string(output.path()).unwrap();
            let port = said.split_once("started successfully on port ").and_then(|(_, rest)| rest.split_once('.'));
            match port {
                Some((port, _)) => Some(Some(port.to_owned())),
                None => driver.child.try_wait().unwrap().map(|_| None),
            }
        });
        driver.url = format!("http://127.0.0.1:{}", port?);
        Some(driver)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn find_program(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The widths of the test windows, a desktop's and a phone's, in pixels.
pub const WIDTHS: [u32; 2] = [1280, 390];

/// JavaScript that returns the number of texts, and the texts with too little contrast (WCAG 2.2, success criterion
/// 1.4.3).
pub const LOW_CONTRAST_TEXTS: &str = "
    const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const luminance = (colour) => channels(colour).slice(0, 3)
        .map((value) => value / 255)
        .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
        .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
    const ground = (element) => {
        const colour = getComputedStyle(element).backgroundColor;
        return channels(colour)[3] === 0 ? ground(element.parentElement) : colour;
    };
    const contrast = (element) => {
        const [dark, light] = [getComputedStyle(element).color, ground(element)].map(luminance).sort((a, b) => a - b);
        return (light + 0.05) / (dark + 0.05);
    };
    const texts = [...document.querySelectorAll('main *')].filter((element) =>
        element.checkVisibility() && [...element.childNodes].some((node) => node.nodeType == 3 && node.data.trim()));
    return [texts.length, texts.filter((text) => contrast(text) < 4.5).map((text) => text.innerText)]";

/// axe-core (<https://github.com/dequelabs/axe-core>), an independent checker of accessibility.
#[derive(Clone, Copy)]
pub struct Axe {
    script: &'static str,
}

impl Axe {
    /// On a machine without npm or its registry, prints a message and returns `None`. Panics instead in CI (`CI=true`).
    pub fn install() -> Option<Self> {
        static SCRIPT: LazyLock<Option<String>> = LazyLock::new(|| {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
            let is_installed = Command::new(root.join("tests/npm/install")).status().unwrap().success();
            if !is_installed {
                crate::skipped("npm does not install what tests/npm/package.json names");
            }
            is_installed
                .then(|| std::fs::read_to_string(root.join("target/npm/node_modules/axe-core/axe.min.js")).unwrap())
        });
        Some(Self { script: SCRIPT.as_deref()? })
    }

    /// What axe finds on the page: the rule, and the markup that breaks it.
    pub fn findings(self, browser: &Session) -> Vec<String> {
        let run = "return axe.run().then(({ violations }) => violations.flatMap(
            ({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`)))";
        let found = browser.evaluate(&format!("{};\n{run}", self.script));
        found.as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}
