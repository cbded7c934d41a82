//! The command line as a whole.

use crate::account::Shell;
use crate::local::Local;
use crate::support::operator::Operator;
use zendesk_jwt::user::Profile;

#[test]
fn completions_exist_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = Operator::without_account().run(&["completions", shell]);
        assert_eq!(ended.status, 0, "{ended:?}");
        assert!(ended.stdout.contains("no-wait"), "{shell}: {ended:?}");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let ended = Operator::without_account().run(&["manual", folder.path().to_str().unwrap()]);
    assert_eq!(ended.status, 0, "{ended:?}");
    for page in ["zendesk-jwt.1", "zendesk-jwt-doctor.1", "zendesk-jwt-secret-put.1", "zendesk-jwt-token-issue.1"] {
        let text = std::fs::read_to_string(folder.path().join(page)).unwrap();
        assert!(text.contains("SYNOPSIS"), "{page}: {text}");
    }
    assert!(!folder.path().join("zendesk-jwt-manual.1").exists(), "a hidden command");
}

#[test]
fn the_tool_shows_its_help_without_a_subcommand() {
    let ended = Operator::without_account().run(&[]);
    assert_eq!(ended.status, 2, "{ended:?}");
    assert!(ended.stderr.contains("Usage:"), "{ended:?}");
}

/// Arguments, exit status and the words that say what to do.
type WrongInput = (&'static str, i32, &'static str);

#[rustfmt::skip]
const WRONG_INPUTS: [WrongInput; 45] = [
    ("user import nowhere.csv --dry-run", 1, "nowhere.csv cannot be read: No such file"),
    ("user import folder --dry-run", 2, "folder is a directory: give a CSV or JSON Lines file"),
    ("user import users.txt --dry-run", 2, "give --format, since users.txt may be CSV or JSON Lines"),
    ("user import utf16.csv --dry-run", 1, "the file is UTF-16: save it as UTF-8"),
    ("user import book.csv --dry-run", 1, "a spreadsheet or an archive: export it as CSV in UTF-8"),
    ("user import packed.csv --dry-run", 1, "the file is compressed: unpack it first"),
    ("user import empty.csv --dry-run", 1, "the header of the CSV file, its first line, is missing"),
    ("user import semicolons.csv --dry-run", 1, "semicolons between the columns: save the file with commas"),
    ("user import latin1.csv --dry-run", 1, "line 2: the line is not UTF-8: save the file as UTF-8"),
    ("user import array.jsonl --dry-run", 1, "not an object: write one object per line"),
    ("user import pretty.jsonl --dry-run", 1, "line 1: the object does not end on its line: write one object per line"),
    ("user import users.txt --format xlsx", 2, "possible values: csv, jsonl"),
    ("user import users.csv --give-up-after 5", 2, "time unit needed"),
    ("user import users.csv --concurrency many", 2, "give a number from 1 to 64"),
    ("user import users.csv --errors folder/none/bad", 1, "the file of bad lines, folder/none/bad, cannot be written"),
    ("user export --output folder", 1, "folder cannot be written: Is a directory"),
    ("user put --file utf16.csv", 1, "utf16.csv is not UTF-8 text: save it as UTF-8"),
    ("user put --file array.jsonl", 1, "array.jsonl holds JSON, but it is not one JSON object"),
    ("user put --file nowhere.json", 1, "nowhere.json cannot be read"),
    ("user put", 2, "--external-id <ID>"),
    ("user put --external-id demo-9 --email-verified=yes", 2, "the value must be true or false"),
    ("user put --external-id demo-9 --user-field plan", 2, "a custom field is KEY=VALUE"),
    ("user put --external-id demo-9 --role Agent", 1, "give `end_user`, `agent` or `admin`"),
    ("user put --external-id demo-9 --locale en", 2, "the value must be a whole number"),
    ("user put --external-id null", 1, "give each user's own id"),
    ("user update --external-id demo-1", 2, "there is nothing to change: give a field"),
    ("user update --external-id demo-1 --null name", 2, "possible values: phone"),
    ("user show --external-id nobody", 1, "check --external-id"),
    ("user show --external-id DEMO-1", 1, "but for `demo-1`"),
    ("user show --external-id demo-1 --table other", 1, "has no table other"),
    ("user show --external-id demo-1 --table a/b", 2, "the name of a table has 3 to 255 letters"),
    ("user forget --external-id demo-1", 2, "give --yes to delete everything"),
    ("token issue --external-id nobody", 1, "give the profile, for instance with --name"),
    ("token issue --external-id demo-1 --expires-in 30", 2, "give a number and a unit, such as 12h or 30d"),
    ("token issue --external-id demo-1 --expires-in -1d", 2, "give a number and a unit, such as 12h or 30d"),
    ("token issue --external-id demo-1 --expires-in 10000y", 2, "--no-expiry makes one that never expires"),
    ("token issue --external-id demo-1 --audience chat", 2, "give sdk, messaging or sso, or one with a configuration"),
    ("token show --token-file utf16.csv", 1, "the file of the user token is not UTF-8 text: save it as UTF-8"),
    ("token show --token-file empty.csv", 1, "the user token is empty"),
    ("token show --hash 0123", 2, "64 digits, or at least 8"),
    ("token show", 2, "give --token-file FILE, --token-file - or --hash HASH"),
    ("token fill users.csv users.csv", 1, "name another file, or give --overwrite"),
    ("secret put sso --secret-file utf16.csv", 1, "the file of the shared secret of sso is not UTF-8 text"),
    ("secret put sdk --kid app_demo", 2, "only messaging's key has a kid: leave out --kid"),
    ("secret check --sdk missing", 1, ""),
];

#[test]
fn each_wrong_input_gets_a_message_that_says_what_to_do() {
    let local = Local::start(&[]);
    let shell = Shell::new("").export("ZENDESK_JWT_LOCAL", local.url());
    std::fs::create_dir(shell.path("folder")).unwrap();
    let users = "external_id,token\ndemo-1,token\n";
    let utf16 = users.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let files: [(&str, &[u8]); 10] = [
        ("users.csv", users.as_bytes()),
        ("users.txt", users.as_bytes()),
        ("utf16.csv", &[b"\xFF\xFE".to_vec(), utf16].concat()),
        ("book.csv", b"PK\x03\x04\x14\0\x06\0"),
        ("packed.csv", b"\x1F\x8B\x08\0"),
        ("empty.csv", b""),
        ("semicolons.csv", b"external_id;token\n"),
        ("latin1.csv", b"external_id,token,name\ndemo-1,token,M\xFCller\n"),
        ("array.jsonl", b"[{\"external_id\": \"demo-1\"}]\n"),
        ("pretty.jsonl", b"{\n  \"external_id\": \"demo-1\"\n}\n"),
    ];
    for (name, content) in files {
        std::fs::write(shell.path(name), content).unwrap();
    }
    for (arguments, status, words) in WRONG_INPUTS {
        let ended = shell.run(&arguments.split(' ').collect::<Vec<_>>());
        assert_eq!(ended.status, status, "{arguments}: {ended:?}");
        assert!(ended.stderr.contains(words), "{arguments}: {ended:?}");
    }
    let checked = shell.run(&["secret", "check", "--sdk", "missing"]);
    assert!(checked.stdout.contains("has no secret missing"), "{checked:?}");
}

/// The help of a command and of all its subcommands, by name.
fn helps(command: &str) -> Vec<(String, String)> {
    let words: Vec<_> = command.split_whitespace().chain(["--help"]).collect();
    let help = Shell::new("").run(&words).well().stdout;
    let subcommands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<_> = subcommands.filter_map(|line| line.strip_prefix("  ")?.split_once(' ')).collect();
    let names = names.into_iter().map(|(name, _)| name).filter(|name| !name.is_empty() && *name != "help");
    let below: Vec<_> = names.flat_map(|name| helps(&format!("{command} {name}"))).collect();
    std::iter::once((command.trim().to_owned(), help)).chain(below).collect()
}

#[test]
fn every_subcommand_and_option_has_help_and_every_subcommand_names_its_exit_statuses() {
    let helps = helps("");
    assert!(helps.len() > 20, "{helps:?}");
    for (command, help) in &helps {
        let lines: Vec<_> = help.lines().take_while(|line| !line.starts_with("Example")).collect();
        assert!(!lines[0].is_empty() && !lines[0].starts_with("Usage:"), "{command} has no help");
        let is_option = |line: &str| line.starts_with("      --") || line.starts_with("  -");
        for at in (0..lines.len()).filter(|at| is_option(lines[*at])) {
            let has_help = lines[at].trim_start().contains("  ") || lines[at + 1].starts_with("          ");
            assert!(has_help, "{command} has no help for {}", lines[at]);
        }
    }
    let is_silent = |help: &str| !help.contains("Commands:") && !help.contains("Exit status");
    let without: Vec<_> =
        helps.iter().filter(|(_, help)| is_silent(help)).map(|(command, _)| command.as_str()).collect();
    // These two have only the usual 0 and 1.
    assert_eq!(without, ["local", "completions"]);
}

#[test]
fn every_claim_is_an_option_of_user_put() {
    let help = Shell::new("").run(&["user", "put", "--help"]).well().stdout;
    for claim in ["name", "email", "email_verified"].iter().chain(Profile::NAMES) {
        let option = match *claim {
            "tags" | "user_fields" => claim.trim_end_matches('s'),
            claim => claim,
        };
        assert!(help.contains(&format!("--{} ", option.replace('_', "-"))), "{claim}: {help}");
    }
}

#[test]
fn an_option_has_the_same_name_in_every_subcommand() {
    let help = |command: &str| {
        let shown = Shell::new("").run(&[&command.split(' ').collect::<Vec<_>>()[..], &["--help"]].concat()).well();
        shown.stdout
    };
    for command in [
        "user put",
        "user show",
        "user suspend",
        "user resume",
        "user update",
        "user forget",
        "user import",
        "user export",
        "token issue",
        "token fill",
        "token revoke",
        "token show",
        "token list",
        "secret put",
        "secret check",
        "inspect",
        "doctor",
    ] {
        assert!(help(command).contains("--json"), "{command}");
    }
    for command in ["user put", "token show", "token revoke", "doctor"] {
        assert!(help(command).contains("--token-file <FILE>"), "{command}");
    }
    for command in ["secret put", "inspect", "doctor"] {
        assert!(help(command).contains("--secret-file <FILE>"), "{command}");
    }
}

#[test]
fn the_value_of_email_verified_needs_no_equals_sign() {
    let local = Local::start(&[]);
    let shell = Shell::new("").export("ZENDESK_JWT_LOCAL", local.url());
    for value in [&["--email-verified", "false"][..], &["--email-verified=false"]] {
        shell.run(&[&["user", "update", "--external-id", "demo-1"], value].concat()).well();
    }
    shell.run(&["user", "update", "--external-id", "demo-1", "--email-verified"]).well();
}

#[test]
fn a_byte_order_mark_is_not_part_of_a_secret_or_a_token() {
    let local = Local::start(&[]);
    let shell = Shell::new("").export("ZENDESK_JWT_LOCAL", local.url());
    std::fs::write(shell.path("token"), "\u{feff}BD2F35A7621\r\n").unwrap();
    std::fs::write(shell.path("secret"), "\u{feff}demo-secret-0123456789\r\n").unwrap();
    shell.run(&["token", "show", "--token-file", "token"]).well();
    let stored = shell.run(&["secret", "put", "sso", "--secret-file", "secret", "--no-wait", "--json"]).well();
    assert_eq!(stored.json()["characters"], 22);
}
