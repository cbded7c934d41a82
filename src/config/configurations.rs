//! `CONFIGURATIONS`: the settings of the named configurations, as JSON.
//!
//! One variable serves all three functions, so each function checks every setting and uses those that it has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use url::{Host, Url};
use zendesk_jwt_rules::{ConfigurationName, Configurations};

use super::{cookie_name, host, login_url, origin, web_address, zendesk_origin};
use crate::handlers::sso_redirect::LoginUrl;
use crate::handlers::{messaging_token, sdk_exchange, sso_redirect};

/// The named configurations, with the settings that replace the function's own.
#[derive(Clone, Debug, Default)]
pub struct NamedConfigurations(BTreeMap<ConfigurationName, Vec<Setting>>);

/// A setting. An empty text or list turns it off.
#[derive(Clone, Debug)]
enum Setting {
    Zendesk(Url),
    LoginUrl(Option<LoginUrl>),
    PostLogoutUrl(Option<Url>),
    ReturnToHosts(Vec<Host>),
    AllowedOrigins(Vec<String>),
    SessionCookie(Option<String>),
}

impl NamedConfigurations {
    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &ConfigurationName> {
        self.0.keys()
    }

    /// The settings of `sdk-exchange`, which no configuration replaces.
    #[must_use]
    pub fn of_sdk(&self, settings: sdk_exchange::Settings) -> Configurations<sdk_exchange::Settings> {
        self.apply(settings, |_, _| {})
    }

    /// The settings of `messaging-token`.
    #[must_use]
    pub fn of_messaging(&self, settings: messaging_token::Settings) -> Configurations<messaging_token::Settings> {
        self.apply(settings, |settings, setting| match setting {
            Setting::AllowedOrigins(origins) => settings.allowed_origins = origins,
            Setting::SessionCookie(name) => settings.session_cookie = name,
            _ => {}
        })
    }

    /// The settings of `sso-redirect`. A simulated Zendesk stands for every account.
    #[must_use]
    pub fn of_sso(
        &self,
        settings: sso_redirect::Settings,
        is_simulated: bool,
    ) -> Configurations<sso_redirect::Settings> {
        self.apply(settings, |settings, setting| match setting {
            Setting::Zendesk(_) if is_simulated => {}
            Setting::Zendesk(origin) => settings.zendesk.origin = origin,
            Setting::LoginUrl(url) => settings.login_url = url,
            Setting::PostLogoutUrl(url) => settings.post_logout_url = url,
            Setting::ReturnToHosts(hosts) => settings.zendesk.others = hosts,
            Setting::AllowedOrigins(origins) => settings.allowed_origins = origins,
            Setting::SessionCookie(name) => settings.session_cookie = name,
        })
    }

    fn apply<T: Clone>(&self, unnamed: T, replace: impl Fn(&mut T, Setting)) -> Configurations<T> {
        let named = self.0.iter().map(|(name, replacements)| {
            let mut settings = unnamed.clone();
            for setting in replacements {
                replace(&mut settings, setting.clone());
            }
            (name.clone(), settings)
        });
        Configurations { named: named.collect(), unnamed }
    }
}

impl Setting {
    fn parse(member: &str, value: &Value) -> Result<Self, String> {
        Ok(match member {
            "zendesk_subdomain" => Self::Zendesk(zendesk_origin(text(value)?)?),
            "login_url" => Self::LoginUrl(unless_empty(text(value)?, login_url)?),
            "post_logout_url" => Self::PostLogoutUrl(unless_empty(text(value)?, web_address)?),
            "return_to_hosts" => Self::ReturnToHosts(list(value, host)?),
            "allowed_origins" => Self::AllowedOrigins(list(value, origin)?),
            "session_cookie" => Self::SessionCookie(unless_empty(text(value)?, cookie_name)?),
            _ => {
                let members = "zendesk_subdomain, login_url, post_logout_url, return_to_hosts, allowed_origins and \
                    session_cookie";
                return Err(format!("is not a setting of a configuration: the settings are {members}"));
            }
        })
    }
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "should be a text in quotes".to_owned())
}

fn unless_empty<T>(text: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    (!text.is_empty()).then(|| parse(text)).transpose()
}

fn list<T>(value: &Value, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    let values = value.as_array().ok_or_else(|| "should be a list such as [\"…\"]".to_owned())?;
    values.iter().map(|value| parse(text(value)?)).collect()
}

/// Reads the whole variable.
///
/// # Errors
/// All problems, each with its path: `CONFIGURATIONS.legacy.login_url is …`.
pub fn parse(json: &str) -> Result<NamedConfigurations, Vec<String>> {
    let mut problems = Vec::new();
    let mut problem = |path: &str, what: &str| problems.push(format!("CONFIGURATIONS{path} {what}"));
    let mut configurations = BTreeMap::new();
    let members = serde_json::from_str(json).unwrap_or_else(|error| {
        problem("", &format!(r#"should be JSON such as {{"ios":{{}},"web":{{"session_cookie":"id"}}}}: {error}"#));
        Members(Vec::new())
    });
    for (text, settings) in members.0 {
        let path = format!(".{text}");
        let Some(name) = ConfigurationName::parse(&text) else {
            problem(&path, &format!("is not a name: it should be {}", ConfigurationName::EXPECTED));
            continue;
        };
        let Ok(Members(settings)) = serde_json::from_str(settings.get()) else {
            problem(&path, "should be a JSON object of settings, such as {}");
            continue;
        };
        let mut replacements = Vec::new();
        let mut members = BTreeSet::new();
        for (member, value) in settings {
            let path = format!("{path}.{member}");
            let read = serde_json::from_str(value.get()).map_err(|error| format!("is not valid JSON: {error}"));
            match read.and_then(|value| Setting::parse(&member, &value)) {
                Ok(setting) => replacements.push(setting),
                Err(what) => problem(&path, &what),
            }
            if !members.insert(member) {
                problem(&path, "is there twice");
            }
        }
        if configurations.insert(name, replacements).is_some() {
            problem(&path, "is there twice");
        }
    }
    if problems.is_empty() { Ok(NamedConfigurations(configurations)) } else { Err(problems) }
}

/// The members of a JSON object in their order. A map would hide that a member is there twice.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}
