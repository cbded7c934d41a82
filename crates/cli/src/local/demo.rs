//! The users and secrets of the demo. They are public, so never use them elsewhere.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use zendesk_jwt_rules::Kind;

/// The cookie that carries the user token.
pub(crate) const SESSION_COOKIE: &str = "session";

/// The user token of the first demo user: the example in Zendesk's documentation.
pub(crate) const USER_TOKEN: &str = "BD2F35A7621";

pub(crate) const EXTERNAL_ID: &str = "demo-1";

pub(crate) const KID: &str = "app_demo";

pub(crate) fn secret_id(kind: Kind) -> String {
    format!("zendesk-jwt/{kind}")
}

pub(crate) fn shared_secret(kind: Kind) -> String {
    format!("demo-{kind}-shared-secret-not-for-production")
}

/// The values of all secrets in Secrets Manager, by name.
pub(crate) fn secrets() -> BTreeMap<String, String> {
    let value = |kind| match kind {
        Kind::Messaging => json!({"kid": KID, "secret": shared_secret(kind)}),
        Kind::Sdk | Kind::Sso => json!({"secret": shared_secret(kind)}),
    };
    Kind::ALL.into_iter().map(|kind| (secret_id(kind), value(kind).to_string())).collect()
}

#[derive(Debug)]
pub(crate) struct DemoUser {
    pub(crate) token: &'static str,
    /// What the user token demonstrates.
    pub(crate) shows: &'static str,
    /// The stored attributes except `token_hash`, in DynamoDB's JSON.
    pub(crate) attributes: Value,
}

pub(crate) fn users() -> Vec<DemoUser> {
    let user = |token, shows, attributes| DemoUser { token, shows, attributes };
    vec![
        user(
            USER_TOKEN,
            "a user who gets a JWT from all three flows",
            json!({
                "external_id": {"S": EXTERNAL_ID}, "name": {"S": "Demo User"},
                "email": {"S": "demo@example.com"}, "email_verified": {"BOOL": true},
                "phone": {"S": "+15555550100"}, "tags": {"L": [{"S": "demo"}]},
                "user_fields": {"M": {"plan": {"S": "free"}, "nickname": {"NULL": true}}},
            }),
        ),
        user(
            "demo-unverified",
            "an unverified e-mail address: messaging only",
            json!({
                "external_id": {"S": "demo-2"}, "name": {"S": "Demo Unverified"},
                "email": {"S": "unverified@example.com"}, "email_verified": {"BOOL": false},
            }),
        ),
        user(
            "demo-messaging-only",
            "a token for messaging only",
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
            "an expired token: refused",
            json!({
                "external_id": {"S": "demo-5"}, "name": {"S": "Demo Expired"},
                "email": {"S": "expired@example.com"}, "email_verified": {"BOOL": true},
                "expires_at": {"N": "1"},
            }),
        ),
    ]
}

/// A user of the demo identity provider. Those with the id of a demo user are the same person.
#[derive(Debug)]
pub(crate) struct IdentityProviderUser {
    pub(crate) subject: &'static str,
    pub(crate) name: &'static str,
    pub(crate) email: &'static str,
    pub(crate) email_verified: bool,
    /// What the ID token demonstrates.
    pub(crate) shows: &'static str,
}

pub(crate) fn identity_provider_users() -> Vec<IdentityProviderUser> {
    let user = |subject, name, email, email_verified, shows| IdentityProviderUser {
        subject,
        name,
        email,
        email_verified,
        shows,
    };
    vec![
        user(EXTERNAL_ID, "Demo User", "demo@example.com", true, "a user who gets a JWT from all three flows"),
        user(
            "demo-2",
            "Demo Unverified",
            "unverified@example.com",
            false,
            "an unverified e-mail address: messaging only",
        ),
        user("demo-6", "Demo Colleague", "colleague@example.com", true, "a user that only the identity provider knows"),
    ]
}
