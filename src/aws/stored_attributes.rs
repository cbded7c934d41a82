//! The attributes of an item in DynamoDB's own JSON, and what they stand for.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Number, Value};

/// A value with its type.
///
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html#Programming.LowLevelAPI.DataTypeDescriptors>
#[derive(Clone, Deserialize)]
pub enum Attribute {
    #[serde(rename = "S")]
    Text(String),
    /// Digits, since DynamoDB's numbers are more exact than JSON's.
    #[serde(rename = "N")]
    Number(String),
    #[serde(rename = "BOOL")]
    Flag(bool),
    #[serde(rename = "NULL")]
    Null(IgnoredAny),
    #[serde(rename = "SS")]
    Texts(Vec<String>),
    #[serde(rename = "L")]
    List(Vec<Attribute>),
    #[serde(rename = "M")]
    Map(HashMap<String, Attribute>),
    /// Bytes and sets of numbers or bytes, which no flow reads.
    #[serde(rename = "B", alias = "BS", alias = "NS")]
    Other(IgnoredAny),
}

impl Attribute {
    pub fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn into_integer(self) -> Option<i64> {
        match self {
            Self::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    pub fn into_flag(self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    /// A set of texts, or a list that holds nothing else.
    pub fn into_texts(self) -> Option<Vec<String>> {
        match self {
            Self::Texts(texts) => Some(texts),
            Self::List(values) => values.into_iter().map(Self::into_text).collect(),
            _ => None,
        }
    }

    pub fn into_object(self) -> Option<Map<String, Value>> {
        match self {
            Self::Map(map) => map.into_iter().map(|(key, value)| Some((key, value.into_json()?))).collect(),
            _ => None,
        }
    }

    /// The JSON that it stands for; none for bytes, which JSON does not have.
    pub fn into_json(self) -> Option<Value> {
        Some(match self {
            Self::Text(text) => Value::String(text),
            Self::Number(digits) => Value::Number(digits.parse::<Number>().ok()?),
            Self::Flag(flag) => Value::Bool(flag),
            Self::Null(_) => Value::Null,
            Self::List(values) => Value::Array(values.into_iter().map(Self::into_json).collect::<Option<_>>()?),
            Self::Texts(texts) => Value::Array(texts.into_iter().map(Value::String).collect()),
            map @ Self::Map(_) => Value::Object(map.into_object()?),
            Self::Other(_) => return None,
        })
    }
}
