//! The configurations of one stack: a company has a secret for each app and for each SSO configuration.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::Kind;

/// The words of the routes. A configuration with such a name would make paths ambiguous, as in `/sdk/sdk/jwt`.
const WORDS_OF_ROUTES: [&str; 6] = ["sdk", "messaging", "sso", "jwt", "login", "logout"];

/// The name of a configuration, as in the path `/sdk/{configuration}/jwt`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ConfigurationName(String);

impl ConfigurationName {
    /// What a name is, as the end of a sentence.
    pub const EXPECTED: &str = "1 to 32 lower-case letters, digits and hyphens, but not one of the words sdk, messaging, sso, jwt, login, logout";

    /// The name, if the text is [`Self::EXPECTED`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name = (1..=32).contains(&text.len()) && text.bytes().all(is_plain);
        (is_name && !WORDS_OF_ROUTES.contains(&text)).then(|| Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for ConfigurationName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConfigurationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a user token can be exchanged for: a kind of JWT, in every configuration or in one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Audience {
    kind: Kind,
    configuration: Option<ConfigurationName>,
}

impl Audience {
    /// Reads `sdk`, `messaging` or `sso`, or one of them narrowed to a configuration, as in `sso:legacy`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, configuration) = match text.split_once(':') {
            Some((kind, name)) => (kind, Some(ConfigurationName::parse(name)?)),
            None => (text, None),
        };
        Some(Self { kind: Kind::parse(kind)?, configuration })
    }

    /// The configuration to which an audience of this kind is narrowed.
    #[must_use]
    pub fn configuration_of(&self, kind: Kind) -> Option<&ConfigurationName> {
        self.configuration.as_ref().filter(|_| self.kind == kind)
    }

    /// Whether a JWT of this kind and configuration is meant. `None` is the unnamed configuration.
    #[must_use]
    pub fn includes(&self, kind: Kind, configuration: Option<&ConfigurationName>) -> bool {
        self.kind == kind && (self.configuration.is_none() || self.configuration.as_ref() == configuration)
    }
}

impl From<Kind> for Audience {
    /// The kind in every configuration.
    fn from(kind: Kind) -> Self {
        Self { kind, configuration: None }
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.configuration {
            Some(name) => write!(f, "{}:{name}", self.kind),
            None => self.kind.fmt(f),
        }
    }
}

/// One value for each configuration. The unnamed configuration always exists.
#[derive(Clone, Debug, Default)]
pub struct Configurations<T> {
    /// The value of the unnamed configuration.
    pub unnamed: T,
    /// The values of the others.
    pub named: BTreeMap<ConfigurationName, T>,
}

impl<T> Configurations<T> {
    /// The value of this configuration; `None` stands for the unnamed one.
    #[must_use]
    pub fn get(&self, configuration: Option<&ConfigurationName>) -> Option<&T> {
        configuration.map_or(Some(&self.unnamed), |name| self.named.get(name))
    }

    /// Converts every value.
    #[must_use]
    pub fn map<U>(self, mut convert: impl FnMut(Option<&ConfigurationName>, T) -> U) -> Configurations<U> {
        let unnamed = convert(None, self.unnamed);
        let named = self.named.into_iter().map(|(name, value)| {
            let value = convert(Some(&name), value);
            (name, value)
        });
        Configurations { unnamed, named: named.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ConfigurationName {
        ConfigurationName::parse(text).unwrap()
    }

    #[test]
    fn a_name_has_up_to_32_lower_case_letters_digits_and_hyphens() {
        for good in ["a", "ios", "legacy-2", "0", "-", &"a".repeat(32)] {
            assert_eq!(ConfigurationName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "iOS", "a_b", "a.b", "a b", "a/b", "a%20", "é", &"a".repeat(33)] {
            assert_eq!(ConfigurationName::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_word_of_the_routes_is_not_a_name() {
        for word in WORDS_OF_ROUTES {
            assert_eq!(ConfigurationName::parse(word), None, "{word}");
            assert!(ConfigurationName::EXPECTED.contains(word), "{word}");
        }
    }

    #[test]
    fn an_audience_is_a_kind_in_every_configuration_or_in_one() {
        let all = Audience::parse("sso").unwrap();
        let narrowed = Audience::parse("sso:legacy").unwrap();
        for configuration in [None, Some(&name("legacy")), Some(&name("new"))] {
            assert!(all.includes(Kind::Sso, configuration));
            assert_eq!(narrowed.includes(Kind::Sso, configuration), configuration == Some(&name("legacy")));
            assert!(!all.includes(Kind::Sdk, configuration) && !narrowed.includes(Kind::Sdk, configuration));
        }
        assert_eq!([all.to_string(), narrowed.to_string()], ["sso", "sso:legacy"]);
    }

    #[test]
    fn any_other_text_is_not_an_audience() {
        for bad in ["", "chat", "SSO", "sso:", ":legacy", "sso:Legacy", "sso:a:b", "sso: a", "sso:login", "chat:legacy"]
        {
            assert_eq!(Audience::parse(bad), None, "{bad}");
        }
    }
}
