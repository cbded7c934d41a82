//! The signing key as a running function holds it: read at cold start, refreshed behind the requests.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as Turn;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use crate::handlers::{KeyInUse, SigningKeys};
use crate::jwt::signing::SigningKey;
use crate::jwt::{Clock, EpochSeconds, JwtKind};
use crate::outcome::{Dependency, Failure, Unavailable};

/// How long failed reads may keep the next one waiting while there is no key at all, in seconds.
pub const LONGEST_PAUSE_WITHOUT_KEY: u64 = 4;

/// The same while a good key is in use, in seconds.
const LONGEST_PAUSE_WITH_KEY: u64 = 60;

/// How long a key that is distrusted may be distrusted again without a new read, in seconds.
const PAUSE_BETWEEN_INVALIDATIONS: u64 = 30;

/// How long a request waits for the refresh of a key that is distrusted, or older than twice its maximum age.
///
/// Between rare requests the sandbox is frozen, which leaves a refresh no other time to end in.
const LONGEST_WAIT_FOR_REFRESH: Duration = Duration::from_secs(1);

/// Where the secret's value is read from.
pub trait SecretStore: Send + Sync + 'static {
    /// Why the value could not be read.
    type Error: Failure;

    /// The value as it is stored now.
    fn read(&self) -> impl Future<Output = Result<Zeroizing<String>, Self::Error>> + Send;
}

/// A signing key that is read when it is first needed and refreshed once it has its maximum age.
///
/// Only a good key replaces the one in use: while the store fails, or holds what cannot be a key,
/// the last good one goes on signing.
pub struct KeyCache<K, S>(Arc<Cache<K, S>>);

impl<K, S> Clone for KeyCache<K, S> {
    /// Another handle of the same key.
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Cache<K, S> {
    store: S,
    max_age: u64,
    clock: Arc<dyn Clock>,
    state: Mutex<State<K>>,
    /// Whoever holds it reads the store, so that one read serves all who want it.
    turn: Arc<Turn<()>>,
}

struct State<K> {
    key: Option<(Arc<SigningKey<K>>, EpochSeconds)>,
    failed: Option<FailedReads>,
    invalidated_at: Option<EpochSeconds>,
}

struct FailedReads {
    why: Unavailable,
    in_a_row: u32,
    retry_at: EpochSeconds,
}

impl<K: JwtKind, S: SecretStore> KeyCache<K, S> {
    /// A cache that has read nothing yet. `max_age` is in seconds.
    pub fn new(store: S, max_age: u64, clock: Arc<dyn Clock>) -> Self {
        let state = Mutex::new(State { key: None, failed: None, invalidated_at: None });
        Self(Arc::new(Cache { store, max_age, clock, state, turn: Arc::default() }))
    }
}

impl<K: JwtKind, S: SecretStore> SigningKeys<K> for KeyCache<K, S> {
    async fn current(&self) -> Result<KeyInUse<K>, Unavailable> {
        match self.0.in_use() {
            None => self.0.first_key().await,
            Some(in_use) if in_use.age < self.0.max_age => Ok(in_use),
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
        let _turn = self.turn.lock().await;
        if let Some(brought_by_another) = self.in_use() {
            return Ok(brought_by_another);
        }
        if let Some(why) = self.pause() {
            return Err(why);
        }
        self.read().await
    }

    /// The key to use while a refresh is due: behind the request, unless one is under way or must wait.
    async fn refreshed(self: &Arc<Self>, old: KeyInUse<K>) -> KeyInUse<K> {
        if self.pause().is_some() {
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

    /// Starts to read the store, unless somebody reads it already.
    fn refresh(self: &Arc<Self>) -> Option<JoinHandle<()>> {
        let turn = Arc::clone(&self.turn).try_lock_owned().ok()?;
        let cache = Arc::clone(self);
        Some(tokio::spawn(async move {
            let _turn = turn;
            // A failure is kept and logged where it happened; the key in use stays.
            cache.read().await.ok();
        }))
    }

    fn may_invalidate(&self) -> bool {
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let may = state.invalidated_at.is_none_or(|at| now.since(at) >= PAUSE_BETWEEN_INVALIDATIONS);
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
            Err(why) => {
                let in_a_row = state.failed.as_ref().map_or(1, |failed| failed.in_a_row.saturating_add(1));
                let longest = if state.key.is_some() { LONGEST_PAUSE_WITH_KEY } else { LONGEST_PAUSE_WITHOUT_KEY };
                let retry_at = now.plus(pause_after(in_a_row, longest));
                tracing::error!(
                    code = why.dependency.code(),
                    cause = %why,
                    last_good_key_in_use = state.key.is_some(),
                    "no signing key was read"
                );
                state.failed = Some(FailedReads { why: why.clone(), in_a_row, retry_at });
                Err(why)
            }
        }
    }

    fn in_use(&self) -> Option<KeyInUse<K>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (key, read_at) = state.key.as_ref()?;
        let failure = state.failed.as_ref().map(|failed| failed.why.dependency.code());
        Some(KeyInUse { key: Arc::clone(key), age: self.clock.now().since(*read_at), failure })
    }

    /// The last failure, while it is too early to try again.
    fn pause(&self) -> Option<Unavailable> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = state.failed.as_ref()?;
        (self.clock.now() < failed.retry_at).then(|| failed.why.clone())
    }
}

/// Doubling pauses in seconds, each cut by chance so that the sandboxes of a function do not ask in step.
fn pause_after(failures_in_a_row: u32, longest: u64) -> u64 {
    let full = 2_u64.saturating_pow(failures_in_a_row.saturating_sub(1)).min(longest);
    let mut chance = [0];
    // Without chance the pause is whole, which is still a pause.
    aws_lc_rs::rand::fill(&mut chance).ok();
    full - full / 2 * u64::from(chance[0]) / 255
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

    use super::*;
    use crate::jwt::sdk::Sdk;

    const GOOD: &str = r#"{"secret": "demo-shared-secret-1"}"#;
    const NEWER: &str = r#"{"secret": "demo-shared-secret-2"}"#;
    const REDACTED: &str = r#"{"secret": "123456789"}"#;

    /// A clock that is set, and a store whose answer is set; both count in whole seconds and calls.
    #[derive(Clone, Default)]
    struct World {
        now: Arc<AtomicU64>,
        reads: Arc<AtomicUsize>,
        value: Arc<Mutex<Option<&'static str>>>,
    }

    impl Clock for World {
        fn since_epoch(&self) -> Duration {
            Duration::from_secs(self.now.load(Ordering::Relaxed))
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("down")]
    struct Down;

    impl Failure for Down {}

    impl SecretStore for World {
        type Error = Down;

        async fn read(&self) -> Result<Zeroizing<String>, Down> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            let value = *self.value.lock().unwrap();
            value.map(|value| Zeroizing::new(value.to_owned())).ok_or(Down)
        }
    }

    impl World {
        fn holding(value: &'static str) -> Self {
            let world = Self::default();
            world.hold(Some(value));
            world
        }

        fn hold(&self, value: Option<&'static str>) {
            *self.value.lock().unwrap() = value;
        }

        fn pass(&self, seconds: u64) {
            self.now.fetch_add(seconds, Ordering::Relaxed);
        }

        fn reads(&self) -> usize {
            self.reads.load(Ordering::Relaxed)
        }

        fn key(&self, max_age: u64) -> KeyCache<Sdk, Self> {
            KeyCache::new(self.clone(), max_age, Arc::new(self.clone()))
        }
    }

    /// Lets a refresh behind the request end.
    async fn settle() {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn one_read_serves_all_who_wait_for_the_first_key() {
        let world = World::holding(GOOD);
        let key = world.key(300);
        let (first, second, third) = tokio::join!(key.current(), key.current(), key.current());
        assert!(first.is_ok() && second.is_ok() && third.is_ok());
        assert_eq!(world.reads(), 1);
    }

    #[tokio::test]
    async fn a_key_is_refreshed_once_behind_the_requests_when_it_has_its_age() {
        let world = World::holding(GOOD);
        let key = world.key(300);
        let old = key.current().await.unwrap();
        world.hold(Some(NEWER));
        world.pass(299);
        key.current().await.unwrap();
        settle().await;
        assert_eq!(world.reads(), 1);

        world.pass(1);
        let (first, second) = tokio::join!(key.current(), key.current());
        assert!(Arc::ptr_eq(&first.unwrap().key, &old.key), "the request in flight does not wait");
        assert!(Arc::ptr_eq(&second.unwrap().key, &old.key));
        settle().await;
        assert_eq!(world.reads(), 2);
        let new = key.current().await.unwrap();
        assert!(!Arc::ptr_eq(&new.key, &old.key));
        assert_eq!(new.age, 0);
    }

    #[tokio::test]
    async fn a_thawed_process_waits_for_the_key_that_was_stored_meanwhile() {
        let world = World::holding(GOOD);
        let key = world.key(300);
        let old = key.current().await.unwrap();
        world.hold(Some(NEWER));
        world.pass(600);
        assert!(!Arc::ptr_eq(&key.current().await.unwrap().key, &old.key));
    }

    #[tokio::test]
    async fn the_last_good_key_outlives_an_outage_and_a_bad_version() {
        let world = World::holding(GOOD);
        let key = world.key(300);
        let good = key.current().await.unwrap();
        for value in [None, Some(REDACTED)] {
            world.hold(value);
            for _ in 0..24 {
                world.pass(3600);
                assert!(Arc::ptr_eq(&key.current().await.unwrap().key, &good.key));
            }
        }
        let in_use = key.current().await.unwrap();
        assert_eq!((in_use.age, in_use.failure), (48 * 3600, Some("signing_key_refused")));
        world.hold(Some(NEWER));
        world.pass(3600);
        assert!(!Arc::ptr_eq(&key.current().await.unwrap().key, &good.key), "it recovers by itself");
    }

    #[tokio::test]
    async fn every_request_is_served_through_a_day_without_the_store_by_a_bounded_number_of_reads() {
        const DAY: u64 = 24 * 60 * 60;
        let world = World::holding(GOOD);
        let key = world.key(300);
        let good = key.current().await.unwrap();
        world.hold(None);
        for second in 0..DAY {
            world.pass(1);
            let served = key.current().await.unwrap();
            assert!(Arc::ptr_eq(&served.key, &good.key), "after {second} seconds");
            settle().await;
        }

        // Pauses grow to the longest within seven failures, and chance takes up to half of each away.
        let reads = u64::try_from(world.reads()).unwrap();
        let (fewest, most) = (DAY / LONGEST_PAUSE_WITH_KEY - 10, DAY / (LONGEST_PAUSE_WITH_KEY / 2) + 8);
        assert!((fewest..=most).contains(&reads), "{reads} reads, not {fewest} to {most}");

        world.hold(Some(NEWER));
        world.pass(LONGEST_PAUSE_WITH_KEY);
        assert!(!Arc::ptr_eq(&key.current().await.unwrap().key, &good.key), "it recovers within the longest pause");
    }

    #[tokio::test]
    async fn without_a_key_the_store_is_asked_again_but_not_by_every_request() {
        let world = World::holding(REDACTED);
        let key = world.key(300);
        for _ in 0..100 {
            let refused = key.current().await.unwrap_err();
            assert_eq!(refused.dependency, Dependency::InvalidSigningKey);
            assert!(refused.to_string().contains("Mobile SDK"));
        }
        assert_eq!(world.reads(), 1);
        world.hold(Some(GOOD));
        world.pass(LONGEST_PAUSE_WITHOUT_KEY);
        assert!(key.current().await.is_ok());
    }

    #[tokio::test]
    async fn a_distrusted_key_is_read_anew_at_once_but_not_again_within_half_a_minute() {
        let world = World::holding(GOOD);
        let key = world.key(300);
        let old = key.current().await.unwrap();
        world.hold(Some(NEWER));
        key.invalidate().await;
        assert!(!Arc::ptr_eq(&key.current().await.unwrap().key, &old.key));
        world.pass(29);
        key.invalidate().await;
        assert_eq!(world.reads(), 2);
        world.pass(1);
        key.invalidate().await;
        assert_eq!(world.reads(), 3);
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        assert_eq!(pause_after(1, 60), 1);
        for (failures, full) in [(2, 2), (3, 4), (6, 32), (7, 60), (u32::MAX, 60)] {
            for _ in 0..100 {
                let pause = pause_after(failures, 60);
                assert!((full / 2..=full).contains(&pause), "{pause} after {failures}");
            }
        }
    }
}
