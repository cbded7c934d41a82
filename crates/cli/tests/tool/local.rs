//! `zendesk-jwt local`: start, terminal, endpoints and data directory.

use crate::support::{Jwt, eventually};
use serde_json::Value;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::{NamedTempFile, TempDir};

/// Generous, since the machine may be busy.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// A running `zendesk-jwt local` on a free port. Dropping it ends the process.
pub struct Local {
    child: Child,
    output: NamedTempFile,
    url: String,
}

impl Local {
    pub fn start(arguments: &[&str]) -> Self {
        let output = NamedTempFile::new().unwrap();
        let stream = || -> Stdio { File::options().append(true).open(output.path()).unwrap().into() };
        let child = tool(arguments).stdout(stream()).stderr(stream()).spawn().unwrap();
        let mut local = Self { child, output, url: String::new() };
        local.url = eventually("the tool shows its address", READY_WITHIN, || {
            let terminal = local.terminal();
            let (_, rest) = terminal.split_once("running on ")?;
            terminal.contains("Secrets Manager").then(|| rest.split(". ").next().unwrap().to_owned())
        });
        local
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    fn terminal(&self) -> String {
        std::fs::read_to_string(self.output.path()).unwrap()
    }

    /// The address of a service, as the terminal shows it.
    pub fn aws(&self, service: &str) -> String {
        let terminal = self.terminal();
        let line = terminal.lines().find(|line| line.starts_with(service)).unwrap();
        line.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned()
    }

    fn post(&self, path: &str, content_type: &str, body: &str) -> (u16, String) {
        let response = agent().post(format!("{}{path}", self.url)).content_type(content_type).send(body).unwrap();
        read(response)
    }

    /// All TCP ports on which the process listens, from `/proc`.
    pub fn listening_ports(&self) -> Vec<u16> {
        const LISTEN: &str = "0A";
        let process = format!("/proc/{}", self.child.id());
        let descriptors = std::fs::read_dir(format!("{process}/fd")).unwrap();
        let sockets: Vec<_> = descriptors.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok()).collect();
        let is_own = |inode: &str| sockets.iter().any(|socket| *socket == Path::new(&format!("socket:[{inode}]")));
        let tables = ["tcp", "tcp6"].map(|table| std::fs::read_to_string(format!("{process}/net/{table}")).unwrap());
        let lines = tables.iter().flat_map(|table| table.lines().skip(1));
        let columns = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
        let own = columns.filter(|columns| columns[3] == LISTEN && is_own(columns[9]));
        own.map(|columns| u16::from_str_radix(columns[1].rsplit(':').next().unwrap(), 16).unwrap()).collect()
    }

    /// The status and body that Zendesk's servers get for a user token.
    pub fn exchange(&self, token: &str) -> (u16, String) {
        self.post("/sdk/jwt", "application/x-www-form-urlencoded", &format!("user_token={token}"))
    }

    /// The option with which the tool uses this process.
    pub fn option(&self) -> String {
        format!("--local={}", self.url)
    }

    /// Calls a service as an AWS client does.
    pub fn call(&self, service: &str, operation: &str, request: &Value) -> (u16, String) {
        let request = request.to_string();
        let call = agent().post(self.aws(service)).header("x-amz-target", operation);
        read(
            call.header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=demo/20261120/us-east-1/x/aws4_request, SignedHeaders=host, Signature=0",
            )
            .header("x-amz-date", "20261120T000000Z")
            .content_type("application/x-amz-json-1.0")
            .send(request)
            .unwrap(),
        )
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn tool(arguments: &[&str]) -> Command {
    let mut command = Command::new(crate::support::binary::tool());
    command.arg("local").args(["--port", "0", "--zendesk-port", "0"]).args(arguments).stdin(Stdio::null());
    command
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(READY_WITHIN)).build().into()
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> (u16, String) {
    (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
}

/// The JWT in the JSON answer of a function.
pub fn jwt(body: &str) -> String {
    serde_json::from_str::<Value>(body).unwrap()["jwt"].as_str().unwrap().to_owned()
}

#[test]
fn the_demo_user_gets_a_jwt_from_all_three_flows() {
    let local = Local::start(&[]);

    let (status, body) = local.exchange("BD2F35A7621");
    assert_eq!(status, 200);
    Jwt::verified(&jwt(&body), "demo-sdk-shared-secret-not-for-production");

    let (status, body) = local.post("/messaging/jwt", "application/x-www-form-urlencoded", "user_token=BD2F35A7621");
    assert_eq!(status, 200);
    let messaging = Jwt::verified(&jwt(&body), "demo-messaging-shared-secret-not-for-production");
    assert_eq!(messaging.header["kid"], "app_demo");

    let page = agent().get(format!("{}/sso/login", local.url)).header("cookie", "session=BD2F35A7621").call().unwrap();
    let (status, html) = read(page);
    assert_eq!(status, 200);
    let (_, after) = html.split_once(r#"name="jwt" value=""#).unwrap();
    Jwt::verified(after.split('"').next().unwrap(), "demo-sso-shared-secret-not-for-production");
}

#[test]
fn the_terminal_shows_a_line_for_each_request() {
    let local = Local::start(&[]);
    local.exchange("unknown");
    local.post("/sdk/jwt", "application/json", "{}");
    local.exchange("demo-suspended");

    let terminal = local.terminal();
    for line in
        ["POST /sdk/jwt  401 user_token_unknown", "POST /sdk/jwt  415 media_type_unsupported", "401 user_suspended"]
    {
        assert!(terminal.contains(line), "no {line} in {terminal}");
    }
}

#[test]
fn each_curl_line_of_the_banner_works() {
    let local = Local::start(&[]);
    let terminal = local.terminal();
    let lines: Vec<&str> = terminal.lines().map(str::trim).filter(|line| line.starts_with("curl ")).collect();

    assert_eq!(lines.len(), 3, "{terminal}");
    for line in lines {
        assert!(line.contains(&local.url) && line.contains("BD2F35A7621"), "{line}");
        let command = format!("{line} --silent --fail --max-time 10");
        let curl = match Command::new("sh").args(["-c", &command]).output() {
            Ok(Output { status, .. }) if status.code() == Some(127) => {
                return println!("skipped: curl is not installed");
            }
            curl => curl.unwrap(),
        };
        assert!(curl.status.success(), "{line}: {curl:?}");
    }
}

#[test]
fn the_routes_are_those_of_the_template() {
    let template = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml")).unwrap();
    let paths = template.lines().filter_map(|line| line.trim().strip_prefix("Path: "));
    let local = Local::start(&[]);

    let mut routes: Vec<&str> = paths.collect();
    routes.sort_unstable();
    routes.dedup();
    assert_eq!(routes, ["/messaging/jwt", "/sdk/jwt", "/sso/login", "/sso/logout"]);
    for route in routes {
        let (status, _) = read(agent().get(format!("{}{route}", local.url)).call().unwrap());
        assert_ne!(status, 404, "{route}");
    }
    let (status, _) = read(agent().get(format!("{}/elsewhere", local.url)).call().unwrap());
    assert_eq!(status, 404);
}

#[test]
fn a_data_directory_survives_a_restart() {
    let directory = TempDir::new().unwrap();
    let data = ["--data", directory.path().to_str().unwrap()];
    let item = serde_json::json!({"TableName": "zendesk-jwt-user-tokens", "Item": {
        "token_hash": {"S": hex_sha256("stored-token")}, "external_id": {"S": "demo-9"}, "name": {"S": "Demo Stored"},
        "email": {"S": "stored@example.com"}, "email_verified": {"BOOL": true},
    }});

    let first = Local::start(&data);
    let (status, body) = first.call("DynamoDB", "DynamoDB_20120810.PutItem", &item);
    assert_eq!(status, 200, "{body}");
    drop(first);

    let second = Local::start(&data);
    assert_eq!(second.exchange("stored-token").0, 200);
    assert!(second.terminal().contains("unchanged"), "{}", second.terminal());
    assert_eq!(Local::start(&[]).exchange("stored-token").0, 401, "without --data, nothing is stored");
}

#[test]
fn a_redacted_secret_without_a_good_key_in_the_cache_is_refused_with_advice() {
    let local = Local::start(&[]);
    let put = serde_json::json!({"SecretId": "zendesk-jwt/sdk", "SecretString": r#"{"secret": "123456789"}"#});
    let (status, body) = local.call("Secrets Manager", "secretsmanager.PutSecretValue", &put);
    assert_eq!(status, 200, "{body}");

    assert_eq!(local.exchange("BD2F35A7621").0, 503, "the cache is empty");
    assert!(local.terminal().contains("Channels > Classic > Mobile SDK"), "{}", local.terminal());
}

#[test]
fn a_port_in_use_is_reported_in_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (option, other) in [("--port", "--zendesk-port"), ("--zendesk-port", "--port")] {
        let arguments = ["local", other, "0", option, &port];
        let output = Command::new(crate::support::binary::tool()).args(arguments).output().unwrap();

        assert_eq!(output.status.code(), Some(1));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(stderr.contains(&format!("port {port} is in use")), "{stderr}");
        assert!(stderr.trim_end().ends_with(&format!("with {option}")), "{stderr}");
    }
}

#[test]
fn unusable_data_is_reported_in_one_line() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("user-tokens.sqlite");
    std::fs::write(&file, "this text is not a database, and it is long enough to show that".repeat(40)).unwrap();
    let not_a_directory = file.to_str().unwrap();

    for data in [directory.path().to_str().unwrap(), not_a_directory] {
        let output = tool(&["--data", data]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(stderr.contains(data), "{stderr}");
    }
}

#[test]
fn only_the_functions_and_the_simulator_have_a_port_and_both_refuse_a_foreign_host_name() {
    let local = Local::start(&[]);
    assert_eq!(local.listening_ports().len(), 2, "{:?}", local.listening_ports());

    for (url, paths) in [
        (
            local.url(),
            &["/", "/users", "/login", "/sdk/jwt", "/messaging/jwt", "/sso/login", "/style.css", "/none"][..],
        ),
        (&local.aws("Zendesk"), &["/", "/hc", "/access/jwt", "/access/sdk/jwt", "/zendesk-auth.js"]),
    ] {
        for path in paths {
            for host in ["evil.example.org", "127.0.0.1.example.org:3000", "192.0.2.1", ""] {
                for request in
                    [agent().get(format!("{url}{path}")).force_send_body(), agent().post(format!("{url}{path}"))]
                {
                    let response = request.header("host", host).send("").unwrap();
                    assert_eq!(response.status(), 421, "{url}{path} as {host:?}");
                }
            }
        }
    }
}

fn hex_sha256(text: &str) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()))
}
