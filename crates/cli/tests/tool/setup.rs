//! `zendesk-jwt setup`: the walk from an empty Admin Center to a JWT that Zendesk accepts, and its plan.

use serde_json::Value;

use crate::local::Local;
use crate::support::operator::{Operator, has_terminal};

const SECRET: &str = "demo-sso-shared-secret-not-for-production";
const OTHER_SECRET: &str = "canary-shared-secret-0123456789";
const EMAIL: (&str, &str) = ("test user, not of an agent: ", "test-user@example.com");
const ENTER: (&str, &str) = ("Press Enter", "");
const POST: (&str, &str) = ("Type yes to post it", "yes");

fn walk(local: &Local, arguments: &[&str], answers: &[(&str, &str)]) -> String {
    let terminal = Operator::local(local.url()).converse(&[&["setup"], arguments].concat(), answers);
    assert!(!terminal.contains("canary") && !terminal.contains("zjwt_"), "{terminal}");
    terminal
}

#[test]
fn sso_is_set_up_until_zendesk_accepts_it() {
    if !has_terminal() {
        return;
    }
    let local = Local::start(&[]);
    let terminal = walk(&local, &["sso"], &[EMAIL, ENTER, ("Keep it?", "yes"), ENTER, POST]);
    for words in [
        "Account > Security > Single sign-on",
        "Remote login URL",
        &format!("{}/sso/logout?email=&external_id=", local.url()),
        "Team member authentication",
        "posted to the simulated Zendesk",
        "Zendesk accepts the JWT and signs the user in",
        "part is done",
    ] {
        assert!(terminal.contains(words), "{words}: {terminal}");
    }
    assert_eq!(local.posted(), 1);
}

#[test]
fn a_wrong_secret_stops_the_walk_which_goes_on_with_the_right_one() {
    if !has_terminal() {
        return;
    }
    let local = Local::start(&[]);
    let answers = |secret| [EMAIL, ENTER, ("Keep it?", "no"), ("not shown", secret), ENTER, POST];
    let stopped = walk(&local, &["sso"], &answers(OTHER_SECRET));
    assert!(stopped.contains("The stored secret is not the one that Zendesk has."), "{stopped}");
    assert!(stopped.contains("go on with: zendesk-jwt setup sso --url"), "{stopped}");
    let done = walk(&local, &["sso"], &answers(SECRET));
    assert!(done.contains("part is done"), "{done}");
}

#[test]
fn nothing_is_posted_unless_the_operator_says_yes() {
    if !has_terminal() {
        return;
    }
    let local = Local::start(&[]);
    let terminal = walk(&local, &["sso"], &[EMAIL, ENTER, ("Keep it?", "yes"), ENTER, ("Type yes to post it", "")]);
    assert!(terminal.contains("part is done") && !terminal.contains("zendesk-accepts"), "{terminal}");
    assert_eq!(local.posted(), 0);
}

#[test]
fn the_other_kinds_end_in_steps_by_hand() {
    if !has_terminal() {
        return;
    }
    let local = Local::start(&[]);
    let sdk = walk(&local, &["sdk"], &[EMAIL, ENTER, ("Keep it?", "yes")]);
    assert!(sdk.contains("JWT Secret") && sdk.contains("createJwt") && sdk.contains("token issue"), "{sdk}");
    let key = [("Key ID, which begins", "app_0123456789abcdef"), ("not shown", OTHER_SECRET)];
    let messaging = walk(&local, &["messaging"], &[&[EMAIL, ENTER, ("Keep it?", "no")], &key[..]].concat());
    assert!(messaging.contains("Create key") && messaging.contains("loginUser"), "{messaging}");
    assert_eq!(local.posted(), 0);
}

#[test]
fn a_program_runs_the_plan() {
    let local = Local::start(&[]);
    let plan = ["setup", "sso", "--email", EMAIL.1, "--json"];
    let plan = Operator::local(local.url()).run(&plan).well().json();
    let steps = plan["steps"].as_array().unwrap();
    let ids: Vec<_> = steps.iter().map(|step| step["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["admin-center", "secret", "assign", "user", "check"]);
    assert_eq!(steps[0]["fields"][0]["name"], "Remote login URL", "{plan}");
    let mut output = SECRET.to_owned();
    for step in steps {
        let command: Vec<_> = step["command"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        if !command.is_empty() {
            output = Operator::without_account().run_with(&command, &output).well().stdout;
        }
    }
    assert!(output.contains("Zendesk accepts the JWT and signs the user in"), "{output}");
}

#[test]
fn the_plan_of_a_configuration_has_its_path_key_and_audience() {
    let options = ["--configuration", "legacy", "--url", "https://sso.example.com/sso/legacy/login", "--json"];
    let account = ["--zendesk-subdomain", "acme", "--email", EMAIL.1];
    let operator = Operator::without_account();
    let plan = operator.run(&[&["setup", "sso"], &options[..], &account[..]].concat()).well().json();
    assert_eq!(plan["steps"][0]["fields"][0]["value"], "https://sso.example.com/sso/legacy/login");
    let command = |at: usize| plan["steps"][at]["command"].to_string();
    assert!(command(1).contains(r#""--configuration","legacy""#), "{plan}");
    assert!(command(3).contains(r#""--audience","sso:legacy""#), "{plan}");
    assert!(command(4).contains(r#""--zendesk-subdomain","acme","--ask-zendesk","--yes""#), "{plan}");
    assert_eq!(plan["configuration"], Value::from("legacy"));
}

#[test]
fn the_walk_needs_a_terminal_and_the_plan_every_answer() {
    let operator = Operator::without_account();
    operator.run(&["setup", "sso"]).refused(2, &["--json"]);
    operator.run(&["setup", "sso", "--json"]).refused(2, &["--url"]);
    operator.run(&["setup", "sso", "--json", "--url", "http://sso.example.com"]).refused(2, &["https://"]);
    operator.run(&["setup", "sdk", "--json", "--url", "https://sdk.example.com"]).refused(2, &["--email"]);
}
