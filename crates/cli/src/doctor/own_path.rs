//! The paths of our own endpoints, with the configuration that a path can name.

use hyper::StatusCode;
use url::Url;

use super::endpoint::{Endpoint, describe};
use super::report::{Report, Verdict};
use zendesk_jwt_rules::{ConfigurationName, Kind};
use zendesk_jwt_simulator::client::Answer;

/// The first and the last word of each path.
const WORDS: [(&str, &str, Kind); 3] =
    [("sdk", "jwt", Kind::Sdk), ("messaging", "jwt", Kind::Messaging), ("sso", "login", Kind::Sso)];

/// Such as `/sdk/jwt` or `/sdk/ios/jwt`.
pub(super) struct OwnPath {
    /// What stands before it, such as the stage of a REST API.
    before: String,
    pub(super) kind: Kind,
    pub(super) configuration: Option<ConfigurationName>,
}

impl OwnPath {
    pub(super) fn of(url: &Url) -> Option<Self> {
        WORDS.into_iter().find_map(|(first, last, kind)| {
            let path = url.path().strip_suffix(last)?.strip_suffix('/')?;
            let unnamed = || Some((path.strip_suffix(first)?, None));
            let named = || {
                let (path, name) = path.rsplit_once('/')?;
                let name = ConfigurationName::parse(name)?;
                Some((path.strip_suffix(first)?, Some(name)))
            };
            let (before, configuration) = unnamed().or_else(named)?;
            Some(Self { before: before.strip_suffix('/')?.to_owned(), kind, configuration })
        })
    }

    /// The remote logout URL next to a remote login URL.
    pub(super) fn logout_url(&self, url: &Url) -> Option<Url> {
        (self.kind == Kind::Sso)
            .then(|| self.sibling(url, self.configuration.as_ref().map(ConfigurationName::as_str), "logout"))
    }

    fn sibling(&self, url: &Url, configuration: Option<&str>, last: &str) -> Url {
        let name = configuration.map(|name| format!("/{name}")).unwrap_or_default();
        let mut sibling = url.clone();
        sibling.set_path(&format!("{}/{}{name}/{last}", self.before, self.kind));
        sibling.set_query(None);
        sibling
    }
}

/// Asks for a configuration that does not exist, if the path names one that does.
pub(super) async fn examine(endpoint: &Endpoint<'_>, report: &mut Report) {
    let plan = endpoint.plan;
    let Some(own) = plan.own_path.as_ref().filter(|own| own.configuration.is_some()) else { return };
    let unknown = format!("doctor-{}", plan.marker.get(..8).unwrap_or_default());
    let last = if own.kind == Kind::Sso { "login" } else { "jwt" };
    let request = endpoint.request_to(&own.sibling(&plan.url, Some(&unknown), last), &endpoint.unknown_token());
    let judge = |answer: &Answer| {
        let seen = format!("an unknown configuration was answered with {}", describe(answer));
        let remedy = "Answer 404 to a configuration that you do not know: otherwise nobody notices a mistyped address.";
        Verdict::fail_unless(answer.status == StatusCode::NOT_FOUND, seen, remedy)
    };
    report.add("unknown-configuration", endpoint.judge(request, judge).await);
}
