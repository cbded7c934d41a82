//! Users as a company's backend stores them in the DynamoDB table.

use super::{Kind, now};
use aws_lc_rs::digest;
use serde_json::{Map, Value, json};

/// A user who gets a JWT of every kind.
pub fn demo() -> Value {
    json!({
        "external_id": "demo-1",
        "name": "Demo User",
        "email": "Demo.User@Example.com",
        "email_verified": true,
    })
}

/// `demo` with these changes. The value `REMOVED` removes an attribute.
pub fn demo_with(changes: &Value) -> Value {
    let mut user = demo();
    for (name, value) in changes.as_object().unwrap() {
        if value == REMOVED {
            user.as_object_mut().unwrap().remove(name);
        } else {
            user[name] = value.clone();
        }
    }
    user
}

pub const REMOVED: &str = "(removed)";

/// The item that a backend writes for `token`, in DynamoDB's JSON.
pub fn item(token: &str, user: &Value) -> Value {
    let mut item: Map<_, _> = user
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| {
            let set = name == "audiences";
            (name.clone(), if set { json!({ "SS": value }) } else { attribute(value) })
        })
        .collect();
    item.insert("token_hash".into(), json!({ "S": token_hash(token) }));
    Value::Object(item)
}

/// SHA-256 of the token's UTF-8 bytes in lower-case hexadecimal.
pub fn token_hash(token: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, token.as_bytes()))
}

/// A JSON value in DynamoDB's JSON.
pub fn attribute(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(flag) => json!({ "BOOL": flag }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(list) => json!({ "L": list.iter().map(attribute).collect::<Vec<_>>() }),
        Value::Object(map) => {
            json!({ "M": map.iter().map(|(name, value)| (name.clone(), attribute(value))).collect::<Map<_, _>>() })
        }
    }
}

/// Users that this function must refuse, each with the reason. An unknown token has no user.
pub fn refused_by(kind: Kind) -> Vec<(&'static str, Option<Value>)> {
    let audience = match kind {
        Kind::SdkExchange => json!(["messaging", "sso"]),
        Kind::MessagingToken => json!(["sdk", "sso"]),
        Kind::SsoRedirect => json!(["sdk", "messaging"]),
    };
    let mut changes = vec![
        ("expired", json!({ "expires_at": now() - 1 })),
        ("expires this second", json!({ "expires_at": now() })),
        ("suspended", json!({ "suspended": true })),
        ("for another audience", json!({ "audiences": audience })),
    ];
    changes.extend(match kind {
        Kind::MessagingToken => vec![("no external id", json!({ "external_id": REMOVED }))],
        Kind::SdkExchange | Kind::SsoRedirect => vec![
            ("an address that is not verified", json!({ "email_verified": false })),
            ("an address without `email_verified`", json!({ "email_verified": REMOVED })),
            ("no address", json!({ "email": REMOVED })),
            ("an empty address", json!({ "email": "" })),
            ("a null address", json!({ "email": null })),
            ("no name", json!({ "name": REMOVED })),
            ("an empty name", json!({ "name": "" })),
        ],
    });
    let refused = changes.into_iter().map(|(reason, changes)| (reason, Some(demo_with(&changes))));
    std::iter::once(("unknown", None)).chain(refused).collect()
}

/// Users with a malformed attribute, each with the name of the attribute.
pub fn malformed() -> Vec<(&'static str, Value)> {
    let changes = [
        ("expires_at", json!("tomorrow")),
        ("expires_at", json!(null)),
        ("expires_at", json!(1_639_608_035_000_u64)),
        ("suspended", json!("no")),
        ("suspended", json!(null)),
        ("audiences", json!(["chat"])),
        ("external_id", json!("x".repeat(256))),
        ("email_verified", json!("true")),
        ("email", json!("demo")),
        ("email", json!(["demo@example.com"])),
        ("name", json!(7)),
        ("role", json!("owner")),
        ("tags", json!("vip")),
        ("locale_id", json!("en")),
        ("user_fields", json!("{}")),
    ];
    changes.into_iter().map(|(attribute, value)| (attribute, demo_with(&json!({ attribute: value })))).collect()
}
