//! The operator's tool as a person or a program runs it.

use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};

/// What a run of the tool ended with.
#[derive(Debug)]
pub struct Ended {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// The output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// All that it wrote.
    pub fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// The tool with these arguments, and nothing of this machine's AWS configuration.
pub fn tool(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zendesk-jwt"));
    command.args(arguments).env("AWS_EC2_METADATA_DISABLED", "true").env("COLUMNS", "80");
    for variable in ["AWS_PROFILE", "AWS_ENDPOINT_URL", "USER_TOKENS_TABLE", "SDK_SECRET_ID"] {
        command.env_remove(variable);
    }
    command
}

/// Runs the tool with `input` on standard input.
pub fn run_with(input: &str, arguments: &[&str]) -> Ended {
    let mut child =
        tool(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A tool that was called wrongly reads nothing and has ended.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    let output = child.wait_with_output().unwrap();
    Ended {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the tool with nothing on standard input.
pub fn run(arguments: &[&str]) -> Ended {
    run_with("", arguments)
}
