//! One flow per function: a request in, an answer out.
//!
//! A flow sees the stores through two traits, [`UserTokens`] and [`SigningKeys`], which [`crate::aws`]
//! and [`crate::signing_keys`] implement. Each flow's `sign` reads from top to bottom as the protocol goes.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lambda_http::{Body, Request, Response};

use crate::jwt::signing::SigningKey;
use crate::jwt::{Clock, JtiSource, Kind, RandomJti, SystemClock};
use crate::outcome::{Dependency, Failure, Outcome, Refused, Unavailable};
use crate::user::{User, UserToken, UserTokenRecord};
use crate::web;

pub mod messaging_token;
pub mod sdk_exchange;
pub mod sso_redirect;

/// What a function does with each request.
pub trait Handler: Send + Sync {
    /// Answers one request. Whatever goes wrong is an outcome with an answer of its own, never an error.
    fn handle(&self, request: &Request) -> impl Future<Output = Answer> + Send;

    /// Where the request of a rehearsal has to come from to be answered like any other; `None` when that is all the same.
    fn warm_up_source(&self) -> Option<IpAddr> {
        None
    }
}

/// The answer to a request, and what the log says of it. It may hold a JWT, so it has no `Debug`.
pub struct Answer {
    /// How it ended.
    pub outcome: Outcome,
    /// What the caller gets.
    pub response: Response<Body>,
    /// What was learned on the way.
    pub observed: Observed,
}

impl Answer {
    /// The answer of a flow that speaks JSON: the response to a success, a problem otherwise.
    fn in_json(result: Result<Response<Body>, Outcome>, observed: Observed) -> Self {
        match result {
            Ok(response) => Self { outcome: Outcome::Signed, response, observed },
            Err(outcome) => Self { response: web::problem(&outcome), outcome, observed },
        }
    }
}

/// What a log line may say of a request beyond its outcome.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The user's [`ExternalId::hash`](crate::user::ExternalId::hash), once the user is known.
    pub external_id_hash: Option<String>,
    /// How long the look-up of the user token took.
    pub lookup: Option<Duration>,
    /// The age in seconds of the signing key in use.
    pub signing_key_age: Option<u64>,
    /// The code of the outcome that keeps a newer key from being used.
    pub signing_key_failure: Option<&'static str>,
    /// Whether a `return_to` led away from our own Zendesk and was left out.
    pub return_to_dropped: bool,
}

/// Where user tokens are looked up.
pub trait UserTokens: Send + Sync {
    /// What is stored under the token; `None` when nothing is.
    fn find(&self, token: &UserToken) -> impl Future<Output = Result<Option<UserTokenRecord>, FindError>> + Send;
}

/// Why a user token could not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The store gave no answer.
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

/// Where the signing key of one kind of JWT comes from.
pub trait SigningKeys<K>: Send + Sync {
    /// The key to sign with now.
    fn current(&self) -> impl Future<Output = Result<KeyInUse<K>, Unavailable>> + Send;

    /// Zendesk did not accept a signature: looks for a newer key, unless that was done just now.
    fn invalidate(&self) -> impl Future<Output = ()> + Send;
}

/// A signing key and how old our knowledge of it is.
#[derive(Debug)]
pub struct KeyInUse<K> {
    /// The key.
    pub key: Arc<SigningKey<K>>,
    /// The seconds since it was read from Secrets Manager.
    pub age: u64,
    /// Why the last attempt to read a newer one failed, as the code of its outcome.
    pub failure: Option<&'static str>,
}

/// All that a flow needs to vouch for a user.
pub struct Issuer<T, S> {
    /// Where user tokens are looked up.
    pub user_tokens: T,
    /// Where the signing key comes from.
    pub signing_keys: S,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Unique identifiers.
    pub unique_ids: Arc<dyn JtiSource>,
}

impl<T: UserTokens, S> Issuer<T, S> {
    /// With the machine's own clock and random generator.
    pub fn new(user_tokens: T, signing_keys: S) -> Self {
        Self { user_tokens, signing_keys, clock: Arc::new(SystemClock), unique_ids: Arc::new(RandomJti) }
    }

    /// The user whom `token` stands for, with the key to sign for them.
    ///
    /// Look-up and key go side by side, so that a key that must be read anew costs no time of its own.
    async fn vouch<K>(&self, token: &UserToken, kind: Kind, observed: &mut Observed) -> Result<Authorized<K>, Outcome>
    where
        S: SigningKeys<K>,
    {
        let started = Instant::now();
        let find = async {
            let found = self.user_tokens.find(token).await;
            (found, started.elapsed())
        };
        let ((found, lookup), key) = tokio::join!(find, self.signing_keys.current());
        observed.lookup = Some(lookup);
        let record = found.map_err(Outcome::from)?.ok_or(Refused::UserTokenUnknown)?;
        observed.external_id_hash = record.user.external_id.as_ref().map(crate::user::ExternalId::hash);
        record.check(kind, self.clock.now())?;
        let KeyInUse { key, age, failure } = key?;
        observed.signing_key_age = Some(age);
        observed.signing_key_failure = failure;
        Ok(Authorized { record, key })
    }
}

/// A user token that counts, and the key to sign with.
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
