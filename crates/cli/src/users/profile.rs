//! The options for a user's profile: one for each field that the table has about users.

use std::fmt;

use clap::{Arg, ArgAction, ArgMatches, Command, Error, FromArgMatches};
use serde_json::{Map, Value, json};

use crate::aws::fields::{FIELDS, Field, Shape};

/// The fields that the operator gave.
pub(super) struct ProfileOptions(pub(super) Map<String, Value>);

impl clap::Args for ProfileOptions {
    fn augment_args(command: Command) -> Command {
        let no_tags = Arg::new("no_tags").long("no-tags").conflicts_with("tags").action(ArgAction::SetTrue);
        let no_tags = no_tags.help("No tags, which removes all that the user has in Zendesk");
        command.next_help_heading("Profile").args(FIELDS.iter().filter_map(option)).arg(no_tags)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn option(field: &Field) -> Option<Arg> {
    let (value_name, help) = field.option?;
    let (name, shape) = (field.name, field.shape);
    let long = if is_repeated(shape) { name.trim_end_matches('s') } else { name }.replace('_', "-");
    let arg = Arg::new(name).long(long).value_name(value_name).help(help);
    let arg = arg.value_parser(move |text: &str| value(shape, text));
    Some(match shape {
        Shape::Flag => arg.num_args(0..=1).default_missing_value("true"),
        _ if is_repeated(shape) => arg.action(ArgAction::Append),
        _ => arg,
    })
}

fn is_repeated(shape: Shape) -> bool {
    matches!(shape, Shape::TextSet | Shape::TextList | Shape::Object)
}

/// The value of one occurrence of an option.
fn value(shape: Shape, text: &str) -> Result<Value, String> {
    match shape {
        Shape::Text | Shape::TextSet | Shape::TextList => Ok(text.into()),
        Shape::Integer => text.parse::<i64>().map(Value::from).map_err(|_| "the value must be a whole number".into()),
        Shape::Flag => text.parse::<bool>().map(Value::from).map_err(|_| "the value must be true or false".into()),
        Shape::Object => {
            let (key, value) = text.split_once('=').ok_or("a custom field is KEY=VALUE")?;
            Ok(json!({ key: serde_json::from_str(value).unwrap_or_else(|_| Value::from(value)) }))
        }
    }
}

impl FromArgMatches for ProfileOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut fields = Map::new();
        for field in FIELDS.iter().filter(|field| field.option.is_some()) {
            let Some(values) = matches.get_many::<Value>(field.name) else { continue };
            let mut values = values.cloned();
            let value = match field.shape {
                Shape::TextSet | Shape::TextList => values.collect(),
                Shape::Object => values.filter_map(|value| value.as_object().cloned()).flatten().collect(),
                Shape::Text | Shape::Integer | Shape::Flag => values.next().unwrap_or_default(),
            };
            fields.insert(field.name.to_owned(), value);
        }
        if matches.get_flag("no_tags") {
            fields.insert("tags".into(), json!([]));
        }
        // A new address never inherits `true`.
        if fields.contains_key("email") {
            fields.entry("email_verified").or_insert(Value::Bool(false));
        }
        Ok(Self(fields))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl fmt::Debug for ProfileOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProfileOptions(…)")
    }
}
