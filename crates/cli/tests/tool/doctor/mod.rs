//! `zendesk-jwt doctor` against correct endpoints, and against endpoints with one fault each.

use crate::support::jwt::sign;
use crate::support::operator::{Done, Operator};
use crate::support::server::BrokenServer;
use crate::support::{Answer, Request, now};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

mod calling;
mod connection;
mod id_token;
mod messaging;
mod own_endpoints;
mod sdk;
mod sso;
mod zendesk;

/// The user token that the endpoints know. A form must encode it.
const USER_TOKEN: &str = "good-token/1+2=3";
/// The same for a cookie or header, where nothing may be encoded.
const PLAIN_TOKEN: &str = "good-token-123";
const SECRET: &str = "shared-secret-0123456789-abcdefghijklmnopqrstuvwxyz";
const KID: &str = "app_0123456789abcdef";

/// The user in the JWTs, never shown.
const NAME: &str = "Demo User";
const EMAIL: &str = "demo@example.com";

/// The report and the exit status.
struct Diagnosis {
    status: i32,
    report: Value,
}

impl Diagnosis {
    /// Runs the doctor with a user token on standard input, unless it is empty.
    fn of(url: &str, user_token: &str, arguments: &[&str]) -> Self {
        let output = run(url, user_token, &[arguments, &["--json"]].concat());
        let report = serde_json::from_str(&output.stdout);
        let diagnosis = Self {
            status: output.status,
            report: report.unwrap_or_else(|error| panic!("{error}: {} {}", output.stdout, output.stderr)),
        };
        assert_eq!(diagnosis.report["healthy"], diagnosis.status == 0, "{}", diagnosis.report);
        diagnosis
    }

    fn check(&self, id: &str) -> &Value {
        let checks = self.report["checks"].as_array().unwrap();
        let mut found = checks.iter().filter(|check| check["id"] == id);
        let check = found.next().unwrap_or_else(|| panic!("no {id} in {:#}", self.report));
        assert!(found.next().is_none(), "{id} is there twice");
        check
    }

    fn state(&self, id: &str) -> &str {
        self.check(id)["state"].as_str().unwrap()
    }

    /// The checks that ended in this state, without `speed`, which depends on the machine.
    fn ids(&self, state: &str) -> Vec<&str> {
        let checks = self.report["checks"].as_array().unwrap().iter();
        let found = checks.filter(|check| check["state"] == state).map(|check| check["id"].as_str().unwrap());
        found.filter(|id| *id != "speed").collect()
    }

    /// Asserts that only these checks failed, and that the first one says these words.
    #[track_caller]
    fn fails(&self, ids: &[&str], words: &[&str]) {
        assert_eq!(self.ids("fail"), ids, "{:#}", self.report);
        assert_eq!(self.status, 1);
        self.says(ids[0], words);
    }

    /// Asserts that nothing failed, and that only these checks are warnings, of which the first says these words.
    #[track_caller]
    fn warns(&self, ids: &[&str], words: &[&str]) {
        assert_eq!((self.ids("warn"), self.ids("fail")), (ids.to_vec(), Vec::new()), "{:#}", self.report);
        self.says(ids[0], words);
    }

    /// The checks that must be fixed before everything else.
    fn critical(&self) -> Vec<&str> {
        let checks = self.report["checks"].as_array().unwrap().iter();
        checks.filter(|check| check["critical"] == true).map(|check| check["id"].as_str().unwrap()).collect()
    }

    #[track_caller]
    fn says_seen(&self, id: &str, words: &str) {
        let seen = self.check(id)["seen"].as_str().unwrap();
        assert!(seen.contains(words), "no `{words}` in: {seen}");
    }

    #[track_caller]
    fn says(&self, id: &str, words: &[&str]) {
        let check = self.check(id);
        let said = format!("{} {}", check["seen"].as_str().unwrap(), check["remedy"].as_str().unwrap());
        for words in words {
            assert!(said.contains(words), "no `{words}` in: {said}");
        }
    }
}

fn run(url: &str, user_token: &str, arguments: &[&str]) -> Done {
    let given: &[&str] = if user_token.is_empty() { &[] } else { &["--token-file", "-"] };
    Operator::without_account().run_with(&[&["doctor", url], arguments, given].concat(), &format!("{user_token}\n"))
}

fn file(text: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn path(file: &NamedTempFile) -> &str {
    file.path().to_str().unwrap()
}

fn answer(status: u16, content_type: &str, body: impl Into<String>) -> Answer {
    Answer::new(status, &[("content-type", content_type), ("cache-control", "no-store")], body)
}

/// The answer with one header set, or without it if `value` is empty.
fn with_header(mut answer: Answer, name: &str, value: &str) -> Answer {
    answer.headers.retain(|(found, _)| found != name);
    if !value.is_empty() {
        answer.headers.push((name.to_owned(), value.to_owned()));
    }
    answer
}

fn refusal() -> Answer {
    answer(401, "application/problem+json", r#"{"title": "Unauthorized"}"#)
}

/// The claims of a Support SDK or SSO token, each time with another `jti`.
fn profile() -> Value {
    let mut jti = [0; 16];
    aws_lc_rs::rand::fill(&mut jti).unwrap();
    json!({ "name": NAME, "email": EMAIL, "iat": now(), "jti": hex::encode(jti) })
}

fn header() -> Value {
    json!({ "alg": "HS256", "typ": "JWT" })
}

/// The decoded fields of a request that is a form.
fn form(request: &Request) -> Vec<(String, String)> {
    if request.method != "POST" || request.content_type() != Some("application/x-www-form-urlencoded") {
        return Vec::new();
    }
    form_urlencoded::parse(&request.body).into_owned().collect()
}

fn user_token(request: &Request) -> Option<String> {
    form(request).into_iter().find(|(name, _)| name == "user_token").map(|(_, value)| value)
}
