//! The sample events in `events/` give the status that `events/README.md` documents.

use crate::support::{Kind, Setup, users};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The known user token in the events.
const TOKEN: &str = "BD2F35A7621";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("events")
}

fn is_event(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|extension| extension == "json")
}

/// The documented status of each event, by file name.
fn documented() -> BTreeMap<String, u16> {
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let row = |line: &str| {
        let mut cells = line.trim().trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`'));
        let file = cells.next().filter(|cell| is_event(cell))?.to_owned();
        Some((file, cells.next_back()?.parse().ok()?))
    };
    readme.lines().filter(|line| line.starts_with('|')).filter_map(row).collect()
}

fn get_the_documented_status(kind: Kind) {
    let setup = Setup::of(kind).env("SESSION_COOKIE", "session").env("LOGIN_URL", "https://www.example.com/login");
    let setup = setup.env("ALLOWED_ORIGINS", "https://www.example.com");
    let keys = kind.signing_keys(&[("ios", "secret-of-the-app-0123456789"), ("legacy", "secret-of-legacy-0123456789")]);
    let service = setup.env("CONFIGURATIONS", r#"{"ios":{},"legacy":{}}"#).secret(&keys.to_string()).start();
    service.aws.put_user(TOKEN, &users::demo());

    let events: Vec<_> = documented().into_iter().filter(|(file, _)| file.starts_with(kind.name())).collect();
    assert!(!events.is_empty());
    for (file, status) in events {
        let event = std::fs::read(folder().join(&file)).unwrap();
        let invocation = service.function.invoke(serde_json::from_slice(&event).expect(&file));
        let response = invocation.outcome.unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(response["statusCode"], status, "{file}: {response}");
    }
}

#[test]
fn events_of_the_sdk_exchange_get_the_documented_status() {
    get_the_documented_status(Kind::SdkExchange);
}

#[test]
fn events_of_the_messaging_token_get_the_documented_status() {
    get_the_documented_status(Kind::MessagingToken);
}

#[test]
fn events_of_the_sso_redirect_get_the_documented_status() {
    get_the_documented_status(Kind::SsoRedirect);
}

#[test]
fn every_event_is_json_and_documented() {
    let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let (mut found, documented) = (0, documented());
    for file in files.filter(|file| is_event(file)) {
        assert!(documented.contains_key(&file), "{file} is not in the table");
        serde_json::from_slice::<Value>(&std::fs::read(folder().join(&file)).unwrap()).expect(&file);
        found += 1;
    }
    assert_eq!(found, documented.len(), "the table names files that do not exist");
}
