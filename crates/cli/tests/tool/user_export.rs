//! `zendesk-jwt user export`: the file holds what was imported.

use crate::local::Local;
use crate::support::{Fault, Kind, Setup, eventually, users};
use crate::user_import::{Tool, at, text};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;
use zendesk_jwt::aws::user_tokens::attributes;

/// Users and user records with absent, null and empty values, sets and lists, and custom fields of every type.
fn varied_users() -> Vec<Value> {
    let mut users = vec![
        json!({"external_id": "demo-1"}),
        json!({
            "external_id": "demo-2", "name": "Demo, \"User\";\\", "email": "demo@example.com", "email_verified": true,
            "audiences": ["messaging", "sdk:ios", "sso:legacy-2"], "expires_at": 4_000_000_000_u64, "suspended": false, "phone": "+15555550100",
            "locale": 1, "locale_id": 1, "organization": "=1+1", "organizations": "a,b", "organization_id": "7",
            "organization_ids": "7,8", "tags": ["vip", "a b"], "remote_photo_url": "https://example.com/a?b=c",
            "role": "agent", "custom_role_id": -7,
            "user_fields": {
                "text": "a\r\nb", "empty": "", "null": null, "flag": true, "integer": 3, "decimal": 1.5, "list": ["a", 1, null, {}],
                "date": "2027-01-31", "digits": "007", "Ünïcödé": "\u{1F600}\\N",
            },
        }),
        json!({
            "external_id": "demo-3", "name": null, "email": null, "phone": null, "locale": null, "organization": null,
            "tags": null, "role": null, "custom_role_id": null, "user_fields": null,
        }),
        json!({"external_id": "demo-4", "name": "", "phone": "", "organization": "", "tags": [], "user_fields": {}}),
        json!({"external_id": "demo-5", "name": "\\N", "phone": "\\", "organization": "\\\\", "tags": ["", " a", "b;c", "[d]"]}),
        json!({"external_id": "demo-6", "name": "null", "organization": "true", "tags": ["\\N"]}),
    ];
    for (at, user) in users.iter_mut().enumerate() {
        user["token_hash"] = users::token_hash(&format!("token-{at}")).into();
    }
    users.push(json!({"token_hash": "user:demo-7", "external_id": "demo-7", "suspended": true}));
    users.push(json!({"token_hash": "user:Demo: 1, \"é\"", "external_id": "Demo: 1, \"é\"", "name": null, "tags": []}));
    users
}

fn import(tool: &Tool, local: &Local, file: &str) {
    let output = tool.run(&["import", file, &at(local)]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

fn sorted(mut items: Vec<Value>) -> Vec<Value> {
    for item in &mut items {
        // A set has no order.
        if let Some(audiences) = item["audiences"].as_array_mut() {
            audiences.sort_by_key(ToString::to_string);
        }
        if item["audiences"].is_null() {
            item.as_object_mut().unwrap().remove("audiences");
        }
    }
    items.sort_by_key(|item| item["token_hash"].to_string());
    items
}

#[test]
fn an_export_in_either_format_can_be_imported_unchanged() {
    let tool = Tool::new();
    let users = varied_users();
    let lines: Vec<_> = users.iter().map(ToString::to_string).collect();
    tool.write("users.jsonl", lines.join("\n"));
    let first = Local::start(&[]);
    import(&tool, &first, "users.jsonl");
    assert_eq!(sorted(tool.table(&first)), sorted(users.clone()));

    for (format, file) in [("jsonl", "again.jsonl"), ("csv", "again.csv")] {
        let output = tool.run(&["export", "--format", format, "--output", file, &at(&first)]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let second = Local::start(&[]);
        import(&tool, &second, file);
        assert_eq!(sorted(tool.table(&second)), sorted(users.clone()), "{format}");
    }
}

#[test]
fn every_text_and_every_list_survives_an_export_as_csv() {
    let (local, tool) = (Local::start(&[]), Tool::new());
    let mut runner = TestRunner::default();
    // Half of the texts are made of what has a meaning in a cell.
    let text = r#"[\\N;\[\]a-z ,"]{0,6}|\PC*"#;
    let values = (text, prop::collection::vec(r#"[\\N;\[\]a-z ,"]{0,4}"#, 0..4));
    let users = (0..300).map(|at| {
        let (text, tags) = values.new_tree(&mut runner).unwrap().current();
        let hash = users::token_hash(&at.to_string());
        json!({ "token_hash": hash, "external_id": format!("demo-{at}"), "phone": text, "organization": text, "tags": tags })
    });
    let users: Vec<_> = users.collect();
    tool.write("users.jsonl", users.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    import(&tool, &local, "users.jsonl");
    let output = tool.run(&["export", "--format", "csv", "--output", "users.csv", &at(&local)]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let second = Local::start(&[]);
    import(&tool, &second, "users.csv");
    assert_eq!(sorted(tool.table(&second)), sorted(users));
}

#[test]
fn the_columns_of_an_export_are_the_attributes_that_the_functions_read() {
    let (local, tool) = (Local::start(&[]), Tool::new());
    let header = text(&tool.run(&["export", "--format", "csv", &at(&local)]).stdout);
    assert!(header.lines().next().unwrap().split(',').eq(attributes()), "{header}");
}

#[test]
fn a_table_of_many_pages_is_exported_completely() {
    let (local, tool) = (Local::start(&[]), Tool::new());
    // DynamoDB's pages have 1 MB.
    let filler = "x".repeat(50_000);
    let lines: Vec<_> =
        (0..50).map(|at| json!({"token": at.to_string(), "external_id": "demo", "name": filler})).collect();
    tool.write("users.jsonl", lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    import(&tool, &local, "users.jsonl");

    let mut exported: Vec<_> = tool.table(&local).iter().map(|item| item["token_hash"].to_string()).collect();
    exported.sort_unstable();
    exported.dedup();
    assert_eq!(exported.len(), 50);
    let output = tool.run(&["export", &at(&local)]);
    assert!(text(&output.stderr).contains("55 users exported"), "{output:?}");
    assert!(tool.run(&["export", "--quiet", &at(&local)]).stderr.is_empty());
}

#[test]
fn the_export_file_is_private_and_appears_when_it_is_complete() {
    let (local, tool) = (Local::start(&[]), Tool::new());
    tool.write("users.jsonl", "the last export");
    let output = tool.run(&["export", "--output", "users.jsonl", "--local=http://127.0.0.1:9"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(tool.read("users.jsonl"), "the last export");
    assert_eq!(std::fs::read_dir(tool.path("")).unwrap().count(), 1, "a file was left behind");

    let output = tool.run(&["export", "--output", "users.jsonl", &at(&local)]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stdout.is_empty());
    assert_eq!(tool.read("users.jsonl").lines().count(), 5);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(tool.path("users.jsonl")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn the_summary_of_an_export_is_json_on_request() {
    let (local, tool) = (Local::start(&[]), Tool::new());
    let output = tool.run(&["export", "--output", "users.jsonl", "--json", &at(&local)]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["exported"], &summary["not_exported"]), (&json!(5), &json!(0)));
    assert_eq!(tool.run(&["export", "--json", &at(&local)]).status.code(), Some(2), "the users fill standard output");
}

#[test]
fn a_closed_pipe_ends_the_export_without_an_error() {
    let (local, tool) = (Local::start(&[]), Tool::new());
    let filler = "x".repeat(50_000);
    let lines: Vec<_> =
        (0..50).map(|at| json!({"token": at.to_string(), "external_id": "demo", "name": filler})).collect();
    tool.write("users.jsonl", lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    import(&tool, &local, "users.jsonl");

    let mut export =
        tool.command(&["export", &at(&local)]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(export.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let output = export.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

fn put(local: &Local, item: &Value) {
    let request = json!({"TableName": "zendesk-jwt-user-tokens", "Item": item});
    let (status, body) = local.call("DynamoDB", "DynamoDB_20120810.PutItem", &request);
    assert_eq!(status, 200, "{body}");
}

#[test]
fn unknown_attributes_are_named_and_left_out() {
    let (local, tool) = (Local::start(&[]), Tool::new());
    put(
        &local,
        &json!({
            "token_hash": {"S": users::token_hash("more")}, "external_id": {"S": "demo-9"}, "created_by": {"S": "backend"},
            "picture": {"B": "AAEC"}, "token": {"S": "canary"},
        }),
    );
    let output = tool.run(&["export", &at(&local)]);

    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stderr).contains("left out, since no function reads them: created_by, picture"), "{output:?}");
    assert!(!text(&output.stdout).contains("created_by") && !format!("{output:?}").contains("canary"), "{output:?}");
}

#[test]
fn a_value_that_csv_would_change_is_not_exported_to_csv() {
    let (local, tool) = (Local::start(&[]), Tool::new());
    // CSV could only say `true`, and an import would then count the address as verified.
    let hash = users::token_hash("odd");
    put(&local, &json!({"token_hash": {"S": hash}, "external_id": {"S": "demo-9"}, "email_verified": {"S": "true"}}));

    let csv = tool.run(&["export", "--format", "csv", &at(&local)]);
    assert_eq!(csv.status.code(), Some(1), "{csv:?}");
    assert!(text(&csv.stderr).contains(&format!("{hash}: not exported, since its `email_verified`")), "{csv:?}");
    assert!(!text(&csv.stdout).contains(&hash) && text(&csv.stdout).lines().count() == 6, "{csv:?}");

    let lines = tool.run(&["export", &at(&local)]);
    assert_eq!(lines.status.code(), Some(0), "{lines:?}");
    assert!(text(&lines.stdout).contains(r#""email_verified":"true""#), "{lines:?}");
}

#[test]
fn a_text_with_a_line_break_is_exported_only_to_json_lines() {
    let (local, tool) = (Local::start(&[]), Tool::new());
    let hash = users::token_hash("lines");
    put(
        &local,
        &json!({"token_hash": {"S": hash}, "external_id": {"S": "demo-9"}, "organization": {"S": "Demo\nCompany"}}),
    );
    let csv = tool.run(&["export", "--format", "csv", &at(&local)]);
    assert_eq!(csv.status.code(), Some(1), "{csv:?}");
    assert!(text(&csv.stderr).contains(&format!("{hash}: not exported, since its `organization` has a line break")));
    assert!(!text(&csv.stdout).contains("demo-9"), "{csv:?}");

    tool.write("users.jsonl", tool.run(&["export", &at(&local)]).stdout);
    let second = Local::start(&[]);
    import(&tool, &second, "users.jsonl");
    assert_eq!(tool.table(&second)[0]["organization"], "Demo\nCompany");
}

#[test]
fn a_throttled_export_continues_once_dynamodb_answers() {
    let (setup, tool) = (Setup::of(Kind::SdkExchange).with_fakes(), Tool::new());
    setup.aws().put_user("token", &users::demo());
    setup.aws().dynamodb().fail(Fault::THROTTLED);
    let mut export = tool.command(&["export"]);
    export.envs(setup.aws().environment()).env("AWS_REGION", "eu-west-1");
    export.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "demo");
    let export = export.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut scans = 0;
    eventually("the tool asks more often than the SDK alone does", Duration::from_secs(30), || {
        scans += setup.aws().dynamodb().take_requests().iter().filter(|asked| asked.operation == "Scan").count();
        (scans > 3).then_some(())
    });
    setup.aws().dynamodb().recover();
    let output = export.wait_with_output().unwrap();

    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stdout).contains(&users::token_hash("token")), "{output:?}");
}

#[test]
fn a_user_record_without_an_external_id_is_exported_with_that_of_its_key() {
    let (local, tool) = (Local::start(&[]), Tool::new());
    put(&local, &json!({"token_hash": {"S": "user:demo-9"}, "suspended": {"BOOL": true}}));
    let expected = json!({"token_hash": "user:demo-9", "external_id": "demo-9", "suspended": true});
    assert_eq!(tool.table(&local), [expected]);
}
