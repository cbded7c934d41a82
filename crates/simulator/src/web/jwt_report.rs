use askama::Template;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Json, Prose};
use zendesk_jwt_rules::inspect::{Inspection, Rule, Signature};

/// A JWT with every rule that was checked, as a part of a page.
#[derive(Clone, Debug, Template)]
#[template(path = "shared/jwt_report.html")]
pub struct JwtReport {
    jwt: String,
    pub inspection: Inspection,
    /// Which secret the inspection used, in words.
    secret_name: &'static str,
}

impl JwtReport {
    pub fn new(jwt: &str, inspection: Inspection, secret_name: &'static str) -> Self {
        Self { jwt: jwt.trim().to_owned(), inspection, secret_name }
    }

    fn kind(&self) -> String {
        self.inspection.kinds.iter().map(|kind| kind.title()).collect::<Vec<_>>().join(" or ")
    }

    fn passed(&self) -> Vec<Rule> {
        self.inspection.checked_rules().filter(|(_, finding)| finding.is_none()).map(|(rule, _)| rule).collect()
    }
}

/// The time in a claim, in words.
fn time(claims: &Map<String, Value>, claim: &str) -> Option<String> {
    OffsetDateTime::from_unix_timestamp(claims.get(claim)?.as_i64()?).ok()?.format(&Rfc3339).ok()
}

/// The address of the document that `source` abbreviates.
fn address(source: &str) -> Option<String> {
    if let Some(rfc) = source.strip_prefix("RFC ") {
        let (number, section) = rfc.split_once(" §")?;
        return Some(format!("https://www.rfc-editor.org/rfc/rfc{number}#section-{section}"));
    }
    let url = match source.split([',', ':']).next()? {
        "SDK" => {
            "https://developer.zendesk.com/documentation/classic-web-widget-sdks/support-sdk/working-with-the-support-sdk/building-a-dedicated-jwt-endpoint-for-the-support-sdk/"
        }
        "Messaging" => {
            "https://developer.zendesk.com/documentation/zendesk-web-widget-sdks/sdks/web/enabling_auth_visitors/"
        }
        "SSO" => "https://support.zendesk.com/hc/en-us/articles/4408845838874",
        "Anatomy" => "https://support.zendesk.com/hc/en-us/articles/204279616",
        _ => return None,
    };
    Some(url.to_owned())
}
