//! `zendesk-jwt user import` and `token fill`: every good line is stored, and every bad line is reported.

use crate::local::Local;
use crate::support::dynamodb::BatchWrites;
use crate::support::{Fault, Kind, Setup, eventually, users};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Long, since the machine may be busy.
const SOON: Duration = Duration::from_secs(30);

/// The tool in an empty directory, with no AWS account except one that the arguments name.
pub struct Tool {
    directory: TempDir,
}

impl Tool {
    pub fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    /// A subcommand of `user`.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.subcommand("user", arguments)
    }

    pub fn subcommand(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(crate::support::operator::tool());
        command.arg(name).args(arguments).current_dir(&self.directory).stdin(Stdio::null());
        let aws = std::env::vars_os().map(|(name, _)| name);
        for name in aws.filter(|name| name.to_str().is_some_and(|name| name.starts_with("AWS_"))) {
            command.env_remove(name);
        }
        // The test must not depend on the configuration or role of this machine.
        command.env_remove("USER_TOKENS_TABLE").env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", self.path(""));
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn fill(&self, arguments: &[&str]) -> Output {
        self.subcommand("token", &[&["fill"], arguments].concat()).output().unwrap()
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

    /// The exported table without the demo users.
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

/// `count` users as JSON Lines.
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

#[test]
fn values_that_zendesk_refuses_are_bad_lines_and_values_that_it_ignores_are_warnings() {
    let tool = Tool::new();
    tool.write(
        "users.csv",
        "token,external_id,email,phone,user_fields.since\n\
         t1,undefined,canary@example.com,,\n\
         t2,1.2E+11,canary@example.com,,\n\
         t3,demo-3,mailto:canary@example.com,,\n\
         t4,demo-4,demo@example.com,canary,\n\
         t5,demo-5,demo@example.com,,1/2/2024\n\
         t6,DEMO-5,demo@example.com,,\n",
    );
    let output = tool.run(&["import", "users.csv", "--dry-run"]);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    for (report, reason) in [
        ("line 2:", "missing value"),
        ("line 3:", "as text, with all digits"),
        ("line 4:", "mailto:"),
        ("line 5: warning:", "E.164"),
        ("line 6: warning:", "2026-11-30"),
        ("line 7: warning:", "differs from line 6 only in upper and lower case"),
    ] {
        let line = stderr.lines().find(|line| line.starts_with(report));
        assert!(line.is_some_and(|line| line.contains(reason)), "{report}: {stderr}");
    }
    assert!(text(&output.stdout).contains("3 good, 3 bad, 3 warnings") && !stderr.contains("canary"), "{output:?}");

    let output = tool.run(&["import", "users.csv", "--dry-run", "--errors", "errors.jsonl"]);
    assert!(tool.read("errors.jsonl").contains(r#""line":5,"warning":"`phone`"#), "{output:?}");
}

#[test]
fn good_rows_are_stored_and_bad_rows_reported_with_number_and_reason() {
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
        canary-11,demo-11,\"Demo, \"\"User\"\"\",demo-11@example.com,FALSE,\r\n\
        canary-12,demo-12,\"canary\r\nof two lines\",demo-12@example.com,FALSE,\r\n\
        canary-14,canary-14,Demo User,canary@example.com,true,canary\r\n\
        canary-2,canary-15,Demo User,canary@example.com,true,",
    );
    let output = tool.run(&["import", "users.csv", &at(&local)]);

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let stderr = text(&output.stderr);
    for (line, reason) in [
        (3, "`email`"),
        (4, "external_id"),
        (5, "`email_verified` must be true or false"),
        (6, "3 cells, and the header 6"),
        (7, "not UTF-8"),
        (8, "quotation mark"),
        (9, "no user token"),
        (12, "does not close"),
        (13, "may belong to the quoted cell that line 12 opens"),
        (14, "`locale` must be a whole number"),
        (15, "line 2 gives the same token to another user"),
    ] {
        let report = stderr.lines().find(|report| report.starts_with(&format!("line {line}:")));
        assert!(report.is_some_and(|report| report.contains(reason)), "{line}: {stderr}");
    }
    assert_eq!(stderr.lines().count(), 11, "{stderr}");
    assert!(!stderr.contains("canary"), "a value is shown: {stderr}");
    assert!(text(&output.stdout).contains("13 users read: 2 stored, 11 bad"), "{output:?}");

    let mut table = tool.table(&local);
    table.sort_by_key(|item| item["external_id"].to_string());
    let (eleven, two) = (users::token_hash("canary-11"), users::token_hash("canary-2"));
    assert_eq!(
        Value::from(table),
        json!([
            {"token_hash": eleven, "external_id": "demo-11", "name": "Demo, \"User\"",
                "email": "demo-11@example.com", "email_verified": false},
            {"token_hash": two, "external_id": "demo-2", "name": "Demo User", "email": "demo-2@example.com",
                "email_verified": true, "locale": 1},
        ])
    );
}

#[test]
fn json_lines_from_standard_input_are_checked_like_rows() {
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
        br#"{"token": "canary", "external_id": "demo", "name": "canary\ncanary"}"#,
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
    assert_eq!(
        (&summary["read"], &summary["stored"], &summary["bad"]),
        (&json!(10), &json!(2), &json!(8)),
        "{summary}"
    );
    assert!(output.stderr.is_empty(), "{output:?}");
    let bad = tool.read("bad.jsonl");
    let bad: Vec<Value> = bad.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let reasons = [
        (2, "not JSON: look at column"),
        (3, "not an object"),
        (5, "no field `emial`: do you mean `email`"),
        (6, "an unknown field"),
        (7, "RFC 3339"),
        (8, "not UTF-8"),
        (9, "longer than 1024 KiB"),
        (10, "`name` has a line break"),
    ];
    for ((line, reason), bad) in reasons.into_iter().zip(&bad) {
        assert!(bad["line"] == line && bad["reason"].as_str().unwrap().contains(reason), "{line}: {bad}");
    }
    assert!(bad.len() == 8 && !format!("{bad:?}").contains("canary"), "{bad:?}");

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
fn a_row_is_stored_like_the_object_with_the_same_fields() {
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
fn a_header_without_fields_stops_the_import_and_is_not_shown() {
    let (table, tool) = (BatchWrites::taking(Duration::ZERO), Tool::new());
    tool.write("users.csv", "canary-token,demo-1,Demo User\n");
    let output = tool.run(&["import", "users.csv", &format!("--local={}", table.url())]);

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let stderr = text(&output.stderr);
    assert!(stderr.contains("header") && stderr.contains("column 1") && !stderr.contains("canary"), "{stderr}");
    assert_eq!(table.requests(), 0);

    tool.run(&["import", "users.csv", "--errors", "bad.jsonl", &format!("--local={}", table.url())]);
    tool.fill(&["users.csv", "filled.csv"]);
    let left: Vec<_> = std::fs::read_dir(tool.path("")).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["users.csv"], "a file was left behind");
}

#[test]
fn a_dry_run_checks_every_line_without_an_aws_account() {
    let tool = Tool::new();
    tool.write("users.csv", "token,external_id\ntoken-1,demo-1\ntoken-2,\ntoken-3,demo-3\n");
    let files = || std::fs::read_dir(tool.path("")).unwrap().count();
    let before = files();
    let output = tool.run(&["import", "users.csv", "--dry-run", "--json"]);

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let summary = summary(&output);
    assert_eq!((&summary["stored"], &summary["bad"]), (&json!(2), &json!(1)), "{summary}");
    assert!(text(&output.stderr).starts_with("line 3:"), "{output:?}");
    assert_eq!(files(), before);

    let (table, local) = (BatchWrites::taking(Duration::ZERO), "--local=");
    tool.write("good.jsonl", demo_lines(30));
    let output = tool.run(&["import", "good.jsonl", "--dry-run", &format!("{local}{}", table.url())]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(table.requests(), 0);
}

#[test]
fn the_last_line_with_the_same_token_wins() {
    let (table, tool) = (BatchWrites::taking(Duration::from_millis(10)), Tool::new());
    // Some of the same tokens are in one batch, and some in batches that could be under way together.
    let tokens: Vec<usize> = (0..200).map(|at| if at % 10 == 0 { at % 3 } else { 1000 + at % 70 }).collect();
    let lines = tokens.iter().enumerate().fold(String::new(), |mut lines, (at, token)| {
        writeln!(lines, r#"{{"token": "{token}", "external_id": "demo", "name": "Demo {at}"}}"#).unwrap();
        lines
    });
    tool.write("users.jsonl", lines);
    let output = tool.run(&["import", "users.jsonl", "--concurrency", "64", &format!("--local={}", table.url())]);

    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stdout).contains("200 users read: 200 stored, 0 bad"), "{output:?}");
    let items = table.items();
    for token in &tokens {
        let last = tokens.iter().rposition(|other| other == token).unwrap();
        assert_eq!(items[&users::token_hash(&token.to_string())]["name"]["S"], format!("Demo {last}"));
    }
}

#[test]
fn a_token_of_two_users_is_reported_and_stored_for_the_first() {
    let (table, tool) = (BatchWrites::taking(Duration::ZERO), Tool::new());
    let again = format!(r#"{{"token_hash": "{}", "external_id": "demo-62"}}"#, users::token_hash("token-1"));
    let lines = demo_lines(60) + r#"{"token": "token-60", "external_id": "demo-61"}"# + "\n" + &again;
    tool.write("users.jsonl", lines);
    for option in ["--dry-run", "--quiet"] {
        let output = tool.run(&["import", "users.jsonl", option, &format!("--local={}", table.url())]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let stderr = text(&output.stderr);
        let reports: Vec<_> = stderr.lines().collect();
        let reason = "gives the same token to another user";
        assert_eq!(reports, [format!("line 61: line 60 {reason}"), format!("line 62: line 1 {reason}")]);
    }
    assert_holds_demo_lines(&table, 60);
}

#[test]
fn external_ids_that_differ_only_in_case_are_pointed_out_and_stored() {
    let (table, tool) = (BatchWrites::taking(Duration::ZERO), Tool::new());
    let line = |token: usize, user: &str| format!("{}\n", json!({"token": token.to_string(), "external_id": user}));
    let users = ["Demo-1", "demo-2", "demo-1", "DEMO-1", "demo-2"];
    tool.write("users.jsonl", (1..).zip(users).map(|(token, user)| line(token, user)).collect::<String>());
    let output = tool.run(&["import", "users.jsonl", "--json", &format!("--local={}", table.url())]);

    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let warning = "warning: `external_id` differs from line 1 only in upper and lower case";
    let stderr = text(&output.stderr);
    let lines: Vec<_> = stderr.lines().filter_map(|line| line.split_once(": ")).collect();
    assert_eq!(lines.iter().map(|(line, _)| *line).collect::<Vec<_>>(), ["line 3", "line 4"], "{stderr}");
    assert!(lines.iter().all(|(_, text)| text.starts_with(warning)) && !stderr.contains("emo-1"), "{stderr}");
    let summary = summary(&output);
    assert_eq!((&summary["stored"], &summary["warnings"], table.items().len()), (&json!(5), &json!(2), 5));
}

#[test]
fn a_value_that_zendesk_refuses_is_a_bad_line_and_one_that_it_ignores_a_warning() {
    let tool = Tool::new();
    let cases = [
        (json!({"external_id": "undefined"}), "`external_id` is a word for a missing value"),
        (json!({"external_id": "1.2E+11"}), "`external_id` is a number that a spreadsheet has rounded"),
        (json!({"external_id": "demo\u{200b}"}), "`external_id` has an invisible character"),
        (json!({"email": "mailto:demo@example.com"}), "`email` begins with `mailto:`"),
        (json!({"email": "demo@demo@example.com"}), "`email` is not one e-mail address"),
        (json!({"external_id": "demo@example.com"}), "warning: `external_id` looks like an e-mail address"),
        (json!({"phone": "0555 123"}), "warning: `phone` is not in E.164 form"),
        (json!({"remote_photo_url": "demo.png"}), "warning: `remote_photo_url` is not an absolute"),
        (json!({"organizations": "[\"A\"]"}), "warning: `organizations` looks like JSON"),
        (json!({"user_fields": {"since": "31.12.2026"}}), "warning: `user_fields.since` is not a date"),
    ];
    let lines = (1..).zip(&cases).map(|(token, (fields, _))| {
        let mut line = json!({"token": format!("token-{token}"), "external_id": format!("demo-{token}")});
        line.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        format!("{line}\n")
    });
    tool.write("users.jsonl", lines.collect::<String>());
    let output = tool.run(&["import", "users.jsonl", "--dry-run"]);
    let stderr = text(&output.stderr);
    assert_eq!((output.status.code(), stderr.lines().count()), (Some(1), cases.len()), "{stderr}");
    for ((number, (_, reason)), line) in (1..).zip(&cases).zip(stderr.lines()) {
        assert!(line.starts_with(&format!("line {number}: {reason}")), "{line}");
    }
    assert!(text(&output.stdout).contains("10 users read: 5 good, 5 bad, 5 warnings"), "{output:?}");
}

#[test]
fn a_misspelt_column_is_named_with_the_field_that_it_means() {
    let tool = Tool::new();
    for (column, field) in [("Suspended", "suspended"), ("audience", "audiences"), ("email verified", "email_verified")]
    {
        tool.write("users.csv", format!("token,external_id,{column}\n"));
        tool.write("users.jsonl", json!({"token": "t", "external_id": "demo", column: true}).to_string());
        for file in ["users.csv", "users.jsonl"] {
            let output = tool.run(&["import", file, "--dry-run"]);
            let stderr = text(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{output:?}");
            assert!(stderr.contains(column) && stderr.contains(&format!("do you mean `{field}`")), "{stderr}");
        }
    }
}

#[test]
fn a_missing_quotation_mark_gives_no_user_the_token_of_another() {
    let (local, tool) = (Local::start(&[]), Tool::new());
    tool.write(
        "users.csv",
        "external_id,name,email,email_verified,role,token\n\
        mallory,\"M,mallory@evil.example,true,end_user,tok-mallory\n\
        boss,\"Boss\",boss@example.com,true,admin,tok-boss\n",
    );
    let output = tool.run(&["import", "users.csv", &at(&local)]);

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let stderr = text(&output.stderr);
    assert!(stderr.starts_with("line 2: a quotation mark") && stderr.lines().count() == 1, "{stderr}");
    assert!(text(&output.stdout).contains("2 users read: 1 stored, 1 bad"), "{output:?}");
    let table = tool.table(&local);
    assert_eq!(table.len(), 1, "{table:?}");
    assert_eq!((&table[0]["external_id"], &table[0]["name"]), (&json!("boss"), &json!("Boss")));
    assert_eq!(table[0]["token_hash"], users::token_hash("tok-boss"));
}

#[test]
fn a_name_of_several_lines_cannot_add_a_user() {
    let (table, tool) = (BatchWrites::taking(Duration::ZERO), Tool::new());
    // A CSV library writes this for a name that a user chose.
    tool.write(
        "users.csv",
        "token,external_id,name,role\n\
        tok-1,demo-1,\"M\ntok-evil,boss,Boss,admin\n\"\"\",end_user\n\
        tok-2,demo-2,Demo User,end_user\n",
    );
    let output = tool.run(&["import", "users.csv", &format!("--local={}", table.url())]);

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stdout).contains("4 users read: 1 stored, 3 bad"), "{output:?}");
    assert_eq!(table.items().into_keys().collect::<Vec<_>>(), [users::token_hash("tok-2")]);
}

#[test]
fn no_text_that_a_user_chooses_for_a_cell_adds_a_row() {
    let (tool, mut runner) = (Tool::new(), TestRunner::default());
    let cells = prop::collection::vec("([,\"\r\nab]|evil,evil\n)*", 1..20);
    for _ in 0..30 {
        let cells = cells.new_tree(&mut runner).unwrap().current();
        let mut writer = csv::Writer::from_writer(b"token,external_id,organization\n".to_vec());
        for (token, cell) in cells.iter().enumerate() {
            writer.write_record([&token.to_string(), "demo", cell]).unwrap();
        }
        tool.write("users.csv", writer.into_inner().unwrap());
        let table = BatchWrites::taking(Duration::ZERO);
        tool.run(&["import", "users.csv", "--quiet", &format!("--local={}", table.url())]);
        for item in table.items().values() {
            let organization = item.get("organization").map(|text| text["S"].as_str().unwrap());
            assert_eq!(item["external_id"]["S"], "demo", "{cells:?}");
            assert!(
                organization.is_none_or(|text| cells.iter().any(|cell| cell == text)),
                "{organization:?} of {cells:?}"
            );
        }
    }
}

#[test]
fn every_line_of_a_file_with_missing_quotation_marks_is_stored_or_reported() {
    let (table, tool) = (BatchWrites::taking(Duration::ZERO), Tool::new());
    let rows = (2..=20_001).fold("token,external_id,name\n".to_owned(), |rows, line| {
        let name = if line % 1000 == 0 { "\"Demo User" } else { "\"Demo, User\"" };
        rows + &format!("token-{line},demo-{line},{name}\n")
    });
    tool.write("users.csv", rows);
    let import = ["import", "users.csv", "--json", "--errors", "bad.jsonl", &format!("--local={}", table.url())];
    let output = tool.run(&import);

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let summary = summary(&output);
    let counts = ["read", "stored", "bad"].map(|count| summary[count].as_u64().unwrap());
    assert_eq!(counts, [20_000, 19_980, 20]);
    let bad = tool.read("bad.jsonl");
    let bad = bad.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["line"].as_u64().unwrap());
    assert_eq!(bad.collect::<Vec<_>>(), (1..=20).map(|at| at * 1000).collect::<Vec<_>>());
    let items = table.items();
    assert_eq!(items.len(), 19_980);
    for line in (2..=20_001).filter(|line| line % 1000 != 0) {
        let item = &items[&users::token_hash(&format!("token-{line}"))];
        assert_eq!(
            (&item["external_id"]["S"], &item["name"]["S"]),
            (&json!(format!("demo-{line}")), &json!("Demo, User"))
        );
    }
}

#[test]
fn files_in_another_format_are_refused_with_a_remedy() {
    let tool = Tool::new();
    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let header = "token,external_id,name\ntoken-1,demo-1,Demo\n";
    for (file, content, stderr) in [
        (
            "users.csv",
            header.replace(',', ";").into_bytes(),
            "semicolons between the columns: save the file with commas",
        ),
        ("users.csv", header.replace("name", "Nmae").into_bytes(), "the column 3 `Nmae` (do you mean `name`?)"),
        ("users.csv", [b"\xFF\xFE".to_vec(), utf_16(header)].concat(), "the file is UTF-16: save it as UTF-8"),
        ("users.jsonl", utf_16(&demo_lines(1)), "the file is UTF-16: save it as UTF-8"),
        ("users.csv", b"external_id\ndemo-1\n".to_vec(), "`zendesk-jwt token fill` makes tokens"),
        ("users.csv", Vec::new(), "is missing"),
    ] {
        tool.write(file, content);
        let output = tool.run(&["import", file, "--dry-run"]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(text(&output.stderr).contains(stderr) && output.stdout.is_empty(), "{stderr}: {output:?}");
    }
}

/// The reason for each bad line of a dry run, by line number.
fn reasons(tool: &Tool, file: &str) -> BTreeMap<u64, String> {
    let output = tool.run(&["import", file, "--dry-run", "--quiet"]);
    let stderr = text(&output.stderr);
    assert!(output.status.code() == Some(i32::from(!stderr.is_empty())) && !stderr.contains("canary"), "{output:?}");
    let reports = stderr.lines().map(|line| line.strip_prefix("line ").unwrap().split_once(": ").unwrap());
    reports.map(|(line, reason)| (line.parse().unwrap(), reason.to_owned())).collect()
}

#[test]
fn an_item_that_no_function_can_read_is_a_bad_line_with_a_reason() {
    let tool = Tool::new();
    let cases = [
        (json!({"emial": "canary"}), "no field `emial`"),
        (json!({"email_verified": "true"}), "`email_verified` must be true or false"),
        (json!({"expires_at": 1.5}), "`expires_at` must be a whole number"),
        (json!({"audiences": []}), "`audiences` must be an array of one or more different strings"),
        (json!({"audiences": ["sdk", "sdk"]}), "`audiences` must be an array of one or more different strings"),
        (json!({"tags": "canary"}), "`tags` must be an array of strings"),
        (json!({"user_fields": "{}"}), "`user_fields` must be an object"),
        (json!({"locale": "1"}), "`locale` must be a whole number"),
        (json!({"email": "canary"}), "`email`"),
        (json!({"audiences": ["chat"]}), "`audiences`"),
        (json!({"expires_at": 1_700_000_000_000_u64}), "`expires_at`"),
        (json!({"role": "owner"}), "`role`"),
        (json!({"suspended": null}), "`suspended`"),
        (json!({"external_id": ""}), "no `external_id`"),
        (json!({"token_hash": "0"}), "there are `token` and `token_hash`"),
        (json!({"token": ""}), "`token` must be a string of 1 to 8192 bytes"),
        (json!({"token": null, "token_hash": "AB".repeat(32)}), "there are `token` and `token_hash`"),
        (json!({"user_fields": {"a": "b".repeat(400 * 1024)}}), "DynamoDB stores at most 409600"),
    ];
    let lines = cases.iter().map(|(fields, _)| {
        let mut line = json!({"token": "canary", "external_id": "demo"});
        line.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        format!("{line}\n")
    });
    let more = [json!({"external_id": "demo"}), json!({"external_id": "demo", "token_hash": "AB".repeat(32)})];
    tool.write("users.jsonl", lines.chain(more.map(|line| format!("{line}\n"))).collect::<String>());
    let reasons = reasons(&tool, "users.jsonl");
    let expected = cases.iter().map(|(_, reason)| *reason).chain(["no user token", "64 lower-case hex digits"]);
    for (line, reason) in (1..).zip(expected) {
        assert!(reasons[&line].contains(reason), "{line}: {reasons:?}");
    }
}

#[test]
fn a_cell_of_another_type_makes_the_line_bad() {
    let tool = Tool::new();
    let cases = [
        ("name", r"\n"),
        ("suspended", "yes"),
        ("suspended", "1"),
        ("locale", "1.0"),
        ("locale", "en"),
        ("tags", "[1]"),
        ("tags", r#""[""a""""#),
        ("user_fields", "[]"),
        ("user_fields", "plan=free"),
    ];
    for (field, cell) in cases {
        tool.write("users.csv", format!("token,external_id,{field}\ntoken,demo,{cell}\n"));
        assert!(reasons(&tool, "users.csv")[&2].starts_with(&format!("`{field}` must be ")), "{field} {cell}");
    }
}

#[test]
fn a_quotation_mark_opens_or_closes_a_whole_cell() {
    let tool = Tool::new();
    for (cells, reason) in [
        (r#""a","b""#, ""),
        (r#"",","a,""b"",""#, ""),
        (r#""a,""b""",c"#, ""),
        (r#"a,"b""#, ""),
        (r#"",","a,""b"""","#, "does not close"),
        (r#"a,"b"#, "does not close"),
        (r#"a,"b"c"#, "in the wrong place"),
        (r#"a,"b" "#, "in the wrong place"),
        (r#"a, "b""#, "in the wrong place"),
        (r#"a,5" nail"#, "in the wrong place"),
    ] {
        tool.write("users.csv", format!("token,external_id,name,organization\ntoken,demo,{cells}\n"));
        let reasons = reasons(&tool, "users.csv");
        let found = reasons.get(&2).map(String::as_str).unwrap_or_default();
        assert!(found.contains(reason) && found.is_empty() == reason.is_empty(), "{cells}: {reasons:?}");
    }
}

#[test]
fn a_bad_line_makes_no_other_line_bad() {
    const MAX_LINE_BYTES: usize = 1024 * 1024;
    let tool = Tool::new();
    // More than a cell may hold lies below the open quotation mark.
    let many = format!("demo,t,{}\n", "User".repeat(1250)).repeat(2000);
    let mut files = vec![format!("demo-x,t,\"Demo\n{many}")];
    for length in [MAX_LINE_BYTES + 1, MAX_LINE_BYTES + 2, 2 * MAX_LINE_BYTES + 1] {
        files.push(format!("{}\ndemo,t,Demo\n", "a".repeat(length)));
    }
    for rows in files {
        tool.write("users.csv", format!("external_id,token,name\n{rows}"));
        let bad: Vec<_> = reasons(&tool, "users.csv").into_keys().collect();
        assert_eq!(bad, [2]);
    }
}

#[test]
fn the_message_about_a_wrong_header_shows_no_user() {
    let tool = Tool::new();
    for (header, reasons) in [
        ("canary-token,demo-1\n", ["column 1", "column 2"]),
        ("external_id,emial,kundennummer\n", ["`emial` (do you mean `email`?)", "column 3 `kundennummer`"]),
        ("External ID;Name;email\n", ["semicolons", "commas"]),
        ("\"external_id\"\t\"name\"\n", ["tabs", "commas"]),
        ("external_id,name,name\n", ["column 3", "twice"]),
        ("token\n", ["no column", "external_id"]),
        ("", ["header", "missing"]),
        ("\u{FEFF}\n", ["header", "missing"]),
        ("e\0x\0", ["UTF-16", "UTF-8"]),
    ] {
        tool.write("users.csv", header);
        let output = tool.run(&["import", "users.csv", "--dry-run"]);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(reasons.iter().all(|reason| stderr.contains(reason)), "{header}: {stderr}");
        assert!(!stderr.contains("canary"), "{stderr}");
    }
}

#[test]
fn the_concurrency_limits_the_batches_under_way() {
    let (table, tool) = (BatchWrites::taking(Duration::from_millis(50)), Tool::new());
    tool.write("users.jsonl", demo_lines(500));
    let output = tool.run(&["import", "users.jsonl", "--concurrency", "4", &format!("--local={}", table.url())]);

    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!((table.most_under_way(), table.requests()), (4, 20));
    assert_holds_demo_lines(&table, 500);
}

#[test]
fn items_that_dynamodb_leaves_out_are_sent_again() {
    let (table, tool) = (BatchWrites::taking(Duration::ZERO), Tool::new());
    table.write_one_item_of_the_next(12);
    tool.write("users.jsonl", demo_lines(100));
    let output = tool.run(&["import", "users.jsonl", "--json", &format!("--local={}", table.url())]);

    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let summary = summary(&output);
    assert_eq!((&summary["stored"], &summary["retries"]), (&json!(100), &json!(12)), "{summary}");
    assert_holds_demo_lines(&table, 100);
}

/// The tool with a fake DynamoDB that can fail and has an empty table.
fn with_failing_dynamodb(setup: &Setup, tool: &Tool, arguments: &[&str]) -> Command {
    let mut command = tool.command(arguments);
    command.envs(setup.aws().environment()).env("AWS_REGION", "eu-west-1");
    command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "demo");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn a_throttled_import_continues_once_dynamodb_accepts_more() {
    let (setup, tool) = (Setup::of(Kind::SdkExchange).with_fakes(), Tool::new());
    setup.aws().dynamodb().fail(Fault::THROTTLED);
    tool.write("users.jsonl", demo_lines(100));
    let import = with_failing_dynamodb(&setup, &tool, &["import", "users.jsonl", "--json"]).spawn().unwrap();

    // The tool sends each batch more often than the SDK alone does.
    let mut asked = 0;
    eventually("the tool sends the batches again", SOON, || {
        asked += setup.aws().dynamodb().take_requests().len();
        (asked > 4 * 3).then_some(())
    });
    setup.aws().dynamodb().recover();
    let output = import.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(summary(&output)["stored"], 100);
}

#[test]
fn an_import_that_gives_up_says_how_to_continue() {
    let (setup, tool) = (Setup::of(Kind::SdkExchange).with_fakes(), Tool::new());
    setup.aws().dynamodb().fail(Fault::THROTTLED);
    tool.write("users.jsonl", demo_lines(30));
    let import = ["import", "users.jsonl", "--give-up-after", "1s"];
    let output = with_failing_dynamodb(&setup, &tool, &import).output().unwrap();
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stderr.contains("took nothing for 1s") && stderr.contains("Run the same command again"), "{stderr}");

    setup.aws().dynamodb().recover();
    let output = with_failing_dynamodb(&setup, &tool, &import).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn an_item_that_dynamodb_refuses_is_one_bad_line() {
    let (local, tool) = (Local::start(&[]), Tool::new());
    let deep = (0..40).fold(json!("canary"), |inner, _| json!({ "in": inner }));
    let mut lines = demo_lines(30);
    writeln!(lines, "{}", json!({"token": "deep", "external_id": "demo-31", "user_fields": {"plan": deep}})).unwrap();
    lines += &demo_lines(60);
    tool.write("users.jsonl", lines);
    let output = tool.run(&["import", "users.jsonl", &at(&local)]);

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let stderr = text(&output.stderr);
    assert!(stderr.starts_with("line 31:") && stderr.lines().count() == 1 && !stderr.contains("canary"), "{stderr}");
    assert_eq!(tool.table(&local).len(), 60);
}

#[test]
fn a_killed_import_can_be_run_again() {
    let (table, tool) = (BatchWrites::taking(Duration::from_millis(100)), Tool::new());
    tool.write("users.jsonl", demo_lines(2000));
    let url = format!("--local={}", table.url());
    let import = ["import", "users.jsonl", "--concurrency", "3", "--json", &url];
    let mut killed = tool.start(&import);
    eventually("some are stored", SOON, || (table.items().len() > 100).then_some(()));
    killed.kill().unwrap();
    let output = killed.wait_with_output().unwrap();
    assert!(output.stdout.is_empty(), "the import ended before the kill: {output:?}");

    let output = tool.run(&import);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(summary(&output)["stored"], 2000);
    assert_holds_demo_lines(&table, 2000);
}

#[test]
fn an_interrupted_import_finishes_the_requests_under_way() {
    let (table, tool) = (BatchWrites::taking(Duration::from_millis(100)), Tool::new());
    tool.write("users.jsonl", demo_lines(2000));
    let url = format!("--local={}", table.url());
    let import = tool.start(&["import", "users.jsonl", "--concurrency", "3", "--json", &url]);
    eventually("some are stored", SOON, || (table.items().len() > 100).then_some(()));
    assert!(Command::new("kill").args(["-INT", &import.id().to_string()]).status().unwrap().success());
    let output = import.wait_with_output().unwrap();

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let summary = summary(&output);
    let stored = summary["stored"].as_u64().unwrap();
    assert_eq!((&summary["complete"], summary["read"].as_u64()), (&json!(false), Some(stored)), "{summary}");
    assert_eq!(table.items().len() as u64, stored, "the summary counts what is stored");
    assert!(stored < 2000 && text(&output.stderr).contains("Run the same command again"), "{output:?}");

    let output = tool.run(&["import", "users.jsonl", &url]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_holds_demo_lines(&table, 2000);
}

/// External id and token of each line of a JSON Lines file.
fn tokens(tool: &Tool, file: &str) -> Vec<(String, String)> {
    let field = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let lines = tool.read(file);
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| (field(&line, "external_id"), field(&line, "token"))).collect()
}

#[test]
fn fill_gives_users_tokens_in_a_private_file_that_import_accepts() {
    let (local, tool) = (Local::start(&[]), Tool::new());
    tool.write("users.csv", "external_id,name,token\ndemo-1,\"Demo, \"\"User\"\"\",\n,,\ndemo-2,\\N,mine\ndemo-4,,\n");
    let output = tool.fill(&["users.csv", "filled.csv"]);

    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stdout).contains("filled.csv: 2 new tokens, 1 unchanged"), "{output:?}");
    let filled = tool.read("filled.csv");
    let lines: Vec<_> = filled.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[2]), (4, "external_id,name,token", "demo-2,\\N,mine"));
    let new: Vec<_> = [1, 3].map(|line| lines[line].rsplit_once(',').unwrap()).to_vec();
    assert_eq!((new[0].0, new[1].0), ("demo-1,\"Demo, \"\"User\"\"\"", "demo-4,"));
    assert_ne!(new[0].1, new[1].1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(tool.path("filled.csv")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    let import = tool.run(&["import", "filled.csv", &at(&local)]);
    assert_eq!(import.status.code(), Some(0), "{import:?}");
    let table = tool.table(&local);
    assert_eq!(table.len(), 3);
    for (token, external_id) in [(new[0].1, "demo-1"), (new[1].1, "demo-4"), ("mine", "demo-2")] {
        let item = table.iter().find(|item| item["token_hash"] == users::token_hash(token)).unwrap();
        assert_eq!(item["external_id"], external_id);
        assert!(!format!("{output:?}{import:?}").contains(&format!("{token}\n")));
    }
    for (token, _) in new.iter().map(|(_, token)| token.split_at(5)) {
        assert_eq!(token, "zjwt_");
    }
    assert!(new.iter().all(|(_, token)| token.len() == "zjwt_".len() + 64), "not 256 bits after a prefix");
}

#[test]
fn fill_changes_nothing_else_in_json_lines() {
    let tool = Tool::new();
    let hash = "0".repeat(64);
    let lines = [
        r#"  {"name": "{", "external_id": "demo-1", "user_fields": {"seats": 1.50}}"#.to_owned(),
        format!(r#"{{"external_id": "demo-2", "token_hash": "{hash}"}}"#),
    ];
    tool.write("users.txt", lines.join("\n"));
    let output = tool.fill(&["users.txt", "filled.jsonl", "--format", "jsonl", "--json"]);

    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(summary(&output), json!({"issued": 1, "kept": 1}));
    let filled = tool.read("filled.jsonl");
    let (first, second) = filled.split_once('\n').unwrap();
    assert_eq!(second, format!("{}\n", lines[1]));
    let (start, rest) = first.split_at(r#"  {"token":"zjwt_"#.len());
    assert_eq!((start, &rest[64..]), (r#"  {"token":"zjwt_"#, &*format!("\",{}", &lines[0][3..])));
    assert_eq!(tool.run(&["import", "filled.jsonl", "--dry-run"]).status.code(), Some(0));
}

#[test]
fn fill_adds_a_missing_token_column() {
    let tool = Tool::new();
    tool.write("users.csv", "\u{FEFF}external_id,token_hash\r\ndemo-1,\r\n".to_owned() + "demo-2," + &"0".repeat(64));
    let output = tool.fill(&["users.csv", "filled.csv"]);

    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let filled = tool.read("filled.csv");
    let lines: Vec<_> = filled.lines().collect();
    assert_eq!((lines[0], lines[2]), ("external_id,token_hash,token", &*format!("demo-2,{},", "0".repeat(64))));
    assert!(lines[1].starts_with("demo-1,,zjwt_"));
    assert_eq!(tool.run(&["import", "filled.csv", "--dry-run"]).status.code(), Some(0));
}

#[test]
fn fill_overwrites_a_file_of_tokens_only_with_the_option() {
    let tool = Tool::new();
    tool.write("users.jsonl", "{\"external_id\": \"demo-1\"}\n");
    let fill = ["users.jsonl", "filled.jsonl"];
    assert_eq!(tool.fill(&fill).status.code(), Some(0));
    let before = tokens(&tool, "filled.jsonl");

    let output = tool.fill(&fill);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("filled.jsonl exists") && text(&output.stderr).contains("--overwrite"));
    assert_eq!(tokens(&tool, "filled.jsonl"), before);

    let output = tool.fill(&[fill.as_slice(), &["--overwrite"]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_ne!(tokens(&tool, "filled.jsonl"), before);
    assert_eq!(std::fs::read_dir(tool.path("")).unwrap().count(), 2, "a file was left behind");
}

#[test]
fn fill_reports_a_bad_line_and_writes_no_file() {
    let tool = Tool::new();
    tool.write("users.csv", "external_id,email\ndemo-1,\ndemo-2,canary\ndemo-3,\"\n,canary@example.com\n");
    let output = tool.fill(&["users.csv", "filled.csv"]);

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let stderr = text(&output.stderr);
    for report in ["line 3: `email`", "line 4: a quotation mark", "line 5: there is no `external_id`", "not written"] {
        assert!(stderr.contains(report), "{report}: {stderr}");
    }
    assert!(!stderr.contains("canary"), "a value is shown: {stderr}");
    assert_eq!(std::fs::read_dir(tool.path("")).unwrap().count(), 1, "a file was left behind");
}

#[test]
fn an_imported_user_gets_a_jwt() {
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
fn without_a_terminal_a_line_shows_the_progress_unless_quiet() {
    let (table, tool) = (BatchWrites::taking(Duration::ZERO), Tool::new());
    let url = format!("--local={}", table.url());
    let report = std::fs::File::create(tool.path("stderr")).unwrap();
    let mut import = tool.command(&["import", "-", "--format", "jsonl", &url]);
    let mut import = import.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(report).spawn().unwrap();
    let mut users = import.stdin.take().unwrap();
    users.write_all(demo_lines(110).as_bytes()).unwrap();
    users.flush().unwrap();
    eventually("a line shows the progress", SOON, || tool.read("stderr").contains("100 stored, ").then_some(()));
    assert_eq!(table.items().len(), 100, "the import does not wait for the end of its input");
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
fn a_usage_error_differs_from_bad_lines() {
    let tool = Tool::new();
    tool.write("users.jsonl", demo_lines(1));
    tool.write("users.txt", demo_lines(1));
    for (arguments, stderr) in [
        (["users.txt", "--local"].as_slice(), "--format"),
        (&["users.jsonl", "--local", "--errors", "users.jsonl"], "one file"),
        (&["users.jsonl"], "--table"),
        (&["users.jsonl", "--local", "--concurrency", "0"], "--concurrency"),
    ] {
        let output = tool.run(&[&["import"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert!(text(&output.stderr).contains(stderr), "{output:?}");
    }
    assert_eq!(tool.read("users.jsonl"), demo_lines(1));
    let output = tool.run(&["import", "nowhere.jsonl", "--local"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("nowhere.jsonl"), "{output:?}");
}

/// The peak memory of an import in KiB.
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
fn ten_times_the_users_need_no_more_memory() {
    let (few, many) = (peak_memory(3000), peak_memory(30_000));
    // 30,000 of these lines are 2.5 MB, and many times that as items.
    assert!(few > 0 && many < few + 4096, "{few} KiB, then {many} KiB");
}

#[test]
fn a_line_is_a_user_record_only_if_its_key_says_so() {
    let (local, tool) = (Local::start(&[]), Tool::new());
    tool.write(
        "users.csv",
        "token_hash,external_id,name,expires_at\n\
        user:demo-7,demo-7,Demo User,\n\
        ,demo-8,Demo User,\n\
        user:demo-8,demo-9,Demo User,\n\
        user:demo-9,demo-9,Demo User,2027-01-31T12:00:00Z\n",
    );
    let output = tool.run(&["import", "users.csv", &at(&local)]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let stderr = text(&output.stderr);
    let words =
        ["line 3: there is no user token", "line 4: `token_hash` must be", "line 5: a user record never expires"];
    assert!(words.iter().all(|words| stderr.contains(words)) && stderr.lines().count() == 3, "{stderr}");
    let record = json!({"token_hash": "user:demo-7", "external_id": "demo-7", "name": "Demo User"});
    assert_eq!(tool.table(&local), [record]);
}
