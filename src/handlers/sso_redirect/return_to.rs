//! `return_to`: the page to which Zendesk sends the browser after sign-in. Anyone can write it, so there is an
//! allow-list.

use percent_encoding::percent_decode_str;
use url::{Host, Position, Url};

/// The hosts of one Zendesk account: its own, and those of its brands and mapped help centers.
#[derive(Clone, Debug)]
pub struct ZendeskHosts {
    pub(crate) origin: Url,
    pub(crate) others: Vec<Host>,
}

impl ZendeskHosts {
    /// The account at `origin`. `others` are the further hosts to which a browser may return.
    #[must_use]
    pub fn new(origin: Url, others: Vec<Host>) -> Self {
        Self { origin, others }
    }

    /// The full address of a path on the account's own host. `path` has no leading slash.
    #[must_use]
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// The account's origin and those of its other hosts.
    pub(super) fn origins(&self) -> impl Iterator<Item = String> {
        let (scheme, port) = (self.origin.scheme(), self.origin.port().map(|port| format!(":{port}")));
        let others =
            self.others.iter().map(move |host| format!("{scheme}://{host}{}", port.as_deref().unwrap_or_default()));
        std::iter::once(self.origin.origin().ascii_serialization()).chain(others)
    }

    fn include(&self, url: &Url) -> bool {
        // `Url::origin` would take the address inside a `blob:` URL. Only a simulated Zendesk is not at https.
        let is_service = (url.scheme(), url.port()) == (self.origin.scheme(), self.origin.port());
        let host = url.host().map(|host| host.to_owned());
        let is_other = host.is_some_and(|host| self.others.contains(&host));
        is_service && (url.host() == self.origin.host() || is_other)
    }
}

/// An address on one of the account's hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo {
    address: String,
    destination: Option<Destination>,
}

/// A part of Zendesk that the user knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    HelpCenter,
    AgentWorkspace,
}

impl Destination {
    fn of(url: &Url) -> Option<Self> {
        match url.path_segments()?.next()? {
            "hc" => Some(Self::HelpCenter),
            "agent" => Some(Self::AgentWorkspace),
            _ => None,
        }
    }
}

impl ReturnTo {
    /// Accepts a path of the account's own host or an https URL on one of its hosts, without user, port, backslash or
    /// control character. Returns `None` for anything else.
    ///
    /// The result is what the URL parser understood, so that Zendesk reads what was checked.
    #[must_use]
    pub fn parse(text: &str, hosts: &ZendeskHosts) -> Option<Self> {
        let is_path = text.starts_with('/') && !text.starts_with("//");
        let url = if is_path { hosts.origin.join(text) } else { Url::parse(text) }.ok()?;
        // A reader that decodes once more must not be led away either: `/..//host`, `/%2Fhost`, `/%09/host`.
        let path = percent_decode_str(url.path()).decode_utf8().ok()?;
        let is_tricky =
            |text: &str| text.contains('\\') || text.chars().any(char::is_control) || text.starts_with("//");
        let has_user = !url.username().is_empty() || url.password().is_some();
        if is_tricky(text) || is_tricky(&path) || text.trim() != text || has_user || !hosts.include(&url) {
            return None;
        }
        let destination = Destination::of(&url);
        Some(Self { address: if is_path { url[Position::BeforePath..].to_owned() } else { url.into() }, destination })
    }

    pub(super) fn destination(&self) -> Option<Destination> {
        self.destination
    }
}

impl From<ReturnTo> for String {
    fn from(return_to: ReturnTo) -> Self {
        return_to.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<String> {
        let origin = Url::parse("https://acme.zendesk.com").unwrap();
        let hosts = ZendeskHosts::new(origin, vec![Host::parse("help.example.com").unwrap()]);
        ReturnTo::parse(text, &hosts).map(|return_to| return_to.address)
    }

    #[test]
    fn addresses_on_the_accounts_hosts_are_accepted() {
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
    fn all_other_addresses_are_refused() {
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
