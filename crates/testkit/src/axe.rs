//! axe-core (<https://github.com/dequelabs/axe-core>), an independent checker of accessibility.

use super::webdriver::Session;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

/// The script of axe. On a machine without npm or its registry, prints a message and returns `None`. Panics instead in
/// CI (`CI=true`).
pub fn script() -> Option<&'static str> {
    static SCRIPT: LazyLock<Option<String>> = LazyLock::new(|| {
        let script = installed();
        if script.is_none() {
            crate::skipped("npm does not install what tests/axe/package.json names");
        }
        script
    });
    SCRIPT.as_deref()
}

/// Installs axe below target, unless this version is there.
fn installed() -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (source, folder) = (root.join("tests/axe"), root.join("target/axe"));
    let lock = "package-lock.json";
    let is_same = std::fs::read(source.join(lock)).ok()? == std::fs::read(folder.join("installed")).unwrap_or_default();
    if !is_same {
        std::fs::create_dir_all(&folder).ok()?;
        for file in ["package.json", lock] {
            std::fs::copy(source.join(file), folder.join(file)).ok()?;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--prefix"]).arg(&folder);
        npm.status().ok().filter(std::process::ExitStatus::success)?;
        std::fs::copy(source.join(lock), folder.join("installed")).ok()?;
    }
    std::fs::read_to_string(folder.join("node_modules/axe-core/axe.min.js")).ok()
}

/// What axe finds on the page: the rule, and the markup that breaks it.
pub fn findings(browser: &Session, script: &str) -> Vec<String> {
    let run = "return axe.run().then(({ violations }) => violations.flatMap(
        ({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`)))";
    let found = browser.evaluate(&format!("{script};\n{run}"));
    found.as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
