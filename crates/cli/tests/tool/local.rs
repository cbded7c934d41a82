//! `zendesk-jwt local`: start, terminal, endpoints and data directory.

use crate::support::{Jwt, eventually};
use serde_json::{Value, json};
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
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

    pub fn terminal(&self) -> String {
        std::fs::read_to_string(self.output.path()).unwrap()
    }

    /// How many SSO JWTs the simulated Zendesk got.
    pub fn posted(&self) -> usize {
        self.terminal().matches("POST /access/jwt").count()
    }

    pub fn interrupt(&self) {
        Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
    }

    /// Waits until the process ends with success.
    pub fn ends(&mut self) {
        let status = eventually("the tool ends", READY_WITHIN, || self.child.try_wait().unwrap());
        assert!(status.success(), "{status}");
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
    let mut command = Command::new(crate::support::operator::tool());
    command.arg("local").args(["--port", "0", "--zendesk-port", "0"]).args(arguments).stdin(Stdio::null());
    command
}

/// The output of a tool that must end by itself.
fn end(arguments: &[&str]) -> Output {
    let mut child = tool(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() && started.elapsed() < READY_WITHIN {
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().ok();
    child.wait_with_output().unwrap()
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
    let (_, after) = html.split_once("name='jwt' value='").unwrap();
    Jwt::verified(after.split('\'').next().unwrap(), "demo-sso-shared-secret-not-for-production");
}

#[test]
fn named_configurations_have_paths_and_demo_keys_of_their_own() {
    let local = Local::start(&["--configurations", r#"{"ios":{},"legacy":{"session_cookie":"old"}}"#]);
    for (path, secret) in [
        ("/sdk/jwt", "demo-sdk-shared-secret-not-for-production"),
        ("/sdk/ios/jwt", "demo-sdk-shared-secret-not-for-production-ios"),
        ("/messaging/legacy/jwt", "demo-messaging-shared-secret-not-for-production-legacy"),
    ] {
        let (status, body) = local.post(path, "application/x-www-form-urlencoded", "user_token=BD2F35A7621");
        assert_eq!(status, 200, "{path}: {body}");
        Jwt::verified(&jwt(&body), secret);
    }
    let (status, _) = local.post("/sdk/android/jwt", "application/x-www-form-urlencoded", "user_token=BD2F35A7621");
    assert_eq!(status, 404);

    let login = || agent().get(format!("{}/sso/legacy/login", local.url));
    let (status, page) = read(login().header("cookie", "old=BD2F35A7621").call().unwrap());
    assert_eq!(status, 200, "{page}");
    assert!(!read(login().header("cookie", "session=BD2F35A7621").call().unwrap()).1.contains("name='jwt'"));
}

#[test]
fn more_configurations_than_an_account_has_messaging_keys_are_no_problem() {
    let names: Vec<_> = (0..11).map(|number| format!(r#""app-{number}":{{}}"#)).collect();
    let local = Local::start(&["--configurations", &format!("{{{}}}", names.join(","))]);
    let path = "/messaging/app-10/jwt";
    assert_eq!(local.post(path, "application/x-www-form-urlencoded", "user_token=BD2F35A7621").0, 200);
}

#[test]
fn redacted_secrets_are_those_of_all_configurations() {
    let local = Local::start(&["--configurations", r#"{"ios":{}}"#]);
    let post = |path: &str, form: &str| local.post(path, "application/x-www-form-urlencoded", form).0;
    post("/faults/switch", "fault=redacted-secrets&on=true");
    post("/faults/cold-start", "");
    for path in ["/sdk/jwt", "/sdk/ios/jwt"] {
        assert_eq!(post(path, "user_token=BD2F35A7621"), 503, "{path}");
    }
}

#[test]
fn pages_of_an_allowed_origin_may_post_to_named_configurations() {
    let local = Local::start(&["--configurations", r#"{"ios":{}}"#, "--allow-origin", "https://www.example.com"]);
    let status = |path: &str| {
        let post = agent().post(format!("{}{path}", local.url)).header("origin", "https://www.example.com");
        post.header("sec-fetch-site", "cross-site")
            .send_form([("user_token", "BD2F35A7621")])
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!([status("/messaging/jwt"), status("/messaging/ios/jwt")], [200, 200]);
    assert_eq!([status("/messaging/ios/jwt/x"), status("/messaging/a/ios/jwt")], [403, 403]);
}

#[test]
fn problems_of_configurations_are_usage_errors_with_their_path() {
    let output = tool(&["--configurations", r#"{"ios":{"login":"x"},"jwt":{}}"#]).output().unwrap();
    let problem = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{problem}");
    assert!(problem.contains("CONFIGURATIONS.ios.login") && problem.contains("CONFIGURATIONS.jwt"), "{problem}");
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
    let local = Local::start(&["--configurations", r#"{"ios":{}}"#]);

    let mut routes: Vec<_> = paths.map(|path| path.replace("{configuration}", "ios")).collect();
    routes.sort_unstable();
    routes.dedup();
    let unnamed = ["/messaging/jwt", "/sdk/jwt", "/sso/login", "/sso/logout"];
    let named = ["/messaging/ios/jwt", "/sdk/ios/jwt", "/sso/ios/login", "/sso/ios/logout"];
    let mut expected = [unnamed, named].concat();
    expected.sort_unstable();
    assert_eq!(routes, expected);
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
    let item = json!({"TableName": "zendesk-jwt-user-tokens", "Item": {
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
fn the_login_page_returns_a_remembered_user_to_the_sign_in_at_once() {
    let local = Local::start(&[]);
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
    let sign_in = format!("{}/sso/login?return_to=%2Fhc", local.url);
    let page = format!("{}/login", local.url);
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", &sign_in).finish();
    let visit =
        |cookie: &str, query: &str| agent.get(format!("{page}?{query}")).header("cookie", cookie).call().unwrap();
    let send = |fields: &[(&str, &str)]| agent.post(&page).send_form(fields.iter().copied()).unwrap();
    let cookies = |response: &ureq::http::Response<ureq::Body>| {
        let cookies = response.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap().to_owned());
        cookies.collect::<Vec<_>>()
    };

    let user = ("user_token", "demo-suspended");
    assert_eq!(cookies(&send(&[user])).len(), 1, "without the check box, only the session cookie is set");
    let set = cookies(&send(&[user, ("remember", "true"), ("return_to", &sign_in)]));
    assert!(set.iter().any(|cookie| cookie.starts_with("remembered=demo-suspended; ")), "{set:?}");
    assert_eq!(visit("", &query).status(), 200);

    let returned = visit("remembered=demo-suspended", &query);
    assert_eq!((returned.status().as_u16(), returned.headers()["location"].to_str().unwrap()), (303, sign_in.as_str()));
    assert!(cookies(&returned)[0].starts_with("session=demo-suspended; "), "{:?}", cookies(&returned));
    assert_eq!(visit("remembered=demo-suspended", "return_to=https%3A%2F%2Fexample.org").status(), 200);

    let (status, html) = read(visit("remembered=demo-suspended", ""));
    assert!(status == 200 && html.contains("Forget me"), "{html}");
    assert!(cookies(&send(&[("forget", "true")]))[0].contains("remembered=; "), "the cookie ends");
}

#[test]
fn allow_origin_refuses_at_start_what_allowed_origins_refuses() {
    for origin in [
        "*",
        "null",
        "https://*.example.com",
        "https://example.com/path",
        "https://example.com?a=b",
        "https://user:password@example.com",
        "https://a.example.com,https://b.example.com",
        "https://a.example.com https://b.example.com",
        "http://example.com",
        "example.com",
        "",
    ] {
        assert!(zendesk_jwt::config::origin(origin).is_err(), "{origin}: the function accepts it");
        let output = end(&["--allow-origin", origin]);
        assert_eq!(output.status.code(), Some(2), "{origin}: {output:?}");
        assert!(String::from_utf8(output.stderr).unwrap().contains("--allow-origin"), "{origin}");
    }

    let local = Local::start(&["--allow-origin", "https://www.example.com"]);
    let post = |origin: &str| {
        let request = agent().post(format!("{}/messaging/jwt", local.url)).header("origin", origin);
        let response = request.send_form([("user_token", "BD2F35A7621")]).unwrap();
        response.headers().get("access-control-allow-origin").map(|origin| origin.to_str().unwrap().to_owned())
    };
    assert_eq!(post("https://www.example.com").as_deref(), Some("https://www.example.com"));
    for origin in ["null", "https://example.com", "https://evil.example.org"] {
        assert_eq!(post(origin), None, "{origin}");
    }
}

#[test]
fn only_the_owner_can_read_a_data_directory() {
    use std::os::unix::fs::PermissionsExt;

    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let set_mode = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    let parent = TempDir::new().unwrap();
    let [new, open, shared] = ["new", "open", "shared"].map(|name| parent.path().join(name));
    for directory in [&open, &shared] {
        std::fs::create_dir(directory).unwrap();
        set_mode(directory, 0o755);
    }
    drop(Local::start(&["--data", open.to_str().unwrap()]));
    for file in std::fs::read_dir(&open).unwrap() {
        set_mode(&file.unwrap().path(), 0o644);
    }
    set_mode(&open, 0o755);
    std::fs::write(shared.join("notes.txt"), "").unwrap();
    set_mode(&shared.join("notes.txt"), 0o644);

    for (directory, expected) in [(&new, 0o700), (&open, 0o700), (&shared, 0o755)] {
        let _local = Local::start(&["--data", directory.to_str().unwrap()]);
        assert_eq!(mode(directory), expected, "{directory:?}");
        let files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(files.len() >= 2, "{files:?}");
        for file in files {
            let expected = if file.ends_with("notes.txt") { 0o644 } else { 0o600 };
            assert_eq!(mode(&file), expected, "{file:?}");
        }
    }
}

/// What happens to the file, in words and in bytes.
type Damage<'a> = (&'a str, &'a dyn Fn(&mut Vec<u8>));

#[test]
fn a_damaged_database_is_reported_at_start_with_what_to_do() {
    let original = TempDir::new().unwrap();
    let data = ["--data", original.path().to_str().unwrap()];
    let local = Local::start(&data);
    for number in 0..200 {
        let item = json!({"token_hash": {"S": hex_sha256(&number.to_string())}, "external_id": {"S": number.to_string()},
            "name": {"S": "Demo ".repeat(20)}});
        let put = json!({"TableName": "zendesk-jwt-user-tokens", "Item": item});
        assert_eq!(local.call("DynamoDB", "DynamoDB_20120810.PutItem", &put).0, 200);
    }
    drop(local);
    // The next start moves everything into the main file.
    drop(Local::start(&data));
    let good = std::fs::read(original.path().join("user-tokens.sqlite")).unwrap();
    let (middle, length) = (good.len() / 2, good.len());
    assert!(length > 100_000, "{length}");

    let quote = good.windows(6).rposition(|bytes| bytes == br#""name""#).unwrap();
    let damages: [Damage<'_>; 6] = [
        ("emptied", &|file| file.clear()),
        ("cut in half", &|file| file.truncate(middle)),
        ("without its last bytes", &|file| file.truncate(length - 1000)),
        ("with zeros in the middle", &|file| file[middle..middle + 8192].fill(0)),
        ("with another beginning", &|file| file[..100].fill(b'x')),
        ("with an item that is not JSON", &|file| file[quote] = b'x'),
    ];
    for (what, damage) in damages {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("user-tokens.sqlite");
        let mut file = good.clone();
        damage(&mut file);
        std::fs::write(&path, &file).unwrap();
        let output = end(&["--data", directory.path().to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1), "{what}: {output:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(stderr.lines().count(), 1, "{what}: {stderr}");
        for words in ["user-tokens.sqlite", "move it away"] {
            assert!(stderr.contains(words), "{what}: {stderr}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), file, "{what}: the file is unchanged");
    }
}

#[test]
fn a_redacted_secret_without_a_good_key_in_the_cache_is_refused_with_advice() {
    let local = Local::start(&[]);
    let put = json!({"SecretId": "zendesk-jwt/sdk", "SecretString": r#"{"secret": "123456789"}"#});
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
        let output = Command::new(crate::support::operator::tool()).args(arguments).output().unwrap();

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
        let output = end(&["--data", data]);
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
