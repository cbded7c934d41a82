//! The command line, with its help.

use std::path::PathBuf;

use url::Url;

use super::connection::Resolve;
use crate::zendesk;
use zendesk_jwt::config;
use zendesk_jwt_rules::Kind;

#[derive(Debug, clap::Args)]
#[command(
    about = "Find out what is wrong with an endpoint that makes JWTs for Zendesk",
    long_about = LONG_ABOUT,
    after_help = EXIT_STATUS,
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}")
)]
pub(crate) struct Arguments {
    /// The endpoint's address
    ///
    /// The JWT URL or remote login URL in Admin Center, or the address where your page fetches messaging tokens.
    #[arg(value_name = "URL", value_parser = url)]
    pub(super) url: Url,

    /// What it makes: sdk, messaging or sso [default: by the paths /sdk/jwt, /messaging/jwt and /sso/login, also with a configuration as in /sdk/ios/jwt]
    #[arg(long, value_name = "KIND", value_parser = crate::problem::kind)]
    pub(super) kind: Option<Kind>,

    /// A file with a user token that the endpoint knows
    ///
    /// The token may be an ID token of your identity provider. `-` is standard input. Without this option the tool asks for the token on a terminal, and skips the checks that
    /// need one elsewhere.
    #[arg(long = "token-file", value_name = "FILE")]
    pub(super) user_token_file: Option<PathBuf>,

    /// A file with the shared secret, to check the signature
    ///
    /// `-` is standard input. The file holds the secret as Admin Center shows it, or the JSON that Secrets Manager
    /// holds: {"secret": "…"}, for messaging {"kid": "…", "secret": "…"}.
    #[arg(long, value_name = "FILE")]
    pub(super) secret_file: Option<PathBuf>,

    /// Where to send the user token
    ///
    /// The default is a form for the Support SDK, a bearer token for messaging, and a cookie for SSO.
    #[arg(long, value_enum, value_name = "PLACE")]
    pub(super) token_in: Option<Place>,

    /// The cookie that holds the user token [default: session]
    #[arg(long, value_name = "NAME")]
    pub(super) cookie: Option<String>,

    /// A site whose pages fetch messaging tokens
    ///
    /// Such as `https://www.example.com`. Checks that the endpoint allows its pages to read the answer (CORS).
    #[arg(long, value_name = "ORIGIN", value_parser = config::origin)]
    pub(super) origin: Option<String>,

    /// The Zendesk account of the sign-in page, such as acme for acme.zendesk.com
    #[arg(long, value_name = "NAME")]
    pub(super) zendesk_subdomain: Option<String>,

    /// The remote logout URL of SSO [default: /sso/logout next to /sso/login]
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(super) logout_url: Option<Url>,

    /// The host of a help center, such as help.example.com
    ///
    /// Checks that browsers may follow Zendesk's redirect to it after the sign-in. May be repeated.
    #[arg(long, value_name = "HOST", value_parser = host)]
    pub(super) help_center: Vec<Url>,

    /// HOST:PORT:ADDRESS, to use instead of DNS
    ///
    /// Such as support.example.com:443:192.0.2.10, to try a server before its DNS record exists. May be repeated.
    #[arg(long, value_name = "WHERE", value_parser = Resolve::parse)]
    pub(super) resolve: Vec<Resolve>,

    /// A PEM file of certificate authorities to trust as well, although Zendesk does not
    #[arg(long, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,

    #[command(flatten)]
    pub(super) ask: zendesk::Options,

    /// A host outside zendesk.com that may get the JWT, as in the address of the form
    #[arg(long, value_name = "HOST", value_parser = host, requires = "ask_zendesk")]
    pub(super) post_to: Option<Url>,

    /// How long each step may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=120))]
    pub(super) timeout: u64,

    /// Print JSON
    ///
    /// {url, kind, healthy, checks: [{id, group, state, critical, seen, remedy}]}; a state is pass, warn, fail or skip.
    /// With --ask-zendesk also `by_hand`, the steps that a person must take.
    #[arg(long)]
    pub(super) json: bool,
}

/// Where an endpoint reads the user token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Place {
    /// The field `user_token` of a posted form
    Form,
    /// `Authorization: Bearer`
    Bearer,
    /// A cookie
    Cookie,
}

const LONG_ABOUT: &str = "Find out what is wrong with an endpoint that makes JWTs for Zendesk

Sends the requests of Zendesk or a browser, and prints a checklist with a remedy for each fault: DNS, TLS, redirects, \
statuses, the JWT and its claims, clocks, speed, caching, CORS, the sign-in page. The endpoint may be any, not only one \
of zendesk-jwt.

Makes about a dozen requests, most of them with user tokens that do not exist. With a user token that exists, it also \
checks the JWT. No JWT is sent to Zendesk, except one with --ask-zendesk. No JWT, name or address is shown.";

const EXIT_STATUS: &str = "Exit status: 0 if no check failed (there may be warnings), 1 if one failed, 2 on a usage \
                           error.";

const EXAMPLES: &str = "Examples:
  Try it with `zendesk-jwt local`:
    echo BD2F35A7621 |
      zendesk-jwt doctor http://127.0.0.1:3000/sdk/jwt --token-file -

  A Support SDK endpoint, with the shared secret from Admin Center in a file:
    zendesk-jwt doctor https://support.example.com/zendesk --kind sdk \\
      --secret-file secret.txt

  Messaging, as a page of your site calls it:
    zendesk-jwt doctor https://support.example.com/messaging/jwt \\
      --origin https://www.example.com

  SSO, with another session cookie and the remote logout URL:
    zendesk-jwt doctor https://www.example.com/sso --kind sso --cookie sid \\
      --logout-url https://www.example.com/bye

  SSO, and whether Zendesk signs a test user in:
    zendesk-jwt doctor https://sso.example.com/sso/login \\
      --ask-zendesk

  For monitoring, the remedies alone:
    zendesk-jwt doctor https://support.example.com/sdk/jwt \\
      --token-file token --json |
      jq -r '.checks[] | select(.state == \"fail\") | .remedy'";

/// For clap: a host, with or without `https://`.
fn host(text: &str) -> Result<Url, String> {
    let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    self::url(&url)
}

/// For clap: an address that Zendesk or a browser can call.
fn url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("it should be a full https:// address ({error})"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err("it should be an https:// address".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("Zendesk and browsers send no name and password in the address: leave them out".to_owned());
    }
    Ok(url)
}
