//! Batches on their way to DynamoDB, several at once.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::batches::{BadLine, Batch};
use crate::aws::user_token_items::UserTokenItem;
use crate::aws::user_token_table::{TableError, UserTokenTable};
use crate::problem::Problem;
use crate::user::backoff::Backoff;

/// The batches that are under way, and up to which line everything has arrived.
pub struct Flight {
    flyer: Flyer,
    stop: watch::Sender<bool>,
    under_way: JoinSet<Landed>,
    /// Of every item under way: a second item of the same token has to wait, so that the last one in the file wins.
    token_hashes: HashSet<String>,
    order: Order,
}

/// A batch that is no longer under way.
#[derive(Debug)]
pub struct Landed {
    number: u64,
    token_hashes: Vec<String>,
    /// How many of its items are stored.
    pub stored: u64,
    /// Those that DynamoDB does not take.
    pub bad_lines: Vec<BadLine>,
    /// How many requests were repeated.
    pub retries: u64,
    /// Why not all of it is stored.
    pub failure: Option<Failure>,
}

/// Why a batch is not stored.
#[derive(Debug)]
pub enum Failure {
    /// [`Flight::stop`] was called while it waited to try again.
    Stopped,
    /// It cannot be.
    Failed(String),
}

impl Flight {
    /// To `table`. A batch of which DynamoDB takes nothing is given up after `give_up_after`.
    #[must_use]
    pub fn to(table: UserTokenTable, give_up_after: Duration) -> Self {
        let (stop, stopped) = watch::channel(false);
        let flyer = Flyer { table, give_up_after, stopped, was_reached: Arc::default(), retries: 0 };
        Self { flyer, stop, under_way: JoinSet::new(), token_hashes: HashSet::new(), order: Order::default() }
    }

    /// Sets out with a batch of which [`Self::is_in_the_way`] said nothing.
    pub fn launch(&mut self, batch: Batch) {
        let number = self.order.add(batch.last_line, batch.end);
        self.token_hashes.extend(batch.items.iter().map(|item| item.token_hash().to_owned()));
        self.under_way.spawn(self.flyer.clone().fly(number, batch));
    }

    /// How many batches are under way.
    #[must_use]
    pub fn len(&self) -> usize {
        self.under_way.len()
    }

    /// Whether an item of the same token is under way.
    #[must_use]
    pub fn is_in_the_way(&self, batch: &Batch) -> bool {
        batch.items.iter().any(|item| self.token_hashes.contains(item.token_hash()))
    }

    /// The next batch that lands; `None` when none is under way. Safe to be cancelled.
    ///
    /// # Errors
    /// When the work on it broke off.
    pub async fn land(&mut self) -> Option<Result<Landed, Problem>> {
        let landed = match self.under_way.join_next().await? {
            Ok(landed) => landed,
            Err(error) => return Some(Err(Problem(format!("a batch broke off: {error}")))),
        };
        for token_hash in &landed.token_hashes {
            self.token_hashes.remove(token_hash);
        }
        if landed.failure.is_none() {
            self.order.has_arrived(landed.number);
        }
        Some(Ok(landed))
    }

    /// Lets requests that are on their way finish, and repeats none.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// The line up to which all batches have arrived, and how many bytes end with it.
    #[must_use]
    pub fn arrived(&self) -> (u64, u64) {
        self.order.arrived
    }
}

/// What happened to batches in the order of the file.
#[derive(Default)]
struct Order {
    /// The number of the first batch in `waiting`.
    first: u64,
    /// Last line, its end, and whether it has arrived.
    waiting: VecDeque<(u64, u64, bool)>,
    arrived: (u64, u64),
}

impl Order {
    fn add(&mut self, last_line: u64, end: u64) -> u64 {
        self.waiting.push_back((last_line, end, false));
        self.first + self.waiting.len() as u64 - 1
    }

    fn has_arrived(&mut self, number: u64) {
        let at = usize::try_from(number - self.first).unwrap_or(usize::MAX);
        if let Some((_, _, has_arrived)) = self.waiting.get_mut(at) {
            *has_arrived = true;
        }
        while let Some((last_line, end, true)) = self.waiting.front() {
            self.arrived = (*last_line, *end);
            self.waiting.pop_front();
            self.first += 1;
        }
    }
}

/// Takes one batch there.
#[derive(Clone)]
struct Flyer {
    table: UserTokenTable,
    give_up_after: Duration,
    stopped: watch::Receiver<bool>,
    /// Whether DynamoDB has ever answered: until then a failure means that something is set up wrongly.
    was_reached: Arc<AtomicBool>,
    retries: u64,
}

/// Why items are not stored.
enum NotStored {
    /// DynamoDB finds at least one of them invalid.
    Refused(String),
    Failure(Failure),
}

impl Flyer {
    async fn fly(mut self, number: u64, batch: Batch) -> Landed {
        let mut bad_lines = Vec::new();
        let failure = match self.put(&batch.items).await {
            Ok(()) => None,
            Err(NotStored::Failure(failure)) => Some(failure),
            Err(NotStored::Refused(reason)) => self.put_singly(&batch, &mut bad_lines, reason).await,
        };
        Landed {
            number,
            stored: if failure.is_none() { (batch.items.len() - bad_lines.len()) as u64 } else { 0 },
            token_hashes: batch.items.iter().map(|item| item.token_hash().to_owned()).collect(),
            bad_lines,
            retries: self.retries,
            failure,
        }
    }

    /// One invalid item has DynamoDB refuse the whole batch, so here each is on its own.
    async fn put_singly(&mut self, batch: &Batch, bad_lines: &mut Vec<BadLine>, reason: String) -> Option<Failure> {
        for (item, line) in batch.items.iter().zip(&batch.lines) {
            match self.put(std::slice::from_ref(item)).await {
                Ok(()) => {}
                Err(NotStored::Refused(_)) => bad_lines.push(BadLine {
                    line: *line,
                    reason: "DynamoDB does not take such an item: look at `user_fields`".into(),
                }),
                Err(NotStored::Failure(failure)) => return Some(failure),
            }
        }
        // A table that takes nothing is another table.
        (bad_lines.len() == batch.items.len() && bad_lines.len() > 1).then_some(Failure::Failed(reason))
    }

    /// Asks until DynamoDB has stored all of `items`.
    async fn put(&mut self, items: &[UserTokenItem]) -> Result<(), NotStored> {
        let mut backoff = Backoff::new(self.give_up_after);
        let mut left_out = None;
        loop {
            let items = left_out.as_deref().unwrap_or(items);
            if items.is_empty() {
                return Ok(());
            }
            let trouble = match self.table.put_batch(items).await {
                Ok(unprocessed) => {
                    self.was_reached.store(true, Ordering::Relaxed);
                    if unprocessed.len() < items.len() {
                        backoff.succeeded();
                    }
                    left_out = Some(unprocessed);
                    "DynamoDB asks for fewer requests".to_owned()
                }
                Err(error @ TableError::Throttled(_)) => error.to_string(),
                Err(TableError::Unavailable(reason)) if self.was_reached.load(Ordering::Relaxed) => reason,
                Err(error @ TableError::Refused(_)) => return Err(NotStored::Refused(error.to_string())),
                Err(error) => return Err(NotStored::Failure(Failure::Failed(error.to_string()))),
            };
            if left_out.as_ref().is_some_and(Vec::is_empty) {
                return Ok(());
            }
            let given_up =
                || format!("{trouble}. It took nothing for {}", humantime::format_duration(self.give_up_after));
            let pause = backoff.pause().ok_or_else(|| NotStored::Failure(Failure::Failed(given_up())))?;
            tokio::select! {
                biased;
                _ = self.stopped.wait_for(|stopped| *stopped) => return Err(NotStored::Failure(Failure::Stopped)),
                () = tokio::time::sleep(pause) => {}
            }
            self.retries += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_done_once_all_lines_before_it_are() {
        let mut order = Order::default();
        let numbers: Vec<_> = (1..=3).map(|at| order.add(at * 25, at * 1000)).collect();

        order.has_arrived(numbers[1]);
        assert_eq!(order.arrived, (0, 0));
        order.has_arrived(numbers[0]);
        assert_eq!(order.arrived, (50, 2000));
        let next = order.add(100, 4000);
        order.has_arrived(next);
        assert_eq!(order.arrived, (50, 2000));
        order.has_arrived(numbers[2]);
        assert_eq!(order.arrived, (100, 4000));
    }
}
