//! One handler per function: it takes a request and returns an answer.
//!
//! A handler reaches the stores through two traits: [`UserTokens`], which [`crate::aws`] implements, and
//! [`SigningKeys`], which [`crate::key_cache`] implements. Each handler reads from top to bottom as the protocol goes.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lambda_http::{Body, Request, Response};

use crate::idp::{ClaimedIdToken, IdentityProviders};
use crate::jwt::signing::SigningKey;
use crate::jwt::{Clock, InvalidUser, JtiSource, Kind, RandomJti, SystemClock};
use crate::outcome::{Dependency, Failure, Malformed, Outcome, Refused, Unavailable};
use crate::user::{ExternalId, User, UserRecord, UserToken, UserTokenRecord};
use crate::web;
use zendesk_jwt_rules::{ConfigurationName, Configurations};

pub mod messaging_token;
pub mod sdk_exchange;
pub mod sso_redirect;

/// What a function does with each request.
pub trait Handler: Send + Sync {
    /// Answers one request. Every failure is an [`Outcome`] with its own answer, never an error.
    fn handle(&self, request: &Request) -> impl Future<Output = Answer> + Send;

    /// The source address that the warm-up request needs so that the handler does not refuse it; `None` for any.
    fn warm_up_source(&self) -> Option<IpAddr> {
        None
    }
}

/// The answer to a request, and what is logged about it. It can hold a JWT, so it is not `Debug`.
pub struct Answer {
    /// How the request ended.
    pub outcome: Outcome,
    /// What the caller gets.
    pub response: Response<Body>,
    /// Further facts for the log.
    pub observed: Observed,
}

impl Answer {
    /// The answer of a JSON API: the response of a success, or problem details.
    fn in_json(result: Result<Response<Body>, Outcome>, observed: Observed) -> Self {
        match result {
            Ok(response) => Self { outcome: Outcome::Signed, response, observed },
            Err(outcome) => Self { response: web::problem(&outcome), outcome, observed },
        }
    }
}

/// What a log line says about a request in addition to its outcome.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The configuration, if the path names one.
    pub configuration: Option<ConfigurationName>,
    /// The user's [`ExternalId::hash`](crate::user::ExternalId::hash), if the user is known.
    pub external_id_hash: Option<String>,
    /// The type of the user token: `opaque` or `id_token`.
    pub user_token: Option<&'static str>,
    /// How long the lookup of the user token took.
    pub lookup: Option<Duration>,
    /// How many seconds ago the signing key in use was read.
    pub signing_key_age: Option<u64>,
    /// Why the last attempt to read a newer key failed, as an outcome's code.
    pub signing_key_failure: Option<&'static str>,
    /// Whether the request had a `return_to` that is not in the allow-list.
    pub return_to_dropped: bool,
    /// Whether an error of Zendesk follows a sign-in of this browser that this service made.
    pub follows_our_sign_in: bool,
}

/// The configuration that the path of a request chooses.
struct Chosen<'a, S> {
    /// The name; `None` is the unnamed configuration.
    name: Option<&'a ConfigurationName>,
    settings: &'a S,
}

impl<'a, S> Chosen<'a, S> {
    /// Reads paths such as `/sdk/ios/jwt`, where `product` is `sdk` and `page` is `jwt`. Every other path belongs to
    /// the unnamed configuration.
    fn of(
        configurations: &'a Configurations<S>,
        request: &Request,
        product: &str,
        page: &str,
    ) -> Result<Self, Malformed> {
        let Some(name) = web::segment_between(request, product, page) else {
            return Ok(Self { name: None, settings: &configurations.unnamed });
        };
        let found = configurations.named.get_key_value(&*name);
        found.map(|(name, settings)| Self { name: Some(name), settings }).ok_or(Malformed::Route)
    }
}

/// The store of user tokens.
pub trait UserTokens: Send + Sync {
    /// Returns the record of this token, or `None` if the token is unknown.
    fn find(&self, token: &UserToken) -> impl Future<Output = Result<Option<UserTokenRecord>, FindError>> + Send;

    /// Returns the user record of this user, or `None` if there is none.
    fn find_user(&self, external_id: &ExternalId)
    -> impl Future<Output = Result<Option<UserRecord>, FindError>> + Send;
}

/// Why a user token could not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The store did not answer.
    #[error("the user token could not be looked up")]
    Unavailable(#[source] Arc<dyn Failure>),
    /// An attribute of the stored item has a type or value that is not allowed.
    #[error("the attribute {attribute} has a wrong type or value")]
    ItemMalformed {
        /// The attribute's name.
        attribute: &'static str,
    },
    /// The stored item is longer than the store allows.
    #[error("the item is longer than an item can be")]
    ItemTooLong,
}

/// The source of the signing keys of one kind of JWT.
pub trait SigningKeys<K>: Send + Sync {
    /// Returns the key of a configuration to sign with now. `None` is the unnamed configuration.
    fn current(
        &self,
        configuration: Option<&ConfigurationName>,
    ) -> impl Future<Output = Result<KeyInUse<K>, Unavailable>> + Send;

    /// Looks for a newer key because Zendesk rejected a signature, unless that was done just before.
    fn invalidate(&self) -> impl Future<Output = ()> + Send;
}

/// A signing key, and when it was read.
#[derive(Debug)]
pub struct KeyInUse<K> {
    /// The key.
    pub key: Arc<SigningKey<K>>,
    /// How many seconds ago it was read from Secrets Manager.
    pub age: u64,
    /// Why the last attempt to read a newer one failed, as an outcome's code.
    pub failure: Option<&'static str>,
}

/// What a handler needs to issue a JWT.
pub struct Issuer<T, S> {
    /// The store of user tokens.
    pub user_tokens: T,
    /// The source of the signing key.
    pub signing_keys: S,
    /// The providers whose ID tokens are user tokens.
    pub identity_providers: Arc<IdentityProviders>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of unique identifiers, for `jti` and nonces.
    pub unique_ids: Arc<dyn JtiSource>,
}

impl<T: UserTokens, S> Issuer<T, S> {
    /// An issuer with the system's clock and random generator, and without identity providers.
    pub fn new(user_tokens: T, signing_keys: S) -> Self {
        Self {
            user_tokens,
            signing_keys,
            identity_providers: Arc::default(),
            clock: Arc::new(SystemClock),
            unique_ids: Arc::new(RandomJti),
        }
    }

    /// Accepts ID tokens of these providers.
    #[must_use]
    pub fn with_identity_providers(self, identity_providers: Arc<IdentityProviders>) -> Self {
        Self { identity_providers, ..self }
    }

    /// Looks up the token and reads the key concurrently, then checks that the token is valid for this kind of JWT.
    async fn authorize<K>(
        &self,
        token: &UserToken,
        kind: Kind,
        configuration: Option<&ConfigurationName>,
        observed: &mut Observed,
    ) -> Result<Authorized<K>, Outcome>
    where
        S: SigningKeys<K>,
    {
        let started = Instant::now();
        let id_token = self.identity_providers.id_token(token);
        observed.user_token = Some(if id_token.is_some() { "id_token" } else { "opaque" });
        let find = async {
            let found = match &id_token {
                // On the heap, so that the more usual path stays small.
                Some(id_token) => Box::pin(self.user_of(id_token, token)).await,
                None => self.user_of_opaque(token).await,
            };
            (found, started.elapsed())
        };
        let ((found, lookup), key) = tokio::join!(find, self.signing_keys.current(configuration));
        observed.lookup = Some(lookup);
        let record = found?;
        observed.external_id_hash = record.user.external_id.as_ref().map(ExternalId::hash);
        match id_token {
            // The token was valid when it was verified a moment ago.
            Some(_) => record.check_user(kind, configuration)?,
            None => record.check(kind, configuration, self.clock.now())?,
        }
        let KeyInUse { key, age, failure } = key?;
        observed.signing_key_age = Some(age);
        observed.signing_key_failure = failure;
        Ok(Authorized { record, key })
    }

    async fn user_of_opaque(&self, token: &UserToken) -> Result<UserTokenRecord, Outcome> {
        Ok(self.user_tokens.find(token).await?.ok_or(Refused::UserTokenUnknown)?)
    }

    /// Verifies an ID token and looks up the record of its user.
    async fn user_of(&self, id_token: &ClaimedIdToken<'_>, token: &UserToken) -> Result<UserTokenRecord, Outcome> {
        // A lookup for every token, so that all refusals take equally long.
        let any_id = || ExternalId::parse(token.hash());
        let external_id = id_token.claimed_external_id().cloned().or_else(any_id);
        let external_id = external_id.ok_or(InvalidUser::Missing("external_id"))?;
        let verify = async {
            // The lookup is sent first.
            tokio::task::yield_now().await;
            id_token.verified(self.clock.now()).await
        };
        let (stored, verified) = tokio::join!(self.user_tokens.find_user(&external_id), verify);
        let (claimed, valid_until) = verified?;
        if claimed.external_id.is_none() {
            return Err(InvalidUser::Missing("external_id").into());
        }
        let UserRecord { attributes, audiences, suspended } = stored?.unwrap_or_default();
        Ok(UserTokenRecord {
            user: claimed.overridden_by(attributes).into(),
            audiences: audiences.unwrap_or_else(|| id_token.audiences().clone()),
            expires_at: Some(valid_until),
            suspended,
        })
    }
}

/// The record of a valid user token, and the key to sign with.
struct Authorized<K> {
    record: UserTokenRecord,
    key: Arc<SigningKey<K>>,
}

impl<K> Authorized<K> {
    fn user(&self) -> &User {
        &self.record.user
    }
}

impl Failure for FindError {}

impl From<FindError> for Outcome {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Unavailable(cause) => Unavailable { dependency: Dependency::UserTokens, cause }.into(),
            error => Unavailable::new(Dependency::StoredItem, error).into(),
        }
    }
}
