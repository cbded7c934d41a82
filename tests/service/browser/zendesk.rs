//! A fake of `https://acme.zendesk.com` and its help center `https://help.example.com`: it records each JWT, and answers
//! as the test chooses.

use super::{http_api, sites};
use crate::support::service::SSO_SECRET;
use crate::support::{Answer, Jwt, Request, now};
use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;
use url::Url;
use zendesk_jwt::jwt::Kind;
use zendesk_jwt_rules::inspect::{Expectation, inspect};

pub const HOST: &str = "acme.zendesk.com";
/// The help center under the company's domain (host mapping).
pub const HELP_CENTER_HOST: &str = "help.example.com";

const SESSION_COOKIE: &str = "_zendesk_session=1; Path=/; Secure; HttpOnly";

#[derive(Default)]
pub struct Zendesk {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    posts: Vec<Post>,
    verdict: Verdict,
    answers_after: Duration,
}

/// How Zendesk answers a JWT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// The user is signed in and sent to `return_to`.
    #[default]
    SignedIn,
    /// The browser is sent to the remote logout URL with this message.
    Refused(&'static str),
    /// The user is signed in and sent to this address instead of `return_to`.
    SentTo(&'static str),
    /// The user is sent to sign in again, as after the loss of Zendesk's cookie.
    SentToSignInAgain,
}

/// One request to `/access/jwt`.
#[derive(Clone, Debug)]
pub struct Post {
    pub request: Request,
    /// The form's fields in their order.
    pub fields: Vec<(String, String)>,
    /// The time of the request, in seconds since the Unix epoch.
    pub at: u64,
}

impl Post {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub fn field_names(&self) -> Vec<&str> {
        self.fields.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The JWT. Panics unless it passes Zendesk's checks at the time of the request.
    pub fn jwt(&self) -> Jwt {
        let text = self.field("jwt").unwrap_or_else(|| panic!("no field jwt in {:?}", self.fields));
        let secret = Some(SSO_SECRET.as_bytes());
        let inspection = inspect(text, &Expectation { kind: Some(Kind::Sso), secret, now: self.at });
        assert!(inspection.findings.is_empty(), "{:?}", inspection.findings);
        Jwt::verified(text, SSO_SECRET)
    }

    pub fn jti(&self) -> String {
        self.jwt().claim("jti").as_str().unwrap().to_owned()
    }
}

impl Zendesk {
    pub fn answers_with(&self, verdict: Verdict) {
        self.state.lock().unwrap().verdict = verdict;
    }

    /// Delays the answer to each JWT from now on.
    pub fn answers_after(&self, delay: Duration) {
        self.state.lock().unwrap().answers_after = delay;
    }

    /// All requests with a JWT so far.
    pub fn posts(&self) -> Vec<Post> {
        self.state.lock().unwrap().posts.clone()
    }

    /// The only request with a JWT.
    pub fn only_post(&self) -> Post {
        let mut posts = self.posts();
        assert_eq!(posts.len(), 1, "{posts:?}");
        posts.remove(0)
    }

    /// Fails if Zendesk would refuse one of the JWTs, or if two of them have the same `jti`.
    pub fn assert_each_jwt_is_good_and_new(&self) {
        let mut seen = HashSet::new();
        for post in self.posts() {
            assert!(seen.insert(post.jti()), "a second JWT with this jti: {post:?}");
        }
    }

    pub fn answer(&self, host: &str, request: &Request) -> Answer {
        match request.path.as_str() {
            "/access/jwt" if host == HOST => self.receive_jwt(request),
            "/access/normal" => sites::page("Sign in with a Zendesk password", ""),
            "/access/sso_bypass" => sites::page("Get a sign-in link", ""),
            "/access/logout" => sites::redirect(302, &remote_logout(&[])),
            // The agent interface requires sign-in.
            path if path.starts_with("/agent") && !is_signed_in(request) => {
                sites::redirect(302, &remote_login(&format!("https://{HOST}{path}")))
            }
            path if path.starts_with("/agent") => sites::page("Agent interface", path),
            path if path.starts_with("/hc") => sites::page("Help center", path),
            _ => sites::not_found(),
        }
    }

    fn receive_jwt(&self, request: &Request) -> Answer {
        let fields: Vec<_> = form_urlencoded::parse(&request.body).into_owned().collect();
        let post = Post { request: request.clone(), fields, at: now() };
        let (verdict, delay) = {
            let mut state = self.state.lock().unwrap();
            state.posts.push(post.clone());
            (state.verdict, state.answers_after)
        };
        std::thread::sleep(delay);
        let return_to = post.field("return_to").unwrap_or("/hc");
        match verdict {
            Verdict::SignedIn => {
                let page = Url::parse(&format!("https://{HOST}")).unwrap().join(return_to).unwrap();
                sites::with_header(sites::redirect(302, page.as_str()), "set-cookie", SESSION_COOKIE)
            }
            Verdict::Refused(message) => {
                sites::redirect(302, &remote_logout(&[("kind", "error"), ("message", message)]))
            }
            Verdict::SentTo(address) => sites::redirect(302, address),
            Verdict::SentToSignInAgain => sites::redirect(302, &remote_login(return_to)),
        }
    }
}

fn is_signed_in(request: &Request) -> bool {
    request.headers_named("cookie").any(|cookies| cookies.contains("_zendesk_session=1"))
}

/// The remote login URL with the parameters that Zendesk adds.
pub fn remote_login(return_to: &str) -> String {
    let query =
        [("return_to", return_to), ("brand_id", "360000000001"), ("locale_id", "1"), ("timestamp", "1795168800")];
    address("/sso/login", &query)
}

/// The remote logout URL with the parameters that Zendesk adds after sign-out or an error.
pub fn remote_logout(error: &[(&str, &str)]) -> String {
    let about = [("brand_id", "360000000001"), ("email", "Demo.User@Example.com"), ("external_id", "demo-1")];
    address("/sso/logout", &[&about, error].concat())
}

fn address(path: &str, query: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("https://{}{path}?{query}", http_api::HOST)
}
