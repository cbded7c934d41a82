//! `template.yaml` as JSON, with intrinsic functions in their long form and every scalar as text.

use saphyr_parser::{Event, Parser};
use serde_json::{Map, Value};

/// The name of the stack in tests.
pub const STACK: &str = "a-stack";

/// The whole template.
pub fn template() -> Value {
    yaml(&std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/template.yaml")).unwrap())
}

/// A document in YAML.
pub fn yaml(text: &str) -> Value {
    let mut events = Parser::new_from_str(text).map(|event| event.unwrap().0);
    loop {
        if let Event::DocumentStart(_) = events.next().unwrap() {
            let first = events.next().unwrap();
            return value(first, &mut events);
        }
    }
}

/// The resources of a type by their logical ids.
pub fn resources<'a>(template: &'a Value, kind: &str) -> Vec<(&'a str, &'a Value)> {
    let all = template["Resources"].as_object().unwrap().iter();
    let found: Vec<_> =
        all.filter(|(_, resource)| resource["Type"] == kind).map(|(id, it)| (id.as_str(), it)).collect();
    assert!(!found.is_empty(), "no {kind}");
    found
}

/// A value in one line: its text, with `${…}` for references. Conditions count as false, as without parameters.
pub fn text(value: &Value) -> String {
    if let Some([_, _, otherwise]) = value["Fn::If"].as_array().map(Vec::as_slice) {
        return text(otherwise);
    }
    if let Some([body, variables]) = value["Fn::Sub"].as_array().map(Vec::as_slice) {
        let variables = variables.as_object().unwrap().iter();
        return variables.fold(text(body), |body, (name, value)| body.replace(&format!("${{{name}}}"), &text(value)));
    }
    let inner = match value {
        Value::String(text) => text.clone(),
        Value::Object(function) if function.len() == 1 => {
            let (name, argument) = function.iter().next().unwrap();
            let argument = argument.as_str().unwrap_or_else(|| panic!("not in one line: {value}"));
            if name == "Fn::Sub" { argument.to_owned() } else { format!("${{{argument}}}") }
        }
        _ => panic!("not in one line: {value}"),
    };
    inner.replace("${AWS::StackName}", STACK)
}

/// The texts of a list, or the one text that replaces a list.
pub fn texts(value: &Value) -> Vec<String> {
    value.as_array().map_or_else(|| vec![text(value)], |list| list.iter().map(text).collect())
}

fn value<'a>(event: Event<'a>, events: &mut impl Iterator<Item = Event<'a>>) -> Value {
    let (value, tag) = match event {
        Event::Scalar(text, _, _, tag) => (text.into_owned().into(), tag),
        Event::SequenceStart(_, tag) => {
            let mut list = Vec::new();
            loop {
                match events.next().unwrap() {
                    Event::SequenceEnd => break (list.into(), tag),
                    item => list.push(value(item, events)),
                }
            }
        }
        Event::MappingStart(_, tag) => {
            let mut map = Map::new();
            loop {
                match events.next().unwrap() {
                    Event::MappingEnd => break (map.into(), tag),
                    Event::Scalar(key, ..) => {
                        let item = events.next().unwrap();
                        let twice = map.insert(key.to_string(), value(item, events));
                        assert!(twice.is_none(), "{key} is there twice");
                    }
                    other => panic!("not a key: {other:?}"),
                }
            }
        }
        other => panic!("not a value: {other:?}"),
    };
    match tag {
        Some(tag) if matches!(tag.suffix.as_str(), "Ref" | "Condition") => one(&tag.suffix, value),
        Some(tag) => one(&format!("Fn::{}", tag.suffix), value),
        None => value,
    }
}

fn one(key: &str, value: Value) -> Value {
    Map::from_iter([(key.to_owned(), value)]).into()
}
