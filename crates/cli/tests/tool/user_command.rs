//! `zendesk-jwt user`: each change to a user, and what the functions answer after it.

use crate::local::Local;
use crate::support::identity_provider::IdentityProvider;
use crate::support::operator::Done;
use crate::support::users;
use crate::support::{Answer, Fault, Jwt, Kind, Operator, Service, Setup};
use serde_json::{Value, json};
use zendesk_jwt::aws::user_tokens::attributes;

const FIRST: &str = "first token";
const SECOND: &str = "second token";
const OTHER: &str = "token of another user";

/// A function with two users in its table, the first with two tokens, and the operator of the table.
fn started_with(setup: Setup) -> (Service, Operator) {
    let service = setup.start();
    service.aws.put_user(FIRST, &users::demo());
    service.aws.put_user(SECOND, &users::demo());
    service.aws.put_user(OTHER, &users::demo_with(&json!({ "external_id": "demo-10" })));
    let operator = Operator::of(&service.aws);
    (service, operator)
}

fn started() -> (Service, Operator) {
    started_with(Setup::of(Kind::SdkExchange))
}

fn ask(service: &Service, token: &str) -> Answer {
    service.answer(&service.kind.request(token))
}

fn claims(service: &Service, token: &str) -> Value {
    Jwt::verified(&ask(service, token).jwt(), service.kind.secret()).claims
}

fn statuses(service: &Service) -> [u16; 3] {
    [FIRST, SECOND, OTHER].map(|token| ask(service, token).status)
}

fn user<'a>(command: &'a str, options: &[&'a str]) -> Vec<&'a str> {
    [&["user", command, "--external-id", "demo-1"], options].concat()
}

fn stored(operator: &Operator, user: &str) -> Value {
    operator.run(&["user", "show", "--external-id", user, "--json"]).well().json()
}

#[test]
fn a_user_stored_under_an_own_token_gets_a_jwt() {
    let (service, operator) = started();
    let put = [
        &["user", "put", "--external-id", "demo-2", "--token-file", "-", "--no-expiry"][..],
        &["--name", "Demo User", "--email", "demo@example.com", "--email-verified"],
    ];
    let put = |options: &[&str]| operator.run_with(&[&put.concat(), options].concat(), "own token").well();

    assert_eq!(put(&[]).line(), "1 of 1 items changed");
    assert_eq!(claims(&service, "own token")["external_id"], "demo-2");
    assert_eq!(put(&[]).line(), "0 of 1 items changed");
    assert_eq!(put(&["--phone", "+15555550100"]).line(), "1 of 1 items changed");
    assert_eq!(claims(&service, "own token")["phone"], "+15555550100");
    put(&[]);
    assert_eq!(claims(&service, "own token").get("phone"), None, "a field that is not given is removed");
}

#[test]
fn every_profile_field_has_an_option() {
    let (service, operator) = started();
    let put = [
        &["user", "put", "--external-id", "demo-2", "--name", "Demo User", "--email", "demo@example.com"][..],
        &["--email-verified=true", "--phone", "+15555550100", "--locale", "1", "--locale-id", "8", "--role", "agent"],
        &["--organization", "Demo", "--organizations", "A,B", "--organization-id", "o1", "--organization-ids", "o1,o2"],
        &["--tag", "vip", "--tag", "demo", "--remote-photo-url", "https://example.com/demo.png"],
        &["--custom-role-id", "7", "--user-field", "plan=free", "--user-field", "seats=3"],
        &["--user-field", "code=\"0150\"", "--user-field", "nickname=null", "--user-field", "note=a=b"],
    ];
    let token = operator.run(&put.concat()).well().line();
    let mut profile = json!({
        "external_id": "demo-2", "name": "Demo User", "email": "demo@example.com", "phone": "+15555550100",
        "locale": 1, "locale_id": 8, "role": "agent", "organization": "Demo", "organizations": "A,B",
        "organization_id": "o1", "organization_ids": "o1,o2", "tags": ["vip", "demo"],
        "remote_photo_url": "https://example.com/demo.png", "custom_role_id": 7,
        "user_fields": { "plan": "free", "seats": 3, "code": "0150", "nickname": null, "note": "a=b" },
        "email_verified": true,
    });
    assert_eq!(stored(&operator, "demo-2")["profile"], profile);
    let of_the_token = ["token_hash", "audiences", "expires_at", "suspended"];
    for attribute in attributes().filter(|attribute| !of_the_token.contains(attribute)) {
        assert!(profile.get(attribute).is_some(), "no option for {attribute}");
    }

    // The Support SDK exchange signs only for end users.
    let update = ["user", "update", "--external-id", "demo-2", "--role", "end_user", "--remove", "custom_role_id"];
    operator.run(&update).well();
    profile["role"] = "end_user".into();
    for name in ["email_verified", "custom_role_id"] {
        profile.as_object_mut().unwrap().remove(name);
    }
    let mut claims = claims(&service, &token);
    for name in ["iat", "jti"] {
        claims.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(claims, profile);
}

#[test]
fn only_the_hash_of_a_token_in_a_json_file_is_stored() {
    let (service, operator) = started();
    let user = json!({
        "token": "token in JSON", "external_id": "demo-2", "name": "Demo User", "email": "demo@example.com",
        "email_verified": true, "phone": null, "expires_at": 4_000_000_000_u64, "audiences": ["sdk"],
    });
    let put = ["user", "put", "--file", "-", "--name", "Demo Renamed", "--json"];
    let done = operator.run_with(&put, &user.to_string()).well();

    assert_eq!(done.json(), json!({ "items": 1, "changed": 1, "failed": [] }));
    let claims = claims(&service, "token in JSON");
    assert_eq!((&claims["name"], claims.get("phone")), (&json!("Demo Renamed"), Some(&Value::Null)));
    let stored = stored(&operator, "demo-2");
    assert_eq!(stored["tokens"][0]["expires_at"], 4_000_000_000_u64);
    assert!(!stored.to_string().contains("token in JSON"), "{stored}");
}

#[test]
fn a_user_that_no_function_can_read_is_not_stored() {
    let (_service, operator) = started();
    for (user, words) in [
        ("[]", "one JSON object"),
        ("{\"external_id\": \"canary\",}", "line 1"),
        ("{\"external_id\": \"demo-2\", \"emial\": \"canary@example.com\"}", "emial"),
        ("{\"external_id\": \"demo-2\", \"email\": \"canary\"}", "email"),
        ("{\"name\": \"canary\"}", "external_id"),
    ] {
        let refused = operator.run_with(&["user", "put", "--file", "-"], user).refused(1, &[words]);
        assert!(!refused.stderr.contains("canary"), "{refused:?}");
    }
    operator.run(&["user", "put", "--external-id", "demo-2", "--role", "owner"]).refused(1, &["role"]);
    operator.run(&["user", "show", "--external-id", "demo-2"]).refused(1, &["--external-id"]);
    operator.run(&["user", "put"]).refused(2, &["--external-id"]);
    operator.run(&["user", "put", "--file", "-", "--token-file", "-"]).refused(2, &["--token-file"]);
}

#[test]
fn a_value_that_zendesk_refuses_is_not_stored_and_the_message_says_what_is_allowed() {
    let (_service, operator) = started();
    for (user, words) in [
        (json!({ "email": "mailto:canary@example.com" }), ["`email`", "mailto:"]),
        (json!({ "email": "canary@home@example.com" }), ["`email`", "second `@`"]),
        (json!({ "email": "canary@example.com\u{200b}" }), ["`email`", "invisible"]),
        (json!({ "external_id": "undefined" }), ["`external_id`", "missing value"]),
        (json!({ "external_id": "None" }), ["`external_id`", "missing value"]),
        (json!({ "external_id": "#N/A" }), ["`external_id`", "missing value"]),
        (json!({ "external_id": "1.2E+11" }), ["`external_id`", "as text, with all digits"]),
        (json!({ "external_id": "demo\u{feff}-2" }), ["`external_id`", "invisible"]),
        (json!({ "role": "owner" }), ["`role`", "`end_user`, `agent` or `admin`"]),
        (json!({ "audiences": ["chat"] }), ["`audiences`", "`sdk`, `messaging` and `sso`"]),
        (json!({ "expires_at": 1_700_000_000_000_u64 }), ["`expires_at`", "whole seconds since 1970"]),
    ] {
        let mut fields = json!({ "token": "t", "external_id": "demo-2" });
        fields.as_object_mut().unwrap().extend(user.as_object().unwrap().clone());
        let refused = operator.run_with(&["user", "put", "--file", "-"], &fields.to_string()).refused(1, &words);
        assert!(!refused.stderr.contains("canary"), "{refused:?}");
    }
    operator.run(&["user", "show", "--external-id", "demo-2"]).refused(1, &["--external-id"]);
    operator.run(&user("update", &["--email", "mailto:demo@example.com"])).refused(1, &["`email`", "mailto:"]);
    assert_eq!(stored(&operator, "demo-1")["profile"]["email"], users::demo()["email"]);
}

#[test]
fn a_value_that_zendesk_ignores_is_stored_with_a_warning() {
    let (_service, operator) = started();
    for (options, words) in [
        (["--phone", "0151 2345678"], ["`phone`", "E.164"]),
        (["--remote-photo-url", "/me.png"], ["`remote_photo_url`", "https"]),
        (["--organizations", "[\"A\",\"B\"]"], ["`organizations`", "commas"]),
        (["--organization", "null"], ["`organization`", "missing value"]),
        (["--user-field", "since=1/2/2024"], ["`user_fields.since`", "2026-11-30"]),
        (["--tag", "big fish"], ["`tags`", "single words"]),
        (["--locale", "0"], ["`locale`", "Zendesk gives"]),
    ] {
        for command in ["put", "update"] {
            let done = operator.run(&user(command, &options)).well();
            assert!(done.stderr.contains("Warning:"), "{command}: {done:?}");
            assert!(words.iter().all(|word| done.stderr.contains(word)), "{command}: {done:?}");
        }
    }
    let good = operator.run(&user("update", &["--phone", "+14155550100", "--locale", "1"])).well();
    assert!(!good.stderr.contains("Warning"), "{good:?}");
    let address = operator.run(&["user", "put", "--external-id", "demo@example.com", "--name", "Demo"]).well();
    assert!(address.stderr.contains("looks like an e-mail address"), "{address:?}");
}

#[test]
fn a_stored_profile_with_a_refused_value_can_still_get_a_token() {
    let (service, operator) = started();
    service.aws.put_user("old", &users::demo_with(&json!({ "external_id": "demo-11", "email": "a@b@example.com" })));
    let issued = operator.run(&["token", "issue", "--external-id", "demo-11"]).well();
    assert_eq!(ask(&service, &issued.line()).status, 200);
}

#[test]
fn user_put_refuses_the_token_of_another_user() {
    let (service, operator) = started();
    let put = ["--token-file", "-", "--name", "Demo User", "--email", "demo@example.com", "--email-verified"];
    operator.run_with(&user("put", &put), OTHER).refused(1, &["another user's"]);

    assert_eq!(claims(&service, OTHER)["external_id"], "demo-10");
}

#[test]
fn every_token_of_a_suspended_user_is_refused_until_the_user_is_resumed() {
    let (service, operator) = started();
    // Two tokens and the user record.
    assert_eq!(operator.run(&user("suspend", &[])).well().line(), "3 of 3 items changed");
    assert_eq!(statuses(&service), [401, 401, 200]);
    assert_eq!(operator.run(&user("suspend", &[])).well().line(), "0 of 3 items changed");

    let report = operator.run(&user("resume", &["--json"])).well().json();
    assert_eq!(report, json!({ "items": 3, "changed": 3, "failed": [] }));
    assert_eq!(statuses(&service), [200, 200, 200]);
    assert_eq!(operator.run(&user("resume", &[])).well().line(), "0 of 3 items changed");
}

#[test]
fn after_the_last_change_the_user_is_read_again_for_new_tokens() {
    let (service, operator) = started_with(Setup::of(Kind::SdkExchange).with_fakes());
    for (command, change) in [(&["suspend"][..], "UpdateItem"), (&["forget", "--yes"], "DeleteItem")] {
        service.aws.dynamodb().take_requests();
        operator.run(&[&["user"], command, &["--external-id", "demo-1"]].concat()).well();
        let requests = service.aws.dynamodb().take_requests();
        let asked: Vec<_> = requests.iter().map(|asked| asked.operation.as_str()).collect();
        assert_eq!(asked[..4], ["Query", change, change, "Query"], "{asked:?}");
    }
}

#[test]
fn an_item_that_was_already_suspended_is_not_counted() {
    let (service, operator) = started();
    service.aws.put_user(FIRST, &users::demo_with(&json!({ "suspended": true })));
    assert_eq!(operator.run(&user("suspend", &[])).well().line(), "2 of 3 items changed");
}

#[test]
fn resuming_a_user_who_is_not_suspended_changes_nothing() {
    let (_service, operator) = started();
    assert_eq!(operator.run(&user("resume", &[])).well().line(), "0 of 2 items changed");
}

#[test]
fn a_malformed_item_can_be_suspended() {
    let (service, operator) = started();
    service.aws.put_user(FIRST, &users::demo_with(&json!({ "tags": "vip" })));
    assert_eq!(operator.run(&user("suspend", &[])).well().line(), "3 of 3 items changed");
}

#[test]
fn putting_a_suspended_user_does_not_end_the_suspension() {
    let (service, operator) = started();
    operator.run(&user("suspend", &[])).well();
    for token in [FIRST, "new token"] {
        operator.run_with(&user("put", &["--name", "Demo User", "--token-file", "-"]), token).refused(1, &["resume"]);
    }
    assert_eq!(ask(&service, FIRST).status, 401);
}

#[test]
fn the_next_jwt_of_every_token_has_the_update() {
    let (service, operator) = started();
    service.aws.put_user(SECOND, &users::demo_with(&json!({ "phone": "+15555550100", "organization": "Demo" })));
    let update =
        user("update", &["--name", "Demo Renamed", "--null", "phone", "--remove", "organization", "--no-tags"]);

    assert_eq!(operator.run(&update).well().line(), "2 of 2 items changed");
    for token in [FIRST, SECOND] {
        let claims = claims(&service, token);
        assert_eq!(claims["name"], "Demo Renamed");
        assert_eq!(claims["email"], "Demo.User@Example.com");
        assert_eq!((claims.get("phone"), claims.get("organization")), (Some(&Value::Null), None));
        assert_eq!(claims["tags"], json!([]));
    }
    assert_eq!(claims(&service, OTHER)["name"], "Demo User");
    assert_eq!(operator.run(&update).well().line(), "0 of 2 items changed");
}

#[test]
fn an_update_that_would_make_one_item_malformed_changes_none() {
    let (service, operator) = started();
    service.aws.put_user(SECOND, &users::demo_with(&json!({ "tags": "vip" })));
    operator.run(&user("update", &["--name", "Demo Renamed"])).refused(1, &["tags", &users::token_hash(SECOND)]);
    operator.run(&user("update", &["--role", "owner"])).refused(1, &["role"]);
    assert_eq!(claims(&service, FIRST)["name"], "Demo User");

    let repaired = operator.run(&user("update", &["--name", "Demo Renamed", "--tag", "vip"])).well();
    assert_eq!(repaired.line(), "2 of 2 items changed");
    assert_eq!(claims(&service, SECOND)["tags"], json!(["vip"]));
}

#[test]
fn a_new_address_is_unverified_by_default() {
    let (service, operator) = started();
    operator.run(&user("update", &["--email", "other@example.com"])).well();
    assert_eq!(ask(&service, FIRST).status, 401);

    operator.run(&user("update", &["--email-verified"])).well();
    assert_eq!(claims(&service, FIRST)["email"], "other@example.com");
}

#[test]
fn an_update_names_each_field_once() {
    let (_service, operator) = started();
    operator.run(&user("update", &[])).refused(2, &["nothing to change"]);
    operator.run(&user("update", &["--phone", "1", "--null", "phone"])).refused(2, &["phone"]);
    operator.run(&user("update", &["--null", "phone", "--remove", "phone"])).refused(2, &["phone"]);
    for field in ["token_hash", "external_id", "suspended", "expires_at"] {
        operator.run(&user("update", &["--remove", field])).refused(2, &[field]);
    }
}

#[test]
fn a_change_of_an_unknown_user_creates_none() {
    let (_service, operator) = started();
    for command in [&["resume"][..], &["show"], &["update", "--name", "Demo User"]] {
        let arguments = [&["user"], command, &["--external-id", "demo-2"]].concat();
        operator.run(&arguments).refused(1, &["--external-id"]);
    }
    operator.run(&["token", "list", "--external-id", "demo-2"]).refused(1, &["--external-id"]);
}

#[test]
fn nothing_remains_of_a_forgotten_user() {
    let (service, operator) = started();
    operator.run(&user("forget", &[])).refused(2, &["--yes"]);
    assert_eq!(statuses(&service), [200, 200, 200]);

    let forgotten = operator.run(&user("forget", &["--yes"])).well();
    assert_eq!(forgotten.line(), "2 of 2 items deleted");
    for elsewhere in ["Zendesk", "backups", "CloudWatch", "external_id_hash"] {
        assert!(forgotten.stderr.contains(elsewhere), "{forgotten:?}");
    }
    assert_eq!(statuses(&service), [401, 401, 200]);
    operator.run(&user("show", &[])).refused(1, &["--external-id"]);
    let again = operator.run(&user("forget", &["--yes", "--json"])).well();
    assert_eq!(again.json(), json!({ "items": 0, "changed": 0, "failed": [] }));
}

#[test]
fn forget_prints_the_hash_that_finds_the_user_in_the_logs() {
    let (service, operator) = started();
    let logged = service.reply(&service.kind.request(FIRST)).logs;
    let forgotten = operator.run(&user("forget", &["--yes"])).well();

    let (_, hash) = forgotten.stderr.split_once("external_id_hash ").unwrap();
    let hash = hash.split(',').next().unwrap();
    assert!(logged.contains(&format!("\"external_id_hash\":\"{hash}\"")), "no {hash} in {logged}");
}

#[test]
fn a_failure_of_one_token_leaves_the_others_changed_and_can_be_repeated() {
    let commands: [(&[&str], &str, &str); 4] = [
        (&["user", "suspend"], "UpdateItem", "2 of 3 items changed"),
        (&["user", "update", "--name", "Demo Renamed"], "UpdateItem", "1 of 2 items changed"),
        (&["user", "forget", "--yes"], "DeleteItem", "1 of 2 items deleted"),
        (&["token", "revoke"], "DeleteItem", "1 of 2 items revoked"),
    ];
    for (command, operation, done) in commands {
        let (service, operator) = started_with(Setup::of(Kind::SdkExchange).with_fakes());
        let command = [command, &["--external-id", "demo-1"]].concat();
        let hash = users::token_hash(FIRST);
        let meant = hash.clone();
        service.aws.dynamodb().fail_when(Fault::ACCESS_DENIED, move |asked| {
            asked.operation == operation && asked.body["Key"]["token_hash"]["S"] == meant
        });

        let partial = operator.run(&command);
        assert_eq!(partial.status, 1, "{partial:?}");
        assert_eq!(partial.line(), done);
        assert!(partial.stderr.contains(&hash) && partial.stderr.contains("again"), "{partial:?}");
        let report = operator.run(&[&command[..], &["--json"]].concat());
        assert_eq!((report.status, &report.json()["failed"][0]["token_hash"]), (1, &json!(hash)), "{report:?}");

        service.aws.dynamodb().recover();
        assert!(operator.run(&command).well().line().starts_with("1 of "), "{command:?}");
    }
}

#[test]
fn user_show_shows_the_profile_once_and_the_differences() {
    let (service, operator) = started();
    service.aws.put_user(SECOND, &users::demo_with(&json!({ "phone": null, "name": "Demo Renamed" })));

    let shown = stored(&operator, "demo-1");
    assert_eq!(
        shown["profile"],
        json!({
            "external_id": "demo-1", "email": "Demo.User@Example.com", "email_verified": true,
        })
    );
    let differences = shown["differences"].as_array().unwrap();
    let values_of = |field: &str| {
        let values = differences.iter().find(|difference| difference["field"] == field).unwrap()["values"].clone();
        let of = |token| {
            let has = |value: &&Value| value["token_hashes"] == json!([users::token_hash(token)]);
            values.as_array().unwrap().iter().find(has).unwrap().get("value").cloned()
        };
        (of(FIRST), of(SECOND))
    };
    assert_eq!(differences.len(), 2, "{shown}");
    assert_eq!(values_of("name"), (Some(json!("Demo User")), Some(json!("Demo Renamed"))));
    assert_eq!(values_of("phone"), (None, Some(Value::Null)), "an absent value differs from null");
    assert_eq!(shown["tokens"].as_array().unwrap().len(), 2);

    let words = operator.run(&user("show", &[])).well().stdout;
    assert_eq!(words.matches("Demo.User@Example.com").count(), 1, "{words}");
    assert!(words.contains("differ") && words.contains("Demo Renamed") && words.contains("(not stored)"), "{words}");
    assert_eq!(stored(&operator, "demo-10")["differences"], json!([]));
}

#[test]
fn stored_control_characters_are_shown_as_escapes() {
    let (service, operator) = started();
    service
        .aws
        .put_user(OTHER, &users::demo_with(&json!({ "external_id": "demo-10", "name": "Demo\u{1b}[2J\u{202e}" })));
    let shown = operator.run(&["user", "show", "--external-id", "demo-10"]).well().stdout;
    assert!(shown.contains("Demo\\u{1b}[2J\\u{202e}"), "{shown}");
}

#[test]
fn a_value_that_zendesk_refuses_is_not_stored_and_one_that_it_ignores_is_pointed_out() {
    let (service, operator) = started();
    for (option, value, reason) in [
        ("--external-id", "null", "`external_id` is a word for a missing value"),
        ("--email", "mailto:demo@example.com", "`email` begins with `mailto:`"),
    ] {
        let put = match option {
            "--external-id" => vec!["user", "put", option, value],
            _ => vec!["user", "put", "--external-id", "demo-2", option, value],
        };
        operator.run(&put).refused(1, &[reason]);
    }
    operator.run(&user("update", &["--email", "a@b@example.com"])).refused(1, &["`email` is not one e-mail address"]);
    for command in ["update", "put"] {
        let stored = operator.run(&user(command, &["--phone", "0555 123", "--name", "Demo User"])).well();
        assert!(stored.stderr.contains("Warning: `phone` is not in E.164 form"), "{stored:?}");
    }
    assert_eq!(ask(&service, FIRST).status, 200);
}

#[test]
fn an_external_id_that_differs_only_in_case_is_pointed_out() {
    let (_service, operator) = started();
    let put = operator.run(&["user", "put", "--external-id", "DEMO-1", "--name", "Demo User"]).well();
    assert!(put.stderr.contains("the table also has the user `demo-1`"), "{put:?}");
    operator.run(&["user", "show", "--external-id", "Demo-10"]).refused(1, &["but for `demo-10`"]);
}

#[test]
fn a_misspelt_attribute_is_named_with_the_field_that_it_means() {
    let (service, operator) = started();
    service.aws.put_user(FIRST, &users::demo_with(&json!({ "Suspended": true, "audience": "sso", "created_by": "x" })));
    let hash = users::token_hash(FIRST);
    for command in
        [user("show", &[]), vec!["token", "show", "--hash", &hash], vec!["token", "list", "--external-id", "demo-1"]]
    {
        let shown = operator.run(&command).well().stdout;
        for (attribute, field) in [("Suspended", "suspended"), ("audience", "audiences")] {
            let hash = &hash[..12];
            let sentence = format!("No function reads the attribute `{attribute}` of {hash}…: is `{field}` meant?");
            assert!(shown.contains(&sentence), "{shown}");
        }
        assert!(!shown.contains("attribute `created_by`"), "{shown}");
    }
    let shown = operator.run(&["token", "show", "--hash", &hash, "--json"]).well().json();
    assert_eq!(shown["misspelt"][0], json!({"attribute": "Suspended", "field": "suspended"}));
}

#[test]
fn a_missing_table_is_not_reported_as_an_unknown_user() {
    let (service, operator) = started_with(Setup::of(Kind::SdkExchange).with_fakes());
    service.aws.dynamodb().fail(Fault::NOT_FOUND);
    let refused = operator.run(&user("show", &[])).refused(1, &["ResourceNotFoundException", service.aws.table()]);
    assert!(!refused.stderr.contains("--external-id"), "{refused:?}");
}

#[test]
fn the_subcommands_work_in_a_running_local() {
    let local = Local::start(&[]);
    let operator = Operator::local(local.url());
    operator.run(&user("suspend", &[])).well();
    assert_eq!(local.exchange("BD2F35A7621").0, 401);
    operator.run(&user("resume", &[])).well();
    assert_eq!(local.exchange("BD2F35A7621").0, 200);
}

/// Runs `user put --record` with these options for `demo-7`, a user without a token.
fn put_record(operator: &Operator, options: &[&str]) -> Done {
    operator.run(&[&["user", "put", "--record", "--external-id", "demo-7"], options].concat())
}

#[test]
fn suspending_a_user_without_a_token_makes_a_user_record() {
    let (_service, operator) = started();
    let suspended = operator.run(&["user", "suspend", "--external-id", "demo-7"]).well();
    assert_eq!(suspended.line(), "1 of 1 items changed");
    assert!(suspended.stderr.contains("No token is stored") && suspended.stderr.contains("ID tokens"), "{suspended:?}");
    assert_eq!(stored(&operator, "demo-7")["record"], json!({ "external_id": "demo-7", "suspended": true }));
    operator.run(&["token", "issue", "--external-id", "demo-7", "--name", "Demo"]).refused(1, &["user resume"]);
    put_record(&operator, &["--name", "Demo"]).refused(1, &["user resume"]);

    let resume = ["user", "resume", "--external-id", "demo-7"];
    assert_eq!(operator.run(&resume).well().line(), "1 of 1 items changed");
    assert_eq!(stored(&operator, "demo-7")["record"]["suspended"], false);
    assert_eq!(operator.run(&resume).well().line(), "0 of 1 items changed");
    let warned = operator.run(&["user", "suspend", "--external-id", "DEMO-10"]).well();
    assert!(warned.stderr.contains("the table also has the user `demo-10`"), "{warned:?}");
}

#[test]
fn a_suspension_keeps_the_other_attributes_of_the_user_record() {
    let (_service, operator) = started();
    let put = ["--name", "Demo User", "--audience", "messaging", "--tag", "vip"];
    assert_eq!(put_record(&operator, &put).well().line(), "1 of 1 items changed");
    assert_eq!(put_record(&operator, &put).well().line(), "0 of 1 items changed");
    let mut record = stored(&operator, "demo-7")["record"].clone();
    let expected = json!({ "external_id": "demo-7", "name": "Demo User", "audiences": ["messaging"], "tags": ["vip"] });
    assert_eq!(record, expected, "a user record never expires");

    for (command, suspended) in [("suspend", true), ("suspend", true), ("resume", false)] {
        operator.run(&["user", command, "--external-id", "demo-7"]).well();
        record["suspended"] = suspended.into();
        assert_eq!(stored(&operator, "demo-7")["record"], record);
    }
}

#[test]
fn a_user_record_is_shown_apart_from_the_tokens() {
    let (_service, operator) = started();
    operator.run(&user("put", &["--record", "--name", "Demo Override"])).well();
    let shown = stored(&operator, "demo-1");
    assert_eq!(shown["record"], json!({ "external_id": "demo-1", "name": "Demo Override" }));
    assert_eq!((&shown["profile"]["name"], &shown["differences"]), (&json!("Demo User"), &json!([])));
    assert_eq!(
        operator.run(&["token", "list", "--external-id", "demo-1", "--json"]).well().json().as_array().unwrap().len(),
        2
    );
    let text = operator.run(&user("show", &[])).well().stdout;
    assert!(text.contains("The user record, which overrides") && text.contains("Demo Override"), "{text}");

    // A token with the same profile, and no copy of the record.
    let issued = operator.run(&["token", "issue", "--external-id", "demo-1", "--json"]).well().json();
    assert_eq!(issued["profile"]["name"], "Demo User");
    put_record(&operator, &["--name", "Demo Alone"]).well();
    let text = operator.run(&["user", "show", "--external-id", "demo-7"]).well().stdout;
    assert!(text.contains("Demo Alone") && text.contains("No token is stored"), "{text}");
    operator.run(&["token", "list", "--external-id", "demo-7"]).refused(1, &["no token"]);
}

#[test]
fn a_user_record_that_the_functions_cannot_read_is_shown_with_the_attribute() {
    let (service, operator) = started();
    let mut item = users::item("", &json!({ "external_id": "demo-7", "expires_at": 4_000_000_000_u64 }));
    item["token_hash"]["S"] = "user:demo-7".into();
    service.aws.put_item(&item);
    assert_eq!(stored(&operator, "demo-7")["record"]["malformed"], "expires_at");
    let text = operator.run(&["user", "show", "--external-id", "demo-7"]).well().stdout;
    assert!(text.contains("cannot read the attribute expires_at"), "{text}");
    operator.run(&["user", "suspend", "--external-id", "demo-7"]).well();
    let record = stored(&operator, "demo-7")["record"].clone();
    assert_eq!(record, json!({ "external_id": "demo-7", "suspended": true }), "DynamoDB never deletes a suspension");
}

#[test]
fn a_user_record_has_no_expiry_and_no_token() {
    let (_service, operator) = started();
    for option in ["--no-expiry", "--expires-in=1d", "--token-file=-"] {
        put_record(&operator, &[option]).refused(2, &["--record"]);
    }
    for (user, words) in [
        (json!({ "external_id": "demo-7", "expires_at": 4_000_000_000_u64 }), "a user record never expires"),
        (json!({ "external_id": "demo-7", "token": "t" }), "leave out --record"),
        (json!({ "external_id": "demo-7", "token_hash": "user:demo-8" }), "leave out --record"),
        (json!({ "name": "Demo" }), "external_id"),
    ] {
        operator.run_with(&["user", "put", "--record", "--file", "-"], &user.to_string()).refused(1, &[words]);
    }
    // Only the external id of the same item makes a key.
    let other = json!({ "external_id": "demo-7", "token_hash": "user:demo-8" });
    operator.run_with(&["user", "put", "--file", "-"], &other.to_string()).refused(1, &["64 lower-case hex digits"]);
}

#[test]
fn a_user_record_is_forgotten_last_and_survives_the_tokens() {
    let (service, operator) = started_with(Setup::of(Kind::SdkExchange).with_fakes());
    operator.run(&user("suspend", &[])).well();
    operator.run(&["token", "revoke", "--external-id", "demo-1"]).well();
    assert_eq!(stored(&operator, "demo-1")["record"]["suspended"], true, "a suspension outlives the tokens");

    service.aws.put_user(FIRST, &users::demo());
    service.aws.dynamodb().take_requests();
    let forgotten = operator.run(&user("forget", &["--yes"])).well();
    assert_eq!(forgotten.line(), "2 of 2 items deleted");
    assert!(forgotten.stderr.contains("user record was deleted last"), "{forgotten:?}");
    let requests = service.aws.dynamodb().take_requests();
    let deleted = requests.iter().filter(|asked| asked.operation == "DeleteItem");
    let deleted: Vec<_> = deleted.map(|asked| asked.body["Key"]["token_hash"]["S"].as_str().unwrap()).collect();
    assert_eq!(deleted, [users::token_hash(FIRST).as_str(), "user:demo-1"]);
    operator.run(&user("show", &[])).refused(1, &["--external-id"]);
}

#[test]
fn a_suspension_holds_for_id_tokens_that_are_still_valid() {
    let provider = IdentityProvider::http();
    let service = provider.trusted_by(Setup::of(Kind::MessagingToken)).start();
    let operator = Operator::of(&service.aws);
    let token = provider.draft().claim("sub", "demo-7").signed_by(&provider.key);
    assert_eq!(claims(&service, &token)["name"], "Idp Demo User");

    operator.run(&["user", "suspend", "--external-id", "demo-7"]).well();
    assert_eq!(ask(&service, &token).status, 401);
    operator.run(&["user", "resume", "--external-id", "demo-7"]).well();
    assert_eq!(ask(&service, &token).status, 200);

    put_record(&operator, &["--name", "Demo Override"]).well();
    assert_eq!(claims(&service, &token)["name"], "Demo Override");
    put_record(&operator, &["--audience", "sso"]).well();
    assert_eq!(ask(&service, &token).status, 401);
    operator.run(&["user", "forget", "--external-id", "demo-7", "--yes"]).well();
    assert_eq!(claims(&service, &token)["name"], "Idp Demo User");
}
