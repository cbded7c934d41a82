//! Where Zendesk sends the browser after sign-in.

use percent_encoding::percent_decode_str;
use url::{Host, Url};
use zendesk_jwt::handlers::sso_redirect::{ReturnTo, ZendeskHosts};

/// The hosts to which a browser may return. The first is the account's own.
const HOSTS: [&str; 3] = ["acme.zendesk.com", "help.example.com", "brand.zendesk.com"];

/// A Zendesk account with the hosts of its brands.
pub fn hosts() -> ZendeskHosts {
    let others = HOSTS[1..].iter().map(|host| Host::parse(host).unwrap()).collect();
    ZendeskHosts::new(account(), others)
}

/// A text is refused, or leads only to the account's hosts for every reader.
pub fn return_to(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let hosts = hosts();
    if let Some(return_to) = ReturnTo::parse(text, &hosts) {
        let text_again = String::from(return_to.clone());
        leads_to_the_account(&text_again);
        assert_eq!(ReturnTo::parse(&text_again, &hosts), Some(return_to), "{text:?} changes when it is read again");
    }
}

/// Panics unless a browser on Zendesk's page goes to one of [`HOSTS`] over https.
pub fn leads_to_the_account(return_to: &str) {
    // Some readers decode the text once more, or read `\` as `/`.
    let decoded = percent_decode_str(return_to).decode_utf8_lossy().into_owned();
    let (path, _) = decoded.split_once(['?', '#']).unwrap_or((&decoded, ""));
    for read in [return_to.to_owned(), return_to.replace('\\', "/"), path.to_owned(), path.replace('\\', "/")] {
        let url = account().join(&read).unwrap_or_else(|error| panic!("{return_to:?} is not an address: {error}"));
        assert!(HOSTS.contains(&url.host_str().unwrap_or_default()), "{return_to:?} leads to {url}");
        assert_eq!((url.scheme(), url.port(), url.username(), url.password()), ("https", None, "", None), "{url}");
    }
    assert!(return_to.starts_with('/') != return_to.starts_with("https://"), "{return_to:?}");
    assert!(return_to.bytes().all(|byte| byte.is_ascii_graphic()), "{return_to:?} has white space");
}

fn account() -> Url {
    Url::parse(&format!("https://{}", HOSTS[0])).unwrap()
}
