//! One of the three binaries, run as Lambda runs it.

use crate::runtime_api::RuntimeApi;
use serde_json::Value;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

/// Long, because the machine can be busy. A function usually needs a fraction of it.
const READY_WITHIN: Duration = Duration::from_secs(20);
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
const ENDS_WITHIN: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    SdkExchange,
    MessagingToken,
    SsoRedirect,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::SdkExchange, Self::MessagingToken, Self::SsoRedirect];

    pub fn name(self) -> &'static str {
        match self {
            Self::SdkExchange => "sdk-exchange",
            Self::MessagingToken => "messaging-token",
            Self::SsoRedirect => "sso-redirect",
        }
    }

    /// `ZENDESK_JWT_BIN_DIR` names the folder of a release build to test instead.
    fn binary(self) -> PathBuf {
        match std::env::var_os("ZENDESK_JWT_BIN_DIR") {
            Some(folder) => PathBuf::from(folder).join(self.name()),
            None => built("zendesk-jwt", self.name()),
        }
    }
}

/// A running function. Dropping it ends the process.
pub struct Function {
    // This field is dropped first, so that the process can end by itself.
    api: RuntimeApi,
    process: Process,
    invocations: AtomicU64,
}

/// The result of one invocation.
pub struct Invocation {
    pub request_id: String,
    pub outcome: Result<Value, Value>,
    /// The output of the process between this event and the request for the next one.
    pub logs: String,
    pub took: Duration,
}

/// The exit status and output of a function that cannot start.
#[derive(Debug)]
pub struct Exit {
    pub status: ExitStatus,
    pub output: String,
}

impl Function {
    /// Starts the function and waits until it requests its first event, which ends Lambda's init phase.
    pub fn start(kind: Kind, environment: &[(String, String)]) -> Self {
        let api = RuntimeApi::start();
        let process = Process::spawn(kind, &api, environment);
        let started = Instant::now();
        while !api.polled_more_than(0, Duration::from_millis(20)) {
            let exit = process.exit_status();
            assert!(
                exit.is_none() && started.elapsed() < READY_WITHIN,
                "{} was not ready in time ({exit:?}):\n{}",
                kind.name(),
                process.output()
            );
        }
        Self { process, api, invocations: AtomicU64::new(0) }
    }

    /// Starts a function that cannot run, and waits until its process ends.
    pub fn expect_exit(kind: Kind, environment: &[(String, String)]) -> Exit {
        let api = RuntimeApi::start();
        let process = Process::spawn(kind, &api, environment);
        let started = Instant::now();
        loop {
            if let Some(status) = process.exit_status() {
                return Exit { status, output: process.output() };
            }
            let output = process.output();
            assert!(api.polls() == 0, "{} requested an event:\n{output}", kind.name());
            assert!(started.elapsed() < READY_WITHIN, "{} did not exit:\n{output}", kind.name());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends the function one event and waits for its answer.
    pub fn invoke(&self, event: Value) -> Invocation {
        let written = self.logs().len();
        let (request_id, outcome, took) = self.send_and_wait(event);
        Invocation { request_id, outcome, logs: self.logs().split_off(written), took }
    }

    fn send_and_wait(&self, event: Value) -> (String, Result<Value, Value>, Duration) {
        let number = self.invocations.fetch_add(1, Ordering::Relaxed);
        let request_id = format!("8476a536-e9f4-11e8-9739-{number:012}");
        let polls = self.api.polls();
        let started = Instant::now();
        self.api.send(&request_id, event);
        let outcome = self.api.outcome(&request_id, ANSWER_WITHIN);
        let took = started.elapsed();
        let outcome = outcome.unwrap_or_else(|| panic!("no answer:\n{}", self.logs()));
        assert!(
            self.api.polled_more_than(polls, ANSWER_WITHIN),
            "the function ended after its answer:\n{}",
            self.logs()
        );
        (request_id, outcome, took)
    }

    /// Everything that the process has written since its start, on both streams.
    pub fn logs(&self) -> String {
        self.process.output()
    }

    pub fn is_alive(&self) -> bool {
        self.process.exit_status().is_none()
    }

    /// Stops the process, as Lambda freezes a sandbox between two requests.
    pub fn freeze(&self) {
        self.process.signal("-STOP");
        let state = format!("/proc/{}/stat", self.process.id());
        super::eventually("the process stops", READY_WITHIN, || {
            let state = std::fs::read_to_string(&state).unwrap();
            state.rsplit(") ").next().unwrap().starts_with('T').then_some(())
        });
    }

    /// Resumes a frozen process.
    pub fn thaw(&self) {
        self.process.signal("-CONT");
    }
}

struct Process {
    child: Mutex<Child>,
    /// A file, because a pipe would have to be read all the time.
    output: NamedTempFile,
}

impl Process {
    fn spawn(kind: Kind, api: &RuntimeApi, environment: &[(String, String)]) -> Self {
        let output = NamedTempFile::new().unwrap();
        let stream = || -> Stdio { File::options().append(true).open(output.path()).unwrap().into() };
        let child = Command::new(kind.binary())
            .env_clear()
            .envs(coverage())
            .envs(lambda(kind, api))
            .envs(environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(stream())
            .stderr(stream())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", kind.binary().display()));
        Self { child: Mutex::new(child), output }
    }

    fn exit_status(&self) -> Option<ExitStatus> {
        self.child.lock().unwrap().try_wait().unwrap()
    }

    fn id(&self) -> u32 {
        self.child.lock().unwrap().id()
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.id().to_string()]).status().unwrap().success());
    }

    fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.output.path()).unwrap()).into_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            if coverage().is_some() {
                // A process writes its coverage when it ends by itself. Without a Runtime API a function ends.
                let ends_by = Instant::now() + ENDS_WITHIN;
                while Instant::now() < ends_by && matches!(child.try_wait(), Ok(None)) {
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// The variables that Lambda sets for every function.
fn lambda(kind: Kind, api: &RuntimeApi) -> [(&'static str, String); 14] {
    let name = kind.name().to_owned();
    [
        ("AWS_LAMBDA_RUNTIME_API", api.authority()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/20/[$LATEST]0123456789abcdef".into()),
        ("AWS_LAMBDA_FUNCTION_NAME", name),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".into()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".into()),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023".into()),
        ("AWS_REGION", "eu-west-1".into()),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".into()),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into()),
        ("AWS_SESSION_TOKEN", "a-session-token".into()),
        ("TZ", ":UTC".into()),
        ("PATH", "/usr/local/bin:/usr/bin:/bin".into()),
    ]
}

/// The variable with the path of the coverage file, in a build with coverage.
fn coverage() -> Option<(&'static str, OsString)> {
    std::env::var_os("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE", file))
}

static BUILT: LazyLock<Mutex<HashMap<String, PathBuf>>> = LazyLock::new(Mutex::default);

/// The binary that Cargo built for the running test. A binary of another package is built here.
pub(super) fn built(package: &str, name: &str) -> PathBuf {
    // Cargo sets this variable while an integration test runs: https://doc.rust-lang.org/cargo/reference/environment-variables.html
    if let Some(path) = std::env::var_os(format!("CARGO_BIN_EXE_{name}")) {
        return path.into();
    }
    let build = || escargot::CargoBuild::new().package(package).bin(name).run().unwrap().path().to_owned();
    BUILT.lock().unwrap().entry(name.to_owned()).or_insert_with(build).clone()
}
