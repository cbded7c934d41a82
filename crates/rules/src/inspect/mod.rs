//! Every Zendesk rule that a given JWT breaks, with a sentence that says what to do.
//!
//! Start at `rules`, the table. Each rule there names its check:
//!
//! - `token`: the three parts, and in the header `alg`, `typ`, `kid`;
//! - `times`: `iat` and `exp`; `claims`: everything else in the payload;
//! - `signature`: the secret, the signature, and why the two do not fit.
//!
//! `finder` finds the JWT in the given text. `facts` holds what the checks know, and the phrases that they share.
//!
//! Nothing here uses the code that signs JWTs, so each checks the other. No message quotes a secret, a name,
//! an e-mail address, a phone number or an external id.

mod claims;
mod facts;
mod finder;
mod rules;
mod signature;
mod times;
mod token;

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use self::facts::Facts;
pub use self::finder::{Found, find_jwt};
pub use self::rules::Rule;
use crate::Kind;
use crate::id_token::IdToken;
use crate::text::decoded;

/// The longest text that is read, in bytes; Zendesk publishes no limit.
const MAX_BYTES: usize = 64 * 1024;

/// What the inspection compares a JWT with.
#[derive(Clone, Copy, Default)]
pub struct Expectation<'a> {
    /// The kind that the JWT should have; `None` means the kind that it looks like.
    pub kind: Option<Kind>,
    /// The secret that should have signed the JWT, as raw text; `None` leaves the signature unchecked.
    pub secret: Option<&'a [u8]>,
    /// The time at which Zendesk would read the JWT, in seconds since 1970.
    pub now: u64,
}

impl fmt::Debug for Expectation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expectation")
            .field("kind", &self.kind)
            .field("secret", &self.secret.map(|_| "redacted"))
            .field("now", &self.now)
            .finish()
    }
}

/// What a rule is about. A rule about a missing part of the JWT is not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The given text; always checked.
    Token,
    /// The encoding of the three parts; checked if there are three.
    Encoding,
    /// The header; checked if it is a JSON object.
    Header,
    /// The payload; checked if it is a JSON object.
    Claims,
    /// The secret; checked if one is given.
    Secret,
    /// The signature; checked if a secret is given and the header says HS256.
    Signature,
}

/// The effect of a broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Zendesk accepts the JWT, but another way is better.
    Advice,
    /// Zendesk accepts the JWT, but silently ignores or misreads a claim.
    Ignored,
    /// Zendesk refuses the JWT.
    Rejected,
}

impl Severity {
    /// The name for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Advice => "advice",
            Self::Ignored => "ignored",
            Self::Rejected => "rejected",
        }
    }

    /// What Zendesk does with the JWT.
    #[must_use]
    pub const fn effect(self) -> &'static str {
        match self {
            Self::Advice => "accepted, but not advised",
            Self::Ignored => "Zendesk ignores this silently",
            Self::Rejected => "Zendesk rejects the token",
        }
    }
}

/// What is known about the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// The given secret made the signature.
    Verified,
    /// The given secret did not make the signature.
    Wrong,
    /// No secret is given, or the header does not say HS256.
    NotChecked,
}

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// What is wrong and what to do, with the name of the header field or claim.
    pub message: String,
}

/// The result of an inspection.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// Whether the text holds a JWT, whole or in part. Otherwise only [`Rule::ThreeParts`] says what the text is.
    pub is_jwt: bool,
    /// The text is a token of an identity provider, so no rule was checked; only if no kind and no secret is expected.
    pub id_token: Option<IdToken>,
    /// The kind that the JWT was read as: the expected one, else the one that it looks like, else SSO.
    pub kind: Kind,
    /// The kinds whose common rules were checked: one, or Support SDK and SSO if nothing decides between them.
    pub kinds: &'static [Kind],
    /// The kind that the JWT looks like, if any; Support SDK and SSO can have the same claims.
    pub looks_like: Option<Kind>,
    /// The header, if it is a JSON object.
    pub header: Option<Map<String, Value>>,
    /// The claims, if the payload is a JSON object.
    pub claims: Option<Map<String, Value>>,
    /// The result of the signature check.
    pub signature: Signature,
    /// Every rule that was checked, in the order of [`Rule::ALL`].
    pub checked: Vec<Rule>,
    /// The broken rules, in the same order, at most one finding for each.
    pub findings: Vec<Finding>,
}

impl Inspection {
    /// Whether no finding makes Zendesk refuse the JWT. Without a secret, the signature does not count.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.id_token.is_none() && self.findings.iter().all(|finding| finding.rule.severity() < Severity::Rejected)
    }

    /// The name of the kind, or of both kinds that the JWT can have.
    #[must_use]
    pub fn title(&self) -> String {
        self.kinds.iter().map(|kind| kind.title()).collect::<Vec<_>>().join(" or ")
    }

    /// The finding for one rule; `None` if the JWT follows the rule or the rule was not checked.
    #[must_use]
    pub fn finding(&self, rule: Rule) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.rule == rule)
    }

    /// Each checked rule, with its finding if it is broken.
    pub fn checked_rules(&self) -> impl Iterator<Item = (Rule, Option<&Finding>)> {
        self.checked.iter().map(|&rule| (rule, self.finding(rule)))
    }
}

/// Lists every Zendesk rule that the JWT in `text` breaks. Any text is allowed; one of more than 64 KiB is not read.
#[must_use]
pub fn inspect(text: &str, expectation: &Expectation<'_>) -> Inspection {
    let Expectation { kind, secret, now } = *expectation;
    let found = Some(text).filter(|text| text.len() <= MAX_BYTES).and_then(find_jwt);
    let is_jwt = found.is_some();
    let found = found.unwrap_or_default();
    let (header, claims) = (object(&found.jwt, 0), object(&found.jwt, 1));
    let nothing = Map::new();
    let header_fields = header.as_ref().unwrap_or(&nothing);
    let payload = claims.as_ref().unwrap_or(&nothing);
    let looks_like = claims::looks_like(header_fields, payload);
    let is_any_expected = kind.is_some() || secret.is_some();
    let inspection = Inspection {
        is_jwt,
        id_token: if is_any_expected { None } else { IdToken::of(header_fields, payload) },
        kind: kind.or(looks_like).unwrap_or(Kind::Sso),
        kinds: possible_kinds(kind.or(looks_like.filter(|kind| *kind != Kind::Sso))),
        looks_like,
        signature: signature::status(&found.jwt, header_fields, secret),
        header,
        claims,
        checked: Vec::new(),
        findings: Vec::new(),
    };
    if inspection.id_token.is_some() {
        return inspection;
    }
    let facts = Facts { given: text, found: &found, secret, now, inspection: &inspection };
    let checked: Vec<Rule> = Rule::ALL
        .iter()
        .copied()
        .filter(|rule| inspection.kinds.iter().all(|kind| rule.kinds().contains(kind)) && facts.has(rule.subject()))
        .filter(|rule| is_jwt || *rule != Rule::BareToken)
        .collect();
    let findings = checked.iter().filter_map(|&rule| Some(Finding { rule, message: rule.broken(&facts)? })).collect();
    Inspection { checked, findings, ..inspection }
}

fn has_three_parts(jwt: &str) -> bool {
    jwt.split('.').count() == 3
}

/// The header (part 0) or the payload (part 1), if it is a JSON object.
fn object(jwt: &str, part: usize) -> Option<Map<String, Value>> {
    serde_json::from_slice(&decoded(jwt.split('.').nth(part)?)?).ok()
}

/// Support SDK and SSO have the same claims, so a JWT can only look like messaging or Zendesk's Support SDK sample.
const fn possible_kinds(known: Option<Kind>) -> &'static [Kind] {
    match known {
        Some(Kind::Sdk) => &[Kind::Sdk],
        Some(Kind::Messaging) => &[Kind::Messaging],
        Some(Kind::Sso) => &[Kind::Sso],
        None => &[Kind::Sdk, Kind::Sso],
    }
}
