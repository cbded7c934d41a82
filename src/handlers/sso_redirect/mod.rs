//! `sso-redirect`: Zendesk sends a browser here to sign in. It returns with a JWT, or goes to the login page.
//!
//! <https://support.zendesk.com/hc/en-us/articles/4408845838874>

use cookie::{Cookie, time::Duration};
use lambda_http::{Body, Request, Response};
use url::Url;

use super::{Answer, Chosen, Handler, Issuer, Observed, SigningKeys, UserTokens};
use crate::jwt::Kind;
use crate::jwt::sso::{self, CustomRole, Sso, SsoClaims};
use crate::outcome::{Malformed, Outcome, Refused};
use crate::web::{self, TokenPlace};
use zendesk_jwt_rules::zendesk_errors::ZendeskError;
use zendesk_jwt_rules::{ConfigurationName, Configurations};

mod attempts;
pub mod brand;
mod login_url;
mod page;
mod return_to;
mod texts;

use attempts::Attempts;
use brand::Brand;
pub use login_url::LoginUrl;
use page::{Frame, Help, SignInForm};
pub use return_to::{ReturnTo, ZendeskHosts};
use texts::Languages;
pub use texts::languages;

/// The longest address of this service that the login page gets, without its query, in bytes.
const MAX_ADDRESS_BYTES: usize = 512;

/// The longest `return_to` that the login page gets, in bytes. It is encoded twice there, and servers limit URLs.
const MAX_RETURN_TO_BYTES: usize = 2048;

/// The handler of `sso-redirect`.
pub struct SsoRedirect<T, S> {
    issuer: Issuer<T, S>,
    sites: Configurations<Site>,
    languages: Languages,
}

/// The settings of a configuration, and what follows from them.
struct Site {
    settings: Settings,
    form_action: String,
}

/// The settings of `sso-redirect`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The hosts of the Zendesk account.
    pub zendesk: ZendeskHosts,
    /// The company's login page; without one, a refused browser gets an error page.
    pub login_url: Option<LoginUrl>,
    /// The page after sign-out; without one, the browser gets a page of ours.
    pub post_logout_url: Option<Url>,
    /// The name of the cookie that can carry the user token.
    pub session_cookie: Option<String>,
    /// Whether signing out of Zendesk ends the session of that cookie.
    pub end_session_on_logout: bool,
    /// The address under which browsers reach this service, if the request does not have it.
    pub public_url: Option<Url>,
    /// The origins, besides our own, whose pages may post a form that signs their visitor in.
    pub allowed_origins: Vec<String>,
    /// Whether an agent needs a custom role.
    pub custom_role: CustomRole,
    /// The company on the pages.
    pub brand: Brand,
}

impl<T: UserTokens, S: SigningKeys<Sso>> Handler for SsoRedirect<T, S> {
    async fn handle(&self, request: &Request) -> Answer {
        let mut observed = Observed::default();
        let page = Page::of(request);
        let chosen = page.map_or(Err(Malformed::Route), |page| {
            Chosen::of(&self.sites, request, "sso", page.segment()).map(|chosen| (page, chosen))
        });
        let (visit, result) = match chosen {
            Err(unknown) => (self.visit(None, &self.sites.unnamed), Err(unknown.into())),
            Ok((page, Chosen { name, settings: site })) => {
                observed.configuration = name.cloned();
                let visit = self.visit(name, site);
                let result = match page {
                    Page::Login => visit.sign_in(request, &mut observed).await,
                    Page::Logout => visit.logout(request, &mut observed).await,
                };
                (visit, result)
            }
        };
        let (outcome, response) = result.unwrap_or_else(|outcome| {
            let response = visit.error_response(request, &outcome);
            (outcome, response)
        });
        Answer { outcome, response, observed }
    }
}

impl<T: UserTokens, S: SigningKeys<Sso>> SsoRedirect<T, S> {
    /// A handler that issues with `issuer`.
    pub fn new(issuer: Issuer<T, S>, configurations: Configurations<Settings>) -> Self {
        let site = |_: Option<&_>, settings| Site { form_action: form_action(&settings), settings };
        Self { issuer, sites: configurations.map(site), languages: Languages::all() }
    }

    fn visit<'a>(&'a self, configuration: Option<&'a ConfigurationName>, site: &'a Site) -> Visit<'a, T, S> {
        let Site { settings, form_action } = site;
        Visit { issuer: &self.issuer, configuration, settings, form_action, languages: &self.languages }
    }
}

/// The pages of this function.
#[derive(Clone, Copy)]
enum Page {
    Login,
    Logout,
}

impl Page {
    fn of(request: &Request) -> Option<Self> {
        let path = request.uri().path();
        let is = |page: &Self| {
            let is_unnamed = path.strip_suffix(page.segment()).is_some_and(|path| path.ends_with("/sso/"));
            is_unnamed || web::segment_between(request, "sso", page.segment()).is_some()
        };
        [Self::Login, Self::Logout].into_iter().find(is)
    }

    const fn segment(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Logout => "logout",
        }
    }
}

/// What a request needs of the handler: the issuer and the settings of one configuration.
struct Visit<'a, T, S> {
    issuer: &'a Issuer<T, S>,
    configuration: Option<&'a ConfigurationName>,
    settings: &'a Settings,
    form_action: &'a str,
    languages: &'a Languages,
}

impl<T: UserTokens, S: SigningKeys<Sso>> Visit<'_, T, S> {
    async fn sign_in(&self, request: &Request, observed: &mut Observed) -> Result<(Outcome, Response<Body>), Outcome> {
        let Settings { zendesk, session_cookie, custom_role, .. } = self.settings;
        web::expect_method(request, "GET, POST")?;
        web::expect_page(request)?;
        web::expect_origin(request, |origin| self.may_sign_in(origin, request))?;
        let token =
            web::user_token(request, &TokenPlace::all(session_cookie.as_deref()))?.ok_or(Refused::NotSignedIn)?;
        // Made before the lookup, so that all refusals take equally long.
        let jti = self.issuer.unique_ids.next()?;
        let authorized = self.issuer.authorize::<Sso>(&token, Kind::Sso, self.configuration, observed).await?;

        let now = self.issuer.clock.now();
        let claims = SsoClaims::of(authorized.user(), now, jti, *custom_role)?;
        let jwt = authorized.key.sign(&claims)?;

        let attempts = Attempts::of(request, self.configuration, now);
        let (outcome, help) = if attempts.are_a_sign_in_loop() {
            const EXPLANATION: &str =
                "Zendesk keeps sending this browser back. If Zendesk gave a reason, the log has its class.";
            let outcome = Outcome::SignInLoop;
            let code = outcome.facts().code;
            (outcome, Some(self.help(request, EXPLANATION).with_code(code)))
        } else {
            (Outcome::Signed, None)
        };
        let return_to = self.return_to(request, observed);
        let frame = self.frame(request)?;
        let text = frame.texts.of_destination(return_to.as_ref().and_then(ReturnTo::destination));
        let return_to = return_to.map(|return_to| ("return_to", return_to.into()));
        let fields: Vec<_> = return_to.into_iter().chain(numbers(request)).collect();
        let jwt_endpoint = &zendesk.address(sso::ENDPOINT);
        let form = SignInForm { jwt_endpoint, jwt: &jwt, fields: &fields, form_action: self.form_action };
        let page = page::sign_in(&outcome, &frame, text, &form, help);
        Ok((outcome, web::with_cookie(page, &attempts.with_sign_in(&authorized.key).cookie())))
    }

    /// The page to which Zendesk sends the browser after sign-in, if that page is allowed.
    fn return_to(&self, request: &Request, observed: &mut Observed) -> Option<ReturnTo> {
        let text = web::query_value(request, "return_to")?;
        let return_to = ReturnTo::parse(&text, &self.settings.zendesk);
        observed.return_to_dropped = return_to.is_none();
        return_to
    }

    /// Zendesk sends the browser here after sign-out, and with `kind=error` if it could not sign the user in.
    ///
    /// Zendesk adds the user's address and ids. They are not read, so that no log can hold them.
    async fn logout(&self, request: &Request, observed: &mut Observed) -> Result<(Outcome, Response<Body>), Outcome> {
        web::expect_method(request, "GET")?;
        web::expect_page(request)?;
        if web::query_value(request, "kind").as_deref() != Some("error") {
            return Ok((Outcome::SignedOut, self.signed_out(request)));
        }
        let message = web::query_value(request, "message").unwrap_or_default();
        let error = ZendeskError::of(&message);
        observed.follows_our_sign_in = self.was_signed_in(request).await;
        if error.is_of_the_signing_key() {
            self.issuer.signing_keys.invalidate().await;
        }
        let outcome = Outcome::ReturnedByZendesk(error);
        let frame = self.frame(request)?;
        let help = self.help(request, error.for_the_administrator).with_code(error.code).with_message(&message);
        let notice = frame.texts.of_advice(error.advice);
        let page = page::message(&outcome, &frame, notice, Some((frame.texts.try_again, "login")), Some(help));
        Ok((outcome, page))
    }

    /// Whether we signed this browser in just before. Anyone else can open the remote logout URL with any error.
    async fn was_signed_in(&self, request: &Request) -> bool {
        let attempts = Attempts::of(request, self.configuration, self.issuer.clock.now());
        if !attempts.claim_a_sign_in() {
            return false;
        }
        self.issuer
            .signing_keys
            .current(self.configuration)
            .await
            .is_ok_and(|in_use| attempts.prove_a_sign_in(&in_use.key))
    }

    fn signed_out(&self, request: &Request) -> Response<Body> {
        let response = match &self.settings.post_logout_url {
            Some(url) => web::redirect(url),
            None => self.page(request, &Outcome::SignedOut, |frame| {
                page::message(&Outcome::SignedOut, frame, &frame.texts.signed_out, None, None)
            }),
        };
        let Some(name) = self.settings.session_cookie.as_ref().filter(|_| self.settings.end_session_on_logout) else {
            return response;
        };
        let address = self.public_address(request);
        let domain = address.as_ref().and_then(Url::domain);
        expired_cookies(name, domain).iter().fold(response, web::with_cookie)
    }

    /// Whether a page of this origin may post a form that signs its visitor in.
    fn may_sign_in(&self, origin: &str, request: &Request) -> bool {
        let own = self.public_address(request).map(|address| address.origin().ascii_serialization());
        own.as_deref() == Some(origin) || self.settings.allowed_origins.iter().any(|allowed| allowed == origin)
    }

    /// The answer to a request that failed.
    fn error_response(&self, request: &Request, outcome: &Outcome) -> Response<Body> {
        const LOGIN_PAGE_UNKNOWN: &str =
            "The log has the reason. Set LOGIN_URL to send visitors to your login page instead of showing this page.";
        const UNAVAILABLE: &str = "The log has the cause.";
        if let (Outcome::Refused(_), Some(login_url)) = (outcome, &self.settings.login_url) {
            return self.refuse(request, outcome, login_url);
        }
        self.page(request, outcome, |frame| {
            let texts = frame.texts;
            // An empty address is that of this page.
            let again = Some((texts.try_again, ""));
            let (notice, button, explanation) = match outcome {
                Outcome::Refused(_) => (&texts.not_signed_in, again, LOGIN_PAGE_UNKNOWN),
                Outcome::Unavailable(_) => (&texts.unavailable, again, UNAVAILABLE),
                _ => (&texts.invalid_request, None, outcome.facts().explanation),
            };
            page::message(outcome, frame, notice, button, Some(self.help(request, explanation)))
        })
    }

    /// Sends the browser to the login page, unless it has just been there and came back refused. The answer is the same
    /// for every reason.
    fn refuse(&self, request: &Request, outcome: &Outcome, login_url: &LoginUrl) -> Response<Body> {
        const REFUSED: &str = "Several attempts within a minute were refused. The log has the reason.";
        let attempts = Attempts::of(request, self.configuration, self.issuer.clock.now());
        let login_url = self.login_url_back_to(login_url, request);
        let response = if attempts.are_a_refusal_loop() {
            self.page(request, outcome, |frame| {
                let button = Some((frame.texts.go_to_login, login_url.as_str()));
                page::message(outcome, frame, &frame.texts.refused, button, Some(self.help(request, REFUSED)))
            })
        } else {
            web::redirect(&login_url)
        };
        web::with_cookie(response, &attempts.with_refusal().cookie())
    }

    /// A page, or problem details if there is no nonce for it.
    fn page(
        &self,
        request: &Request,
        outcome: &Outcome,
        page: impl FnOnce(&Frame<'_>) -> Response<Body>,
    ) -> Response<Body> {
        self.frame(request).map_or_else(|_| web::problem(outcome), |frame| page(&frame))
    }

    fn frame(&self, request: &Request) -> Result<Frame<'_>, Outcome> {
        let nonce = self.issuer.unique_ids.next()?;
        Ok(Frame { texts: self.languages.choose(request), brand: &self.settings.brand, nonce })
    }

    fn help<'a>(&self, request: &'a Request, explanation: &'a str) -> Help<'a> {
        Help::new(request, &self.settings.zendesk, explanation)
    }

    /// The login page, with a parameter that brings the browser back to this request.
    fn login_url_back_to(&self, login_url: &LoginUrl, request: &Request) -> Url {
        let brand_id = number(request, "brand_id");
        let mut login_url = login_url.of(brand_id, self.configuration);
        let address = self.public_address(request).filter(|address| address.as_str().len() <= MAX_ADDRESS_BYTES);
        if let Some(mut address) = address {
            let return_to = web::query_value(request, "return_to")
                .filter(|text| text.len() <= MAX_RETURN_TO_BYTES)
                .filter(|text| ReturnTo::parse(text, &self.settings.zendesk).is_some());
            let fields = return_to.map(|text| ("return_to", text)).into_iter().chain(numbers(request));
            for (name, value) in fields {
                address.query_pairs_mut().append_pair(name, &value);
            }
            login_url.query_pairs_mut().append_pair("return_to", address.as_str());
        }
        login_url
    }

    /// The request's address as browsers know it, without its query.
    fn public_address(&self, request: &Request) -> Option<Url> {
        let Some(public_url) = &self.settings.public_url else {
            return web::address(request);
        };
        let mut address = public_url.clone();
        let configuration = self.configuration.map(|name| format!("/{name}")).unwrap_or_default();
        address.set_path(&format!("{}/sso{configuration}/login", public_url.path().trim_end_matches('/')));
        Some(address)
    }
}

/// The numbers that Zendesk sends with `return_to`.
fn numbers(request: &Request) -> impl Iterator<Item = (&'static str, String)> {
    ["brand_id", "locale_id", "timestamp"]
        .into_iter()
        .filter_map(|name| Some((name, number(request, name)?.to_string())))
}

fn number(request: &Request, name: &str) -> Option<u64> {
    web::query_value(request, name)?.parse().ok()
}

/// The sources of the policy `form-action`. Browsers apply it to the post and to every redirect after it: to all hosts
/// of the account, back to us after an error, and from us to the login page.
fn form_action(settings: &Settings) -> String {
    let login_page = settings.login_url.iter().map(|url| url.origin().ascii_serialization());
    let sources = std::iter::once("'self'".to_owned()).chain(settings.zendesk.origins()).chain(login_page);
    sources.collect::<Vec<_>>().join(" ")
}

/// Cookies that end the session, one for each domain that can have set it: a cookie ends only under its own domain.
/// A browser ignores the cookies that this host may not set.
fn expired_cookies<'a>(name: &'a str, domain: Option<&'a str>) -> Vec<Cookie<'a>> {
    let expired = || Cookie::build((name, "")).path("/").secure(true).http_only(true).max_age(Duration::ZERO);
    let parent = |domain: &&'a str| domain.split_once('.').map(|(_, parent)| parent);
    let domains = std::iter::successors(domain, parent).filter(|domain| domain.contains('.'));
    std::iter::once(expired().build()).chain(domains.map(|domain| expired().domain(domain).build())).collect()
}
