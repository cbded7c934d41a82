//! Asks Zendesk itself: posts one JWT to an address that the operator knows, and reads the answer. One attempt, and no
//! redirect is followed.

use hyper::header::{ACCEPT, LOCATION};
use hyper::{Method, StatusCode};
use scraper::{Html, Selector};
use serde::Serialize;
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
        let refused = |reason, remedy| Err(NotPosted { reason, remedy: Some(remedy) });
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
        let declined = |reason| Err(NotPosted { reason, remedy: None });
        match input::confirm(&question) {
            Ok(true) => Ok(()),
            Ok(false) => declined("you did not answer yes".to_owned()),
            Err(problem) => declined(problem.to_string()),
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
pub(crate) struct NotPosted {
    pub(crate) reason: String,
    /// What to do; `None` if the operator does not want it.
    pub(crate) remedy: Option<&'static str>,
}

/// What Zendesk made of a JWT.
#[derive(Serialize)]
pub(crate) struct Outcome {
    pub(crate) accepted: bool,
    /// What Zendesk answered.
    pub(crate) seen: String,
    /// What to do, unless the user is signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remedy: Option<String>,
}

impl Outcome {
    fn signed_in() -> Self {
        Self { accepted: true, seen: "Zendesk accepts the JWT and signs the user in".to_owned(), remedy: None }
    }

    fn not_signed_in(seen: String, remedy: impl Into<String>) -> Self {
        Self { accepted: false, seen, remedy: Some(remedy.into()) }
    }

    /// `message` is Zendesk's, without the values of the JWT.
    fn refused(error: &ZendeskError, message: &str) -> Self {
        let seen = match message {
            "" => "Zendesk refuses the JWT and gives no reason".to_owned(),
            message => format!("Zendesk refuses the JWT: {}", escaped(message)),
        };
        // Not documented: Zendesk reads the user's claims only after it has verified the signature.
        let secret = if error.cause == Cause::User { "The secret is most likely right. " } else { "" };
        Self::not_signed_in(seen, format!("{secret}{}", error.for_the_administrator))
    }

    /// The answer leads nowhere, so it is not Zendesk's answer to a JWT.
    fn undecided(status: StatusCode) -> Self {
        let code = status.as_u16();
        let not_zendesk = || format!("answered with {code}, which is not Zendesk's answer to a JWT");
        let (seen, remedy) = match status {
            StatusCode::TOO_MANY_REQUESTS => {
                (format!("answered with {code}: too many sign-ins just now"), "Wait a minute, then ask again.")
            }
            _ if status.is_server_error() => (
                format!("answered with {code}, so Zendesk decided nothing"),
                "Look at https://status.zendesk.com, and ask again later.",
            ),
            StatusCode::NOT_FOUND => (not_zendesk(), "Check the subdomain: Zendesk has no such account."),
            _ => (
                not_zendesk(),
                "A bot check or a proxy may stand between this machine and Zendesk. Sign in with a browser, or ask \
                 from another network.",
            ),
        };
        Self::not_signed_in(seen, remedy)
    }
}

impl Post<'_> {
    pub(crate) fn request(&self) -> Request {
        Request::new(Method::POST, self.url).header(ACCEPT, "text/html,application/xhtml+xml").form(self.fields)
    }

    /// Reads the answer: a redirect, or the documented page of one link.
    pub(crate) fn outcome(&self, answer: Result<Answer, Failure>) -> Outcome {
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) => {
                let remedy = "Check that this machine reaches Zendesk, and ask again.";
                return Outcome::not_signed_in(format!("no answer: {failure}"), remedy);
            }
        };
        let status = answer.status;
        let is_page = status.is_success();
        let link =
            if is_page { only_link(&answer.body) } else { answer.header(LOCATION).filter(|_| status.is_redirection()) };
        let Some(target) = link.and_then(|link| self.url.join(&link).ok()) else {
            return Outcome::undecided(status);
        };
        let return_to = self.field("return_to");
        let is_return_to = !return_to.is_empty() && self.url.join(return_to).is_ok_and(|expected| expected == target);
        let is_of = |url: &Url| url.origin() == target.origin();
        let is_help_center = self.help_centers.iter().any(is_of);
        let parameter = |name: &str| target.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value);
        if is_return_to {
            Outcome::signed_in()
        } else if parameter("kind").is_some_and(|kind| kind == "error") {
            let message = parameter("message").unwrap_or_default();
            Outcome::refused(ZendeskError::of(&message), &self.without_values(&message))
        } else if (is_help_center || is_of(self.url)) && target.path().starts_with(UNAUTHENTICATED) {
            Outcome::not_signed_in(
                format!("Zendesk does not sign the user in: its answer leads to {UNAUTHENTICATED}"),
                "Sign the test user in with a browser: Zendesk sends the reason to the remote logout URL of the JWT \
                 configuration. Often the secret is another one, the configuration is not active, or it is not \
                 assigned to end users.",
            )
        } else if is_help_center {
            Outcome::signed_in()
        } else if is_page {
            Outcome::undecided(status)
        } else {
            let address = escaped(&format!("{}{}", target.origin().ascii_serialization(), target.path()));
            Outcome::not_signed_in(
                format!("the answer leads to {address}, which proves nothing"),
                "If this is a help center of yours, name its host with --help-center. Otherwise check the subdomain, \
                 and sign in with a browser.",
            )
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
