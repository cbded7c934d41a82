//! `CONFIGURATIONS`: the settings of the named configurations, as JSON.
//!
//! One variable serves all three functions, so each function checks every setting and uses those that it has.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;
use url::{Host, Url};
use zendesk_jwt_rules::ConfigurationName;

use super::{cookie_name, hosts, login_url, origins, web_address, zendesk_origin};
use crate::handlers::sso_redirect::{LoginUrl, ZendeskHosts};
use crate::handlers::{messaging_token, sso_redirect};

/// The settings of a configuration that differ from the function's own. An empty text or list is no setting at all.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    zendesk: Option<Url>,
    login_url: Option<Option<LoginUrl>>,
    post_logout_url: Option<Option<Url>>,
    return_to_hosts: Option<Vec<Host>>,
    allowed_origins: Option<Vec<String>>,
    session_cookie: Option<Option<String>>,
}

impl Overrides {
    pub(super) fn apply_to_messaging(&self, settings: &mut messaging_token::Settings) {
        replace(&mut settings.session_cookie, &self.session_cookie);
        replace(&mut settings.allowed_origins, &self.allowed_origins);
    }

    /// A simulated Zendesk stands for every account.
    pub(super) fn apply_to_sso(&self, settings: &mut sso_redirect::Settings, is_simulated: bool) {
        let zendesk = self.zendesk.clone().filter(|_| !is_simulated);
        settings.zendesk = settings.zendesk.replaced(zendesk, self.return_to_hosts.clone());
        replace(&mut settings.login_url, &self.login_url);
        replace(&mut settings.post_logout_url, &self.post_logout_url);
        replace(&mut settings.session_cookie, &self.session_cookie);
        replace(&mut settings.allowed_origins, &self.allowed_origins);
    }

    /// Reads one member.
    fn read(&mut self, member: &str, value: &Value) -> Result<(), String> {
        match member {
            "zendesk_subdomain" => self.zendesk = Some(zendesk_origin(text(value)?)?),
            "login_url" => self.login_url = Some(unless_empty(text(value)?, login_url)?),
            "post_logout_url" => self.post_logout_url = Some(unless_empty(text(value)?, web_address)?),
            "return_to_hosts" => self.return_to_hosts = Some(list(value, hosts)?),
            "allowed_origins" => self.allowed_origins = Some(list(value, origins)?),
            "session_cookie" => self.session_cookie = Some(unless_empty(text(value)?, cookie_name)?),
            _ => {
                let members = "zendesk_subdomain, login_url, post_logout_url, return_to_hosts, allowed_origins and \
                    session_cookie";
                return Err(format!("is not a setting of a configuration: the settings are {members}"));
            }
        }
        Ok(())
    }
}

fn replace<T: Clone>(setting: &mut T, replacement: &Option<T>) {
    if let Some(replacement) = replacement {
        setting.clone_from(replacement);
    }
}

/// Reads the whole variable, and adds all its problems, each with its path: `CONFIGURATIONS.legacy.login_url is …`.
pub(super) fn parse(text: &str, problems: &mut Vec<String>) -> BTreeMap<ConfigurationName, Overrides> {
    let mut configurations = BTreeMap::new();
    let Members(members) = match serde_json::from_str(text) {
        Ok(members) => members,
        Err(error) => {
            let example = r#"{"ios":{},"legacy":{"login_url":"https://example.com/login"}}"#;
            problems.push(format!("CONFIGURATIONS is not a JSON object such as {example}: {error}"));
            return configurations;
        }
    };
    for (name, value) in members {
        let mut problem = |path: &str, problem: &str| problems.push(format!("CONFIGURATIONS.{path} {problem}"));
        let Some(parsed) = ConfigurationName::parse(&name) else {
            problem(&name, &format!("is not a name: it should be {}", ConfigurationName::EXPECTED));
            continue;
        };
        let Ok(Members(settings)) = serde_json::from_str::<Members>(value.get()) else {
            problem(&name, "should be a JSON object of settings, such as {}");
            continue;
        };
        let mut overrides = Overrides::default();
        let mut seen = Vec::new();
        for (member, value) in settings {
            let path = format!("{name}.{member}");
        }
    }
    configurations
}
