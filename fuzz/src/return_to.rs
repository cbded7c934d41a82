//! Where Zendesk sends the browser after sign-in.

use percent_encoding::percent_decode_str;
use url::{Host, Url};
use zendesk_jwt::handlers::sso_redirect::{ReturnTo, ZendeskHosts};

/// Hosts that a browser may return to; the first is the account's own.
const HOSTS: [&str; 3] = ["acme.zendesk.com", "help.example.com", "brand.zendesk.com"];

/// An account in Zendesk with hosts of its brands.
pub fn hosts() -> ZendeskHosts {
    let others = HOSTS[1..].iter().map(|host| Host::parse(host).unwrap()).collect();
    ZendeskHosts::new(account(), others)
}

/// Any text is no `return_to`, or one that leads to the account's hosts alone, whoever reads it.
pub fn return_to(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let hosts = hosts();
    if let Some(return_to) = ReturnTo::parse(text, &hosts) {
        let kept = String::from(return_to.clone());
        leads_to_the_account(&kept);
        assert_eq!(ReturnTo::parse(&kept, &hosts), Some(return_to), "read once more, {text:?} is another: {kept:?}");
    }
}

/// Panics unless browsers go to one of [`HOSTS`], over https, from Zendesk's page.
pub fn leads_to_the_account(return_to: &str) {
    // Beside the text itself: what is left of it where somebody decodes it once more, or reads `\` as `/`.
    let decoded = percent_decode_str(return_to).decode_utf8_lossy().into_owned();
    let (path, _) = decoded.split_once(['?', '#']).unwrap_or((&decoded, ""));
    for read in [return_to.to_owned(), return_to.replace('\\', "/"), path.to_owned(), path.replace('\\', "/")] {
        let url = account().join(&read).unwrap_or_else(|error| panic!("{return_to:?} is no address: {error}"));
        assert!(HOSTS.contains(&url.host_str().unwrap_or_default()), "{return_to:?} leads to {url}");
        assert_eq!((url.scheme(), url.port(), url.username(), url.password()), ("https", None, "", None), "{url}");
    }
    assert!(return_to.starts_with('/') != return_to.starts_with("https://"), "{return_to:?}");
    assert!(return_to.bytes().all(|byte| byte.is_ascii_graphic()), "{return_to:?} has a break or a blank");
}

fn account() -> Url {
    Url::parse(&format!("https://{}", HOSTS[0])).unwrap()
}
