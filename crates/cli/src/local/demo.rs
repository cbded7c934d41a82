//! The demo's users and secrets. They are public, so they vouch for nobody anywhere else.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use zendesk_jwt_rules::Kind;

/// The cookie that carries the user token.
pub(crate) const SESSION_COOKIE: &str = "session";

/// The user token of the first demo user, which is the one in Zendesk's own documentation.
pub(crate) const USER_TOKEN: &str = "BD2F35A7621";

/// That user's external id.
pub(crate) const EXTERNAL_ID: &str = "demo-1";

/// The key id of the demo's messaging key.
pub(crate) const KID: &str = "app_demo";

/// The name of the secret that holds the signing key of `kind`.
pub(crate) fn secret_id(kind: Kind) -> String {
    format!("zendesk-jwt/{kind}")
}

/// The demo's shared secret of `kind`.
pub(crate) fn shared_secret(kind: Kind) -> String {
    format!("demo-{kind}-shared-secret-not-for-production")
}

/// All secrets by name, with the values that Secrets Manager would hold.
pub(crate) fn secrets() -> BTreeMap<String, String> {
    let value = |kind| match kind {
        Kind::Messaging => json!({"kid": KID, "secret": shared_secret(kind)}),
        Kind::Sdk | Kind::Sso => json!({"secret": shared_secret(kind)}),
    };
    Kind::ALL.into_iter().map(|kind| (secret_id(kind), value(kind).to_string())).collect()
}

/// A demo user: the token, what it shows, and the stored attributes beside `token_hash`.
#[derive(Debug)]
pub(crate) struct DemoUser {
    /// The user token.
    pub(crate) token: &'static str,
    /// What there is to see with it.
    pub(crate) shows: &'static str,
    /// DynamoDB's own JSON.
    pub(crate) attributes: Value,
}

/// The demo users.
pub(crate) fn users() -> Vec<DemoUser> {
    let user = |token, shows, attributes| DemoUser { token, shows, attributes };
    vec![
        user(
            USER_TOKEN,
            "a user whom all three flows vouch for",
            json!({
                "external_id": {"S": EXTERNAL_ID}, "name": {"S": "Demo User"},
                "email": {"S": "demo@example.com"}, "email_verified": {"BOOL": true},
                "phone": {"S": "+15555550100"}, "tags": {"L": [{"S": "demo"}]},
                "user_fields": {"M": {"plan": {"S": "free"}, "nickname": {"NULL": true}}},
            }),
        ),
        user(
            "demo-unverified",
            "an e-mail address that is not verified: messaging only",
            json!({
                "external_id": {"S": "demo-2"}, "name": {"S": "Demo Unverified"},
                "email": {"S": "unverified@example.com"}, "email_verified": {"BOOL": false},
            }),
        ),
        user(
            "demo-messaging-only",
            "a token whose audience is messaging",
            json!({
                "external_id": {"S": "demo-3"}, "name": {"S": "Demo Visitor"},
                "email": {"S": "visitor@example.com"}, "email_verified": {"BOOL": true},
                "audiences": {"SS": ["messaging"]},
            }),
        ),
        user(
            "demo-suspended",
            "a suspended user: refused",
            json!({
                "external_id": {"S": "demo-4"}, "name": {"S": "Demo Suspended"},
                "email": {"S": "suspended@example.com"}, "email_verified": {"BOOL": true},
                "suspended": {"BOOL": true},
            }),
        ),
        user(
            "demo-expired",
            "a token that has expired: refused",
            json!({
                "external_id": {"S": "demo-5"}, "name": {"S": "Demo Expired"},
                "email": {"S": "expired@example.com"}, "email_verified": {"BOOL": true},
                "expires_at": {"N": "1"},
            }),
        ),
    ]
}
