//! The cache of a signing key: read at cold start, then refreshed in the background.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use crate::backoff;
use crate::handlers::{KeyInUse, SigningKeys};
use crate::jwt::signing::SigningKey;
use crate::jwt::{Clock, EpochSeconds, JwtKind};
use crate::outcome::{Dependency, Failure, Unavailable};

/// The longest pause after failed reads while the cache has no key, in seconds.
pub const LONGEST_PAUSE_WITHOUT_KEY: u64 = 4;

/// The longest pause after failed reads while the cache has a key, in seconds.
const LONGEST_PAUSE_WITH_KEY: u64 = 60;

/// The shortest time between two invalidations, in seconds.
const PAUSE_BETWEEN_INVALIDATIONS: u64 = 30;

/// How long a request waits for a new key when the old one is invalidated or has twice its maximum age.
///
/// Lambda freezes the process between requests, so a refresh in the background may never end.
const LONGEST_WAIT_FOR_REFRESH: Duration = Duration::from_secs(1);

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
pub struct KeyCache<K, S>(Arc<Cache<K, S>>);

impl<K, S> Clone for KeyCache<K, S> {
    /// Another handle of the same cache.
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Cache<K, S> {
    store: S,
    max_age: u64,
    clock: Arc<dyn Clock>,
    state: Mutex<State<K>>,
    /// Held during a read, so that one read serves all requests that wait for it.
    reading: Arc<tokio::sync::Mutex<()>>,
}

struct State<K> {
    key: Option<(Arc<SigningKey<K>>, EpochSeconds)>,
    failed: Option<FailedReads>,
    invalidated_at: Option<EpochSeconds>,
}

struct FailedReads {
    cause: Unavailable,
    in_a_row: u32,
    last_at: EpochSeconds,
    pause: u64,
}

impl<K: JwtKind, S: SecretStore> KeyCache<K, S> {
    /// An empty cache. `max_age` is in seconds.
    pub fn new(store: S, max_age: u64, clock: Arc<dyn Clock>) -> Self {
        let state = Mutex::new(State { key: None, failed: None, invalidated_at: None });
        Self(Arc::new(Cache { store, max_age, clock, state, reading: Arc::default() }))
    }
}

impl<K: JwtKind, S: SecretStore> SigningKeys<K> for KeyCache<K, S> {
    async fn current(&self) -> Result<KeyInUse<K>, Unavailable> {
        match self.0.in_use() {
            None => self.0.first_key().await,
            Some(in_use) if !self.0.refresh_is_due() => Ok(in_use),
            Some(old) => Ok(self.0.refreshed(old).await),
        }
    }

    async fn invalidate(&self) {
        if self.0.may_invalidate()
            && let Some(refresh) = self.0.refresh()
        {
            tokio::time::timeout(LONGEST_WAIT_FOR_REFRESH, refresh).await.ok();
        }
    }
}

impl<K: JwtKind, S: SecretStore> Cache<K, S> {
    async fn first_key(&self) -> Result<KeyInUse<K>, Unavailable> {
        let _guard = self.reading.lock().await;
        if let Some(read_meanwhile) = self.in_use() {
            return Ok(read_meanwhile);
        }
        match self.paused_by() {
            Some(cause) => Err(cause),
            None => self.read().await,
        }
    }

    /// Refreshes the key in the background, and waits only if it is much too old.
    async fn refreshed(self: &Arc<Self>, old: KeyInUse<K>) -> KeyInUse<K> {
        if self.paused_by().is_some() {
            return old;
        }
        match self.refresh() {
            Some(refresh) if old.age >= self.max_age.saturating_mul(2) => {
                tokio::time::timeout(LONGEST_WAIT_FOR_REFRESH, refresh).await.ok();
                self.in_use().unwrap_or(old)
            }
            _ => old,
        }
    }

    /// Starts a read in the background, unless one is running.
    fn refresh(self: &Arc<Self>) -> Option<JoinHandle<()>> {
        let guard = Arc::clone(&self.reading).try_lock_owned().ok()?;
        let cache = Arc::clone(self);
        Some(tokio::spawn(async move {
            let _guard = guard;
            // `read` has logged a failure, and the key in use stays.
            cache.read().await.ok();
        }))
    }

    fn may_invalidate(&self) -> bool {
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let may = state.invalidated_at.is_none_or(|at| has_passed(PAUSE_BETWEEN_INVALIDATIONS, at, now));
        if may {
            state.invalidated_at = Some(now);
        }
        may
    }

    async fn read(&self) -> Result<KeyInUse<K>, Unavailable> {
        let read = match self.store.read().await {
            Err(error) => Err(Unavailable::new(Dependency::SigningKey, error)),
            Ok(value) => {
                SigningKey::parse(&value).map_err(|problem| Unavailable::new(Dependency::InvalidSigningKey, problem))
            }
        };
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(key) => {
                let key = Arc::new(key);
                state.key = Some((Arc::clone(&key), now));
                state.failed = None;
                Ok(KeyInUse { key, age: 0, failure: None })
            }
            Err(cause) => {
                let in_a_row = state.failed.as_ref().map_or(1, |failed| failed.in_a_row.saturating_add(1));
                let longest = if state.key.is_some() { LONGEST_PAUSE_WITH_KEY } else { LONGEST_PAUSE_WITHOUT_KEY };
                let pause = pause_after(in_a_row, longest);
                tracing::error!(
                    code = cause.dependency.code(),
                    %cause,
                    last_good_key_in_use = state.key.is_some(),
                    "no signing key was read"
                );
                state.failed = Some(FailedReads { cause: cause.clone(), in_a_row, last_at: now, pause });
                Err(cause)
            }
        }
    }

    fn in_use(&self) -> Option<KeyInUse<K>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (key, read_at) = state.key.as_ref()?;
        let failure = state.failed.as_ref().map(|failed| failed.cause.dependency.code());
        Some(KeyInUse { key: Arc::clone(key), age: self.clock.now().since(*read_at), failure })
    }

    fn refresh_is_due(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.key.as_ref().is_none_or(|(_, read_at)| has_passed(self.max_age, *read_at, self.clock.now()))
    }

    /// The last failure, if it is too early for another read.
    fn paused_by(&self) -> Option<Unavailable> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = state.failed.as_ref()?;
        let is_over = has_passed(failed.pause, failed.last_at, self.clock.now());
        (!is_over).then(|| failed.cause.clone())
    }
}

/// Whether `seconds` have passed since `start`. If the clock was set back to before `start`, they count as passed:
/// otherwise the cache would not read the store until the clock reaches `start` again.
fn has_passed(seconds: u64, start: EpochSeconds, now: EpochSeconds) -> bool {
    now < start || now.since(start) >= seconds
}

/// A pause in whole seconds, at least one.
fn pause_after(failures_in_a_row: u32, longest: u64) -> u64 {
    let pause = backoff::pause(failures_in_a_row, Duration::from_secs(1), Duration::from_secs(longest));
    pause.as_secs() + u64::from(pause.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

    use super::*;
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

    #[test]
    fn pauses_double_up_to_a_limit() {
        assert_eq!(pause_after(1, 60), 1);
        for (failures, full) in [(2, 2), (3, 4), (6, 32), (7, 60), (u32::MAX, 60)] {
            for _ in 0..100 {
                let pause = pause_after(failures, 60);
                assert!((full / 2..=full).contains(&pause), "{pause} after {failures}");
            }
        }
    }
}
