use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::web::JwtReport;
use crate::{Zendesk, now};
use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::inspect::{Expectation, Finding, Inspection, Rule, Severity, Signature, inspect};
use zendesk_jwt_rules::signing_key::SharedKey;

/// A reason for which Zendesk refuses, or a warning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Violation {
    /// The rule's stable name in `snake_case`.
    pub rule: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl Violation {
    pub fn new(rule: &'static str, message: impl Into<String>) -> Self {
        Self { rule, message: message.into() }
    }
}

/// What Zendesk finds in a JWT.
#[derive(Clone)]
pub(super) struct Verdict {
    pub report: JwtReport,
    /// What only Zendesk can know.
    pub further: Vec<Violation>,
}

impl Verdict {
    /// Without a key, the signature stays unchecked.
    pub fn on(zendesk: &Zendesk, kind: Kind, jwt: &str, key: Option<&SharedKey>) -> Self {
        let (now, secret) = (now(), key.map(|key| key.secret().as_bytes()));
        let inspection = inspect(jwt, &Expectation { kind: Some(kind), secret, now: now.0 });
        let report = JwtReport::new(jwt, inspection, "the shared secret of this account");
        let mut verdict = Self { report, further: Vec::new() };
        verdict.use_up_jti(zendesk, kind);
        verdict
    }

    /// Zendesk accepts each `jti` once. Only a valid signature uses it up, so that no one else can.
    fn use_up_jti(&mut self, zendesk: &Zendesk, kind: Kind) {
        let jti =
            self.report.inspection.claims.as_ref().and_then(|claims| claims.get("jti")).filter(|jti| !jti.is_null());
        let (Some(jti), true) = (jti, kind != Kind::Messaging) else { return };
        let mut sessions = zendesk.sessions.lock();
        if sessions.is_used(kind, jti) {
            let problem = "Zendesk has already received a token with this `jti` and accepts each `jti` once: sign a \
                           new token for each sign-in, and make sure that nothing sends a token twice.";
            self.further.push(Violation::new("jti_reused", problem));
        } else if self.report.inspection.signature == Signature::Verified {
            sessions.use_up(kind, jti, now());
        }
    }

    /// Everything for which Zendesk refuses.
    pub fn violations(&self) -> Vec<Violation> {
        self.findings(true).chain(self.further.iter().cloned()).collect()
    }

    /// Everything that Zendesk ignores silently.
    pub fn warnings(&self) -> Vec<Violation> {
        self.findings(false).collect()
    }

    pub fn is_accepted(&self) -> bool {
        self.report.inspection.is_accepted() && self.further.is_empty()
    }

    pub fn breaks(&self, rule: Rule) -> bool {
        self.report.inspection.finding(rule).is_some()
    }

    /// The claims; empty if the JWT has no JSON object of claims.
    pub fn claims(&self) -> Map<String, Value> {
        self.report.inspection.claims.clone().unwrap_or_default()
    }

    /// Header and claims as indented JSON.
    pub fn decoded(&self) -> String {
        let Inspection { header: Some(header), claims: Some(claims), .. } = &self.report.inspection else {
            return String::new();
        };
        let indented = |object| serde_json::to_string_pretty(object).unwrap_or_default();
        format!("{}\n{}", indented(header), indented(claims))
    }

    fn findings(&self, are_rejections: bool) -> impl Iterator<Item = Violation> {
        let is_wanted = move |finding: &&Finding| (finding.rule.severity() == Severity::Rejected) == are_rejections;
        let findings = self.report.inspection.findings.iter().filter(is_wanted);
        findings.map(|finding| Violation::new(finding.rule.code(), finding.message.clone()))
    }
}

pub(super) fn as_json(violations: &[Violation], warnings: &[Violation]) -> Value {
    json!({ "violations": violations, "warnings": warnings })
}

/// The names of the rules, for the terminal.
pub(super) fn names(violations: &[Violation]) -> String {
    violations.iter().map(|violation| violation.rule).collect::<Vec<_>>().join(", ")
}
