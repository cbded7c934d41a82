//! `zendesk-jwt user import`: every good line in the table, every bad one reported, and nothing lost on the way.

use crate::local::Local;
use crate::support::batch_writes::BatchWrites;
use crate::support::{Fault, Kind, Setup, eventually, users};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Generous, since the machine may be busy.
const SOON: Duration = Duration::from_secs(30);

/// The tool in an empty directory of its own, with no AWS account but the one that the arguments name.
pub struct Tool {
    directory: TempDir,
}

impl Tool {
    pub fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(crate::support::binary::tool());
        command.arg("user").args(arguments).current_dir(&self.directory).stdin(Stdio::null());
        let aws = std::env::vars_os().map(|(name, _)| name);
        for name in aws.filter(|name| name.to_str().is_some_and(|name| name.starts_with("AWS_"))) {
            command.env_remove(name);
        }
        // Neither this machine's configuration nor its role may help.
        command.env_remove("USER_TOKENS_TABLE").env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", self.path(""));
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The table as an export has it, without the demo's own users.
    pub fn table(&self, local: &Local) -> Vec<Value> {
        let output = self.run(&["export", &at(local)]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let demo = ["BD2F35A7621", "demo-unverified", "demo-messaging-only", "demo-suspended", "demo-expired"];
        let demo = demo.map(users::token_hash);
        let lines = text(&output.stdout);
        let items = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        items.filter(|item| !demo.iter().any(|hash| item["token_hash"] == *hash)).collect()
    }
}

pub fn at(local: &Local) -> String {
    format!("--local={}", local.aws("DynamoDB"))
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn summary(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no summary: {output:?}"))
}

/// So many users as JSON Lines.
fn demo_lines(count: usize) -> String {
    (1..=count).fold(String::new(), |mut lines, at| {
        writeln!(lines, r#"{{"token": "token-{at}", "external_id": "demo-{at}", "email": "demo-{at}@example.com"}}"#)
            .unwrap();
        lines
    })
}

fn assert_holds_demo_lines(table: &BatchWrites, count: usize) {
    let items = table.items();
    assert_eq!(items.len(), count);
    for at in 1..=count {
        let item = &items[&users::token_hash(&format!("token-{at}"))];
        assert_eq!(item["external_id"]["S"], format!("demo-{at}"));
        assert_eq!(item["email"]["S"], format!("demo-{at}@example.com"));
    }
}

/// The line up to which a checkpoint says that all is done.
fn done_up_to(tool: &Tool, checkpoint: &str) -> Option<u64> {
    let text = std::fs::read(tool.path(checkpoint)).ok()?;
    let state: Value = serde_json::from_slice(&text).expect("a checkpoint is always whole");
    state["done_up_to_line"].as_u64()
}

#[test]
fn good_rows_are_stored_and_bad_ones_reported_by_number_and_reason() {
    let (local, tool) = (Local::start(&[]), Tool::new());
    tool.write(
        "users.csv",
        b"\xEF\xBB\xBFtoken,external_id,name,email,email_verified,locale\r\n\
        canary-2,demo-2,Demo User,demo-2@example.com,true,1\r\n\
        canary-3,demo-3,Demo User,canary,true,\r\n\
        canary-4,,Demo User,canary@example.com,true,\r\n\
        canary-5,demo-5,Demo User,canary@example.com,canary,\r\n\
        canary-6,demo-6,Demo User\r\n\
        canary-7,demo-7,\xFFcanary,canary@example.com,true,\r\n\
        canary-8,demo-8,\"canary,canary@example.com,true,\r\n\
        ,canary-9,Demo User,,,\r\n\
        \r\n\
        canary-11,demo-11,\"Demo, \"\"User\"\"\r\nof two lines\",demo-11@example.com,FALSE,\r\n\
        canary-13,canary-13,Demo User,canary@example.com,true,canary",
    );
    let output = tool.run(&["import", "users.csv", &at(&local)]);

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = text(&output.stderr);
    for (line, reason) in [
        (3, "`email`"),
        (4, "external_id"),
        (5, "`email_verified` must be true or false"),
        (6, "3 cells, and the header 6"),
        (7, "not UTF-8"),
        (8, "quotation mark"),
        (9, "no user token"),
        (13, "`locale` must be a whole number"),
    ] {
        let report = told.lines().find(|report| report.starts_with(&format!("line {line}:")));
        assert!(report.is_some_and(|report| report.contains(reason)), "{line}: {told}");
    }
    assert_eq!(told.lines().count(), 8, "{told}");
    assert!(!told.contains("canary"), "a value is shown: {told}");
    assert!(text(&output.stdout).contains("10 users read: 2 stored, 8 bad"), "{output:?}");

    let mut table = tool.table(&local);
    table.sort_by_key(|item| item["external_id"].to_string());
    let (eleven, two) = (users::token_hash("canary-11"), users::token_hash("canary-2"));
    assert_eq!(
        Value::from(table),
        json!([
            {"token_hash": eleven, "external_id": "demo-11", "name": "Demo, \"User\"\r\nof two lines",
                "email": "demo-11@example.com", "email_verified": false},
            {"token_hash": two, "external_id": "demo-2", "name": "Demo User", "email": "demo-2@example.com",
                "email_verified": true, "locale": 1},
        ])
    );
}

#[test]
fn json_lines_are_checked_like_rows_and_can_come_from_standard_input() {
    let (local, tool) = (Local::start(&[]), Tool::new());
    let long = format!(r#"{{"token": "canary", "external_id": "demo", "name": "{}"}}"#, "canary".repeat(200_000));
    let mut lines = b"\xEF\xBB\xBF".to_vec();
    for line in [
        br#"{"token": "one", "external_id": "demo-1", "expires_at": "2027-01-31T13:00:00+01:00"}"#,
        br#"{"token": "canary", "external_id": "demo", "name": "canary"#.as_slice(),
        br#"["canary"]"#,
        b"",
        br#"{"token": "canary", "external_id": "demo", "emial": "canary@example.com"}"#,
        br#"{"token": "canary", "external_id": "demo", "canary@example.com": true}"#,
        br#"{"token": "canary", "external_id": "demo", "expires_at": "canary"}"#,
        b"{\"token\": \"canary\xFF\", \"external_id\": \"demo\"}",
        long.as_bytes(),
        br#"{"token": "ten", "external_id": "demo-10", "user_fields": {"plan": null, "seats": 3}, "tags": []}"#,
    ] {
        lines.extend_from_slice(line);
        lines.push(b'\n');
    }
    let mut import =
        tool.command(&["import", "-", "--format", "jsonl", "--json", "--errors", "bad.jsonl", &at(&local)]);
    let mut import = import.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    import.stdin.take().unwrap().write_all(&lines).unwrap();
    let output = import.wait_with_output().unwrap();

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let summary = summary(&output);
    assert_eq!((&summary["read"], &summary["stored"], &summary["bad"]), (&json!(9), &json!(2), &json!(7)), "{summary}");
    assert!(output.stderr.is_empty(), "{output:?}");
    let bad = tool.read("bad.jsonl");
    let bad: Vec<Value> = bad.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let reasons = [
        (2, "not JSON: look at column"),
        (3, "not an object"),
        (5, "no field `emial`"),
        (6, "a field that there is not"),
        (7, "RFC 3339"),
        (8, "not UTF-8"),
        (9, "longer than 1024 KiB"),
    ];
    for ((line, reason), bad) in reasons.into_iter().zip(&bad) {
        assert!(bad["line"] == line && bad["reason"].as_str().unwrap().contains(reason), "{line}: {bad}");
    }
    assert!(bad.len() == 7 && !format!("{bad:?}").contains("canary"), "{bad:?}");

    let table = tool.table(&local);
    assert_eq!(table.len(), 2);
    let of = |id: &str| table.iter().find(|item| item["external_id"] == id).unwrap().clone();
    assert_eq!(of("demo-1")["expires_at"], 1_801_396_800);
    assert_eq!(
        (&of("demo-10")["user_fields"], &of("demo-10")["tags"]),
        (&json!({"plan": null, "seats": 3}), &json!([]))
    );
}

#[test]
fn a_row_means_the_same_as_the_object_with_its_fields() {
    let tool = Tool::new();
    tool.write(
        "users.csv",
        "token_hash,external_id,name,email,email_verified,audiences,expires_at,suspended,phone,locale_id,organization,\
        tags,role,custom_role_id,user_fields,user_fields.plan,user_fields.zip\n\
        HASH,demo-1,\\\\N,demo@example.com,true,sdk;sso,2027-01-31T12:00:00Z,false,\\N,1,\\,\
        \"[\"\"a;b\"\"]\",agent,7,\"{\"\"seats\"\": 3}\",\\N,01234\n"
            .replace("HASH", &"0".repeat(64)),
    );
    let object = json!({
        "token_hash": "0".repeat(64), "external_id": "demo-1", "name": "\\N", "email": "demo@example.com",
        "email_verified": true, "audiences": ["sdk", "sso"], "expires_at": 1_801_396_800, "suspended": false,
        "phone": null, "locale_id": 1, "organization": "", "tags": ["a;b"], "role": "agent", "custom_role_id": 7,
        "user_fields": {"seats": 3, "plan": null, "zip": "01234"},
    });
    tool.write("users.jsonl", object.to_string());
    let stored = ["users.csv", "users.jsonl"].map(|file| {
        let table = BatchWrites::taking(Duration::ZERO);
        let output = tool.run(&["import", file, &format!("--local={}", table.url())]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        table.items()
    });

    assert_eq!(stored[0], stored[1]);
    assert_eq!(stored[0][&"0".repeat(64)]["user_fields"]["M"]["zip"], json!({"S": "01234"}));
}

#[test]
fn a_header_that_names_no_field_stops_the_import_and_is_not_shown() {
    let (table, tool) = (BatchWrites::taking(Duration::ZERO), Tool::new());
    tool.write("users.csv", "canary-token,demo-1,Demo User\n");
    let output = tool.run(&["import", "users.csv", &format!("--local={}", table.url())]);

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = text(&output.stderr);
    assert!(told.contains("header") && told.contains("column 1") && !told.contains("canary"), "{told}");
    assert_eq!(table.requests(), 0);

    let files = ["--issue-tokens", "tokens.jsonl", "--resume", "checkpoint", "--errors", "bad.jsonl"];
    tool.run(&[&["import", "users.csv", &format!("--local={}", table.url())], files.as_slice()].concat());
    let left: Vec<_> = std::fs::read_dir(tool.path("")).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["users.csv"], "a second call would find files of the first");
}

#[test]
fn a_dry_run_checks_every_line_without_an_aws_account_and_writes_nothing() {
    let tool = Tool::new();
    tool.write("users.csv", "external_id,name\ndemo-1,Demo User\n,Demo User\ndemo-3,Demo User\n");
    let files = || std::fs::read_dir(tool.path("")).unwrap().count();
    let before = files();
    let options = ["--dry-run", "--issue-tokens", "tokens.jsonl", "--resume", "checkpoint", "--json"];
    let output = tool.run(&[&["import", "users.csv"], options.as_slice()].concat());

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let summary = summary(&output);
    assert_eq!(
        (&summary["stored"], &summary["bad"], &summary["issued"]),
        (&json!(2), &json!(1), &json!(2)),
        "{summary}"
    );
    assert!(text(&output.stderr).starts_with("line 3:"), "{output:?}");
    assert_eq!(files(), before);

    let (table, local) = (BatchWrites::taking(Duration::ZERO), "--local=");
    tool.write("good.jsonl", demo_lines(30));
    let output = tool.run(&["import", "good.jsonl", "--dry-run", &format!("{local}{}", table.url())]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(table.requests(), 0);
}

#[test]
fn of_lines_with_the_same_token_the_last_one_wins() {
    let (table, tool) = (BatchWrites::taking(Duration::from_millis(10)), Tool::new());
    // Some meet in one batch, and some in batches that would be under way at once.
    let tokens: Vec<usize> = (0..200).map(|at| if at % 10 == 0 { at % 3 } else { 1000 + at % 70 }).collect();
    let lines = tokens.iter().enumerate().fold(String::new(), |mut lines, (at, token)| {
        writeln!(lines, r#"{{"token": "{token}", "external_id": "demo-{at}"}}"#).unwrap();
        lines
    });
    tool.write("users.jsonl", lines);
    let output = tool.run(&["import", "users.jsonl", "--concurrency", "64", &format!("--local={}", table.url())]);

    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let items = table.items();
    for token in &tokens {
        let last = tokens.iter().rposition(|other| other == token).unwrap();
        assert_eq!(items[&users::token_hash(&token.to_string())]["external_id"]["S"], format!("demo-{last}"));
    }
}

#[test]
fn several_batches_are_under_way_at_once_and_no_more_than_asked_for() {
    let (table, tool) = (BatchWrites::taking(Duration::from_millis(50)), Tool::new());
    tool.write("users.jsonl", demo_lines(500));
    let output = tool.run(&["import", "users.jsonl", "--concurrency", "4", &format!("--local={}", table.url())]);

    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!((table.most_under_way(), table.requests()), (4, 20));
    assert_holds_demo_lines(&table, 500);
}

#[test]
fn items_that_dynamodb_leaves_out_are_asked_for_again() {
    let (table, tool) = (BatchWrites::taking(Duration::ZERO), Tool::new());
    table.leave_out_of_the_next(12);
    tool.write("users.jsonl", demo_lines(100));
    let output = tool.run(&["import", "users.jsonl", "--json", &format!("--local={}", table.url())]);

    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let summary = summary(&output);
    assert_eq!((&summary["stored"], &summary["retries"]), (&json!(100), &json!(12)), "{summary}");
    assert_holds_demo_lines(&table, 100);
}

/// The tool in front of a DynamoDB that can be made to fail, which has an empty table.
fn with_failing_dynamodb(setup: &Setup, tool: &Tool, arguments: &[&str]) -> Command {
    let mut command = tool.command(arguments);
    command.envs(setup.aws().environment()).env("AWS_REGION", "eu-west-1");
    command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "demo");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn a_throttled_import_goes_on_once_dynamodb_takes_more() {
    let (setup, tool) = (Setup::of(Kind::SdkExchange).with_doubles(), Tool::new());
    setup.aws().dynamodb().fail(Fault::THROTTLED);
    tool.write("users.jsonl", demo_lines(100));
    let import = with_failing_dynamodb(&setup, &tool, &["import", "users.jsonl", "--json"]).spawn().unwrap();

    // Each batch is asked for more often than the SDK does by itself.
    let mut asked = 0;
    eventually("it asks again", SOON, || {
        asked += setup.aws().dynamodb().take_requests().len();
        (asked > 4 * 3).then_some(())
    });
    setup.aws().dynamodb().recover();
    let output = import.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(summary(&output)["stored"], 100);
}

#[test]
fn an_import_gives_up_after_a_while_and_says_how_to_go_on() {
    let (setup, tool) = (Setup::of(Kind::SdkExchange).with_doubles(), Tool::new());
    setup.aws().dynamodb().fail(Fault::THROTTLED);
    tool.write("users.jsonl", demo_lines(30));
    let import = ["import", "users.jsonl", "--give-up-after", "1s"];
    let output = with_failing_dynamodb(&setup, &tool, &import).output().unwrap();
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(told.contains("took nothing for 1s") && told.contains("Begin again with the same command"), "{told}");

    setup.aws().dynamodb().recover();
    let output = with_failing_dynamodb(&setup, &tool, &import).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn an_item_that_dynamodb_does_not_take_is_a_bad_line_among_good_ones() {
    let (local, tool) = (Local::start(&[]), Tool::new());
    let deep = (0..40).fold(json!("canary"), |inner, _| json!({ "in": inner }));
    let mut lines = demo_lines(30);
    writeln!(lines, "{}", json!({"token": "deep", "external_id": "demo-31", "user_fields": {"plan": deep}})).unwrap();
    lines += &demo_lines(60);
    tool.write("users.jsonl", lines);
    let output = tool.run(&["import", "users.jsonl", &at(&local)]);

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = text(&output.stderr);
    assert!(told.starts_with("line 31:") && told.lines().count() == 1 && !told.contains("canary"), "{told}");
    assert_eq!(tool.table(&local).len(), 60);
}

#[test]
fn a_killed_import_goes_on_and_ends_with_the_same_table() {
    let (table, tool) = (BatchWrites::taking(Duration::from_millis(100)), Tool::new());
    tool.write("users.jsonl", demo_lines(2000));
    let url = format!("--local={}", table.url());
    let import = ["import", "users.jsonl", "--resume", "checkpoint", "--concurrency", "3", "--json", &url];
    let mut killed = tool.start(&import);
    eventually("a checkpoint", SOON, || done_up_to(&tool, "checkpoint").filter(|line| *line > 0));
    killed.kill().unwrap();
    let output = killed.wait_with_output().unwrap();
    assert!(output.stdout.is_empty(), "it was not killed half-way: {output:?}");
    let done = done_up_to(&tool, "checkpoint").unwrap();
    assert!(done < 2000, "{done}");

    let output = tool.run(&import);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(summary(&output)["read"], 2000 - done);
    assert_holds_demo_lines(&table, 2000);
    assert_eq!(done_up_to(&tool, "checkpoint"), Some(2000));

    let asked = table.requests();
    let output = tool.run(&import);
    assert_eq!((output.status.code(), &summary(&output)["read"]), (Some(0), &json!(0)), "{output:?}");
    assert_eq!(table.requests(), asked, "nothing is left to do");
}

#[test]
fn an_interrupted_import_finishes_what_is_under_way_and_says_how_to_go_on() {
    let (table, tool) = (BatchWrites::taking(Duration::from_millis(100)), Tool::new());
    tool.write("users.jsonl", demo_lines(2000));
    let url = format!("--local={}", table.url());
    let import = tool.start(&["import", "users.jsonl", "--concurrency", "3", "--json", &url]);
    eventually("some are stored", SOON, || (table.items().len() > 100).then_some(()));
    assert!(Command::new("kill").args(["-INT", &import.id().to_string()]).status().unwrap().success());
    let output = import.wait_with_output().unwrap();

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let summary = summary(&output);
    let done = summary["done_up_to_line"].as_u64().unwrap();
    assert_eq!((&summary["complete"], summary["stored"].as_u64()), (&json!(false), Some(done)), "{summary}");
    assert_eq!(table.items().len() as u64, done, "nothing was left half-way");
    let told = text(&output.stderr);
    assert!(told.contains(&format!("--skip-lines {done}")), "{told}");

    let output = tool.run(&["import", "users.jsonl", "--skip-lines", &done.to_string(), &url]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_holds_demo_lines(&table, 2000);
}

#[test]
fn a_checkpoint_is_of_one_file_and_one_table() {
    let (table, tool) = (BatchWrites::taking(Duration::ZERO), Tool::new());
    let url = format!("--local={}", table.url());
    tool.write("users.jsonl", demo_lines(30));
    let import = ["import", "users.jsonl", "--resume", "checkpoint", &url];
    assert_eq!(tool.run(&import).status.code(), Some(0));

    tool.write("users.jsonl", demo_lines(31));
    let output = tool.run(&import);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("checkpoint of another file"), "{output:?}");

    tool.write("users.jsonl", demo_lines(30));
    let elsewhere = Local::start(&[]);
    let output = tool.run(&["import", "users.jsonl", "--resume", "checkpoint", &at(&elsewhere)]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("another table"), "{output:?}");

    tool.write("notes.txt", "not to be lost");
    let output = tool.run(&["import", "users.jsonl", "--resume", "notes.txt", &url]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(tool.read("notes.txt"), "not to be lost");
}

/// The lines of a file of issued tokens: external id and token.
fn issued(tool: &Tool, file: &str) -> Vec<(String, String)> {
    let field = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let lines = tool.read(file);
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| (field(&line, "external_id"), field(&line, "token"))).collect()
}

#[test]
fn users_without_a_token_get_one_that_is_kept_in_a_private_file() {
    let (local, tool) = (Local::start(&[]), Tool::new());
    tool.write("users.csv", "token,external_id,email\n,demo-1,\nmine,demo-2,\n,demo-3,not an address\n,demo-4,\n");
    let import = ["import", "users.csv", "--issue-tokens", "tokens.jsonl", &at(&local)];
    let output = tool.run(&import);

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stdout).contains("2 new tokens in tokens.jsonl"), "{output:?}");
    let issued = issued(&tool, "tokens.jsonl");
    assert_eq!(issued.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["demo-1", "demo-4"]);
    let table = tool.table(&local);
    assert_eq!(table.len(), 3);
    for (external_id, token) in &issued {
        assert!(token.len() == "zjwt_".len() + 64 && token.starts_with("zjwt_"), "not 256 bits behind a prefix");
        let item = table.iter().find(|item| item["token_hash"] == users::token_hash(token)).unwrap();
        assert_eq!(item["external_id"], *external_id);
        assert!(!format!("{output:?}").contains(token));
    }
    assert_ne!(issued[0].1, issued[1].1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(tool.path("tokens.jsonl")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    let before = tool.read("tokens.jsonl");
    let output = tool.run(&import);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("is there already"), "{output:?}");
    assert_eq!(tool.read("tokens.jsonl"), before);
}

#[test]
fn a_killed_import_gives_nobody_a_second_token_and_loses_none() {
    let (table, tool) = (BatchWrites::taking(Duration::from_millis(100)), Tool::new());
    let rows = (1..=2000).fold("external_id\n".to_owned(), |rows, at| rows + &format!("demo-{at}\n"));
    tool.write("users.csv", rows);
    let url = format!("--local={}", table.url());
    let files = ["--resume", "checkpoint", "--issue-tokens", "tokens.jsonl"];
    let import = [&["import", "users.csv", "--concurrency", "3", &url], files.as_slice()].concat();
    let mut killed = tool.start(&import);
    eventually("a checkpoint", SOON, || done_up_to(&tool, "checkpoint").filter(|line| *line > 0));
    killed.kill().unwrap();
    killed.wait().unwrap();
    // What a death in the middle of a write leaves behind.
    let torn = tool.read("tokens.jsonl") + r#"{"external_id":"demo-20"#;
    tool.write("tokens.jsonl", torn);
    let stored_before = table.items().len() as u64;
    assert!(stored_before < 2000);

    let output = tool.run(&import);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let (items, issued) = (table.items(), issued(&tool, "tokens.jsonl"));
    assert_eq!((items.len(), issued.len()), (2000, 2000));
    for (external_id, token) in issued {
        assert_eq!(items[&users::token_hash(&token)]["external_id"]["S"], external_id);
    }
}

#[test]
fn the_token_of_every_stored_user_is_in_the_file_whenever_the_import_is_killed() {
    let (table, tool) = (BatchWrites::taking(Duration::ZERO), Tool::new());
    let url = format!("--local={}", table.url());
    let mut import = tool.command(&["import", "-", "--format", "jsonl", "--issue-tokens", "tokens.jsonl", &url]);
    let mut import = import.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = import.stdin.take().unwrap();
    lines.write_all("{\"external_id\": \"demo\"}\n".repeat(50).as_bytes()).unwrap();
    lines.flush().unwrap();
    eventually("all are stored", SOON, || (table.items().len() == 50).then_some(()));
    import.kill().unwrap();
    import.wait().unwrap();

    let issued = issued(&tool, "tokens.jsonl");
    let mut hashes: Vec<_> = issued.iter().map(|(_, token)| users::token_hash(token)).collect();
    hashes.sort_unstable();
    assert_eq!(hashes, table.items().into_keys().collect::<Vec<_>>());
}

#[test]
fn an_imported_user_is_vouched_for_from_then_on() {
    let service = Setup::of(Kind::SdkExchange).start();
    let tool = Tool::new();
    tool.write(
        "users.csv",
        "token,external_id,name,email,email_verified,suspended\n\
        good,demo-1,Demo User,demo-1@example.com,true,\n\
        closed,demo-2,Demo User,demo-2@example.com,true,true\n",
    );
    let import = |file: &str| {
        let mut command = tool.command(&["import", file, "--json"]);
        command.envs(service.aws.environment()).env("AWS_REGION", "eu-west-1");
        command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "demo");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        summary(&output)
    };
    assert_eq!(import("users.csv")["stored"], 2);
    assert_eq!(service.answer(&service.kind.request("good")).status, 200);
    assert_eq!(service.answer(&service.kind.request("closed")).status, 401);

    tool.write("more.jsonl", demo_lines(60));
    assert_eq!(import("more.jsonl")["stored"], 60);
}

#[test]
fn progress_is_a_line_now_and_then_where_there_is_no_terminal_and_none_if_unwanted() {
    let (table, tool) = (BatchWrites::taking(Duration::ZERO), Tool::new());
    let url = format!("--local={}", table.url());
    let report = std::fs::File::create(tool.path("stderr")).unwrap();
    let mut import = tool.command(&["import", "-", "--format", "jsonl", &url]);
    let mut import = import.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(report).spawn().unwrap();
    let mut users = import.stdin.take().unwrap();
    users.write_all(demo_lines(110).as_bytes()).unwrap();
    users.flush().unwrap();
    eventually("it says how far it is", SOON, || tool.read("stderr").contains("100 stored, ").then_some(()));
    assert_eq!(table.items().len(), 100, "it does not wait for the end of its input");
    drop(users);
    assert!(import.wait_with_output().unwrap().status.success());
    assert_holds_demo_lines(&table, 110);

    tool.write("users.jsonl", demo_lines(30));
    for option in ["--quiet", "--json"] {
        let output = tool.run(&["import", "users.jsonl", option, &url]);
        assert!(output.stderr.is_empty() && output.status.success(), "{output:?}");
    }
}

#[test]
fn a_wrong_call_is_told_apart_from_bad_lines() {
    let tool = Tool::new();
    tool.write("users.jsonl", demo_lines(1));
    tool.write("users.txt", demo_lines(1));
    for (arguments, told) in [
        (["users.txt", "--local"].as_slice(), "--format"),
        (&["-", "--format", "csv", "--local", "--resume", "checkpoint"], "--skip-lines"),
        (&["users.jsonl", "--local", "--errors", "users.jsonl"], "one file"),
        (&["users.jsonl"], "--table"),
        (&["users.jsonl", "--local", "--concurrency", "0"], "--concurrency"),
        (&["users.jsonl", "--local", "--resume", "a", "--skip-lines", "1"], "--skip-lines"),
    ] {
        let output = tool.run(&[&["import"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert!(text(&output.stderr).contains(told), "{output:?}");
    }
    assert_eq!(tool.read("users.jsonl"), demo_lines(1));
    let output = tool.run(&["import", "nowhere.jsonl", "--local"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("nowhere.jsonl"), "{output:?}");
}

/// The most memory that a finished import ever had, in KiB.
#[cfg(target_os = "linux")]
fn peak_memory(lines: usize) -> u64 {
    let (table, tool) = (BatchWrites::taking(Duration::ZERO), Tool::new());
    tool.write("users.jsonl", demo_lines(lines));
    let mut import = tool.start(&["import", "users.jsonl", "--json", &format!("--local={}", table.url())]);
    let status = Path::new("/proc").join(import.id().to_string()).join("status");
    let mut peak = 0;
    while import.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak);
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(import.wait_with_output().unwrap().status.success());
    assert_eq!(table.items().len(), lines);
    peak
}

#[cfg(target_os = "linux")]
#[test]
fn ten_times_the_users_take_no_more_memory() {
    let (few, many) = (peak_memory(3000), peak_memory(30_000));
    // Thirty thousand of these lines are 2.5 MB, and many times that as items.
    assert!(few > 0 && many < few + 4096, "{few} KiB, then {many} KiB");
}
