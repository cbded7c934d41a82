use std::fmt;

use askama::Template;
use askama::filters::{Html, HtmlSafe, escape};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Prose;
use zendesk_jwt_rules::id_token::IdToken;
use zendesk_jwt_rules::inspect::{Finding, Inspection, Rule, Severity, Signature};

/// A JWT with every rule that was checked, as a part of a page.
#[derive(Template)]
#[template(path = "shared/jwt_report.html")]
pub struct JwtReport {
    /// Whether Zendesk accepts the token, if the signature is right.
    pub is_accepted: bool,
    /// What an ID token says about itself. No rule is for it.
    pub id_token: Option<IdToken>,
    /// The kinds that the token can be.
    kind: String,
    parts: Vec<String>,
    header: Option<String>,
    claims: Option<String>,
    /// The claims that are times, in words.
    times: Vec<(&'static str, String)>,
    signature: Signature,
    secret_name: &'static str,
    broken: Vec<CheckedRule>,
    passed: Vec<CheckedRule>,
}

struct CheckedRule {
    code: &'static str,
    statement: Prose<&'static str>,
    sources: Sources,
    /// Only for a broken rule, as the two below.
    message: Prose<String>,
    class: &'static str,
    effect: &'static str,
}

impl JwtReport {
    /// The report of `token`. `secret_name` says in words which secret the inspection used.
    #[must_use]
    pub fn new(token: &str, inspection: Inspection, secret_name: &'static str) -> Self {
        let checked = |(rule, finding): (Rule, Option<&Finding>)| {
            let (class, effect) = match rule.severity() {
                Severity::Rejected => ("rejected", "Zendesk rejects the token"),
                Severity::Ignored => ("ignored", "Zendesk ignores this silently"),
                Severity::Advice => ("advice", "accepted, but not advised"),
            };
            let message = Prose(finding.map(|finding| finding.message.clone()).unwrap_or_default());
            let (statement, sources) = (Prose(rule.statement()), Sources(rule));
            CheckedRule { code: rule.code(), statement, sources, message, class, effect }
        };
        let (broken, passed): (Vec<_>, Vec<_>) = inspection.checked_rules().partition(|(_, finding)| finding.is_some());
        let [broken, passed] = [broken, passed].map(|rules| rules.into_iter().map(checked).collect());
        Self {
            is_accepted: inspection.is_accepted(),
            id_token: inspection.id_token,
            kind: inspection.kinds.iter().map(|kind| kind.title()).collect::<Vec<_>>().join(" or "),
            parts: token.trim().split_inclusive('.').map(str::to_owned).collect(),
            times: times(inspection.claims.as_ref()),
            signature: inspection.signature,
            secret_name,
            broken,
            passed,
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
