//! The AWS account that the tool works in.

use crate::local::Local;
use crate::support::operator::{Done, has_terminal};
use crate::support::server::Server;
use crate::support::{Kind, Operator, Setup, aws, users};
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
        aws::answer(400, &json!({"__type": "AccessDeniedException", "message": signature}))
    }
    Server::of(axum::Router::new().fallback(refuse))
}

/// A shell with exported keys and an AWS configuration.
pub struct Shell {
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Shell {
    pub fn new(config: &str) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("config"), config).unwrap();
        Self { folder, variables: Vec::new() }
    }

    pub fn export(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    pub fn with_keys(self) -> Self {
        self.export("AWS_ACCESS_KEY_ID", "AKIAEXPORTED").export("AWS_SECRET_ACCESS_KEY", "demo")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the tool without `USER_TOKENS_TABLE`, unless the shell exports it.
    pub fn run(&self, arguments: &[&str]) -> Done {
        let mut command = Command::new(crate::support::operator::tool());
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
        return;
    }
    let setup = Setup::of(Kind::SdkExchange).with_fakes();
    setup.aws().put_user("token", &users::demo());
    let operator = Operator::of(setup.aws());
    let terminal = operator.converse(&["user", "forget", "--external-id", "demo-1"], &[("Type yes", "no")]);
    let table = setup.aws().table();
    for words in
        ["the user demo-1 ", &format!("the table {table} "), "account 000000000000 in eu-west-1", "nothing was"]
    {
        assert!(terminal.contains(words), "no {words} in {terminal}");
    }
    operator.run(&["user", "show", "--external-id", "demo-1"]).well();
}

const SHOW_LOCAL: [&str; 4] = ["user", "show", "--external-id", "demo-1"];

#[test]
fn the_address_of_local_is_a_port_a_host_and_port_or_a_url() {
    let local = Local::start(&[]);
    let (_, port) = local.url().rsplit_once(':').unwrap();
    let shell = Shell::new("");
    for address in [port, &format!("127.0.0.1:{port}"), &format!("localhost:{port}"), local.url()] {
        shell.run(&[&SHOW_LOCAL[..], &["--local", address]].concat()).well();
        shell.run(&[&SHOW_LOCAL[..], &[&format!("--local={address}")]].concat()).well();
        shell.run(&[&["user", "show", "--local", address], &SHOW_LOCAL[2..]].concat()).well();
        Shell::new("").export("ZENDESK_JWT_LOCAL", address).run(&SHOW_LOCAL).well();
    }
    let url = format!("{}/", local.url());
    shell.run(&[&SHOW_LOCAL[..], &["--local", &url]].concat()).well();
    // A file name after --local is not an address.
    shell.run(&["user", "import", "--local", "users.csv"]).refused(1, &["users.csv cannot be read"]);
}

#[test]
fn the_command_in_the_banner_of_local_works_on_its_port() {
    let local = Local::start(&[]);
    let terminal = local.terminal();
    let (_, command) = terminal.split_once("The tool works here with --local: zendesk-jwt ").unwrap();
    let shown = Shell::new("").run(&command.lines().next().unwrap().split(' ').collect::<Vec<_>>()).well();
    assert!(shown.stdout.contains("Demo User"), "{shown:?}");
}

#[test]
fn an_address_of_local_that_cannot_be_right_is_a_usage_error() {
    let shell = Shell::new("");
    for address in ["https://127.0.0.1:3000", "127.0.0.1:99999", "http://", "http://user@127.0.0.1:1", "1:2:3", "a b"] {
        let refused = shell.run(&[&SHOW_LOCAL[..], &[&format!("--local={address}")]].concat());
        refused.refused(2, &["give the port, host:port or URL"]);
    }
    let shell = shell.export("ZENDESK_JWT_LOCAL", "nowhere at all");
    shell.run(&SHOW_LOCAL).refused(2, &["give the port"]);
}

#[test]
fn the_environment_variable_for_local_never_hides_options_for_aws() {
    let shell = Shell::new(CONFIG).export("ZENDESK_JWT_LOCAL", "3000");
    let refused = shell.run(&[&SHOW[..], &["--profile", "prod"]].concat());
    refused.refused(2, &["ZENDESK_JWT_LOCAL is set", "--profile"]);
}

#[test]
fn local_uses_an_explicit_table_and_not_the_one_of_the_environment() {
    let local = Local::start(&[]);
    let shell = Shell::new("").export("USER_TOKENS_TABLE", "table-in-aws").export("ZENDESK_JWT_LOCAL", local.url());
    shell.run(&SHOW_LOCAL).well();
    let refused = shell.run(&[&SHOW_LOCAL[..], &["--table", "other"]].concat());
    refused.refused(1, &["has no table other", local.url()]);
}

#[test]
fn without_local_at_the_address_the_tool_says_that_nothing_listens() {
    let shell = Shell::new("");
    for address in ["--local=9", "--local=127.0.0.1:9", "--local=http://127.0.0.1:9"] {
        let refused = shell.run(&[&SHOW_LOCAL[..], &[address]].concat());
        refused.refused(1, &["nothing listens at http://127.0.0.1:9: start `zendesk-jwt local`"]);
    }
    let other = Server::of(axum::Router::new());
    let refused = shell.run(&[&SHOW_LOCAL[..], &["--local", &other.url()]].concat());
    refused.refused(1, &["is not `zendesk-jwt local`"]);
}

#[test]
fn a_failed_call_to_aws_says_first_what_to_do() {
    let (table, id) = (["--table", "users"], ["--external-id", "demo-1"]);
    let show = |options: &[&str]| [&["user", "show"], &id[..], &table, options].concat().join(" ");
    let fails = |shell: &Shell, options: &[&str], begins: &str| {
        let arguments = show(options);
        let failed = shell.run(&arguments.split(' ').collect::<Vec<_>>());
        assert_eq!(failed.status, 1, "{failed:?}");
        let stderr = failed.stderr.strip_prefix("zendesk-jwt: ").unwrap();
        assert!(stderr.starts_with(begins), "{begins}: {stderr}");
        assert!(!["Request {", "SdkBody", "Error {", "demo-1"].iter().any(|dump| stderr.contains(dump)), "{stderr}");
    };
    fails(&Shell::new(""), &[], "choose the AWS region");
    fails(&Shell::new("").export("AWS_REGION", "eu-west-1"), &[], "there are no AWS credentials");
    let shell = Shell::new("").with_keys().export("AWS_REGION", "eu-west-1");
    fails(&shell, &["--endpoint-url", "http://127.0.0.1:9"], "AWS cannot be reached: check the network, the region");
    fails(&shell, &["--region", "eu_west_1"], "the AWS region cannot be \"eu_west_1\"");
    for (code, begins) in [
        ("AccessDeniedException", "these credentials may not use the table users"),
        ("UnrecognizedClientException", "AWS does not accept these credentials"),
        ("ExpiredTokenException", "the AWS login has expired"),
        ("ResourceNotFoundException", "there is no table users in eu-west-1 of this account"),
        ("ValidationException", "AWS refuses the request as invalid: is the table users the one"),
        ("ThrottlingException", "DynamoDB asks for fewer requests"),
    ] {
        let answer = move || async move { aws::answer(400, &json!({"__type": code, "message": "the message"})) };
        let aws = Server::of(axum::Router::new().fallback(answer));
        fails(&shell, &["--endpoint-url", &aws.url()], begins);
    }
    let page = Server::of(axum::Router::new().fallback(|| async { "<html>log in</html>" }));
    fails(&shell, &["--endpoint-url", &page.url()], "what answers is not AWS: check the proxy");
    fails(&shell.export("AWS_ENDPOINT_URL", "nowhere"), &[], "AWS cannot be reached");
    let broken = "[profile p]\nregion = eu-west-1\ncredential_process = /bin/false\n";
    fails(&Shell::new(broken), &["--profile", "p"], "the profile p gives no credentials");
    fails(&Shell::new("not a configuration"), &[], "your AWS configuration cannot be read");
    let bundle = Shell::new("").with_keys().export("AWS_CA_BUNDLE", "/nowhere");
    fails(&bundle, &["--region", "eu-west-1"], "AWS_CA_BUNDLE names /nowhere");
}
