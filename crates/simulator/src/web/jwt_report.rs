use std::fmt;

use askama::Template;
use askama::filters::{Html, HtmlSafe, escape};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Prose;
use zendesk_jwt_rules::inspect::{Inspection, Rule, Severity, Signature};

/// A JWT with every rule that was checked, as a part of a page.
#[derive(Template)]
#[template(path = "shared/jwt_report.html")]
pub struct JwtReport {
    /// Whether Zendesk accepts the token, if the signature is right.
    pub is_accepted: bool,
    /// The kinds that the token can be.
    kind: String,
    parts: Vec<String>,
    header: Option<String>,
    claims: Option<String>,
    /// The claims that are times, in words.
    times: Vec<(&'static str, String)>,
    signature: Signature,
    secret_name: &'static str,
    broken: Vec<BrokenRule>,
    passed: Vec<PassedRule>,
}

struct BrokenRule {
    code: &'static str,
    effect: &'static str,
    class: &'static str,
    statement: Prose<&'static str>,
    message: Prose<String>,
    sources: Sources,
}

struct PassedRule {
    code: &'static str,
    statement: Prose<&'static str>,
    sources: Sources,
}

impl JwtReport {
    /// The report of `token`. `secret_name` says in words which secret the inspection used.
    #[must_use]
    pub fn new(token: &str, inspection: Inspection, secret_name: &'static str) -> Self {
        let broken = inspection.findings.iter().map(|finding| {
            let (class, effect) = match finding.rule.severity() {
                Severity::Rejected => ("rejected", "Zendesk rejects the token"),
                Severity::Ignored => ("ignored", "Zendesk ignores this silently"),
                Severity::Advice => ("advice", "accepted, but not advised"),
            };
            let (rule, message) = (finding.rule, Prose(finding.message.clone()));
            let (statement, sources) = (Prose(rule.statement()), Sources(rule));
            BrokenRule { code: rule.code(), effect, class, statement, message, sources }
        });
        let passed = inspection.checked_rules().filter(|(_, finding)| finding.is_none()).map(|(rule, _)| PassedRule {
            code: rule.code(),
            statement: Prose(rule.statement()),
            sources: Sources(rule),
        });
        Self {
            is_accepted: inspection.is_accepted(),
            kind: inspection.kinds.iter().map(|kind| kind.title()).collect::<Vec<_>>().join(" or "),
            parts: token.trim().split_inclusive('.').map(str::to_owned).collect(),
            times: times(inspection.claims.as_ref()),
            signature: inspection.signature,
            secret_name,
            broken: broken.collect(),
            passed: passed.collect(),
            header: inspection.header.map(pretty),
            claims: inspection.claims.map(pretty),
        }
    }

    fn rule_count(&self) -> usize {
        self.broken.len() + self.passed.len()
    }

    fn is_checked(&self) -> bool {
        self.signature != Signature::NotChecked
    }

    fn is_verified(&self) -> bool {
        self.signature == Signature::Verified
    }
}

fn pretty(object: Map<String, Value>) -> String {
    serde_json::to_string_pretty(&Value::Object(object)).unwrap_or_default()
}

fn times(claims: Option<&Map<String, Value>>) -> Vec<(&'static str, String)> {
    let time = |claim| {
        let time = OffsetDateTime::from_unix_timestamp(claims?.get(claim)?.as_i64()?).ok()?;
        Some((claim, time.format(&Rfc3339).ok()?))
    };
    ["iat", "exp"].into_iter().filter_map(time).collect()
}

/// The sources of a rule in HTML, with a link if the address is known.
struct Sources(Rule);

impl fmt::Display for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<span class=\"sources\">")?;
        for (index, source) in self.0.source().split("; ").enumerate() {
            f.write_str(if index == 0 { "" } else { "; " })?;
            let Ok(title) = escape(source, Html);
            match address(source) {
                Some(url) => write!(f, "<a href=\"{url}\" rel=\"noreferrer\">{title}</a>")?,
                None => write!(f, "{title}")?,
            }
        }
        f.write_str("</span>")
    }
}

impl HtmlSafe for Sources {}

/// The address of the document that `source` abbreviates.
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
    let url = match source.split([',', ':']).next()? {
        "SDK" => SDK,
        "Messaging" => MESSAGING,
        "SSO" => SSO,
        "Anatomy" => ANATOMY,
        _ => return None,
    };
    Some(url.to_owned())
}
