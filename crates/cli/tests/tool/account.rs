//! The AWS account that the tool works in.

use crate::support::operator::{Done, has_terminal};
use crate::support::server::Server;
use crate::support::{Kind, Operator, Setup, fault, users};
use axum::http::HeaderMap;
use serde_json::json;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

const CONFIG: &str = "[profile staging]\nregion = eu-west-1\naws_access_key_id = AKIASTAGING\n\
    aws_secret_access_key = demo\n[profile prod]\nregion = us-west-2\naws_access_key_id = AKIAPROD\n\
    aws_secret_access_key = demo\n";

/// An AWS that refuses every call and names the credentials in its answer.
fn refusing_aws() -> Server {
    async fn refuse(headers: HeaderMap) -> axum::response::Response {
        let signature = headers["authorization"].to_str().unwrap().to_owned();
        fault::answer(400, &json!({"__type": "AccessDeniedException", "message": signature}))
    }
    Server::of(axum::Router::new().fallback(refuse))
}

/// A shell with exported keys and an AWS configuration.
struct Shell {
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Shell {
    fn new(config: &str) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("config"), config).unwrap();
        Self { folder, variables: Vec::new() }
    }

    fn export(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    fn with_keys(self) -> Self {
        self.export("AWS_ACCESS_KEY_ID", "AKIAEXPORTED").export("AWS_SECRET_ACCESS_KEY", "demo")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Done {
        let mut command = Command::new(crate::support::binary::tool());
        command.env_clear().env("HOME", self.folder.path()).env("AWS_CONFIG_FILE", self.path("config"));
        command.env("AWS_EC2_METADATA_DISABLED", "true").envs(self.variables.iter().cloned());
        let output = command.args(arguments).current_dir(&self.folder).stdin(Stdio::null()).output().unwrap();
        Done {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

const SHOW: [&str; 6] = ["user", "show", "--external-id", "demo-1", "--table", "users"];

#[test]
fn an_explicit_profile_wins_over_exported_keys() {
    let aws = refusing_aws();
    let shell = Shell::new(CONFIG).with_keys().export("AWS_ENDPOINT_URL", aws.url());
    for (options, credentials) in [
        (&["--profile", "prod"][..], "AKIAPROD/"),
        (&["--profile", "staging"], "AKIASTAGING/"),
        (&["--region", "eu-west-1"], "AKIAEXPORTED/"),
    ] {
        shell.run(&[&SHOW[..], options].concat()).refused(1, &[credentials]);
    }
    shell.run(&[&SHOW[..], &["--profile", "prod"]].concat()).refused(1, &["/us-west-2/dynamodb/"]);
    // AWS_PROFILE is not explicit: exported keys win, as in the AWS CLI.
    let shell = shell.export("AWS_PROFILE", "staging");
    shell.run(&SHOW).refused(1, &["AKIAEXPORTED/", "/eu-west-1/"]);
}

#[test]
fn an_unknown_profile_is_an_error_that_lists_the_known_ones() {
    let shell = Shell::new(CONFIG).with_keys().export("AWS_REGION", "eu-west-1");
    let unknown = [&SHOW[..], &["--profile", "production"]].concat();
    shell.run(&unknown).refused(1, &["no profile production", "the profiles are prod, staging"]);
    let shell = shell.export("AWS_PROFILE", "other");
    shell.run(&SHOW).refused(1, &["no profile other", "prod, staging"]);
    let shell = Shell::new("").with_keys();
    shell.run(&unknown).refused(1, &["no profile production", "aws configure --profile production"]);
}

#[test]
fn the_prompt_before_a_deletion_names_user_table_account_and_region() {
    if !has_terminal() {
        return println!("skipped: script is not installed");
    }
    let setup = Setup::of(Kind::SdkExchange).with_fakes();
    setup.aws().put_user("token", &users::demo());
    let operator = Operator::of(setup.aws());
    let terminal = operator.answer(&["user", "forget", "--external-id", "demo-1"], "no");
    let table = setup.aws().table();
    for words in
        ["the user demo-1 ", &format!("the table {table} "), "account 000000000000 in eu-west-1", "nothing was"]
    {
        assert!(terminal.contains(words), "no {words} in {terminal}");
    }
    operator.run(&["user", "show", "--external-id", "demo-1"]).well();
}
