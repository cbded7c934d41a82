//! Runs the operator's tool on the table of a test.

use super::function::built;
use super::{Aws, eventually};
use serde_json::Value;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::{NamedTempFile, TempDir};

/// Long, since the machine may be busy.
const PROMPTS_WITHIN: Duration = Duration::from_secs(20);

/// A person with a shell, whose environment names one table.
pub struct Operator {
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
}

/// The result of a run of the tool.
#[derive(Debug)]
pub struct Done {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Operator {
    pub fn of(aws: &Aws) -> Self {
        let account = [
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ];
        let account = account.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { environment: aws.environment().into_iter().chain(account).collect(), arguments: Vec::new() }
    }

    /// An operator without an AWS account.
    pub fn without_account() -> Self {
        Self { environment: Vec::new(), arguments: Vec::new() }
    }

    /// An operator of a running `zendesk-jwt local`.
    pub fn local(url: &str) -> Self {
        Self { environment: Vec::new(), arguments: vec![format!("--local={url}")] }
    }

    /// The same operator with one more variable in the environment.
    pub fn export(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn run(&self, arguments: &[&str]) -> Done {
        self.run_with(arguments, "")
    }

    /// Runs the tool with `input` on standard input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Done {
        let mut command = self.command(tool());
        let command = command.args(arguments).args(&self.arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A tool that does not read its input may have closed it.
        child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
        let output = child.wait_with_output().unwrap();
        Done {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs the tool in a terminal with `columns`, and returns what appears there.
    pub fn terminal(&self, columns: u16, arguments: &[&str]) -> String {
        let line = format!("stty rows 40 cols {columns}; {}", self.line(arguments));
        let mut command = self.command("script");
        let output = command.args(["-qec", &line, "/dev/null"]).stdin(Stdio::null()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs the tool in a terminal, types each answer when its prompt appears, and returns what appeared there. A prompt
    /// that says `not shown` waits until the echo is off.
    pub fn converse(&self, arguments: &[&str], answers: &[(&str, &str)]) -> String {
        let folder = TempDir::new().unwrap();
        let name = folder.path().join("terminal");
        let line = format!("tty > {}; {}", name.display(), self.line(arguments));
        let appeared = NamedTempFile::new().unwrap();
        let mut command = self.command("script");
        command.args(["-qec", &line, "/dev/null"]).stdin(Stdio::piped());
        let mut script = command.stdout(appeared.reopen().unwrap()).spawn().unwrap();
        let mut keyboard = script.stdin.take().unwrap();
        let mut read = 0;
        for (prompt, answer) in answers {
            read = eventually(&format!("the prompt {prompt}"), PROMPTS_WITHIN, || {
                let text = std::fs::read_to_string(appeared.path()).unwrap_or_default();
                let at = text.get(read..)?.find(prompt)?;
                (!prompt.contains("not shown") || does_not_echo(&name)).then_some(read + at + prompt.len())
            });
            keyboard.write_all(format!("{answer}\n").as_bytes()).unwrap();
            keyboard.flush().unwrap();
        }
        script.wait().unwrap();
        std::fs::read_to_string(appeared.path()).unwrap()
    }

    fn line(&self, arguments: &[&str]) -> String {
        let tool = tool();
        let own = self.arguments.iter().map(String::as_str);
        let words = std::iter::once(tool.to_str().unwrap()).chain(arguments.iter().copied()).chain(own);
        words.map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ")
    }

    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        let inherited = ["PATH", "LLVM_PROFILE_FILE"].map(|name| (name, std::env::var_os(name)));
        let inherited = inherited.into_iter().filter_map(|(name, value)| Some((name, value?)));
        command.env_clear().envs(inherited).envs(self.environment.iter().cloned());
        command
    }
}

/// The operator's tool.
pub fn tool() -> PathBuf {
    built("zendesk-jwt-cli", "zendesk-jwt")
}

/// Whether the tests can open a terminal. Without the program `script`, reports a skipped test.
pub fn has_terminal() -> bool {
    let found = Command::new("script").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        crate::skipped("the program script is not installed (apt-get install bsdutils)");
    }
    found
}

fn does_not_echo(name: &Path) -> bool {
    let terminal = std::fs::read_to_string(name).unwrap_or_default();
    let settings = Command::new("stty").args(["-a", "-F", terminal.trim()]).output().unwrap();
    String::from_utf8_lossy(&settings.stdout).split_whitespace().any(|setting| setting == "-echo")
}

impl Done {
    /// Checks that the exit status is 0.
    #[track_caller]
    pub fn well(self) -> Self {
        assert_eq!(self.status, 0, "{self:?}");
        self
    }

    /// Checks the exit status, an empty standard output, and `words` on standard error.
    #[track_caller]
    pub fn refused(self, status: i32, words: &[&str]) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        for word in words {
            assert!(self.stderr.contains(word), "no {word} in {self:?}");
        }
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The only line of standard output.
    #[track_caller]
    pub fn line(&self) -> String {
        assert_eq!(self.stdout.lines().count(), 1, "{self:?}");
        self.stdout.trim_end_matches('\n').to_owned()
    }
}
