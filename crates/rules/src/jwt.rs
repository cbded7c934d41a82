//! The three kinds of JWT that Zendesk accepts, and the unit of their times.

use std::fmt;

use serde::Serialize;

/// The three kinds of JWT that Zendesk accepts. Neither their secrets nor they themselves are interchangeable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The Support SDK exchange (classic mobile SDK).
    Sdk,
    /// End user authentication in messaging (web widget and mobile SDKs).
    Messaging,
    /// Single sign-on to Help Center and the agent interface.
    Sso,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Sdk, Self::Messaging, Self::Sso];

    /// The short name, as in `audiences`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sdk => "sdk",
            Self::Messaging => "messaging",
            Self::Sso => "sso",
        }
    }

    /// What people call it, within a sentence.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Sdk => "Support SDK",
            Self::Messaging => "messaging",
            Self::Sso => "SSO",
        }
    }

    /// The kind of that name, if there is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Where in Zendesk's Admin Center the shared secret of this kind is made.
    #[must_use]
    pub const fn admin_center_screen(self) -> &'static str {
        match self {
            Self::Sdk => "Channels > Classic > Mobile SDK",
            Self::Messaging => "Account > Security > End user authentication",
            Self::Sso => "Account > Security > Single sign-on",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whole seconds since 1970, as `iat` and `exp` are counted. Milliseconds are the classic mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct EpochSeconds(pub u64);

impl EpochSeconds {
    /// The moment `seconds` later.
    #[must_use]
    pub const fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// The seconds that have passed since `earlier`; 0 when it lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
