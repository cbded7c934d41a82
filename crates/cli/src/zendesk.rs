//! Asks Zendesk itself: posts one JWT to an address that the operator knows, and reads the answer. One attempt, and no
//! redirect is followed.

use hyper::header::{ACCEPT, LOCATION};
use hyper::{Method, StatusCode};
use scraper::{Html, Selector};
use serde_json::Value;
use url::Url;

use crate::input;
use crate::output::escaped;
use crate::problem::usage_error;
use zendesk_jwt::config::is_loopback;
use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::inspect::{Expectation, inspect};
use zendesk_jwt_rules::zendesk_errors::{Cause, ZendeskError};
use zendesk_jwt_simulator::client::{Answer, Failure, Request};

/// Where a browser goes after the sign-in.
pub(crate) const RETURN_TO: &str = "/hc";

/// Claims that change what a user may do or belongs to. A JWT with one of them is not posted.
const RIGHTS: [&str; 7] =
    ["role", "custom_role_id", "tags", "organization", "organizations", "organization_id", "organization_ids"];

/// A longer message is cut.
const MAX_MESSAGE_CHARACTERS: usize = 200;

/// Where Zendesk sends a browser that is not signed in (documented).
const UNAUTHENTICATED: &str = "/access/unauthenticated";

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Post one JWT to Zendesk, as a browser does, and say whether Zendesk accepts it
    ///
    /// Zendesk then creates or updates the user, so name a test user. Only SSO can be asked. For the other kinds, the
    /// command shows the steps by hand.
    #[arg(long)]
    pub(crate) ask_zendesk: bool,

    /// Post the JWT without asking first
    #[arg(long, requires = "ask_zendesk")]
    yes: bool,
}

impl Options {
    /// Ends the process if the question of [`Self::permit`] cannot be asked.
    pub(crate) fn require_answer(&self) {
        if self.ask_zendesk && !self.yes && !input::can_ask() {
            usage_error("--ask-zendesk asks before it posts a JWT: add --yes, since nobody can answer here");
        }
    }

    /// Whether the JWT may be posted. A host that is neither Zendesk's nor this machine needs the operator's word: an
    /// answer, or `confirmed`.
    pub(crate) fn permit(&self, post: &Post<'_>, confirmed: Option<&Url>) -> Result<(), NotPosted> {
        let url = post.url;
        let refused = |reason: String, remedy| Err(NotPosted::Refused { reason, remedy });
        let rights: Vec<_> = RIGHTS.into_iter().filter(|right| post.claims().get(right).is_some()).collect();
        if !rights.is_empty() {
            let reason = format!("the JWT would set {} of the user", rights.join(", "));
            return refused(reason, "Give the user token of a test user that has none of these.");
        }
        let host = escaped(url.host_str().unwrap_or_default());
        if url.scheme() != "https" && !is_loopback(url) {
            return refused(format!("the form leads to {host} without TLS"), "Post to https://SUBDOMAIN.zendesk.com.");
        }
        let is_confirmed = confirmed.is_some_and(|confirmed| confirmed.origin() == url.origin());
        let is_known = label(url).is_some() || is_loopback(url) || is_confirmed;
        if self.yes {
            let remedy = "Post to https://SUBDOMAIN.zendesk.com. If this host may get the JWT, name it with --post-to.";
            return if is_known { Ok(()) } else { refused(format!("{host} is not Zendesk's"), remedy) };
        }
        let warning =
            if is_known { "" } else { "This host is not Zendesk's. The person who runs it can sign in as the user.\n" };
        let origin = escaped(&url.origin().ascii_serialization());
        let question = format!(
            "Ask Zendesk? One JWT is posted to {origin}, which creates or updates its user.\n{warning}\
             Type yes to post it: "
        );
        match input::confirm(&question) {
            Ok(true) => Ok(()),
            Ok(false) => Err(NotPosted::Declined("you did not answer yes".to_owned())),
            Err(problem) => Err(NotPosted::Declined(problem.to_string())),
        }
    }
}

/// The account in `https://ACCOUNT.zendesk.com/`.
pub(crate) fn label(url: &Url) -> Option<&str> {
    let label = url.host_str()?.strip_suffix(".zendesk.com")?;
    (url.scheme() == "https" && url.port().is_none() && !label.is_empty() && !label.contains('.')).then_some(label)
}

/// One JWT, and where it goes. No `Debug`: anyone who has the JWT can sign in.
pub(crate) struct Post<'a> {
    pub(crate) url: &'a Url,
    /// The fields of the form, among them `jwt` and `return_to`.
    pub(crate) fields: &'a [(String, String)],
    /// Hosts of the company that are mapped to a help center.
    pub(crate) help_centers: &'a [Url],
}

/// Why no JWT was posted.
pub(crate) enum NotPosted {
    /// The operator does not want it.
    Declined(String),
    Refused {
        reason: String,
        remedy: &'static str,
    },
}

/// What Zendesk made of a JWT.
pub(crate) enum Outcome {
    SignedIn,
    /// With Zendesk's message, without the values of the JWT.
    Refused(&'static ZendeskError, String),
    /// Zendesk gives no reason.
    NotSignedIn,
    /// The answer leads to an address that Zendesk's documentation does not name.
    Elsewhere(String),
    /// Not an answer to a JWT, but for example the page of a bot check.
    NotZendesk(StatusCode),
    TooMany,
    Unavailable(StatusCode),
    Unanswered(Failure),
}

impl Post<'_> {
    pub(crate) fn request(&self) -> Request {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(self.fields).finish();
        Request::new(Method::POST, self.url).header(ACCEPT, "text/html,application/xhtml+xml").form(form)
    }

    /// Reads the answer: a redirect, or the documented page of one link.
    pub(crate) fn outcome(&self, answer: Result<Answer, Failure>) -> Outcome {
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) => return Outcome::Unanswered(failure),
        };
        let status = answer.status;
        let is_page = status.is_success();
        let link =
            if is_page { only_link(&answer.body) } else { answer.header(LOCATION).filter(|_| status.is_redirection()) };
        let Some(target) = link.and_then(|link| self.url.join(&link).ok()) else {
            return match status {
                StatusCode::TOO_MANY_REQUESTS => Outcome::TooMany,
                _ if status.is_server_error() => Outcome::Unavailable(status),
                _ => Outcome::NotZendesk(status),
            };
        };
        let return_to = self.field("return_to");
        let is_return_to = !return_to.is_empty() && self.url.join(return_to).is_ok_and(|expected| expected == target);
        let is_of = |url: &Url| url.origin() == target.origin();
        let is_help_center = self.help_centers.iter().any(is_of);
        let parameter = |name: &str| target.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value);
        if is_return_to {
            Outcome::SignedIn
        } else if parameter("kind").is_some_and(|kind| kind == "error") {
            let message = parameter("message").unwrap_or_default();
            Outcome::Refused(ZendeskError::of(&message), self.without_values(&message))
        } else if (is_help_center || is_of(self.url)) && target.path().starts_with(UNAUTHENTICATED) {
            Outcome::NotSignedIn
        } else if is_help_center {
            Outcome::SignedIn
        } else if is_page {
            Outcome::NotZendesk(status)
        } else {
            Outcome::Elsewhere(format!("{}{}", target.origin().ascii_serialization(), target.path()))
        }
    }

    fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    fn claims(&self) -> Value {
        let expectation = Expectation { kind: Some(Kind::Sso), secret: None, now: 0 };
        inspect(self.field("jwt"), &expectation).claims.map(Value::Object).unwrap_or_default()
    }

    /// Zendesk's messages quote the address and the ids of the user.
    fn without_values(&self, message: &str) -> String {
        let claims = self.claims();
        let values = claims.as_object().into_iter().flat_map(|claims| claims.values().filter_map(Value::as_str));
        let personal = values.filter(|value| value.len() > 2);
        let message = personal.fold(message.to_owned(), |message, value| message.replace(value, "…"));
        let words = message.split(' ').map(|word| if word.contains('@') { "…" } else { word });
        words.collect::<Vec<_>>().join(" ").chars().take(MAX_MESSAGE_CHARACTERS).collect()
    }
}

/// The address of the only link of a page.
fn only_link(html: &str) -> Option<String> {
    let html = Html::parse_document(html);
    let selector = Selector::parse("a[href]").ok()?;
    let mut links = html.select(&selector);
    let link = links.next().filter(|_| links.next().is_none())?;
    link.value().attr("href").map(|href| href.trim().to_owned())
}

impl Outcome {
    pub(crate) fn is_accepted(&self) -> bool {
        matches!(self, Self::SignedIn)
    }

    /// What Zendesk answered.
    pub(crate) fn seen(&self) -> String {
        match self {
            Self::SignedIn => "Zendesk accepts the JWT and signs the user in".to_owned(),
            Self::Refused(_, message) if message.is_empty() => "Zendesk refuses the JWT and gives no reason".to_owned(),
            Self::Refused(_, message) => format!("Zendesk refuses the JWT: {}", escaped(message)),
            Self::NotSignedIn => format!("Zendesk does not sign the user in: its answer leads to {UNAUTHENTICATED}"),
            Self::Elsewhere(address) => format!("the answer leads to {}, which proves nothing", escaped(address)),
            Self::NotZendesk(status) => {
                format!("answered with {}, which is not Zendesk's answer to a JWT", status.as_u16())
            }
            Self::TooMany => "answered with 429: too many sign-ins just now".to_owned(),
            Self::Unavailable(status) => format!("answered with {}, so Zendesk decided nothing", status.as_u16()),
            Self::Unanswered(failure) => format!("no answer: {failure}"),
        }
    }

    /// What to do; `None` if the user is signed in.
    pub(crate) fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::SignedIn => return None,
            Self::Refused(error, _) => {
                // Not documented: Zendesk reads the user's claims only after it has verified the signature.
                let secret = if error.cause == Cause::User { "The secret is most likely right. " } else { "" };
                return Some(format!("{secret}{}", error.for_the_administrator));
            }
            Self::NotSignedIn => {
                "Sign the test user in with a browser: Zendesk sends the reason to the remote logout URL of the JWT \
                 configuration. Often the secret is another one, the configuration is not active, or it is not assigned to \
                 end users."
            }
            Self::Elsewhere(_) => {
                "If this is a help center of yours, name its host with --help-center. Otherwise check the subdomain, and sign in \
                 with a browser."
            }
            Self::NotZendesk(StatusCode::NOT_FOUND) => "Check the subdomain: Zendesk has no such account.",
            Self::NotZendesk(_) => {
                "A bot check or a proxy may stand between this machine and Zendesk. Sign in with a browser, or ask from another \
                 network."
            }
            Self::TooMany => "Wait a minute, then ask again.",
            Self::Unavailable(_) => "Look at https://status.zendesk.com, and ask again later.",
            Self::Unanswered(_) => "Check that this machine reaches Zendesk, and ask again.",
        };
        Some(remedy.to_owned())
    }
}
