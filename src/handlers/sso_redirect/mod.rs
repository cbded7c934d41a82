//! The SSO redirect: a browser that Zendesk sent here goes back with a JWT, or to the company's login page.
//!
//! <https://support.zendesk.com/hc/en-us/articles/4408845838874>

use cookie::{Cookie, time::Duration};
use lambda_http::{Body, Request, Response};
use url::Url;

use super::{Answer, Handler, Issuer, Observed, SigningKeys, UserTokens};
use crate::jwt::sso::{CustomRole, Sso, SsoClaims};
use crate::jwt::{Jti, Kind};
use crate::outcome::{Malformed, Outcome, Refused};
use crate::web::{self, TokenPlace};
use zendesk_jwt_rules::zendesk_errors::ZendeskError;

mod attempts;
mod page;
mod return_to;

use attempts::Attempts;
pub use return_to::{ReturnTo, ZendeskHosts};

/// The flow of the function `sso-redirect`.
pub struct SsoRedirect<T, S> {
    issuer: Issuer<T, S>,
    settings: Settings,
    form_action: String,
}

/// Where browsers come from and go to.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The account's hosts in Zendesk.
    pub zendesk: ZendeskHosts,
    /// The company's login page.
    pub login_url: Option<Url>,
    /// Where a browser goes after it has signed out.
    pub post_logout_url: Option<Url>,
    /// The cookie that carries the user token.
    pub session_cookie: Option<String>,
    /// Where browsers reach this service, when that is not what the request says.
    pub public_url: Option<Url>,
    /// The origins beside our own whose pages may post a form that signs their visitor in.
    pub allowed_origins: Vec<String>,
    /// Whether an agent needs a custom role.
    pub custom_role: CustomRole,
}

impl<T: UserTokens, S: SigningKeys<Sso>> Handler for SsoRedirect<T, S> {
    async fn handle(&self, request: &Request) -> Answer {
        let mut observed = Observed::default();
        let (outcome, response) = match self.route(request, &mut observed).await {
            Ok(answered) => answered,
            Err(outcome) => (outcome.clone(), self.error_response(request, &outcome)),
        };
        Answer { outcome, response, observed }
    }
}

impl<T: UserTokens, S: SigningKeys<Sso>> SsoRedirect<T, S> {
    /// The flow over these stores.
    pub fn new(issuer: Issuer<T, S>, settings: Settings) -> Self {
        let form_action = form_action(&settings);
        Self { issuer, settings, form_action }
    }

    async fn route(&self, request: &Request, observed: &mut Observed) -> Result<(Outcome, Response<Body>), Outcome> {
        // A REST API puts its stage before the path, a custom domain its base path.
        let path = request.uri().path();
        if path.ends_with("/sso/login") {
            self.sign_in(request, observed).await
        } else if path.ends_with("/sso/logout") {
            self.logout(request).await
        } else {
            Err(Malformed::Route.into())
        }
    }

    async fn sign_in(&self, request: &Request, observed: &mut Observed) -> Result<(Outcome, Response<Body>), Outcome> {
        let Settings { zendesk, session_cookie, custom_role, .. } = &self.settings;
        web::expect_method(request, "GET, POST")?;
        web::expect_page(request)?;
        web::expect_origin(request, |origin| self.may_sign_in(origin, request))?;
        let token =
            web::user_token(request, &TokenPlace::all(session_cookie.as_deref()))?.ok_or(Refused::NotSignedIn)?;
        // Drawn before anything is known of the user, so that no refusal takes longer than another.
        let jti = self.issuer.unique_ids.next()?;
        let authorized = self.issuer.vouch::<Sso>(&token, Kind::Sso, observed).await?;

        let now = self.issuer.clock.now();
        let claims = SsoClaims::of(authorized.user(), now, jti, *custom_role)?;
        let jwt = authorized.key.sign(&claims)?;

        let attempts = Attempts::read(web::cookie(request, attempts::COOKIE).as_deref(), now);
        let outcome = if attempts.are_a_loop() { Outcome::SignInLoop } else { Outcome::Signed };
        let fields = self.forwarded_fields(request, observed);
        let page = page::sign_in(&outcome, &jwt, &fields, zendesk, &self.form_action, &self.nonce()?);
        Ok((outcome, web::with_cookie(page, &attempts.with(now))))
    }

    /// The fields that go to Zendesk beside the JWT: what Zendesk itself sent along, if it is what it should be.
    fn forwarded_fields(&self, request: &Request, observed: &mut Observed) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        if let Some(asked) = web::query_value(request, "return_to") {
            match ReturnTo::parse(&asked, &self.settings.zendesk) {
                Some(return_to) => fields.push(("return_to", return_to.into())),
                None => observed.return_to_dropped = true,
            }
        }
        for name in ["brand_id", "locale_id", "timestamp"] {
            let number = web::query_value(request, name).and_then(|text| text.parse::<u64>().ok());
            fields.extend(number.map(|number| (name, number.to_string())));
        }
        fields
    }

    /// The remote logout URL: after signing out, and when Zendesk could not sign somebody in.
    ///
    /// Zendesk adds the address and the ids of the user, which are left unread so that no log can hold them.
    async fn logout(&self, request: &Request) -> Result<(Outcome, Response<Body>), Outcome> {
        web::expect_method(request, "GET")?;
        if web::query_value(request, "kind").as_deref() != Some("error") {
            return Ok((Outcome::SignedOut, self.signed_out(request)?));
        }
        let message = web::query_value(request, "message").unwrap_or_default();
        let fault = ZendeskError::of(&message);
        if fault.is_of_the_signing_key() {
            // A secret that was reset is picked up now instead of when the old one has its age.
            self.issuer.signing_keys.invalidate().await;
        }
        let (zendesk, request_id) = (&self.settings.zendesk, web::request_id(request));
        let page = page::zendesk_error(fault, &message, request_id, zendesk, &self.nonce()?);
        Ok((Outcome::ReturnedByZendesk(fault), page))
    }

    fn signed_out(&self, request: &Request) -> Result<Response<Body>, Outcome> {
        let response = match &self.settings.post_logout_url {
            Some(url) => web::redirect(url),
            None => {
                page::message(&Outcome::SignedOut, "You are signed out", "You can close this page.", &self.nonce()?)
            }
        };
        let Some(name) = &self.settings.session_cookie else {
            return Ok(response);
        };
        let address = self.public_address(request);
        let domain = address.as_ref().and_then(Url::domain);
        Ok(expired_cookies(name, domain).iter().fold(response, web::with_cookie))
    }

    /// Whether a page of this origin may post a form that signs its visitor in.
    fn may_sign_in(&self, origin: &str, request: &Request) -> bool {
        let own = self.public_address(request).map(|address| address.origin().ascii_serialization());
        own.as_deref() == Some(origin) || self.settings.allowed_origins.iter().any(|allowed| allowed == origin)
    }

    /// What a browser gets that is not signed in: the login page for a refusal, a page that says why otherwise.
    fn error_response(&self, request: &Request, outcome: &Outcome) -> Response<Body> {
        if let (Outcome::Refused(_), Some(login_url)) = (outcome, &self.settings.login_url) {
            return web::redirect(&self.login_url_back_to(login_url, request));
        }
        let title = match outcome {
            Outcome::Refused(_) => "You are not signed in",
            Outcome::Unavailable(_) => "Sign-in is not available just now",
            _ => "This request does not work",
        };
        let text = match outcome {
            Outcome::Refused(_) => {
                "Sign in to your account first, then come back. (Administrators: set LOGIN_URL to send visitors to your login page.)"
            }
            _ => outcome.facts().explanation,
        };
        match self.nonce() {
            Ok(nonce) => page::message(outcome, title, text, &nonce),
            Err(_) => web::problem(outcome),
        }
    }

    /// The login page, with the one parameter that brings the browser back to this very request.
    fn login_url_back_to(&self, login_url: &Url, request: &Request) -> Url {
        let mut login_url = login_url.clone();
        if let Some(back) = self.public_address(request) {
            login_url.query_pairs_mut().append_pair("return_to", back.as_str());
        }
        login_url
    }

    /// The request's address as browsers know it.
    fn public_address(&self, request: &Request) -> Option<Url> {
        let Some(public_url) = &self.settings.public_url else {
            return web::address(request);
        };
        let mut address = public_url.clone();
        address.set_path(&format!("{}/sso/login", public_url.path().trim_end_matches('/')));
        address.set_query(request.uri().query());
        Some(address)
    }

    fn nonce(&self) -> Result<Jti, Outcome> {
        Ok(self.issuer.unique_ids.next()?)
    }
}

/// The sources of the policy `form-action`: wherever the browser may be led after it posted the form.
///
/// Browsers hold every redirect that answers the post against it: to any host of Zendesk's, back here when
/// something went wrong or Zendesk wants another sign-in, and from here to the login page.
fn form_action(settings: &Settings) -> String {
    let login_page = settings.login_url.iter().map(|url| url.origin().ascii_serialization());
    let sources = std::iter::once("'self'".to_owned()).chain(settings.zendesk.origins()).chain(login_page);
    sources.collect::<Vec<_>>().join(" ")
}

/// Cookies that end the session, for every domain that may have set it: the company's login page is often
/// on a sibling of this host, and a cookie is ended only under the domain that it was set for.
/// A browser passes over those that are not for this host to set.
fn expired_cookies<'a>(name: &'a str, domain: Option<&'a str>) -> Vec<Cookie<'a>> {
    let expired = || Cookie::build((name, "")).path("/").secure(true).http_only(true).max_age(Duration::ZERO);
    let parent = |domain: &&'a str| domain.split_once('.').map(|(_, parent)| parent);
    let domains = std::iter::successors(domain, parent).filter(|domain| domain.contains('.'));
    std::iter::once(expired().build()).chain(domains.map(|domain| expired().domain(domain).build())).collect()
}
