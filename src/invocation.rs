//! What Lambda invokes a function with: an HTTP request, or something else.

use lambda_http::request::LambdaRequest;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::web;

/// The most members of an unknown event that the log names.
const MOST_MEMBERS: usize = 10;

/// An invocation. Every JSON value is one, so that none is an error of the function: such errors roll deployments back.
pub enum Invocation {
    /// An event of API Gateway, a function URL or a load balancer.
    Http(Box<LambdaRequest>),
    /// Anything else, for example a warm-up ping or a test in the AWS console. The text describes it for the log.
    Other(String),
}

impl<'de> Deserialize<'de> for Invocation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = <&RawValue>::deserialize(deserializer)?.get();
        Ok(match web::read_event(event) {
            Ok(request) => Self::Http(Box::new(request)),
            Err(_) => Self::Other(description(event)),
        })
    }
}

/// Shows types and names, but no values: a value may be secret.
fn description(event: &str) -> String {
    match serde_json::from_str(event) {
        Ok(Value::Object(members)) if members.is_empty() => "an empty object".to_owned(),
        Ok(Value::Object(members)) => {
            let names = members.keys().map(|name| if is_plain(name) { name } else { "(other)" });
            let rest = if members.len() > MOST_MEMBERS { ", …" } else { "" };
            format!("an object with {}{rest}", names.take(MOST_MEMBERS).collect::<Vec<_>>().join(", "))
        }
        Ok(Value::Array(_)) => "an array".to_owned(),
        Ok(Value::String(_)) => "a string".to_owned(),
        Ok(Value::Number(_)) => "a number".to_owned(),
        Ok(Value::Bool(_)) => "a Boolean".to_owned(),
        Ok(Value::Null) => "null".to_owned(),
        Err(_) => "JSON that is nested too deeply".to_owned(),
    }
}

fn is_plain(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(event: &str) -> String {
        match serde_json::from_str(event).unwrap() {
            Invocation::Http(_) => "a request".to_owned(),
            Invocation::Other(description) => description,
        }
    }

    #[test]
    fn an_http_event_is_a_request() {
        assert_eq!(described(include_str!("warm_up.json")), "a request");
    }

    #[test]
    fn another_event_is_described_without_its_values() {
        for (event, expected) in [
            ("null", "null"),
            ("7", "a number"),
            ("true", "a Boolean"),
            (r#""secret""#, "a string"),
            (r#"["secret"]"#, "an array"),
            ("{}", "an empty object"),
            (r#"{"source": "secret", "detail-type": {"a": "secret"}}"#, "an object with detail-type, source"),
            (r#"{"a secret\n": 1, "": 2}"#, "an object with (other), (other)"),
        ] {
            assert_eq!(described(event), expected, "{event}");
        }
        let many: Vec<_> = (10..30).map(|number| format!(r#""m{number}": 0"#)).collect();
        let described = described(&format!("{{{}}}", many.join(",")));
        assert!(described.ends_with("m19, …"), "{described}");
    }

    #[test]
    fn an_event_that_is_nested_too_deeply_is_described() {
        let event = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(described(&event), "JSON that is nested too deeply");
    }
}
