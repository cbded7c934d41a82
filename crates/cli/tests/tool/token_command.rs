//! `zendesk-jwt token`: each change to a token, and what the functions answer after it.

use crate::local::Local;
use crate::support::logs::request_line;
use crate::support::operator::has_terminal;
use crate::support::users::{self, REMOVED};
use crate::support::{Answer, Fault, Jwt, Kind, Operator, Service, Setup, now};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs;
use tempfile::NamedTempFile;

const TOKEN: &str = "BD2F35A7621";
const DAY: u64 = 24 * 3600;

/// A function with one user in its table, and the operator of the table.
fn started() -> (Service, Operator) {
    let service = Setup::of(Kind::SdkExchange).start();
    service.aws.put_user(TOKEN, &users::demo());
    let operator = Operator::of(&service.aws);
    (service, operator)
}

fn ask(service: &Service, token: &str) -> Answer {
    service.answer(&service.kind.request(token))
}

fn file(content: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), content).unwrap();
    file
}

fn tokens(operator: &Operator, user: &str) -> Vec<Value> {
    let listed = operator.run(&["token", "list", "--external-id", user, "--json"]).well();
    listed.json().as_array().unwrap().clone()
}

#[test]
fn an_issued_token_is_exchanged_for_a_jwt_with_the_users_profile() {
    let (service, operator) = started();
    let issued = operator.run(&["token", "issue", "--external-id", "demo-1"]).well();

    let token = issued.line();
    let (prefix, digits) = token.split_at(5);
    assert_eq!(prefix, "zjwt_");
    assert!(digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{token}");
    assert!(!issued.stderr.contains(digits), "{issued:?}");

    let jwt = Jwt::verified(&ask(&service, &token).jwt(), service.kind.secret());
    assert_eq!(jwt.claim("name"), "Demo User");
    assert_eq!(jwt.claim("email"), "Demo.User@Example.com");
    assert_eq!(ask(&service, TOKEN).status, 200, "the other token is unchanged");
}

#[test]
fn every_issued_token_is_different() {
    let (_service, operator) = started();
    let issue = || operator.run(&["token", "issue", "--external-id", "demo-1"]).well().line();
    let tokens: HashSet<_> = [issue(), issue(), issue()].into();
    assert_eq!(tokens.len(), 3);
}

#[test]
fn a_new_token_expires_after_30_days_by_default() {
    let (_service, operator) = started();
    let expires_at = |options: &[&str]| {
        let arguments = [&["token", "issue", "--external-id", "demo-1", "--json"], options].concat();
        operator.run(&arguments).well().json()["expires_at"].clone()
    };
    for (options, lifetime) in [(&[][..], 30 * DAY), (&["--expires-in", "12h"], DAY / 2)] {
        let before = now() + lifetime;
        let expires_at = expires_at(options).as_u64().unwrap();
        assert!((before..=now() + lifetime).contains(&expires_at), "{options:?}: {expires_at}");
    }
    assert_eq!(expires_at(&["--no-expiry"]), Value::Null);

    operator.run(&["token", "issue", "--external-id", "demo-1", "--expires-in", "0s"]).refused(2, &["a second"]);
    let both = ["token", "issue", "--external-id", "demo-1", "--expires-in", "1d", "--no-expiry"];
    operator.run(&both).refused(2, &["--no-expiry"]);
}

#[test]
fn other_flows_refuse_a_token_for_messaging() {
    let (service, operator) = started();
    let issue = ["token", "issue", "--external-id", "demo-1", "--audience", "messaging", "--json"];
    let issued = operator.run(&issue).well().json();

    assert_eq!(issued["audiences"], json!(["messaging"]));
    assert_eq!(ask(&service, issued["token"].as_str().unwrap()).status, 401);
    operator.run(&["token", "issue", "--external-id", "demo-1", "--audience", "chat"]).refused(2, &["messaging"]);
}

#[test]
fn a_token_may_be_for_one_configuration_only() {
    let (service, operator) = started();
    let issue = ["token", "issue", "--external-id", "demo-1", "--json", "--audience"];
    let issued = operator.run(&[&issue[..], &["sdk:ios,messaging,sso:new,sso:legacy"]].concat()).well().json();
    assert_eq!(issued["audiences"].as_array().unwrap().len(), 4);
    assert_eq!(issued["flows"][0], json!({ "kind": "sdk", "signs": true, "configurations": ["ios"] }));
    assert_eq!(issued["flows"][1], json!({ "kind": "messaging", "signs": true }));
    assert_eq!(issued["flows"][2]["configurations"].as_array().unwrap().len(), 2);
    assert_eq!(
        ask(&service, issued["token"].as_str().unwrap()).status,
        401,
        "the unnamed configuration is another one"
    );
    let shown = operator.run_with(&["token", "show", "--token-file", "-"], issued["token"].as_str().unwrap()).well();
    assert!(shown.stdout.contains("sdk signs for ios") && shown.stdout.contains("messaging signs\n"), "{shown:?}");
    // With the whole kind in addition, nothing is narrowed.
    let issued = operator.run(&[&issue[..], &["sdk:ios,sdk"]].concat()).well().json();
    assert_eq!(issued["flows"][0], json!({ "kind": "sdk", "signs": true }));
    for audience in ["sso:", "sso:Legacy", "chat:legacy", "sso:login"] {
        operator.run(&[&issue[..], &[audience]].concat()).refused(2, &["such as sso:legacy"]);
    }
}

#[test]
fn issuing_a_token_for_an_unknown_user_needs_a_profile() {
    let (service, operator) = started();
    let issue = ["token", "issue", "--external-id", "demo-2"];
    operator.run(&issue).refused(1, &["--external-id", "--name", "--email"]);

    let profile = ["--name", "Demo User", "--email", "demo@example.com", "--email-verified"];
    let token = operator.run(&[&issue[..], &profile].concat()).well().line();
    assert_eq!(ask(&service, &token).status, 200);
}

#[test]
fn a_new_address_does_not_inherit_the_verification_of_the_old_one() {
    let (service, operator) = started();
    let issued = operator.run(&["token", "issue", "--external-id", "demo-1", "--email", "other@example.com"]).well();

    assert!(issued.stderr.contains("not verified"), "{issued:?}");
    assert_eq!(ask(&service, &issued.line()).status, 401);
}

#[test]
fn the_operator_decides_where_the_tokens_of_a_user_differ() {
    let (service, operator) = started();
    service.aws.put_user("second", &users::demo_with(&json!({ "phone": "+15555550100" })));
    let expired = json!({ "name": "Demo Once", "expires_at": now() - 1 });
    service.aws.put_user("expired", &users::demo_with(&expired));

    let issue = ["token", "issue", "--external-id", "demo-1"];
    let refused = operator.run(&issue).refused(1, &["differ in phone:"]);
    assert!(!refused.stderr.contains("5555550100"), "{refused:?}");
    let token = operator.run(&[&issue[..], &["--phone", "+15555550199"]].concat()).well().line();
    let jwt = Jwt::verified(&ask(&service, &token).jwt(), service.kind.secret());
    assert_eq!(jwt.claim("phone"), "+15555550199");
    assert_eq!(jwt.claim("name"), "Demo User", "an expired token does not count");
}

#[test]
fn a_suspended_user_gets_no_token() {
    let (service, operator) = started();
    service.aws.put_user("second", &users::demo_with(&json!({ "suspended": true })));

    operator.run(&["token", "issue", "--external-id", "demo-1"]).refused(1, &["suspended", "user resume"]);
    assert_eq!(tokens(&operator, "demo-1").len(), 2);
}

#[test]
fn a_token_that_is_not_stored_is_not_printed() {
    let service = Setup::of(Kind::SdkExchange).with_fakes().start();
    service.aws.put_user(TOKEN, &users::demo());
    let operator = Operator::of(&service.aws);
    service.aws.dynamodb().fail_when(Fault::ACCESS_DENIED, |asked| asked.operation == "PutItem");

    for options in [&[][..], &["--json"]] {
        let refused = operator.run(&[&["token", "issue", "--external-id", "demo-1"], options].concat());
        assert!(!refused.refused(1, &["AccessDenied"]).stderr.contains("zjwt_"));
    }
}

#[test]
fn a_revoked_token_is_refused_from_the_next_request_on() {
    let (service, operator) = started();
    let by_file = file(&format!("{TOKEN}\n"));
    let by_file = ["--token-file", by_file.path().to_str().unwrap()];
    let hash = users::token_hash(TOKEN).to_uppercase();
    for (input, selection) in [("", by_file), (TOKEN, ["--token-file", "-"]), ("", ["--hash", &hash])] {
        service.aws.put_user(TOKEN, &users::demo());
        service.aws.put_user("second", &users::demo());
        assert_eq!(ask(&service, TOKEN).status, 200);

        let revoke = [&["token", "revoke"], &selection[..]].concat();
        assert_eq!(operator.run_with(&revoke, input).well().line(), "1 of 1 items revoked");
        assert_eq!(ask(&service, TOKEN).status, 401);
        assert_eq!(ask(&service, "second").status, 200);
        operator.run_with(&revoke, input).refused(1, &["no such token"]);
    }
}

#[test]
fn revoking_all_tokens_of_a_user_leaves_other_users_alone() {
    let (service, operator) = started();
    service.aws.put_user("second", &users::demo());
    service.aws.put_user("other", &users::demo_with(&json!({ "external_id": "demo-10" })));

    let revoke = ["token", "revoke", "--external-id", "demo-1"];
    let report = operator.run(&[&revoke[..], &["--json"]].concat()).well().json();
    assert_eq!(report, json!({ "items": 2, "changed": 2, "failed": [] }));
    assert_eq!([TOKEN, "second", "other"].map(|token| ask(&service, token).status), [401, 401, 200]);
    operator.run(&revoke).refused(1, &["--external-id"]);
}

#[test]
fn a_token_on_the_command_line_is_refused_and_not_repeated() {
    let (service, operator) = started();
    for command in ["revoke", "show"] {
        for place in [vec![TOKEN], vec!["--hash", TOKEN], vec!["--token", TOKEN], vec!["--token=BD2F35A7621"]] {
            let refused = operator.run(&[&["token", command], &place[..]].concat()).refused(2, &[]);
            assert!(!refused.stderr.contains(TOKEN), "{refused:?}");
        }
        operator.run(&["token", command]).refused(2, &["--token-file", "--hash"]);
    }
    assert_eq!(ask(&service, TOKEN).status, 200);
}

#[test]
fn the_start_of_a_hash_is_enough_if_no_other_hash_has_it() {
    let (service, operator) = started();
    let hash = users::token_hash(TOKEN);
    for start in [hash[..8].to_owned(), hash[..63].to_owned(), format!("{}…", &hash[..12])] {
        let shown = operator.run(&["token", "show", "--hash", &start, "--json"]).well().json();
        assert_eq!(shown["token_hash"], hash);
    }
    operator.run(&["token", "show", "--hash", &hash[..7]]).refused(2, &["at least 8"]);
    let missing = operator.run(&["token", "revoke", "--hash", "0123456789abcdef"]).refused(1, &["no such token"]);
    assert!(!missing.stderr.contains("0123456789abcdef"), "{missing:?}");

    let mut other = users::item("other", &users::demo());
    other["token_hash"]["S"] = format!("{}{}", &hash[..12], "0".repeat(52)).into();
    service.aws.put_item(&other);
    for command in ["show", "revoke"] {
        operator.run(&["token", command, "--hash", &hash[..12]]).refused(1, &["several token hashes", "more digits"]);
    }
    operator.run(&["token", "revoke", "--hash", &hash[..16]]).well();
    assert_eq!(ask(&service, TOKEN).status, 401);
}

#[test]
fn a_text_that_cannot_be_a_token_is_refused() {
    let (_service, operator) = started();
    for content in ["", "\n", &"x".repeat(8 * 1024 + 1)] {
        operator.run_with(&["token", "show", "--token-file", "-"], content).refused(1, &["8192"]);
    }
    operator.run(&["token", "show", "--token-file", "/nowhere"]).refused(1, &["a secret is never an argument"]);
}

#[test]
fn a_token_may_be_any_text_of_up_to_8_kib() {
    let (service, operator) = started();
    for token in ["two words ", "ü\t", &"x".repeat(8 * 1024)] {
        service.aws.put_user(token, &users::demo());
        let shown = operator.run_with(&["token", "show", "--token-file", "-", "--json"], &format!("{token}\r\n"));
        assert_eq!(shown.well().json()["token_hash"], users::token_hash(token));
    }
}

#[test]
fn a_token_typed_at_the_prompt_does_not_appear() {
    let (_service, operator) = started();
    if !has_terminal() {
        return;
    }
    let terminal = operator.converse(&["token", "show"], &[("not shown", TOKEN)]);
    assert!(terminal.contains("Demo User"), "{terminal}");
    assert!(!terminal.contains(TOKEN), "{terminal}");
}

/// The outcome that the tool shows for a kind, and the outcome that the function logs.
fn shown_and_logged(service: &Service, operator: &Operator, token: &str) -> (Value, Value) {
    let kind = Kind::ALL.iter().position(|kind| *kind == service.kind).unwrap();
    let shown = operator.run(&["token", "show", "--json", "--hash", &users::token_hash(token)]).well().json();
    let answer = shown["flows"][kind].clone();
    let logged = request_line(&service.reply(&service.kind.request(token)).logs)["outcome"].clone();
    (if answer["signs"] == true { "signed".into() } else { answer["code"].clone() }, logged)
}

#[test]
fn the_answers_that_token_show_predicts_are_those_of_the_functions() {
    for kind in Kind::ALL {
        let service = Setup::of(kind).start();
        let operator = Operator::of(&service.aws);
        let mut users = users::refused_by(kind);
        users.extend(users::malformed().into_iter().map(|(attribute, user)| (attribute, Some(user))));
        users.extend([
            ("nothing", Some(users::demo())),
            ("an unverified address", Some(users::demo_with(&json!({ "email_verified": false })))),
            ("an agent without a custom role", Some(users::demo_with(&json!({ "role": "agent" })))),
            ("no external id", Some(users::demo_with(&json!({ "external_id": REMOVED })))),
        ]);
        for (at, (reason, user)) in users.into_iter().enumerate() {
            let Some(user) = user else { continue };
            let token = format!("token-{at}");
            service.aws.put_user(&token, &user);
            let (shown, logged) = shown_and_logged(&service, &operator, &token);
            assert_eq!(shown, logged, "{kind:?}: {reason}");
        }
    }
}

#[test]
fn token_show_never_shows_the_token_itself() {
    let (service, operator) = started();
    service.aws.put_user(TOKEN, &users::demo_with(&json!({ "suspended": true, "tags": [], "phone": null })));
    let shown = operator.run_with(&["token", "show", "--token-file", "-"], TOKEN).well();
    for text in [&users::token_hash(TOKEN), "Demo User", "Demo.User@Example.com", "[]", "null", "user resume"] {
        assert!(shown.stdout.contains(text), "no {text} in {shown:?}");
    }
    assert!(!shown.stdout.contains(TOKEN), "{shown:?}");

    let hash = users::token_hash(TOKEN);
    let shown = operator.run(&["token", "show", "--hash", &hash, "--json"]).well().json();
    assert_eq!(
        shown["profile"],
        json!({
            "external_id": "demo-1", "name": "Demo User", "email": "Demo.User@Example.com", "email_verified": true,
            "tags": [], "phone": null,
        })
    );
    assert_eq!(
        (&shown["suspended"], &shown["expires_at"], &shown["audiences"]),
        (&json!(true), &json!(null), &json!(null))
    );
    operator.run(&["token", "show", "--hash", &"0".repeat(64)]).refused(1, &["no such token"]);
}

#[test]
fn token_list_shows_what_each_flow_answers() {
    let (service, operator) = started();
    service.aws.put_user("expired", &users::demo_with(&json!({ "expires_at": 1 })));
    service
        .aws
        .put_user("messaging", &users::demo_with(&json!({ "audiences": ["messaging"], "expires_at": now() + DAY })));
    service.aws.put_user("other", &users::demo_with(&json!({ "external_id": "demo-2" })));

    let listed = tokens(&operator, "demo-1");
    let hashes: Vec<_> = listed.iter().map(|token| token["token_hash"].as_str().unwrap()).collect();
    assert_eq!(
        hashes,
        [TOKEN, "messaging", "expired"].map(users::token_hash),
        "the token that is good for the longest time comes first"
    );
    let signs: Vec<_> = listed[1]["flows"].as_array().unwrap().iter().map(|flow| flow["signs"] == true).collect();
    assert_eq!(signs, [false, true, false]);
    assert_eq!(listed[2]["flows"][0]["code"], "user_token_expired");

    let piped = operator.run(&["token", "list", "--external-id", "demo-1"]).well().stdout;
    for hash in hashes {
        assert!(piped.lines().any(|line| line.starts_with(hash)), "{piped}");
    }
}

#[test]
fn an_expiry_after_the_year_9999_is_shown_in_seconds() {
    let (service, operator) = started();
    service.aws.put_user(TOKEN, &users::demo_with(&json!({ "expires_at": 1_639_608_035_000_u64 })));
    let shown = operator.run(&["token", "list", "--external-id", "demo-1"]).well().stdout;
    assert!(shown.contains("1639608035000") && shown.contains("item malformed"), "{shown}");
}

#[test]
fn a_list_is_not_wider_than_the_terminal() {
    let (service, operator) = started();
    service.aws.put_user("second", &users::demo_with(&json!({ "expires_at": now() + DAY, "email_verified": REMOVED })));
    if !has_terminal() {
        return;
    }
    for command in [["token", "list"], ["user", "show"]] {
        for columns in [60, 80, 120, 200] {
            let terminal = operator.terminal(columns, &[&command[..], &["--external-id", "demo-1"]].concat());
            assert!(terminal.contains("email unverified") || columns < 80, "{terminal}");
            for line in terminal.lines() {
                assert!(line.chars().count() <= usize::from(columns), "{columns}: {terminal}");
            }
            let has_whole_hash = terminal.contains(&users::token_hash(TOKEN));
            assert!(has_whole_hash == (columns == 200) || command == ["user", "show"], "{terminal}");
        }
    }
}

#[test]
fn the_subcommands_work_in_a_running_local() {
    let local = Local::start(&[]);
    let operator = Operator::local(local.url());
    let token = operator.run(&["token", "issue", "--external-id", "demo-1"]).well().line();
    assert_eq!(local.exchange(&token).0, 200);

    operator.run_with(&["token", "revoke", "--token-file", "-"], &token).well();
    assert_eq!(local.exchange(&token).0, 401);
}

/// A token with these claims, as an identity provider makes it.
fn id_token(claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2lnbmF0dXJl", part(&json!({ "alg": "RS256" })), part(claims))
}

#[test]
fn token_show_says_what_an_id_token_is_and_which_user_record_overrides_it() {
    let (_service, operator) = started();
    let claims = json!({ "iss": "https://id.example.com", "sub": "demo-7", "aud": "site", "exp": now() + DAY });
    let token = id_token(&claims);
    let show = |options: &[&str]| {
        operator.run_with(&[&["token", "show", "--token-file", "-"], options].concat(), &token).well()
    };
    let text = show(&[]).stdout;
    for words in ["ID token, not an opaque token", "https://id.example.com", "demo-7", "There is no user record"] {
        assert!(text.contains(words), "no {words} in {text}");
    }
    operator.run(&["user", "suspend", "--external-id", "demo-7"]).well();
    let shown = show(&["--json"]).json();
    assert_eq!(shown["record"], json!({ "external_id": "demo-7", "suspended": true }));
    let expected = json!({ "issuer": claims["iss"], "subject": "demo-7", "expires_at": claims["exp"] });
    assert_eq!(shown["id_token"], expected);
    assert!(!format!("{text}{shown}").contains(&token[..20]), "{text}{shown}");

    let revoked = operator.run_with(&["token", "revoke", "--token-file", "-"], &token);
    revoked.refused(1, &["an ID token cannot be revoked", "user suspend --external-id demo-7"]);
}

#[test]
fn a_stored_token_that_looks_like_an_id_token_is_shown_as_stored() {
    let (service, operator) = started();
    let token = id_token(&json!({ "iss": "https://id.example.com", "sub": "demo-7", "aud": "site" }));
    service.aws.put_user(&token, &users::demo());
    let shown = operator.run_with(&["token", "show", "--token-file", "-", "--json"], &token).well().json();
    assert_eq!(shown["token_hash"], users::token_hash(&token));
}

#[test]
fn no_token_is_stored_under_the_key_of_a_user_record() {
    let (service, operator) = started();
    operator.run(&["user", "suspend", "--external-id", "demo-7"]).well();
    for token in ["user:demo-7", "demo-7"] {
        operator.run_with(&["token", "show", "--token-file", "-"], token).refused(1, &["no such token"]);
        assert_eq!(ask(&service, token).status, 401);
    }
    operator.run(&["token", "revoke", "--hash", "user:demo-7"]).refused(2, &["64 digits"]);
}
