//! The cache of a signing key.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::cache::{Cache, InUse, Source};
use crate::handlers::{KeyInUse, SigningKeys};
use crate::jwt::signing::SigningKey;
use crate::jwt::{Clock, JwtKind};
use crate::outcome::{Dependency, Failure, Unavailable};

pub use crate::cache::LONGEST_PAUSE_WITHOUT_VALUE as LONGEST_PAUSE_WITHOUT_KEY;

/// How long an error page of Zendesk waits for a new key.
const LONGEST_WAIT_FOR_NEW_KEY: Duration = Duration::from_secs(1);

/// The store of the secret.
pub trait SecretStore: Send + Sync + 'static {
    /// Why a read failed.
    type Error: Failure;

    /// Reads the current value.
    fn read(&self) -> impl Future<Output = Result<Zeroizing<String>, Self::Error>> + Send;
}

/// Reads a signing key when it is first needed, and again at its maximum age.
///
/// Only a valid key replaces the one in use: an outage or an invalid secret does not stop a function that has a key.
pub struct KeyCache<K: JwtKind, S: SecretStore>(Cache<Secret<K, S>>);

impl<K: JwtKind, S: SecretStore> Clone for KeyCache<K, S> {
    /// Another handle of the same cache.
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: JwtKind, S: SecretStore> KeyCache<K, S> {
    /// An empty cache. `max_age` is in seconds.
    pub fn new(store: S, max_age: u64, clock: Arc<dyn Clock>) -> Self {
        Self(Cache::new(Secret { store, kind: PhantomData }, max_age, clock))
    }
}

impl<K: JwtKind, S: SecretStore> SigningKeys<K> for KeyCache<K, S> {
    async fn current(&self) -> Result<KeyInUse<K>, Unavailable> {
        let InUse { value, age, failure } = self.0.current().await?;
        Ok(KeyInUse { key: value, age, failure: failure.map(|cause| cause.dependency.code()) })
    }

    async fn invalidate(&self) {
        tokio::time::timeout(LONGEST_WAIT_FOR_NEW_KEY, self.0.invalidate()).await.ok();
    }
}

/// A store whose secret holds a signing key.
struct Secret<K, S> {
    store: S,
    kind: PhantomData<fn() -> K>,
}

impl<K: JwtKind, S: SecretStore> Source for Secret<K, S> {
    type Value = SigningKey<K>;

    const READ_FAILED: &'static str = "no signing key was read";

    async fn read(&self) -> Result<SigningKey<K>, Unavailable> {
        let value = self.store.read().await.map_err(|error| Unavailable::new(Dependency::SigningKey, error))?;
        SigningKey::parse(&value).map_err(|problem| Unavailable::new(Dependency::InvalidSigningKey, problem))
    }
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
            KeyCache::new(self.clone(), max_age, Arc::new(self.clone()))
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
        let (first, second, third) = tokio::join!(key.current(), key.current(), key.current());
        assert!(first.is_ok() && second.is_ok() && third.is_ok());
        assert_eq!(fake.reads(), 1);
    }

    #[tokio::test]
    async fn a_key_is_refreshed_once_in_the_background_at_its_maximum_age() {
        let fake = Fake::with(VALID);
        let key = fake.key(300);
        let old = key.current().await.unwrap();
        fake.store(Some(NEWER));
        fake.advance(299);
        key.current().await.unwrap();
        settle().await;
        assert_eq!(fake.reads(), 1);

        fake.advance(1);
        let (first, second) = tokio::join!(key.current(), key.current());
        assert!(Arc::ptr_eq(&first.unwrap().key, &old.key), "the request does not wait");
        assert!(Arc::ptr_eq(&second.unwrap().key, &old.key));
        settle().await;
        assert_eq!(fake.reads(), 2);
        let new = key.current().await.unwrap();
        assert!(!Arc::ptr_eq(&new.key, &old.key));
        assert_eq!(new.age, 0);
    }

    #[tokio::test]
    async fn a_process_that_was_frozen_for_long_waits_for_the_new_key() {
        let fake = Fake::with(VALID);
        let key = fake.key(300);
        let old = key.current().await.unwrap();
        fake.store(Some(NEWER));
        fake.advance(600);
        assert!(!Arc::ptr_eq(&key.current().await.unwrap().key, &old.key));
    }

    #[tokio::test]
    async fn the_last_valid_key_stays_in_use_during_an_outage_and_while_the_secret_is_invalid() {
        let fake = Fake::with(VALID);
        let key = fake.key(300);
        let valid = key.current().await.unwrap();
        for value in [None, Some(REDACTED)] {
            fake.store(value);
            for _ in 0..24 {
                fake.advance(3600);
                assert!(Arc::ptr_eq(&key.current().await.unwrap().key, &valid.key));
            }
        }
        let in_use = key.current().await.unwrap();
        assert_eq!((in_use.age, in_use.failure), (48 * 3600, Some("signing_key_refused")));
        fake.store(Some(NEWER));
        fake.advance(3600);
        assert!(!Arc::ptr_eq(&key.current().await.unwrap().key, &valid.key), "the cache recovers by itself");
    }

    #[tokio::test]
    async fn a_day_without_the_store_fails_no_request_and_causes_a_bounded_number_of_reads() {
        const DAY: u64 = 24 * 60 * 60;
        let fake = Fake::with(VALID);
        let key = fake.key(300);
        let valid = key.current().await.unwrap();
        fake.store(None);
        for second in 0..DAY {
            fake.advance(1);
            let served = key.current().await.unwrap();
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
            !Arc::ptr_eq(&key.current().await.unwrap().key, &valid.key),
            "the cache recovers within the longest pause"
        );
    }

    #[tokio::test]
    async fn without_a_key_the_store_is_read_again_but_not_by_every_request() {
        let fake = Fake::with(REDACTED);
        let key = fake.key(300);
        for _ in 0..100 {
            let refused = key.current().await.unwrap_err();
            assert_eq!(refused.dependency, Dependency::InvalidSigningKey);
            assert!(refused.to_string().contains("Mobile SDK"));
        }
        assert_eq!(fake.reads(), 1);
        fake.store(Some(VALID));
        fake.advance(LONGEST_PAUSE_WITHOUT_KEY);
        assert!(key.current().await.is_ok());
    }

    #[tokio::test]
    async fn an_invalidated_key_is_read_again_at_once_but_only_once_in_half_a_minute() {
        let fake = Fake::with(VALID);
        let key = fake.key(300);
        let old = key.current().await.unwrap();
        fake.store(Some(NEWER));
        key.invalidate().await;
        assert!(!Arc::ptr_eq(&key.current().await.unwrap().key, &old.key));
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
        assert!(key.current().await.is_err());
        fake.set_back(3600);
        fake.store(Some(VALID));
        assert!(key.current().await.is_ok());
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_does_not_delay_the_refresh_of_a_key() {
        let fake = Fake::with(VALID);
        fake.advance(7200);
        let key = fake.key(300);
        let old = key.current().await.unwrap();

        fake.store(None);
        fake.advance(300);
        key.current().await.unwrap();
        settle().await;
        fake.set_back(3600);
        fake.store(Some(NEWER));
        key.current().await.unwrap();
        settle().await;
        assert!(!Arc::ptr_eq(&key.current().await.unwrap().key, &old.key));
        assert_eq!(fake.reads(), 3);

        key.current().await.unwrap();
        settle().await;
        assert_eq!(fake.reads(), 3, "one read is enough after a step back");
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_does_not_prevent_an_invalidation() {
        let fake = Fake::with(VALID);
        fake.advance(7200);
        let key = fake.key(300);
        key.current().await.unwrap();
        key.invalidate().await;
        fake.set_back(3600);
        key.invalidate().await;
        assert_eq!(fake.reads(), 3);
    }
}
