//! The providers of a function, each with the keys that it publishes.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;

use super::configuration::IdentityProvider;
use super::documents::{DocumentError, Documents};
use super::keys::KeySet;
use super::token::IdToken;
use crate::cache::{Cache, Source};
use crate::jwt::{Clock, EpochSeconds};
use crate::outcome::{Dependency, Failure, Outcome, Unavailable};
use crate::user::{Audiences, ExternalId, InvalidIdToken, UserAttributes, UserToken};

/// How long a request waits for keys. A request may have to read them twice, for a first time and for a new key.
const LONGEST_WAIT_FOR_KEYS: Duration = Duration::from_millis(2400);

/// The trusted providers. By default there are none.
#[derive(Default)]
pub struct IdentityProviders(Vec<Published>);

struct Published {
    provider: IdentityProvider,
    keys: Arc<Cache<ProviderKeys>>,
}

/// Where a cache reads the keys of one provider.
struct ProviderKeys {
    documents: Documents,
    issuer: String,
}

impl IdentityProviders {
    /// Providers without keys yet. Their keys are read again after `max_age` seconds.
    ///
    /// # Errors
    /// If this build supports neither TLS 1.2 nor 1.3.
    pub fn new(
        providers: Vec<IdentityProvider>,
        more_roots: &[CertificateDer<'static>],
        max_age: u64,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, rustls::Error> {
        if providers.is_empty() {
            return Ok(Self::default());
        }
        let documents = Documents::new(more_roots)?;
        let published = providers.into_iter().map(|provider| {
            let source = ProviderKeys { documents: documents.clone(), issuer: provider.issuer().to_owned() };
            Published { provider, keys: Cache::new(source, max_age, Arc::clone(clock)) }
        });
        Ok(Self(published.collect()))
    }

    /// The token as an ID token, if it names a trusted provider; otherwise the token is opaque.
    #[must_use]
    pub fn id_token<'a>(&'a self, token: &'a UserToken) -> Option<ClaimedIdToken<'a>> {
        if self.0.is_empty() {
            return None;
        }
        let id_token = IdToken::parse(token.as_str())?;
        let published = self.0.iter().find(|published| id_token.issuer() == Some(published.provider.issuer()))?;
        let user = published.provider.user(&id_token);
        Some(ClaimedIdToken { published, id_token, user })
    }

    /// Reads the keys of all providers during init.
    pub async fn warm_up(&self) {
        let mut reads = Vec::new();
        for Published { keys, .. } in &self.0 {
            let keys = Arc::clone(keys);
            // A failure is logged, and the first request tries again.
            reads.push(tokio::spawn(async move { keys.current().await.map(drop) }));
        }
        for read in reads {
            read.await.ok();
        }
    }
}

/// A token that names a trusted provider as its issuer. Nothing about it is verified.
pub struct ClaimedIdToken<'a> {
    published: &'a Published,
    id_token: IdToken<'a>,
    user: Result<UserAttributes, InvalidIdToken>,
}

impl ClaimedIdToken<'_> {
    /// The user's id as the token claims it. The user record can be looked up before the token is verified.
    #[must_use]
    pub fn claimed_external_id(&self) -> Option<&ExternalId> {
        self.user.as_ref().ok()?.external_id.as_ref()
    }

    /// What the tokens of this provider can be exchanged for.
    #[must_use]
    pub fn audiences(&self) -> &Audiences {
        self.published.provider.audiences()
    }

    /// Verifies the token at `now`. Returns the user that it describes, and until when it is valid.
    ///
    /// # Errors
    /// If the token is not valid, or the provider's keys could not be read.
    pub async fn verified(&self, now: EpochSeconds) -> Result<(UserAttributes, EpochSeconds), Outcome> {
        let verify = tokio::time::timeout(LONGEST_WAIT_FOR_KEYS, self.verify(now));
        let issuer = self.published.provider.issuer();
        let valid_until = verify.await.map_err(|_| unavailable(DocumentError::too_slow(issuer)))??;
        Ok((self.user.clone()?, valid_until))
    }

    async fn verify(&self, now: EpochSeconds) -> Result<EpochSeconds, Outcome> {
        let Published { provider, keys } = self.published;
        let in_use = keys.current().await?;
        match provider.verify(&self.id_token, &in_use.value, now) {
            Err(InvalidIdToken::KeyUnknown) => {}
            result => return Ok(result?),
        }
        // The provider may have a new key.
        keys.invalidate().await;
        let in_use = keys.current().await?;
        match (provider.verify(&self.id_token, &in_use.value, now), in_use.failure) {
            (Err(InvalidIdToken::KeyUnknown), Some(failure)) => Err(failure.into()),
            (result, _) => Ok(result?),
        }
    }
}

impl Source for ProviderKeys {
    type Value = KeySet;

    const READ_FAILED: &'static str = "no keys of the identity provider were read";

    async fn read(&self) -> Result<KeySet, Unavailable> {
        self.documents.keys(&self.issuer).await.map_err(unavailable)
    }
}

fn unavailable(error: DocumentError) -> Unavailable {
    Unavailable::new(Dependency::IdentityProvider, error)
}

impl Failure for DocumentError {}
