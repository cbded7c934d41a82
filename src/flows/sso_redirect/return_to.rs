//! Where Zendesk sends the browser after sign-in. Anybody can put anything there, so it is an allow-list.

use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// The hosts of one Zendesk account: its own, and those of brands and host mapping.
#[derive(Clone, Debug)]
pub struct ZendeskHosts {
    origin: Url,
    others: Vec<Host>,
}

impl ZendeskHosts {
    /// The account at `origin`, with the further hosts that a browser may return to.
    #[must_use]
    pub fn new(origin: Url, others: Vec<Host>) -> Self {
        Self { origin, others }
    }

    /// Where the JWT is posted: always the account's own host, never a mapped one.
    #[must_use]
    pub fn jwt_endpoint(&self) -> String {
        format!("{}access/jwt", self.origin)
    }

    /// The sources for the policy `form-action`. Browsers check it on the redirect after the post as well,
    /// which may lead to any of the hosts.
    #[must_use]
    pub fn form_action(&self) -> String {
        let others = self.others.iter().map(|host| format!(" https://{host}"));
        others.fold(self.origin.origin().ascii_serialization(), |sources, other| sources + &other)
    }

    fn has(&self, url: &Url) -> bool {
        let host = url.host().map(|host| host.to_owned());
        url.scheme() == "https"
            && (host == self.origin.host().map(|host| host.to_owned())
                || self.others.iter().any(|other| host.as_ref() == Some(other)))
    }
}

/// An address that leads back to our own Zendesk and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// Takes a path of the account's own host or an https URL on one of its hosts, without user, port,
    /// backslash or control character; `None` for anything else.
    ///
    /// What is kept is what the URL parser understood, so that Zendesk reads what was checked.
    #[must_use]
    pub fn parse(text: &str, hosts: &ZendeskHosts) -> Option<Self> {
        if text.contains('\\') || text.chars().any(char::is_control) || text.trim() != text {
            return None;
        }
        if text.starts_with('/') {
            return Self::parse_path(text, hosts);
        }
        let url = Url::parse(text).ok()?;
        let plain = url.username().is_empty() && url.password().is_none() && url.port().is_none();
        (plain && hosts.has(&url)).then(|| Self(url.into()))
    }

    fn parse_path(text: &str, hosts: &ZendeskHosts) -> Option<Self> {
        let url = hosts.origin.join(text).ok()?;
        let path = url[url::Position::BeforePath..].to_owned();
        let decoded = percent_decode_str(&path).decode_utf8().ok()?;
        // `/..//host`, `/%2Fhost` and `/%5Chost` would leave for another host in a lenient reader's eyes.
        let leads_away = [path.as_str(), &decoded].iter().any(|path| path.starts_with("//") || path.starts_with("/\\"));
        (url.origin() == hosts.origin.origin() && !leads_away).then_some(Self(path))
    }

    /// The value of the form field `return_to`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<String> {
        let origin = Url::parse("https://acme.zendesk.com").unwrap();
        let hosts = ZendeskHosts::new(origin, vec![Host::parse("help.example.com").unwrap()]);
        ReturnTo::parse(text, &hosts).map(|return_to| return_to.0)
    }

    #[test]
    fn our_own_zendesk_is_returned_to() {
        for good in [
            "/hc/en-us",
            "/hc/requests?page=2#newest",
            "https://acme.zendesk.com/agent/tickets/1",
            "https://help.example.com/hc/de?x=%2F%2Fexample.org",
        ] {
            assert_eq!(parse(good).as_deref(), Some(good));
        }
        assert_eq!(parse("HTTPS://ACME.zendesk.com").as_deref(), Some("https://acme.zendesk.com/"));
    }

    #[test]
    fn nothing_else_is() {
        for bad in [
            "",
            "hc/en-us",
            "//example.org",
            "///example.org",
            "/\\example.org",
            "\\\\example.org",
            "/..//example.org",
            "/.//example.org",
            "/%2Fexample.org",
            "/%5cexample.org",
            "/\t/example.org",
            "https://example.org",
            "http://acme.zendesk.com",
            "https://acme.zendesk.com.example.org",
            "https://acme.zendesk.com@example.org",
            "https://user@acme.zendesk.com",
            "https://user:pw@acme.zendesk.com",
            "https://acme.zendesk.com:8443",
            "https://other.zendesk.com",
            "https://acme.zendesk.com.",
            "https:example.org",
            "https:///example.org",
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://acme.zendesk.com",
            " https://acme.zendesk.com",
            "https://acme.zendesk.com\u{0}",
            "https://help.example.com\n.example.org",
        ] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
