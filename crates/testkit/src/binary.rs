//! The paths of the binaries under test.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex};

/// A function. `ZENDESK_JWT_BIN_DIR` names the folder of a release build to test instead.
pub fn function(name: &str) -> PathBuf {
    match variable("ZENDESK_JWT_BIN_DIR") {
        Some(folder) => PathBuf::from(folder).join(name),
        None => built("zendesk-jwt", name),
    }
}

/// The operator's tool.
pub fn tool() -> PathBuf {
    built("zendesk-jwt-cli", "zendesk-jwt")
}

static BUILT: LazyLock<Mutex<HashMap<String, PathBuf>>> = LazyLock::new(Mutex::default);

/// The binary that Cargo built for the running test. A binary of another package is built here.
fn built(package: &str, name: &str) -> PathBuf {
    // Cargo sets this variable while an integration test runs: https://doc.rust-lang.org/cargo/reference/environment-variables.html
    if let Some(path) = variable(&format!("CARGO_BIN_EXE_{name}")) {
        return path.into();
    }
    let build = || escargot::CargoBuild::new().package(package).bin(name).run().unwrap().path().to_owned();
    BUILT.lock().unwrap().entry(name.to_owned()).or_insert_with(build).clone()
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
