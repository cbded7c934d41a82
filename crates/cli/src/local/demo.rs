//! The users and secrets of the demo. They are public, so never use them elsewhere.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::at;
use zendesk_jwt::config::configurations::NamedConfigurations;
use zendesk_jwt::user::UserToken;
use zendesk_jwt_rules::signing_key::{SharedKey, SigningKeyProblem};
use zendesk_jwt_rules::{ConfigurationName, Kind};
use zendesk_jwt_simulator::{self as zendesk, Account, App, Messaging, Sso};

/// The cookie that carries the user token.
pub(crate) const SESSION_COOKIE: &str = "session";

/// The user token of the first demo user: the example in Zendesk's documentation.
pub(crate) const USER_TOKEN: &str = "BD2F35A7621";

pub(crate) const EXTERNAL_ID: &str = "demo-1";

/// The key of a user token in the table; empty if the token cannot be one.
pub(crate) fn token_hash(token: &str) -> String {
    UserToken::parse(token).map(|token| token.hash()).unwrap_or_default()
}

pub(crate) fn secret_id(kind: Kind) -> String {
    format!("zendesk-jwt/{kind}")
}

/// The first secret of a kind and configuration.
pub(crate) fn shared_secret(kind: Kind, configuration: Option<&ConfigurationName>) -> String {
    format!("demo-{kind}-shared-secret-not-for-production{}", suffix(configuration))
}

/// The key id of messaging's key.
pub(crate) fn kid(configuration: Option<&ConfigurationName>) -> String {
    format!("app_demo{}", suffix(configuration))
}

fn suffix(configuration: Option<&ConfigurationName>) -> String {
    configuration.map(|name| format!("-{name}")).unwrap_or_default()
}

/// The values of all secrets in Secrets Manager, by name.
pub(crate) fn secrets(configurations: &NamedConfigurations) -> BTreeMap<String, String> {
    let key = |kind, configuration| {
        let secret = shared_secret(kind, configuration);
        match kind {
            Kind::Messaging => json!({"kid": kid(configuration), "secret": secret}),
            Kind::Sdk | Kind::Sso => json!({"secret": secret}),
        }
    };
    let value = |kind| {
        let mut value = key(kind, None);
        for name in configurations.names() {
            value["configurations"][name.as_str()] = key(kind, Some(name));
        }
        (secret_id(kind), value.to_string())
    };
    Kind::ALL.map(value).into()
}

/// The account of the simulated Zendesk, for functions at `own_url`. Its keys are the first ones of Secrets Manager:
/// after a change there, this Zendesk refuses the JWTs.
pub(super) fn account(own_url: &Url, configurations: &NamedConfigurations) -> Result<Account, SigningKeyProblem> {
    let url = |kind, name: Option<&ConfigurationName>, page| {
        let configuration = name.map(|name| format!("/{name}")).unwrap_or_default();
        at(own_url, &format!("/{kind}{configuration}/{page}"))
    };
    let key = |kind, name| SharedKey::new(kind, &shared_secret(kind, name), Some(&kid(name)));
    let user_token = |user: DemoUser| zendesk::UserToken { token: user.token.to_owned(), shows: user.shows.to_owned() };
    let mut account = Account {
        user_tokens: users().into_iter().map(user_token).collect(),
        workbench: Some(own_url.clone()),
        ..Account::default()
    };
    let mut messaging = Messaging { jwt_url: url(Kind::Messaging, None, "jwt"), keys: Vec::new() };
    for configuration in std::iter::once(None).chain(configurations.names().map(Some)) {
        let name = configuration.map(ToString::to_string).unwrap_or_default();
        let (sdk, sso) = (key(Kind::Sdk, configuration)?, key(Kind::Sso, configuration)?);
        account.apps.push(App { name: name.clone(), jwt_url: url(Kind::Sdk, configuration, "jwt"), key: sdk });
        account.sso.push(Sso {
            name,
            login_url: url(Kind::Sso, configuration, "login"),
            logout_url: Some(url(Kind::Sso, configuration, "logout")),
            key: sso,
        });
        // Zendesk finds a messaging key by its id alone.
        messaging.keys.push(key(Kind::Messaging, configuration)?);
    }
    account.messaging = Some(messaging);
    Ok(account)
}

#[derive(Debug, Deserialize)]
pub(crate) struct DemoUser {
    pub(crate) token: &'static str,
    /// What the user token demonstrates.
    pub(crate) shows: &'static str,
    /// The stored attributes except `token_hash`, in DynamoDB's JSON.
    pub(crate) attributes: Value,
}

pub(crate) fn users() -> Vec<DemoUser> {
    serde_json::from_str(include_str!("../../demo/users.json")).unwrap_or_default()
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
