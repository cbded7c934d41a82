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

impl From<&Finding> for Violation {
    fn from(finding: &Finding) -> Self {
        Self::new(finding.rule.code(), finding.message.clone())
    }
}

/// What Zendesk finds in a JWT.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    jwt: String,
    inspection: Inspection,
    /// What only Zendesk can know.
    pub further: Vec<Violation>,
}

impl Verdict {
    /// Without a key, the signature stays unchecked.
    pub fn on(zendesk: &Zendesk, kind: Kind, jwt: &str, key: Option<&SharedKey>) -> Self {
        let (now, secret) = (now(), key.map(|key| key.secret().as_bytes()));
        let inspection = inspect(jwt, &Expectation { kind: Some(kind), secret, now: now.0 });
        let mut verdict = Self { jwt: jwt.to_owned(), inspection, further: Vec::new() };
        verdict.use_up_jti(zendesk, kind);
        verdict
    }

    /// Zendesk accepts each `jti` once. Only a valid signature uses it up, so that no one else can.
    fn use_up_jti(&mut self, zendesk: &Zendesk, kind: Kind) {
        let jti = self.inspection.claims.as_ref().and_then(|claims| claims.get("jti")).filter(|jti| !jti.is_null());
        let (Some(jti), true) = (jti, kind != Kind::Messaging) else { return };
        let mut sessions = zendesk.sessions.lock();
        if sessions.is_used(kind, jti) {
            let problem = "Zendesk has already received a token with this `jti` and accepts each `jti` once: sign a \
                           new token for each sign-in, and make sure that nothing sends a token twice.";
            self.further.push(Violation::new("jti_reused", problem));
        } else if self.inspection.signature == Signature::Verified {
            sessions.use_up(kind, jti, now());
        }
    }

    /// Everything for which Zendesk refuses.
    pub fn violations(&self) -> Vec<Violation> {
        let rejected = self.findings(|severity| severity == Severity::Rejected);
        rejected.chain(self.further.iter().cloned()).collect()
    }

    /// Everything that Zendesk ignores silently.
    pub fn warnings(&self) -> Vec<Violation> {
        self.findings(|severity| severity < Severity::Rejected).collect()
    }

    pub fn is_accepted(&self) -> bool {
        self.inspection.is_accepted() && self.further.is_empty()
    }

    pub fn breaks(&self, rule: Rule) -> bool {
        self.inspection.finding(rule).is_some()
    }

    /// The claims; empty if the JWT has no JSON object of claims.
    pub fn claims(&self) -> Map<String, Value> {
        self.inspection.claims.clone().unwrap_or_default()
    }

    /// Header and claims as indented JSON.
    pub fn decoded(&self) -> String {
        let Inspection { header: Some(header), claims: Some(claims), .. } = &self.inspection else {
            return String::new();
        };
        let indented = |object| serde_json::to_string_pretty(object).unwrap_or_default();
        format!("{}\n{}", indented(header), indented(claims))
    }

    pub fn report(&self) -> JwtReport {
        JwtReport::new(&self.jwt, self.inspection.clone(), "the shared secret of this account")
    }

    fn findings(&self, has: impl Fn(Severity) -> bool) -> impl Iterator<Item = Violation> {
        self.inspection.findings.iter().filter(move |finding| has(finding.rule.severity())).map(Violation::from)
    }
}

pub(super) fn as_json(violations: &[Violation], warnings: &[Violation]) -> Value {
    json!({ "violations": violations, "warnings": warnings })
}

/// The names of the rules, for the terminal.
pub(super) fn names(violations: &[Violation]) -> String {
    violations.iter().map(|violation| violation.rule).collect::<Vec<_>>().join(", ")
}
