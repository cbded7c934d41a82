//! The reverse of minting: every rule of Zendesk's that a given token breaks, each in a sentence that
//! says what to do.
//!
//! Start at `rules`, the table. Each rule there names its check:
//!
//! - `token`: the text, taken apart into header, payload and signature;
//! - `header`: `alg`, `typ`, `kid`;
//! - `times`: `iat` and `exp`; `claims`: everything else in the payload;
//! - `signature`: the secret, the signature, and why it does not fit;
//! - `words`: the phrases that the messages share.
//!
//! Nothing here uses the minting code, so that the two can bear witness against each other. Messages
//! never quote a secret, a name, an e-mail address, a phone number or an external id.

mod claims;
mod header;
mod rules;
mod signature;
mod times;
mod token;
mod words;

use std::fmt;

use serde_json::{Map, Value};

pub use self::rules::Rule;
use self::token::Token;
use crate::Kind;

/// What a token is inspected against.
#[derive(Clone, Copy, Default)]
pub struct Expectation<'a> {
    /// The kind it should be; `None` takes the kind it looks like.
    pub kind: Option<Kind>,
    /// The secret it should be signed with, as raw text; `None` leaves the signature unchecked.
    pub secret: Option<&'a [u8]>,
    /// The time at which Zendesk would read it, in seconds since 1970.
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

/// What a rule is about. The rules about something that a token lacks are not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The text as given; always checked.
    Token,
    /// How its three parts are encoded; checked when there are three.
    Encoding,
    /// The header; checked when it is a JSON object.
    Header,
    /// The payload; checked when it is a JSON object.
    Claims,
    /// The secret; checked when one is given.
    Secret,
    /// The signature; checked when a secret is given and the header says HS256.
    Signature,
}

/// What breaking a rule costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Zendesk takes the token as it is; better do otherwise.
    Advice,
    /// Zendesk takes the token, but ignores or misreads a claim without a word.
    Ignored,
    /// Zendesk refuses the token.
    Rejected,
}

/// What is known of the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signature {
    /// It was made with the given secret.
    Verified,
    /// It was not.
    Wrong,
    /// No secret was given, or the token is not an HS256 one.
    NotChecked,
}

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// What is wrong and what to do, naming the header field or claim.
    pub message: String,
}

/// All that can be said of a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// The kind whose rules were checked: the one asked for, else the one it looks like, else SSO.
    pub kind: Kind,
    /// The kind it looks like, if any; Support SDK and SSO tokens may have the same claims.
    pub looks_like: Option<Kind>,
    /// The header, if it is a JSON object.
    pub header: Option<Map<String, Value>>,
    /// The claims, if the payload is a JSON object.
    pub claims: Option<Map<String, Value>>,
    /// Whether the signature was checked and fits.
    pub signature: Signature,
    /// Every rule that could be checked, in the order of [`Rule::ALL`].
    pub checked: Vec<Rule>,
    /// The rules found broken, in the same order, at most one finding for each.
    pub findings: Vec<Finding>,
}

impl Inspection {
    /// Whether nothing was found for which Zendesk would refuse the token. Without a secret this says
    /// nothing of the signature.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.findings.iter().all(|finding| finding.rule.severity() < Severity::Rejected)
    }

    /// What was found of one rule; `None` when it is kept or was not checked.
    #[must_use]
    pub fn finding(&self, rule: Rule) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.rule == rule)
    }

    /// Each rule that was checked, with its finding if it is broken.
    pub fn checked_rules(&self) -> impl Iterator<Item = (Rule, Option<&Finding>)> {
        self.checked.iter().map(|&rule| (rule, self.finding(rule)))
    }
}

/// What the checks look at; header and claims are empty when the token has none.
struct Facts<'a> {
    token: &'a Token<'a>,
    kind: Kind,
    looks_like: Option<Kind>,
    header: &'a Map<String, Value>,
    claims: &'a Map<String, Value>,
    secret: Option<&'a [u8]>,
    signature: Signature,
    now: u64,
}

impl Facts<'_> {
    /// Whether the token has what the rules about `subject` need.
    fn has(&self, subject: Subject) -> bool {
        match subject {
            Subject::Token => true,
            Subject::Encoding => self.token.has_three_parts(),
            Subject::Header => self.token.header.is_some(),
            Subject::Claims => self.token.claims.is_some(),
            Subject::Secret => self.secret.is_some(),
            Subject::Signature => self.signature != Signature::NotChecked,
        }
    }
}

/// Lists every rule of Zendesk's that `token` breaks. Any text may be given: work and memory grow with
/// its length up to 64 KiB and no further.
#[must_use]
pub fn inspect(token: &str, expectation: &Expectation<'_>) -> Inspection {
    let token = Token::take_apart(token);
    let nothing = Map::new();
    let header = token.header.as_ref().unwrap_or(&nothing);
    let claims = token.claims.as_ref().unwrap_or(&nothing);
    let looks_like = claims::looks_like(header, claims);
    let facts = Facts {
        kind: expectation.kind.or(looks_like).unwrap_or(Kind::Sso),
        looks_like,
        header,
        claims,
        secret: expectation.secret,
        signature: signature::status(&token, header, expectation.secret),
        now: expectation.now,
        token: &token,
    };
    let checked: Vec<Rule> = Rule::ALL
        .iter()
        .copied()
        .filter(|rule| rule.kinds().contains(&facts.kind) && facts.has(rule.subject()))
        .collect();
    let findings = checked.iter().filter_map(|&rule| Some(Finding { rule, message: rule.broken(&facts)? })).collect();
    Inspection {
        kind: facts.kind,
        looks_like,
        signature: facts.signature,
        checked,
        findings,
        header: token.header,
        claims: token.claims,
    }
}
