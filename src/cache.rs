//! A cache of one value: read at cold start, then refreshed in the background.
//!
//! Signing keys and the keys of identity providers are cached in this way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;

use crate::backoff;
use crate::jwt::{Clock, EpochSeconds};
use crate::outcome::Unavailable;

/// The longest pause after failed reads while the cache has no value, in seconds.
pub const LONGEST_PAUSE_WITHOUT_VALUE: u64 = 4;

/// The longest pause after failed reads while the cache has a value, in seconds.
pub(crate) const LONGEST_PAUSE_WITH_VALUE: u64 = 60;

/// The shortest time between two invalidations, in seconds.
const PAUSE_BETWEEN_INVALIDATIONS: u64 = 30;

/// How long a request waits for a new value when the old one has twice its maximum age.
///
/// Lambda freezes the process between requests, so a refresh in the background may never end.
const LONGEST_WAIT_FOR_REFRESH: Duration = Duration::from_secs(1);

/// Where the value comes from.
pub trait Source: Send + Sync + 'static {
    /// The value.
    type Value: Send + Sync + 'static;

    /// The log message for a failed read.
    const READ_FAILED: &'static str;

    /// Reads the current value.
    fn read(&self) -> impl Future<Output = Result<Self::Value, Unavailable>> + Send;
}

/// A value that is read when it is first needed, and again at its maximum age.
///
/// Only a valid value replaces the one in use, so an outage does not stop a function that has a value.
pub struct Cache<S: Source> {
    pub(crate) source: S,
    max_age: u64,
    clock: Arc<dyn Clock>,
    state: Mutex<State<S::Value>>,
    /// Held during a read, so that one read serves all requests that wait for it.
    reading: Arc<tokio::sync::Mutex<()>>,
}

/// A value, and when it was read.
pub struct InUse<V> {
    /// The value.
    pub value: Arc<V>,
    /// How many seconds ago the value was read.
    pub age: u64,
    /// Why the last attempt to read a newer value failed.
    pub failure: Option<Unavailable>,
}

struct State<V> {
    value: Option<(Arc<V>, EpochSeconds)>,
    failed: Option<FailedReads>,
    invalidated_at: Option<EpochSeconds>,
}

struct FailedReads {
    cause: Unavailable,
    in_a_row: u32,
    last_at: EpochSeconds,
    pause: u64,
}

impl<S: Source> Cache<S> {
    /// An empty cache. `max_age` is in seconds.
    pub fn new(source: S, max_age: u64, clock: Arc<dyn Clock>) -> Arc<Self> {
        let state = Mutex::new(State { value: None, failed: None, invalidated_at: None });
        Arc::new(Self { source, max_age, clock, state, reading: Arc::default() })
    }

    /// Returns the value to use now.
    ///
    /// # Errors
    /// If no value could be read so far.
    pub async fn current(self: &Arc<Self>) -> Result<InUse<S::Value>, Unavailable> {
        match self.in_use() {
            None => self.first_value().await,
            Some(in_use) if !self.refresh_is_due() => Ok(in_use),
            Some(old) => Ok(self.refreshed(old).await),
        }
    }

    /// Looks for a newer value because the one in use does not fit, unless that was done just before.
    ///
    /// Waits for a read that is running, without a time limit.
    pub async fn invalidate(self: &Arc<Self>) {
        let guard = Arc::clone(&self.reading).lock_owned().await;
        if self.may_invalidate() {
            self.read_in_background(guard).await.ok();
        }
    }

    async fn first_value(&self) -> Result<InUse<S::Value>, Unavailable> {
        let _guard = self.reading.lock().await;
        if let Some(read_meanwhile) = self.in_use() {
            return Ok(read_meanwhile);
        }
        match self.paused_by() {
            Some(cause) => Err(cause),
            None => self.read().await,
        }
    }

    /// Refreshes the value in the background, and waits only if it is much too old.
    async fn refreshed(self: &Arc<Self>, old: InUse<S::Value>) -> InUse<S::Value> {
        if self.paused_by().is_some() {
            return old;
        }
        // Without the lock, a read is running.
        let Ok(guard) = Arc::clone(&self.reading).try_lock_owned() else { return old };
        let refresh = self.read_in_background(guard);
        if old.age < self.max_age.saturating_mul(2) {
            return old;
        }
        tokio::time::timeout(LONGEST_WAIT_FOR_REFRESH, refresh).await.ok();
        self.in_use().unwrap_or(old)
    }

    fn read_in_background(self: &Arc<Self>, guard: OwnedMutexGuard<()>) -> JoinHandle<()> {
        let cache = Arc::clone(self);
        tokio::spawn(async move {
            let _guard = guard;
            // `read` has logged a failure, and the value in use stays.
            cache.read().await.ok();
        })
    }

    fn may_invalidate(&self) -> bool {
        let now = self.clock.now();
        let mut state = self.state();
        let may = state.invalidated_at.is_none_or(|at| has_passed(PAUSE_BETWEEN_INVALIDATIONS, at, now));
        if may {
            state.invalidated_at = Some(now);
        }
        may
    }

    async fn read(&self) -> Result<InUse<S::Value>, Unavailable> {
        let read = self.source.read().await;
        let now = self.clock.now();
        let mut state = self.state();
        match read {
            Ok(value) => {
                let value = Arc::new(value);
                state.value = Some((Arc::clone(&value), now));
                state.failed = None;
                Ok(InUse { value, age: 0, failure: None })
            }
            Err(cause) => {
                let in_a_row = state.failed.as_ref().map_or(1, |failed| failed.in_a_row.saturating_add(1));
                let has_value = state.value.is_some();
                let longest = if has_value { LONGEST_PAUSE_WITH_VALUE } else { LONGEST_PAUSE_WITHOUT_VALUE };
                let pause = pause_after(in_a_row, longest);
                tracing::error!(
                    code = cause.dependency.code(),
                    %cause,
                    last_good_key_in_use = has_value,
                    "{}",
                    S::READ_FAILED
                );
                state.failed = Some(FailedReads { cause: cause.clone(), in_a_row, last_at: now, pause });
                Err(cause)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State<S::Value>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn in_use(&self) -> Option<InUse<S::Value>> {
        let state = self.state();
        let (value, read_at) = state.value.as_ref()?;
        let failure = state.failed.as_ref().map(|failed| failed.cause.clone());
        Some(InUse { value: Arc::clone(value), age: self.clock.now().since(*read_at), failure })
    }

    fn refresh_is_due(&self) -> bool {
        let state = self.state();
        state.value.as_ref().is_none_or(|(_, read_at)| has_passed(self.max_age, *read_at, self.clock.now()))
    }

    /// The last failure, if it is too early for another read.
    fn paused_by(&self) -> Option<Unavailable> {
        let state = self.state();
        let failed = state.failed.as_ref()?;
        let is_over = has_passed(failed.pause, failed.last_at, self.clock.now());
        (!is_over).then(|| failed.cause.clone())
    }
}

/// Whether `seconds` have passed since `start`. If the clock was set back to before `start`, they count as passed:
/// otherwise the cache would not read the source until the clock reaches `start` again.
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
    use super::*;

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
