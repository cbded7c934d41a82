//! Users as a company's backend stores them in the table of user tokens.

use super::{Kind, now};
use aws_lc_rs::digest;
use serde_json::{Map, Value, json};

/// A user with everything that all three functions require.
pub fn demo() -> Value {
    json!({
        "external_id": "demo-1",
        "name": "Demo User",
        "email": "Demo.User@Example.com",
        "email_verified": true,
    })
}

/// `demo` with changed attributes, and without those set to `REMOVED`.
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

/// Lower-case hexadecimal SHA-256 of the token's UTF-8 bytes.
pub fn token_hash(token: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, token.as_bytes()))
}

/// A JSON value as DynamoDB writes it.
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

/// Users that this function must refuse, with the reasons. `None` is an unknown token.
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
        ("expires at a word", json!({ "expires_at": "tomorrow" })),
        ("expires at null", json!({ "expires_at": null })),
        ("suspended by a word", json!({ "suspended": "no" })),
        ("suspended by null", json!({ "suspended": null })),
    ];
    changes.extend(match kind {
        Kind::MessagingToken => vec![
            ("no external id", json!({ "external_id": REMOVED })),
            ("an external id of 256 characters", json!({ "external_id": "x".repeat(256) })),
        ],
        Kind::SdkExchange | Kind::SsoRedirect => vec![
            ("an address that is not verified", json!({ "email_verified": false })),
            ("an address of unknown standing", json!({ "email_verified": REMOVED })),
            ("verified by a word", json!({ "email_verified": "true" })),
            ("no address", json!({ "email": REMOVED })),
            ("an empty address", json!({ "email": "" })),
            ("a null address", json!({ "email": null })),
            ("an address without a host", json!({ "email": "demo" })),
            ("a list for an address", json!({ "email": ["demo@example.com"] })),
            ("no name", json!({ "name": REMOVED })),
            ("an empty name", json!({ "name": "" })),
            ("a number for a name", json!({ "name": 7 })),
            ("a word for tags", json!({ "tags": "vip" })),
            ("a word for a locale number", json!({ "locale_id": "en" })),
            ("a text for user fields", json!({ "user_fields": "{}" })),
        ],
    });
    let refused = changes.into_iter().map(|(reason, changes)| (reason, Some(demo_with(&changes))));
    std::iter::once(("unknown", None)).chain(refused).collect()
}
