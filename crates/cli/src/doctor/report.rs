//! The list of checks, and what each found.

use std::fmt::{Display, Write as _};

use serde::Serialize;

use crate::output::escaped;
use zendesk_jwt_rules::inspect::Rule;
use zendesk_jwt_rules::{ConfigurationName, Kind};

/// What a check is about; the report lists group by group, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Group {
    Connection,
    Configuration,
    UnknownToken,
    GoodToken,
    Page,
    ReturnTo,
    IdToken,
    Jwt,
    Cors,
    SignOut,
    Zendesk,
}

impl Group {
    pub(super) const fn heading(self) -> &'static str {
        match self {
            Self::Connection => "Connection",
            Self::Configuration => "Configuration",
            Self::UnknownToken => "Requests without a known user token",
            Self::GoodToken => "Answer to a known user token",
            Self::Page => "Sign-in page",
            Self::ReturnTo => "return_to",
            Self::IdToken => "ID token",
            Self::Jwt => "JWT",
            Self::Cors => "Pages of other origins (CORS)",
            Self::SignOut => "Remote logout URL",
            Self::Zendesk => "Zendesk",
        }
    }
}

const EVERY: &[Kind] = &Kind::ALL;
const SSO: &[Kind] = &[Kind::Sso];
const MESSAGING: &[Kind] = &[Kind::Messaging];
const PROFILE: &[Kind] = &[Kind::Sdk, Kind::Sso];
const NOT_SSO: &[Kind] = &[Kind::Sdk, Kind::Messaging];

/// The checks, in the order of the report. The rules of a JWT come on top, each as `jwt-…`.
#[rustfmt::skip]
const CHECKS: &[(Group, &[Kind], &[&str])] = &[
    (Group::Connection, EVERY, &[
        "dns", "tcp", "tls", "certificate-chain", "certificate-name", "certificate-dates", "certificate-expiry", "clock",
    ]),
    (Group::Connection, NOT_SSO, &["no-redirect"]),
    (Group::Configuration, EVERY, &["unknown-configuration"]),
    (Group::UnknownToken, NOT_SSO, &[
        "unknown-token", "refusals-alike", "odd-characters", "empty-token", "json-body", "get",
        "refusal-leaks-nothing", "refusal-cache",
    ]),
    (Group::GoodToken, NOT_SSO, &["good-token", "media-type", "json", "cache", "speed", "encoded-token"]),
    (Group::Page, SSO, &[
        "page-without-session", "page-unknown-token", "sign-in-page", "form-method", "form-action", "form-fields",
        "page-cache", "referrer-policy", "csp-form-action", "frame-ancestors", "speed",
    ]),
    (Group::ReturnTo, SSO, &["return-to-relative", "return-to-absolute", "return-to-foreign"]),
    (Group::IdToken, EVERY, &["id-token", "id-token-signature", "id-token-expired", "id-token-unsigned"]),
    (Group::Jwt, PROFILE, &["iat-clock", "jti-changes"]),
    (Group::Jwt, MESSAGING, &["kid"]),
    (Group::Cors, MESSAGING, &["cors-preflight", "cors-answer", "cors-foreign"]),
    (Group::SignOut, SSO, &["sign-out", "error-page", "error-escaped"]),
    (Group::Zendesk, EVERY, &["zendesk-accepts"]),
];

/// The start of the ids of the checks to fix first, in this order.
#[rustfmt::skip]
const MAIN_CHECKS: [&str; 13] = [
    "dns", "tcp", "tls", "certificate", "no-redirect", "unknown-token", "page-", "good-token", "sign-in-page", "json",
    "form-", "id-token", "jwt-",
];

/// The start of the ids of the checks that depend on the key and the settings of a configuration.
#[rustfmt::skip]
const OF_CONFIGURATION: [&str; 12] = [
    "unknown-token", "page-", "good-token", "sign-in-page", "form-action", "csp-", "jwt-secret", "jwt-signature", "kid",
    "cors-", "sign-out", "zendesk-",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Pass,
    /// Zendesk accepts it, but another way is better.
    Warn,
    Fail,
    /// The check could not be made.
    Skip,
}

#[derive(Debug, Serialize)]
pub(super) struct Verdict {
    pub(super) state: State,
    /// Whether the fault matters more than all others.
    #[serde(rename = "critical", skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_critical: bool,
    pub(super) seen: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<String>,
}

impl Verdict {
    /// `remedy` is a sentence that says what to do. A pass needs none.
    pub(super) fn new(state: State, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        let remedy = (state != State::Pass).then(|| escaped(&remedy.into()));
        Self { state, is_critical: false, seen: escaped(&seen.into()), remedy }
    }

    pub(super) fn pass(seen: impl Into<String>) -> Self {
        Self::new(State::Pass, seen, "")
    }

    pub(super) fn warn(seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(State::Warn, seen, remedy)
    }

    pub(super) fn warn_unless(is_good: bool, seen: impl Into<String>, remedy: &str) -> Self {
        Self::new(if is_good { State::Pass } else { State::Warn }, seen, remedy)
    }

    pub(super) fn fail(seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(State::Fail, seen, remedy)
    }

    pub(super) fn fail_unless(is_good: bool, seen: impl Into<String>, remedy: &str) -> Self {
        Self::new(if is_good { State::Pass } else { State::Fail }, seen, remedy)
    }

    pub(super) fn skip(reason: impl Into<String>) -> Self {
        Self { state: State::Skip, ..Self::pass(reason) }
    }

    pub(super) fn critical(self) -> Self {
        Self { is_critical: true, ..self }
    }

    pub(super) fn is_fail(&self) -> bool {
        self.state == State::Fail
    }
}

/// One check. `seen` and `remedy` hold no secret, token, personal data or control character.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    pub(super) id: String,
    pub(super) group: Group,
    /// `None` until the check is made or skipped.
    #[serde(flatten)]
    verdict: Option<Verdict>,
}

/// All checks of an endpoint of one kind.
pub(super) struct Report {
    checks: Vec<Check>,
    configuration: Option<ConfigurationName>,
}

impl Report {
    /// None of the checks is made.
    pub(super) fn new(kind: Kind, configuration: Option<ConfigurationName>) -> Self {
        let listed = CHECKS.iter().filter(|(_, kinds, _)| kinds.contains(&kind));
        let listed = listed.flat_map(|(group, _, ids)| ids.iter().map(|id| (*group, (*id).to_owned())));
        let all = rules(kind).map(|rule| (Group::Jwt, rule_id(rule))).chain(listed);
        let mut checks: Vec<Check> = all.map(|(group, id)| Check { id, group, verdict: None }).collect();
        checks.sort_by_key(|check| check.group);
        Self { checks, configuration }
    }

    /// Adds what a check found. A failure stays, whatever the same check finds later.
    pub(super) fn add(&mut self, id: &str, mut verdict: Verdict) {
        let depends = OF_CONFIGURATION.iter().any(|start| id.starts_with(start));
        if let (Some(remedy), Some(name), true) = (&mut verdict.remedy, &self.configuration, depends) {
            let _ = write!(remedy, " The path chooses the configuration `{name}`: check its own key and settings.");
        }
        let found = self.checks.iter_mut().find(|check| check.id == id);
        debug_assert!(found.is_some(), "{id} is not a check of this kind");
        if let Some(check) = found.filter(|check| !check.verdict.as_ref().is_some_and(Verdict::is_fail)) {
            check.verdict = Some(verdict);
        }
    }

    /// What later checks need. Without it the check fails.
    pub(super) fn require<T>(&mut self, id: &str, needed: Result<T, impl Display>, remedy: &str) -> Option<T> {
        needed.map_err(|problem| self.add(id, Verdict::fail(problem.to_string(), remedy))).ok()
    }

    pub(super) fn skip(&mut self, ids: &[&str], reason: &str) {
        for id in ids {
            self.add(id, Verdict::skip(reason));
        }
    }

    /// Skips the checks of these groups that were not made, for the reason why a step stopped.
    pub(super) fn skip_rest(&mut self, groups: &[Group], step: Result<(), &str>) {
        let Err(reason) = step else { return };
        for check in self.checks.iter_mut().filter(|check| groups.contains(&check.group) && check.verdict.is_none()) {
            check.verdict = Some(Verdict::skip(reason));
        }
    }

    pub(super) fn add_all<const N: usize>(&mut self, verdicts: [(&str, Verdict); N]) {
        for (id, verdict) in verdicts {
            self.add(id, verdict);
        }
    }

    pub(super) fn checks(&self) -> impl Iterator<Item = (&Check, &Verdict)> {
        self.checks.iter().filter_map(|check| Some((check, check.verdict.as_ref()?)))
    }

    pub(super) fn failures(&self) -> impl Iterator<Item = (&Check, &Verdict)> {
        self.checks().filter(|(_, verdict)| verdict.is_fail())
    }

    /// The failure that matters most: a critical one, or one of a check on which others depend.
    pub(super) fn first_to_fix(&self) -> Option<(&Check, &Verdict)> {
        let rank = |id: &str| MAIN_CHECKS.iter().position(|main| id.starts_with(main)).unwrap_or(MAIN_CHECKS.len());
        self.failures().min_by_key(|(check, verdict)| (!verdict.is_critical, rank(&check.id)))
    }

    pub(super) fn count(&self, state: State) -> usize {
        self.checks().filter(|(_, verdict)| verdict.state == state).count()
    }

    pub(super) fn is_healthy(&self) -> bool {
        self.count(State::Fail) == 0
    }
}

pub(super) fn rules(kind: Kind) -> impl Iterator<Item = Rule> {
    Rule::ALL.iter().copied().filter(move |rule| rule.kinds().contains(&kind))
}

pub(super) fn rule_id(rule: Rule) -> String {
    format!("jwt-{}", rule.code().replace('_', "-"))
}

/// A server's text for a sentence, at most 80 characters of it.
pub(super) fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(80).collect();
    let cut = if text.chars().nth(80).is_some() { "…" } else { "" };
    format!("`{shown}{cut}`")
}
