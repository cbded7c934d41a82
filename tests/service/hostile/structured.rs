//! The properties of `fuzz/src` for almost valid input, which random bytes seldom are.

use super::targets;
use crate::support::jwt::{Draft, NAMES, any_json, any_kind};
use crate::support::{EventSource, Request, users};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

fn cases() -> ProptestConfig {
    ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() }
}

/// Some pieces in a row, sometimes with any text between them.
fn pieces(of: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    let piece = prop_oneof![9 => select(of).prop_map(str::to_owned), 1 => any::<String>()];
    vec(piece, 0..most).prop_map(|pieces| pieces.concat())
}

/// The three parts of a token: sometimes JSON, sometimes a part of a valid token, sometimes anything.
fn token_parts() -> impl Strategy<Value = String> {
    let valid = include_str!("../../../fuzz/seeds/id_token/valid-eddsa.txt").trim();
    let valid: Vec<_> = valid.split('.').map(str::to_owned).collect();
    let claims = (any_json(), any_json(), any_json()).prop_map(|(sub, email, groups)| {
        json!({ "iss": "https://id.example.com", "aud": "acme", "exp": 4_102_444_800_u64, "sub": sub, "email": email, "groups": groups })
    });
    let encoded = prop_oneof![claims, any_json()].prop_map(|json| BASE64_URL_SAFE_NO_PAD.encode(json.to_string()));
    vec(prop_oneof![encoded, select(valid), "[A-Za-z0-9_-]{0,8}"], 2..4).prop_map(|parts| parts.join("."))
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn almost_valid_id_tokens_break_no_property(token in token_parts(), keys in any_json()) {
        targets::id_token(format!("{token}\n{}", json!({ "keys": [keys] })).as_bytes());
    }

    #[test]
    fn almost_valid_events_break_no_property(
        source in select(EventSource::ALL.as_slice()), request in any_request(), changes in vec((any::<Index>(), any_value()), 0..3),
    ) {
        let mut event = source.event(&request);
        for (place, value) in changes {
            let places = pointers(&event);
            *event.pointer_mut(place.get::<String>(&places)).unwrap() = value;
        }
        targets::event(event.to_string().as_bytes());
    }

    #[test]
    fn user_tokens_in_several_places_break_no_property(
        method in select(&["POST", "POST", "POST", "GET", "OPTIONS", "post"][..]),
        lines in vec(pieces(LINES, 6), 0..4),
        body in pieces(BODIES, 8),
    ) {
        targets::form_and_cookies(format!("{method}\n{}\n\n{body}", lines.join("\n")).as_bytes());
    }

    #[test]
    fn addresses_similar_to_zendesks_break_no_property(text in pieces(ADDRESSES, 9)) {
        targets::return_to(text.as_bytes());
    }

    #[test]
    fn items_with_attributes_of_any_type_break_no_property(changes in vec((select(ATTRIBUTES), any_attribute()), 0..4)) {
        let mut item = users::item("token", &users::demo());
        for (name, value) in changes {
            item[name] = value;
        }
        targets::item(json!({ "Item": item }).to_string().as_bytes());
    }

    #[test]
    fn almost_valid_secrets_break_no_property(secret in pieces(SECRETS, 5), kid in option::of(pieces(SECRETS, 3)), shape in 0..4) {
        let value = match shape {
            0 => json!({ "secret": secret, "kid": kid }),
            1 => json!({ "kid": secret, "secret": kid, "note": secret }),
            2 => json!(secret),
            _ => json!([{ "secret": secret }]),
        };
        targets::secret(value.to_string().as_bytes());
    }

    #[test]
    fn jwts_with_any_header_and_claims_break_no_property(
        kind in any_kind(),
        header in vec((select(&NAMES[..3]), any_json()), 0..2),
        claims in vec((select(&NAMES[3..]), any_json()), 0..3),
        inserted in pieces(INSERTED, 3),
        place: Index,
    ) {
        let draft = Draft::good(kind).signed_with("demo-shared-secret-not-for-production");
        let draft = header.into_iter().fold(draft, |draft, (name, value)| draft.header(name, value));
        let draft = claims.into_iter().fold(draft, |draft, (name, value)| draft.claim(name, value));
        let token = draft.token();
        let (before, after) = token.split_at(place.index(token.len()));
        targets::inspect(format!("{before}{inserted}{after}").as_bytes());
    }
}

const LINES: &[&str] = &[
    "content-type:",
    "application/x-www-form-urlencoded",
    "; charset=utf-8",
    "application/json",
    "authorization:",
    "Bearer ",
    "bearer  ",
    "Basic ",
    "cookie:",
    "session=",
    "theme=dark",
    "; ",
    ";",
    "=",
    "\"",
    "token",
    "\n",
    "\t",
];

const BODIES: &[&str] =
    &["user_token=", "user%5ftoken=", "token", "&", "=", "%", "%ff", "%00", "+", "\u{0}", "é", "%C3", "%A9", ";"];

const PATHS: &[&str] = &[
    "/sso/login",
    "/sso/logout",
    "/sdk/jwt",
    "/messaging/jwt",
    "/",
    "//",
    "/..",
    "%2f",
    "%",
    "?",
    "#",
    "\\",
    ":",
    "@",
    " ",
    "é",
];

const QUERIES: &[&str] = &[
    "return_to=",
    "kind=error",
    "message=",
    "brand_id=",
    "timestamp=",
    "&",
    "=",
    "%22",
    "\"",
    "<script>",
    " ",
    "#",
    "?",
    "%",
    "%ff",
    "https://acme.zendesk.com",
    "/hc",
    "1639608035",
    "-1",
    "99999999999999999999",
    "jwt%20signature",
    "\u{0}",
    "é",
];

const HEADERS: &[&str] = &[
    "host",
    "cookie",
    "authorization",
    "content-type",
    "origin",
    "sec-fetch-dest",
    "x-forwarded-proto",
    "access-control-request-method",
    "x-forwarded-for",
];

const VALUES: &[&str] = &[
    "session=",
    "__Host-zendesk-sign-ins=",
    "1767225600.",
    "BD2F35A7621",
    "expired",
    "suspended",
    "; ",
    "Bearer ",
    "application/x-www-form-urlencoded",
    "https://www.example.com",
    "https",
    "example.com",
    ":",
    "99999",
    "[",
    "@",
    " ",
    "document",
    "null",
];

const ADDRESSES: &[&str] = &[
    "https:",
    "http:",
    "javascript:",
    "blob:",
    "//",
    "/",
    "\\",
    "/.",
    "/..",
    "acme.zendesk.com",
    "help.example.com",
    "example.org",
    "@",
    ":",
    "443",
    ".",
    "%2f",
    "%5c",
    "%09",
    "%00",
    "%25",
    "?",
    "#",
    "&",
    "=",
    "\t",
    "\n",
    " ",
    "hc",
    "xn--",
    "。",
    "\u{ad}",
    "[::1]",
    "user",
];

const ATTRIBUTES: &[&str] = &[
    "external_id",
    "name",
    "email",
    "email_verified",
    "audiences",
    "expires_at",
    "suspended",
    "phone",
    "locale",
    "locale_id",
    "organization",
    "organizations",
    "organization_id",
    "organization_ids",
    "tags",
    "remote_photo_url",
    "role",
    "custom_role_id",
    "user_fields",
    "other",
];

const SECRETS: &[&str] = &[
    "demo-shared-secret",
    "0123456789",
    "012345",
    "app_",
    "5f0e1d2c",
    "…",
    "...",
    "*",
    "•",
    "\"",
    "'",
    "“",
    " ",
    "\n",
    "\u{a0}",
    "é",
    "\\",
];

const INSERTED: &[&str] = &[".", "=", "+", "/", "-", "_", "\"", "Bearer ", "{\"jwt\":\"", "\"}", " ", "\n", "e30", "é"];

/// A request in which any part may be unusual.
fn any_request() -> impl Strategy<Value = Request> {
    let method = select(&["POST", "GET", "OPTIONS", "HEAD", "DELETE", "PURGE"][..]);
    let header = (select(HEADERS).prop_map(str::to_owned), pieces(VALUES, 4));
    let parts = (method, pieces(PATHS, 3), pieces(QUERIES, 6), vec(header, 0..5), pieces(BODIES, 5));
    parts.prop_map(|(method, path, query, headers, body)| Request {
        method: method.to_owned(),
        path,
        query,
        headers,
        body: body.into_bytes(),
    })
}

/// A value of another type than expected.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        pieces(QUERIES, 3).prop_map(Value::from),
        pieces(PATHS, 3).prop_map(Value::from),
        pieces(VALUES, 3).prop_map(Value::from),
        vec(pieces(VALUES, 3), 0..3).prop_map(Value::from),
    ]
}

/// A stored attribute: a valid type with any value, or an unknown type.
fn any_attribute() -> impl Strategy<Value = Value> {
    let text = select(
        &["", "demo-1", "demo@example.com", "agent", "sso", "1767225600", "1767225600000", "-1", "1e3", "0x1", " "][..],
    );
    prop_oneof![
        3 => any_json().prop_map(|value| users::attribute(&value)),
        2 => text.clone().prop_map(|text| json!({ "S": text })),
        2 => text.clone().prop_map(|text| json!({ "N": text })),
        1 => text.clone().prop_map(|text| json!({ "SS": ["sdk", text] })),
        1 => text.prop_map(|text| json!({ "L": [{ "S": text }, { "S": "messaging" }] })),
        1 => any::<Vec<u8>>().prop_map(|bytes| json!({ "B": BASE64_STANDARD.encode(bytes) })),
        1 => any_json(),
    ]
}

/// Every JSON pointer into a document (RFC 6901).
fn pointers(value: &Value) -> Vec<String> {
    let escaped = |name: &String| name.replace('~', "~0").replace('/', "~1");
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (escaped(name), value)).collect(),
        Value::Array(values) => values.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let below = |(name, value)| pointers(value).into_iter().map(move |rest| format!("/{name}{rest}"));
    std::iter::once(String::new()).chain(members.into_iter().flat_map(below)).collect()
}
