//! What is examined: an endpoint, how it takes its user token, and what the operator gave to try it with.

use std::time::Duration;

use hyper::Method;
use url::Url;
use zeroize::Zeroizing;

use super::connection::{Network, Route};
use super::exchange::{Answer, Ask};
use super::report::Verdict;
use zendesk_jwt::web::TokenPlace;
use zendesk_jwt_rules::Kind;

/// How the endpoint is sent the user token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Form,
    Bearer,
    /// The cookie of this name.
    Cookie(String),
}

impl Place {
    fn borrowed(&self) -> TokenPlace<'_> {
        match self {
            Self::Form => TokenPlace::Form,
            Self::Bearer => TokenPlace::Bearer,
            Self::Cookie(name) => TokenPlace::Cookie(name),
        }
    }
}

/// The shared secret as raw text, with messaging's key id where it is known. No `Debug`.
pub(super) struct Secret {
    pub(super) secret: Zeroizing<String>,
    pub(super) kid: Option<String>,
}

/// Everything that the command line, files and prompts said.
pub(super) struct Plan {
    pub(super) url: Url,
    pub(super) kind: Kind,
    pub(super) place: Place,
    pub(super) user_token: Option<Zeroizing<String>>,
    pub(super) secret: Option<Secret>,
    pub(super) origin: Option<String>,
    /// The account's first label, if it is known.
    pub(super) zendesk_subdomain: Option<String>,
    pub(super) logout_url: Option<Url>,
    pub(super) network: Network,
    /// Random hexadecimal digits that every invented token of this run has in it.
    pub(super) marker: String,
}

/// The endpoint, once there is a way to it.
pub(super) struct Endpoint<'a> {
    pub(super) plan: &'a Plan,
    pub(super) route: Route,
}

impl Endpoint<'_> {
    /// The good user token, or why it is not sent.
    pub(super) fn user_token(&self) -> Result<&str, &'static str> {
        match &self.plan.user_token {
            Some(_) if !self.route.is_trusted => {
                Err("the user token is not sent over a connection that cannot be trusted")
            }
            Some(token) => Ok(token),
            None => Err("needs a user token (--user-token-file)"),
        }
    }

    /// A token that nobody has.
    pub(super) fn unknown_token(&self) -> String {
        format!("zendesk-jwt-doctor-{}", self.plan.marker)
    }

    pub(super) fn ask(&self, method: Method) -> Ask {
        Ask::new(method, &self.plan.url)
    }

    /// The request by which this endpoint is sent a user token.
    pub(super) fn ask_with(&self, token: &str) -> Ask {
        let is_page = self.plan.kind == Kind::Sso && self.plan.place != Place::Form;
        let method = if is_page { Method::GET } else { Method::POST };
        self.ask(method).token(self.plan.place.borrowed(), token)
    }

    pub(super) async fn send(&self, ask: Ask) -> Result<Answer, String> {
        ask.send(&self.route, self.timeout()).await
    }

    pub(super) const fn timeout(&self) -> Duration {
        self.plan.network.timeout
    }
}

/// The verdict on a request that was not answered.
pub(super) fn unanswered(problem: impl Into<String>) -> Verdict {
    Verdict::fail(problem, "Look into the server's log for what became of this request.")
}
