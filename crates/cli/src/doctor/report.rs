//! What the checks found.

use serde::Serialize;

use zendesk_jwt_rules::Kind;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Pass,
    /// Zendesk works with it, but better do otherwise.
    Warn,
    Fail,
    /// It could not be made.
    Skip,
}

/// What a check is about; the list is shown group by group, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Group {
    Connection,
    UnknownToken,
    GoodToken,
    Page,
    ReturnTo,
    Jwt,
    Cors,
    SignOut,
}

impl Group {
    /// The heading.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Connection => "Connection",
            Self::UnknownToken => "Requests without a good user token",
            Self::GoodToken => "Answer to a good user token",
            Self::Jwt => "JWT",
            Self::Cors => "Pages of other origins (CORS)",
            Self::Page => "Sign-in page",
            Self::ReturnTo => "return_to",
            Self::SignOut => "Remote logout URL",
        }
    }
}

/// A finding that belongs to no check yet.
#[derive(Debug)]
pub(super) struct Verdict {
    state: State,
    seen: String,
    remedy: Option<String>,
}

impl Verdict {
    pub(super) fn pass(seen: impl Into<String>) -> Self {
        Self { state: State::Pass, seen: seen.into(), remedy: None }
    }

    /// `remedy` is a sentence that says what to do.
    pub(super) fn warn(seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { state: State::Warn, seen: seen.into(), remedy: Some(remedy.into()) }
    }

    /// `remedy` is a sentence that says what to do.
    pub(super) fn fail(seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { state: State::Fail, seen: seen.into(), remedy: Some(remedy.into()) }
    }

    pub(super) const fn is_fail(&self) -> bool {
        matches!(self.state, State::Fail)
    }
}

/// One check. `seen` and `remedy` hold no secret, token or personal data, and no control characters.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    pub(super) id: String,
    pub(super) group: Group,
    pub(super) state: State,
    pub(super) seen: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<String>,
    /// Whether people see it only when it did not pass.
    #[serde(skip)]
    pub(super) is_counted_only: bool,
}

/// The whole list.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) url: String,
    kind: &'static str,
    healthy: bool,
    pub(super) checks: Vec<Check>,
}

impl Report {
    pub(super) const fn new(url: String, kind: Kind) -> Self {
        Self { url, kind: kind.name(), healthy: true, checks: Vec::new() }
    }

    /// Whether nothing failed.
    pub(super) const fn is_healthy(&self) -> bool {
        self.healthy
    }

    /// Brings together what belongs together, whenever it was checked.
    pub(super) fn sort(&mut self) {
        self.checks.sort_by_key(|check| check.group);
    }

    pub(super) fn count(&self, state: State) -> usize {
        self.checks.iter().filter(|check| check.state == state).count()
    }

    pub(super) fn add(&mut self, group: Group, id: impl Into<String>, verdict: Verdict) {
        let Verdict { state, seen, remedy } = verdict;
        self.healthy &= state != State::Fail;
        let (seen, remedy) = (printable(&seen), remedy.as_deref().map(printable));
        self.checks.push(Check { id: id.into(), group, state, seen, remedy, is_counted_only: false });
    }

    /// One of many checks of a group, whose passing is only counted on the terminal.
    pub(super) fn add_counted(&mut self, group: Group, id: impl Into<String>, verdict: Verdict) {
        self.add(group, id, verdict);
        if let Some(check) = self.checks.last_mut() {
            check.is_counted_only = true;
        }
    }

    /// Checks that cannot be made for this reason.
    pub(super) fn skip(&mut self, group: Group, ids: impl IntoIterator<Item = impl Into<String>>, reason: &str) {
        for id in ids {
            self.add(group, id, Verdict { state: State::Skip, seen: reason.to_owned(), remedy: None });
        }
    }
}

/// Text of a server's, cut after 80 characters, for a sentence.
pub(super) fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(80).collect();
    let cut = if text.chars().nth(80).is_some() { "…" } else { "" };
    format!("`{shown}{cut}`")
}

/// Nothing that a server sent may steer the terminal.
fn printable(text: &str) -> String {
    let is_steering = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|letter| if is_steering(letter) { '\u{FFFD}' } else { letter }).collect()
}
