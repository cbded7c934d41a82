//! The cache of a function's signing keys: one secret holds the key of each configuration.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use zendesk_jwt_rules::{ConfigurationName, Configurations};
use zeroize::Zeroizing;

use crate::cache::{Cache, InUse, Source};
use crate::handlers::{KeyInUse, SigningKeys};
use crate::jwt::signing::{SigningKey, SigningKeyProblem};
use crate::jwt::{Clock, EpochSeconds, JwtKind};
use crate::outcome::{Dependency, Failure, Unavailable};

pub use crate::cache::LONGEST_PAUSE_WITHOUT_VALUE as LONGEST_PAUSE_WITHOUT_KEY;

/// How long a request waits for a new key that Zendesk's error page or a configuration without a key asks for.
const LONGEST_WAIT_FOR_NEW_KEY: Duration = Duration::from_secs(1);

/// The log message for a key that could not be read.
const READ_FAILED: &str = "no signing key was read";

/// The store of the secret.
pub trait SecretStore: Send + Sync + 'static {
    /// Why a read failed.
    type Error: Failure;

    /// Reads the current value.
    fn read(&self) -> impl Future<Output = Result<Zeroizing<String>, Self::Error>> + Send;
}

/// Reads the signing keys when one is first needed, and again at their maximum age.
///
/// Only a valid key replaces the one in use: an outage or an invalid secret does not stop a configuration that has a
/// key.
pub struct KeyCache<K: JwtKind, S: SecretStore>(Arc<Cache<Secret<K, S>>>);

impl<K: JwtKind, S: SecretStore> Clone for KeyCache<K, S> {
    /// Another handle of the same cache.
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: JwtKind, S: SecretStore> KeyCache<K, S> {
    /// An empty cache of the keys of the unnamed configuration and of `configurations`. `max_age` is in seconds.
    pub fn new(
        store: S,
        configurations: impl IntoIterator<Item = ConfigurationName>,
        max_age: u64,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let named = configurations.into_iter().map(|name| (name, Slot::default())).collect();
        let latest = Mutex::new(Configurations { unnamed: Slot::default(), named });
        let secret = Secret { store, clock: Arc::clone(&clock), latest };
        Self(Cache::new(secret, max_age, clock))
    }

    /// Signs with the first key that there is: the unnamed configuration may have none.
    pub async fn warm_up(&self) {
        let Ok(keys) = self.0.current().await else { return };
        let mut slots = std::iter::once(&keys.value.unnamed).chain(keys.value.named.values());
        if let Some((key, _)) = slots.find_map(|slot| slot.key.as_ref()) {
            key.warm_up();
        }
    }
}

impl<K: JwtKind, S: SecretStore> SigningKeys<K> for KeyCache<K, S> {
    async fn current(&self, configuration: Option<&ConfigurationName>) -> Result<KeyInUse<K>, Unavailable> {
        let mut keys = self.0.current().await?;
        let has_key = |keys: &Keys<K>| keys.get(configuration).is_some_and(|slot| slot.key.is_some());
        // The cache has a value, so it reads the secret only when the other keys are due.
        if !has_key(&keys.value) && keys.age > LONGEST_PAUSE_WITHOUT_KEY {
            self.invalidate().await;
            keys = self.0.current().await?;
        }
        let InUse { value, failure, .. } = keys;
        let slot = value.get(configuration).cloned().unwrap_or_default();
        match slot.key {
            Some((key, read_at)) => {
                let failure = slot.problem.or(failure).map(|cause| cause.dependency.code());
                Ok(KeyInUse { key, age: self.0.source.clock.now().since(read_at), failure })
            }
            None => Err(slot.problem.unwrap_or_else(|| missing::<K>(configuration))),
        }
    }

    async fn invalidate(&self) {
        tokio::time::timeout(LONGEST_WAIT_FOR_NEW_KEY, self.0.invalidate()).await.ok();
    }
}

/// A store whose secret holds the signing keys.
struct Secret<K, S> {
    store: S,
    clock: Arc<dyn Clock>,
    latest: Mutex<Keys<K>>,
}

type Keys<K> = Configurations<Slot<K>>;

/// The last valid key of a configuration and when it was read, and what is wrong with the latest one.
struct Slot<K> {
    key: Option<(Arc<SigningKey<K>>, EpochSeconds)>,
    problem: Option<Unavailable>,
}

impl<K> Default for Slot<K> {
    fn default() -> Self {
        Self { key: None, problem: None }
    }
}

impl<K> Clone for Slot<K> {
    fn clone(&self) -> Self {
        Self { key: self.key.clone(), problem: self.problem.clone() }
    }
}

impl<K: JwtKind, S: SecretStore> Source for Secret<K, S> {
    type Value = Keys<K>;

    const READ_FAILED: &'static str = READ_FAILED;

    async fn read(&self) -> Result<Keys<K>, Unavailable> {
        let value = self.store.read().await.map_err(|error| Unavailable::new(Dependency::SigningKey, error))?;
        let mut read = SigningKey::<K>::parse_all(&value);
        let now = self.clock.now();
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.named.is_empty() {
            let key = read.unnamed.map_err(refused)?;
            latest.unnamed.key = Some((Arc::new(key), now));
            return Ok(latest.clone());
        }
        latest.unnamed.update(None, read.unnamed, now);
        for (name, slot) in &mut latest.named {
            let missing = || Err(SigningKeyProblem::missing(K::KIND, Some(name)));
            slot.update(Some(name), read.named.remove(name).unwrap_or_else(missing), now);
        }
        Ok(latest.clone())
    }
}

impl<K: JwtKind> Slot<K> {
    /// Replaces the key by a valid one. Otherwise the last valid key stays.
    fn update(
        &mut self,
        configuration: Option<&ConfigurationName>,
        read: Result<SigningKey<K>, SigningKeyProblem>,
        now: EpochSeconds,
    ) {
        let problem = match read {
            Ok(key) => {
                *self = Self { key: Some((Arc::new(key), now)), problem: None };
                return;
            }
            Err(problem) => problem,
        };
        // All three functions know all configurations, but a configuration may need the key of one function only.
        let is_expected = problem.is_missing() && self.key.is_none();
        let cause = refused(problem);
        if !is_expected {
            tracing::error!(
                configuration = configuration.map(ConfigurationName::as_str),
                code = cause.dependency.code(),
                %cause,
                last_good_key_in_use = self.key.is_some(),
                "{READ_FAILED}"
            );
        }
        self.problem = Some(cause);
    }
}

fn missing<K: JwtKind>(configuration: Option<&ConfigurationName>) -> Unavailable {
    refused(SigningKeyProblem::missing(K::KIND, configuration))
}

fn refused(problem: SigningKeyProblem) -> Unavailable {
    Unavailable::new(Dependency::InvalidSigningKey, problem)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

    use super::*;
    use crate::cache::LONGEST_PAUSE_WITH_VALUE as LONGEST_PAUSE_WITH_KEY;
    use crate::jwt::sdk::Sdk;

    const VALID: &str = r#"{"secret": "demo-shared-secret-1"}"#;
    const NEWER: &str = r#"{"secret": "demo-shared-secret-2"}"#;
    const REDACTED: &str = r#"{"secret": "123456789"}"#;

    /// A clock and a store that the test controls.
    #[derive(Clone, Default)]
    struct Fake {
        now: Arc<AtomicU64>,
        reads: Arc<AtomicUsize>,
        value: Arc<Mutex<Option<&'static str>>>,
    }

    impl Clock for Fake {
        fn since_epoch(&self) -> Duration {
            Duration::from_secs(self.now.load(Ordering::Relaxed))
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("down")]
    struct Down;

    impl Failure for Down {}

    impl SecretStore for Fake {
        type Error = Down;

        async fn read(&self) -> Result<Zeroizing<String>, Down> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            let value = *self.value.lock().unwrap();
            value.map(|value| Zeroizing::new(value.to_owned())).ok_or(Down)
        }
    }

    impl Fake {
        fn with(value: &'static str) -> Self {
            let fake = Self::default();
            fake.store(Some(value));
            fake
        }

        fn store(&self, value: Option<&'static str>) {
            *self.value.lock().unwrap() = value;
        }

        fn advance(&self, seconds: u64) {
            self.now.fetch_add(seconds, Ordering::Relaxed);
        }

        fn set_back(&self, seconds: u64) {
            self.now.fetch_sub(seconds, Ordering::Relaxed);
        }

        fn reads(&self) -> usize {
            self.reads.load(Ordering::Relaxed)
        }

        fn key(&self, max_age: u64) -> KeyCache<Sdk, Self> {
            KeyCache::new(self.clone(), [], max_age, Arc::new(self.clone()))
        }
    }

    /// Lets a refresh in the background end.
    async fn settle() {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn one_read_serves_all_requests_that_wait_for_the_first_key() {
        let fake = Fake::with(VALID);
        let key = fake.key(300);
        let (first, second, third) = tokio::join!(key.current(None), key.current(None), key.current(None));
        assert!(first.is_ok() && second.is_ok() && third.is_ok());
        assert_eq!(fake.reads(), 1);
    }

    #[tokio::test]
    async fn a_key_is_refreshed_once_in_the_background_at_its_maximum_age() {
        let fake = Fake::with(VALID);
        let key = fake.key(300);
        let old = key.current(None).await.unwrap();
        fake.store(Some(NEWER));
        fake.advance(299);
        key.current(None).await.unwrap();
        settle().await;
        assert_eq!(fake.reads(), 1);

        fake.advance(1);
        let (first, second) = tokio::join!(key.current(None), key.current(None));
        assert!(Arc::ptr_eq(&first.unwrap().key, &old.key), "the request does not wait");
        assert!(Arc::ptr_eq(&second.unwrap().key, &old.key));
        settle().await;
        assert_eq!(fake.reads(), 2);
        let new = key.current(None).await.unwrap();
        assert!(!Arc::ptr_eq(&new.key, &old.key));
        assert_eq!(new.age, 0);
    }

    #[tokio::test]
    async fn a_process_that_was_frozen_for_long_waits_for_the_new_key() {
        let fake = Fake::with(VALID);
        let key = fake.key(300);
        let old = key.current(None).await.unwrap();
        fake.store(Some(NEWER));
        fake.advance(600);
        assert!(!Arc::ptr_eq(&key.current(None).await.unwrap().key, &old.key));
    }

    #[tokio::test]
    async fn the_last_valid_key_stays_in_use_during_an_outage_and_while_the_secret_is_invalid() {
        let fake = Fake::with(VALID);
        let key = fake.key(300);
        let valid = key.current(None).await.unwrap();
        for value in [None, Some(REDACTED)] {
            fake.store(value);
            for _ in 0..24 {
                fake.advance(3600);
                assert!(Arc::ptr_eq(&key.current(None).await.unwrap().key, &valid.key));
            }
        }
        let in_use = key.current(None).await.unwrap();
        assert_eq!((in_use.age, in_use.failure), (48 * 3600, Some("signing_key_refused")));
        fake.store(Some(NEWER));
        fake.advance(3600);
        assert!(!Arc::ptr_eq(&key.current(None).await.unwrap().key, &valid.key), "the cache recovers by itself");
    }

    #[tokio::test]
    async fn a_day_without_the_store_fails_no_request_and_causes_a_bounded_number_of_reads() {
        const DAY: u64 = 24 * 60 * 60;
        let fake = Fake::with(VALID);
        let key = fake.key(300);
        let valid = key.current(None).await.unwrap();
        fake.store(None);
        for second in 0..DAY {
            fake.advance(1);
            let served = key.current(None).await.unwrap();
            assert!(Arc::ptr_eq(&served.key, &valid.key), "after {second} seconds");
            settle().await;
        }

        // Seven failures lead to the longest pause, and a random part of up to one half is cut from each.
        let reads = u64::try_from(fake.reads()).unwrap();
        let (fewest, most) = (DAY / LONGEST_PAUSE_WITH_KEY - 10, DAY / (LONGEST_PAUSE_WITH_KEY / 2) + 8);
        assert!((fewest..=most).contains(&reads), "{reads} reads, not {fewest} to {most}");

        fake.store(Some(NEWER));
        fake.advance(LONGEST_PAUSE_WITH_KEY);
        assert!(
            !Arc::ptr_eq(&key.current(None).await.unwrap().key, &valid.key),
            "the cache recovers within the longest pause"
        );
    }

    #[tokio::test]
    async fn without_a_key_the_store_is_read_again_but_not_by_every_request() {
        let fake = Fake::with(REDACTED);
        let key = fake.key(300);
        for _ in 0..100 {
            let refused = key.current(None).await.unwrap_err();
            assert_eq!(refused.dependency, Dependency::InvalidSigningKey);
            assert!(refused.to_string().contains("Mobile SDK"));
        }
        assert_eq!(fake.reads(), 1);
        fake.store(Some(VALID));
        fake.advance(LONGEST_PAUSE_WITHOUT_KEY);
        assert!(key.current(None).await.is_ok());
    }

    #[tokio::test]
    async fn an_invalidated_key_is_read_again_at_once_but_only_once_in_half_a_minute() {
        let fake = Fake::with(VALID);
        let key = fake.key(300);
        let old = key.current(None).await.unwrap();
        fake.store(Some(NEWER));
        key.invalidate().await;
        assert!(!Arc::ptr_eq(&key.current(None).await.unwrap().key, &old.key));
        fake.advance(29);
        key.invalidate().await;
        assert_eq!(fake.reads(), 2);
        fake.advance(1);
        key.invalidate().await;
        assert_eq!(fake.reads(), 3);
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_does_not_delay_the_retry_after_a_failed_read() {
        let fake = Fake::default();
        fake.advance(7200);
        let key = fake.key(300);
        assert!(key.current(None).await.is_err());
        fake.set_back(3600);
        fake.store(Some(VALID));
        assert!(key.current(None).await.is_ok());
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_does_not_delay_the_refresh_of_a_key() {
        let fake = Fake::with(VALID);
        fake.advance(7200);
        let key = fake.key(300);
        let old = key.current(None).await.unwrap();

        fake.store(None);
        fake.advance(300);
        key.current(None).await.unwrap();
        settle().await;
        fake.set_back(3600);
        fake.store(Some(NEWER));
        key.current(None).await.unwrap();
        settle().await;
        assert!(!Arc::ptr_eq(&key.current(None).await.unwrap().key, &old.key));
        assert_eq!(fake.reads(), 3);

        key.current(None).await.unwrap();
        settle().await;
        assert_eq!(fake.reads(), 3, "one read is enough after a step back");
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_does_not_prevent_an_invalidation() {
        let fake = Fake::with(VALID);
        fake.advance(7200);
        let key = fake.key(300);
        key.current(None).await.unwrap();
        key.invalidate().await;
        fake.set_back(3600);
        key.invalidate().await;
        assert_eq!(fake.reads(), 3);
    }

    const SECRET: &str = "demo-shared-secret-1";

    fn ios_and_tv(fake: &Fake) -> (KeyCache<Sdk, Fake>, [ConfigurationName; 2]) {
        let names = ["ios", "tv"].map(|name| ConfigurationName::parse(name).unwrap());
        (KeyCache::new(fake.clone(), names.clone(), 300, Arc::new(fake.clone())), names)
    }

    #[tokio::test]
    async fn one_read_serves_all_configurations() {
        let fake = Fake::with(
            r#"{"secret": "demo-shared-secret-1", "configurations":
                {"ios": {"secret": "demo-shared-secret-2"}, "other": {"secret": "demo-shared-secret-3"}}}"#,
        );
        let (keys, [ios, tv]) = ios_and_tv(&fake);
        let code = |key: &KeyInUse<Sdk>| key.key.authentication_code("text");
        let expected = |secret| SigningKey::<Sdk>::new(secret, None).unwrap().authentication_code("text");
        assert_eq!(code(&keys.current(None).await.unwrap()), expected(SECRET));
        assert_eq!(code(&keys.current(Some(&ios)).await.unwrap()), expected("demo-shared-secret-2"));
        let missing = keys.current(Some(&tv)).await.unwrap_err().to_string();
        assert!(missing.contains("configuration tv") && missing.contains("Mobile SDK"), "{missing}");
        let other = ConfigurationName::parse("other").unwrap();
        assert!(keys.current(Some(&other)).await.is_err(), "the function does not know this configuration");
        assert_eq!(fake.reads(), 1);
    }

    #[tokio::test]
    async fn a_key_that_becomes_invalid_keeps_the_last_good_one_of_its_configuration_alone() {
        let fake = Fake::with(
            r#"{"secret": "demo-shared-secret-1", "configurations": {"ios": {"secret": "demo-shared-secret-2"}}}"#,
        );
        let (keys, [ios, _]) = ios_and_tv(&fake);
        let old = [keys.current(None).await.unwrap().key, keys.current(Some(&ios)).await.unwrap().key];
        fake.store(Some(r#"{"secret": "demo-shared-secret-9", "configurations": {"ios": {"secret": "123456789"}}}"#));
        fake.advance(300);
        keys.current(None).await.unwrap();
        settle().await;
        let [unnamed, named] = [keys.current(None).await.unwrap(), keys.current(Some(&ios)).await.unwrap()];
        assert!(!Arc::ptr_eq(&unnamed.key, &old[0]) && Arc::ptr_eq(&named.key, &old[1]));
        assert_eq!((unnamed.age, unnamed.failure), (0, None));
        assert_eq!((named.age, named.failure), (300, Some("signing_key_refused")));
    }

    #[tokio::test]
    async fn a_configuration_without_a_key_is_read_again_at_most_every_30_seconds() {
        let fake = Fake::with(VALID);
        let (keys, [ios, _]) = ios_and_tv(&fake);
        assert!(keys.current(Some(&ios)).await.is_err());
        assert_eq!(fake.reads(), 1);
        fake.store(Some(r#"{"configurations": {"ios": {"secret": "demo-shared-secret-2"}}}"#));
        fake.advance(5);
        assert!(keys.current(Some(&ios)).await.is_ok());
        assert!(keys.current(None).await.is_ok(), "the last good key stays");
        let (_, [_, tv]) = ios_and_tv(&fake);
        for _ in 0..2 {
            fake.advance(10);
            assert!(keys.current(Some(&tv)).await.is_err());
        }
        assert_eq!(fake.reads(), 2);
        fake.advance(10);
        assert!(keys.current(Some(&tv)).await.is_err());
        assert_eq!(fake.reads(), 3);
    }
}
