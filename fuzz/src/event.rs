//! Events of AWS, which hold the caller's request.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use lambda_http::Request;
use lambda_http::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use serde_json::{Value, json};
use url::Url;
use zendesk_jwt::aws::user_tokens::{GetItemReader, stored_record};
use zendesk_jwt::handlers::messaging_token::{self, MessagingToken};
use zendesk_jwt::handlers::sdk_exchange::{self, SdkExchange};
use zendesk_jwt::handlers::sso_redirect::brand::Brand;
use zendesk_jwt::handlers::sso_redirect::{self, SsoRedirect};
use zendesk_jwt::handlers::{Answer, FindError, Handler, Issuer, KeyInUse, SigningKeys, UserTokens};
use zendesk_jwt::jwt::messaging::Messaging;
use zendesk_jwt::jwt::sdk::Sdk;
use zendesk_jwt::jwt::sso::{CustomRole, Sso};
use zendesk_jwt::jwt::{Clock, Kind, RandomJti};
use zendesk_jwt::outcome::{Outcome, Unavailable};
use zendesk_jwt::user::{ExternalId, UserRecord, UserToken, UserTokenRecord};
use zendesk_jwt::web;
use zendesk_jwt_rules::{ConfigurationName, Configurations};

use super::form_and_cookies::COOKIE;
use super::inspect::NOW;
use super::keys;
use super::return_to::{hosts, leads_to_the_account};

/// The only valid user token, as in `events/`.
pub const TOKEN: &str = "BD2F35A7621";

/// Stored user tokens that are refused, each with the attribute that is the reason.
const REFUSED: [(&str, &str, &str); 3] = [
    ("expired", "expires_at", r#"{"N": "1"}"#),
    ("suspended", "suspended", r#"{"BOOL": true}"#),
    ("no-audience", "audiences", r#"{"SS": []}"#),
];

const LOGIN_URL: &str = "https://www.example.com/login";

/// Each function answers a decodable event as its contract says, and signs a JWT only for the valid user token.
pub fn event(data: &[u8]) {
    let Some(event) = std::str::from_utf8(data).ok().and_then(|json| web::read_event(json).ok()) else { return };
    let request = Request::from(event);
    HANDLERS.with(|handlers| {
        let token_was_found = || handlers.found.swap(false, Ordering::Relaxed);
        let names_an_unknown_configuration =
            |product| web::segment_between(&request, product, "jwt").is_some_and(|name| !NAMES.contains(&&*name));
        let answer = at_once(handlers.sdk.handle(&request));
        assert_eq!(answer.response.status() == 404, names_an_unknown_configuration("sdk"));
        is_in_the_contract(Kind::Sdk, &answer, token_was_found());
        let answer = at_once(handlers.messaging.handle(&request));
        assert_eq!(answer.response.status() == 404, names_an_unknown_configuration("messaging"));
        is_in_the_contract(Kind::Messaging, &answer, token_was_found());
        let answer = at_once(handlers.sso.handle(&request));
        is_in_the_contract(Kind::Sso, &answer, token_was_found());
    });
}

fn is_in_the_contract(kind: Kind, answer: &Answer, token_was_found: bool) {
    let Answer { outcome, response, .. } = answer;
    let status = response.status().as_u16();
    let statuses: &[u16] = match kind {
        Kind::Sdk => &[200, 400, 401, 404, 405, 413, 415],
        Kind::Messaging => &[200, 204, 400, 401, 404, 405, 413, 415],
        Kind::Sso => &[200, 303, 400, 401, 403, 404, 405, 413, 415],
    };
    assert!(statuses.contains(&status), "{kind}: {status}");
    // After two recent refusals, which the cookie counts, the login page is not an answer any more.
    let may_lead_to_login = kind == Kind::Sso && matches!(outcome, Outcome::Refused(_));
    assert!(status == outcome.facts().status.as_u16() || (may_lead_to_login && status == 303), "{status}");

    let header = |name| response.headers().get(name).map_or("", |value| value.to_str().expect("ASCII"));
    assert_eq!((header(CACHE_CONTROL), header(X_CONTENT_TYPE_OPTIONS)), ("no-store", "nosniff"));
    assert!(header(STRICT_TRANSPORT_SECURITY).starts_with("max-age="));
    assert!(header(CONTENT_SECURITY_POLICY).starts_with("default-src 'none';"));
    assert_eq!(header(REFERRER_POLICY), "no-referrer");
    assert_eq!(header(LOCATION).starts_with(LOGIN_URL), status == 303, "{}", header(LOCATION));
    assert!(header(LOCATION).is_empty() || status == 303);

    let body = std::str::from_utf8(response.body()).expect("a body is text");
    let is_page = header(CONTENT_TYPE).starts_with("text/html");
    let jwt = if is_page { field(body, "jwt") } else { member(body, "jwt") };
    assert_eq!(jwt.is_some(), matches!(outcome, Outcome::Signed | Outcome::SignInLoop), "{outcome:?}");
    if let Some(jwt) = jwt {
        assert!(token_was_found, "a JWT without the valid user token");
        keys::accepted(kind, &jwt, &[]);
    }
    if is_page {
        assert!(body.matches("<form").count() <= 1 && body.matches("<script").count() <= 1, "{body}");
        if let Some(return_to) = field(body, "return_to") {
            leads_to_the_account(&return_to);
        }
    } else if status >= 400 {
        assert_eq!(header(CONTENT_TYPE), "application/problem+json");
        assert_eq!(member(body, "status"), Some(status.to_string()));
    }
}

/// The value of a hidden field in a page.
fn field(page: &str, name: &str) -> Option<String> {
    let (_, value) = page.split_once(&format!("name='{name}' value='"))?;
    let (escaped, _) = value.split_once('\'')?;
    let characters = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    Some(characters.into_iter().fold(escaped.to_owned(), |text, (from, to)| text.replace(from, to)))
}

/// A member of a JSON object, as text.
fn member(body: &str, name: &str) -> Option<String> {
    match serde_json::from_str::<Value>(body).ok()?.get_mut(name)?.take() {
        Value::String(text) => Some(text),
        value => Some(value.to_string()),
    }
}

thread_local! {
    static HANDLERS: Handlers = Handlers::new();
}

/// The three handlers over stores in memory.
struct Handlers {
    sdk: SdkExchange<Stored, FixedKey>,
    messaging: MessagingToken<Stored, FixedKey>,
    sso: SsoRedirect<Stored, FixedKey>,
    /// Whether a handler looked up [`TOKEN`].
    found: Arc<AtomicBool>,
}

impl Handlers {
    fn new() -> Self {
        let found = Arc::<AtomicBool>::default();
        let issuer = || Issuer {
            user_tokens: Stored { found: Arc::clone(&found) },
            signing_keys: FixedKey,
            identity_providers: Arc::default(),
            clock: Arc::new(FixedClock(NOW)),
            unique_ids: Arc::new(RandomJti),
        };
        let allowed_origins = vec!["https://www.example.com".to_owned()];
        let session_cookie = Some(COOKIE.to_owned());
        let messaging = messaging_token::Settings {
            token_ttl: 300,
            session_cookie: session_cookie.clone(),
            allowed_origins: allowed_origins.clone(),
        };
        let sso = sso_redirect::Settings {
            zendesk: hosts(),
            login_url: Some(Url::parse(LOGIN_URL).unwrap().into()),
            post_logout_url: None,
            session_cookie,
            end_session_on_logout: true,
            public_url: None,
            allowed_origins,
            custom_role: CustomRole::Optional,
            brand: Brand::default(),
        };
        Self {
            sdk: SdkExchange::new(issuer(), of_each(sdk_exchange::Settings::default())),
            messaging: MessagingToken::new(issuer(), of_each(messaging)),
            sso: SsoRedirect::new(issuer(), of_each(sso)),
            found,
        }
    }
}

/// The configurations in `events/`.
const NAMES: [&str; 2] = ["ios", "legacy"];

/// The same settings for the unnamed configuration and for [`NAMES`].
fn of_each<T: Clone>(settings: T) -> Configurations<T> {
    let named = NAMES.map(|name| (ConfigurationName::parse(name).unwrap(), settings.clone()));
    Configurations { unnamed: settings, named: named.into() }
}

struct Stored {
    found: Arc<AtomicBool>,
}

impl UserTokens for Stored {
    async fn find(&self, token: &UserToken) -> Result<Option<UserTokenRecord>, FindError> {
        let is = |text: &str| token.hash() == UserToken::parse(text).unwrap().hash();
        let mut item = json!({
            "external_id": { "S": "demo-1" },
            "name": { "S": "Demo User" },
            "email": { "S": "demo@example.com" },
            "email_verified": { "BOOL": true },
        });
        if is(TOKEN) {
            self.found.store(true, Ordering::Relaxed);
        } else if let Some((_, attribute, value)) = REFUSED.iter().find(|(text, ..)| is(text)) {
            item[attribute] = serde_json::from_str(value).unwrap();
        } else {
            return Ok(None);
        }
        stored_record(GetItemReader::default().read(json!({ "Item": item }).to_string()).unwrap())
    }

    async fn find_user(&self, _: &ExternalId) -> Result<Option<UserRecord>, FindError> {
        unreachable!("without an identity provider, every user token is opaque")
    }
}

struct FixedKey;

macro_rules! fixed_key {
    ($kind:ty, $key:path) => {
        impl SigningKeys<$kind> for FixedKey {
            async fn current(&self, _: Option<&ConfigurationName>) -> Result<KeyInUse<$kind>, Unavailable> {
                Ok(KeyInUse { key: Arc::new($key()), age: 0, failure: None })
            }

            async fn invalidate(&self) {}
        }
    };
}

fixed_key!(Sdk, keys::sdk);
fixed_key!(Messaging, keys::messaging);
fixed_key!(Sso, keys::sso);

struct FixedClock(u64);

impl Clock for FixedClock {
    fn since_epoch(&self) -> Duration {
        Duration::from_secs(self.0)
    }
}

/// The result of a future that does not wait.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a handler waits for something else than its stores"),
    }
}
