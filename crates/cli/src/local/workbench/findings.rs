//! A JWT taken apart: header, claims and signature, with every rule of Zendesk's ticked or explained.

use askama::Template;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::prose::Prose;
use zendesk_jwt_rules::inspect::{Expectation, Inspection, Rule, Severity, Signature, inspect};

/// A JWT taken apart, as a part of a page.
#[derive(Template)]
#[template(path = "workbench/findings.html")]
pub(in crate::local) struct Findings {
    /// Whether Zendesk would take it, as far as can be told.
    pub(crate) is_accepted: bool,
    kind: &'static str,
    /// The three parts, or the text as it is.
    parts: Vec<String>,
    header: Option<String>,
    claims: Option<String>,
    times: Vec<Time>,
    signature: Signature,
    signed_with: &'static str,
    broken: Vec<BrokenRule>,
    kept: Vec<KeptRule>,
}

struct BrokenRule {
    code: &'static str,
    cost: &'static str,
    severity: &'static str,
    statement: Prose<&'static str>,
    message: Prose<String>,
    sources: Vec<Source>,
}

struct KeptRule {
    code: &'static str,
    statement: Prose<&'static str>,
    sources: Vec<Source>,
}

/// A claim that is a time, in words.
struct Time {
    claim: &'static str,
    moment: String,
}

/// Where a rule stands, with the address of the document where that is known.
struct Source {
    title: &'static str,
    url: Option<String>,
}

impl Findings {
    /// Takes `token` apart. `signed_with` names the secret of the expectation.
    pub(crate) fn of(token: &str, expectation: &Expectation<'_>, signed_with: &'static str) -> Self {
        let inspection = inspect(token, expectation);
        let broken = inspection.findings.iter().map(|finding| BrokenRule {
            code: finding.rule.code(),
            cost: cost(finding.rule.severity()),
            severity: class(finding.rule.severity()),
            statement: Prose(finding.rule.statement()),
            message: Prose(finding.message.clone()),
            sources: sources(finding.rule),
        });
        let kept = inspection.checked_rules().filter(|(_, finding)| finding.is_none()).map(|(rule, _)| KeptRule {
            code: rule.code(),
            statement: Prose(rule.statement()),
            sources: sources(rule),
        });
        Self {
            is_accepted: inspection.is_accepted(),
            kind: inspection.kind.title(),
            parts: token.trim().split_inclusive('.').map(str::to_owned).collect(),
            times: times(&inspection),
            signature: inspection.signature,
            signed_with,
            broken: broken.collect(),
            kept: kept.collect(),
            header: inspection.header.map(pretty),
            claims: inspection.claims.map(pretty),
        }
    }

    fn rules(&self) -> usize {
        self.broken.len() + self.kept.len()
    }

    fn is_checked(&self) -> bool {
        self.signature != Signature::NotChecked
    }

    fn is_verified(&self) -> bool {
        self.signature == Signature::Verified
    }
}

const fn cost(severity: Severity) -> &'static str {
    match severity {
        Severity::Rejected => "Zendesk refuses the token",
        Severity::Ignored => "Zendesk ignores it without a word",
        Severity::Advice => "Zendesk takes it; better do otherwise",
    }
}

const fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::Rejected => "rejected",
        Severity::Ignored => "ignored",
        Severity::Advice => "advice",
    }
}

fn pretty(object: Map<String, Value>) -> String {
    serde_json::to_string_pretty(&Value::Object(object)).unwrap_or_default()
}

fn times(inspection: &Inspection) -> Vec<Time> {
    let claims = inspection.claims.as_ref();
    let read = |claim| {
        let seconds = claims?.get(claim)?.as_i64()?;
        let moment = OffsetDateTime::from_unix_timestamp(seconds).ok()?.format(&Rfc3339).ok()?;
        Some(Time { claim, moment })
    };
    ["iat", "exp"].into_iter().filter_map(read).collect()
}

/// The sources of a rule, which the rule separates by semicolons, with links.
fn sources(rule: Rule) -> Vec<Source> {
    rule.source().split("; ").map(|title| Source { title, url: address(title) }).collect()
}

/// The document that a source begins with, as `jwt::inspect` abbreviates them.
fn address(source: &str) -> Option<String> {
    const SDK: &str = "https://developer.zendesk.com/documentation/classic-web-widget-sdks/support-sdk/working-with-the-support-sdk/building-a-dedicated-jwt-endpoint-for-the-support-sdk/";
    const MESSAGING: &str =
        "https://developer.zendesk.com/documentation/zendesk-web-widget-sdks/sdks/web/enabling_auth_visitors/";
    const SSO: &str = "https://support.zendesk.com/hc/en-us/articles/4408845838874";
    const ANATOMY: &str = "https://support.zendesk.com/hc/en-us/articles/204279616";

    if let Some(rfc) = source.strip_prefix("RFC ") {
        let (number, section) = rfc.split_once(" §")?;
        return Some(format!("https://www.rfc-editor.org/rfc/rfc{number}#section-{section}"));
    }
    let document = source.split([',', ':']).next()?;
    let url = match document {
        "SDK" => SDK,
        "Messaging" => MESSAGING,
        "SSO" => SSO,
        "Anatomy" => ANATOMY,
        _ => return None,
    };
    Some(url.to_owned())
}
