//! A JWT, judged: every rule of [`zendesk_jwt_rules::inspect`], and what only Zendesk can know.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::Zendesk;
use crate::environment;
use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::inspect::{Expectation, Finding, Inspection, Rule, Severity, Signature, inspect};

/// Something for which Zendesk refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Violation {
    /// The rule's stable name in `snake_case`.
    pub rule: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl Violation {
    /// A rule that is not about a token alone.
    pub fn new(rule: &'static str, message: impl Into<String>) -> Self {
        Self { rule, message: message.into() }
    }
}

impl From<&Finding> for Violation {
    fn from(finding: &Finding) -> Self {
        Self::new(finding.rule.code(), finding.message.clone())
    }
}

/// All that Zendesk says of a JWT.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    pub inspection: Inspection,
    /// What only Zendesk can know.
    pub further: Vec<Violation>,
}

/// One rule for the pages.
pub(super) struct Checked {
    pub code: &'static str,
    pub statement: &'static str,
    pub source: &'static str,
    /// `kept`, `rejected`, `ignored` or `advice`.
    pub state: &'static str,
    pub message: String,
}

impl Verdict {
    /// Judges `jwt` by `secret`; without one the signature stays unchecked.
    pub fn on(zendesk: &Zendesk, kind: Kind, jwt: &str, secret: Option<&[u8]>) -> Self {
        let now = environment::now();
        let inspection = inspect(jwt, &Expectation { kind: Some(kind), secret, now: now.0 });
        let mut verdict = Self { inspection, further: Vec::new() };
        verdict.use_up(zendesk, kind);
        verdict
    }

    /// Zendesk takes each `jti` once. Who did not sign the token cannot use one up.
    fn use_up(&mut self, zendesk: &Zendesk, kind: Kind) {
        let jti = self.inspection.claims.as_ref().and_then(|claims| claims.get("jti")).filter(|jti| !jti.is_null());
        let (Some(jti), true) = (jti, kind != Kind::Messaging) else { return };
        let mut memory = zendesk.memory();
        if memory.has_seen(kind, jti) {
            self.further.push(Violation::new(
                "jti_reused",
                "A token with this `jti` came before, and Zendesk takes each once: sign a new token each time, and \
                 let nothing send it twice.",
            ));
        } else if self.inspection.signature == Signature::Verified {
            memory.remember(kind, jti, environment::now());
        }
    }

    /// Everything for which Zendesk refuses.
    pub fn violations(&self) -> Vec<Violation> {
        let rejected = self.findings(|severity| severity == Severity::Rejected).map(Violation::from);
        rejected.chain(self.further.iter().cloned()).collect()
    }

    /// Everything that Zendesk passes over without a word.
    pub fn warnings(&self) -> Vec<Violation> {
        self.findings(|severity| severity < Severity::Rejected).map(Violation::from).collect()
    }

    /// Whether Zendesk takes the token.
    pub fn is_accepted(&self) -> bool {
        self.inspection.is_accepted() && self.further.is_empty()
    }

    /// Whether this rule is broken.
    pub fn breaks(&self, rule: Rule) -> bool {
        self.inspection.finding(rule).is_some()
    }

    /// The claims; none when there is no object of them.
    pub fn claims(&self) -> Map<String, Value> {
        self.inspection.claims.clone().unwrap_or_default()
    }

    /// Header and claims, indented for people.
    pub fn taken_apart(&self) -> String {
        let Inspection { header: Some(header), claims: Some(claims), .. } = &self.inspection else {
            return String::new();
        };
        let indented = |object| serde_json::to_string_pretty(object).unwrap_or_default();
        format!("{}\n{}", indented(header), indented(claims))
    }

    /// Every rule that was checked, the broken ones first.
    pub fn checked(&self) -> Vec<Checked> {
        let mut rules: Vec<Checked> = self.inspection.checked_rules().map(checked).collect();
        rules.sort_by_key(|rule| rule.state == "kept");
        rules
    }

    fn findings(&self, has: impl Fn(Severity) -> bool) -> impl Iterator<Item = &Finding> {
        self.inspection.findings.iter().filter(move |finding| has(finding.rule.severity()))
    }
}

fn checked((rule, finding): (Rule, Option<&Finding>)) -> Checked {
    let state = match (finding, rule.severity()) {
        (None, _) => "kept",
        (_, Severity::Rejected) => "rejected",
        (_, Severity::Ignored) => "ignored",
        (_, Severity::Advice) => "advice",
    };
    Checked {
        code: rule.code(),
        statement: rule.statement(),
        source: rule.source(),
        state,
        message: finding.map(|finding| finding.message.clone()).unwrap_or_default(),
    }
}

/// Violations and warnings for programs.
pub(super) fn as_json(violations: &[Violation], warnings: &[Violation]) -> Value {
    json!({ "violations": violations, "warnings": warnings })
}

/// The names of the rules, for the terminal.
pub(super) fn names(violations: &[Violation]) -> String {
    violations.iter().map(|violation| violation.rule).collect::<Vec<_>>().join(", ")
}
