//! The users of a file in batches as DynamoDB takes them, and the lines that are not users.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{RwLock, mpsc};

use super::rows::{Reason, Row, Rows, item};
use crate::aws::operator::user_token_items::UserTokenItem;
use crate::aws::operator::user_token_table::{MAX_BATCH, TableError, UserTokenTable};
use crate::cli::Problem;
use crate::cli::user::backoff::Backoff;

/// A batch ends after so many bad lines, so that a file full of them is reported while it is read.
const MAX_BAD_LINES: usize = 100;

#[derive(Serialize)]
pub(super) struct BadLine {
    pub(super) line: u64,
    pub(super) reason: Reason,
}

/// Consecutive lines, and what became of them.
#[derive(Default)]
pub(super) struct Batch {
    /// Of each token the last one, since DynamoDB refuses a batch that has a token hash twice.
    items: Vec<(u64, UserTokenItem)>,
    /// Whether a token of these lines stands on a line above.
    repeats: bool,
    pub(super) bad_lines: Vec<BadLine>,
    pub(super) lines: u64,
    /// How many bytes of the file end with the batch.
    pub(super) end: u64,
    pub(super) stored: u64,
    pub(super) retries: u64,
    /// Why not all of the batch is stored.
    pub(super) failure: Option<String>,
}

/// Reads in a thread, since standard input can keep its reader waiting. The thread ends with the process.
pub(super) fn read(mut rows: Rows) -> mpsc::Receiver<Result<Batch, Problem>> {
    let (sender, receiver) = mpsc::channel(4);
    std::thread::spawn(move || {
        let mut tokens = Tokens::default();
        while let Some(batch) = Batch::read(&mut rows, &mut tokens).transpose() {
            let has_failed = batch.is_err();
            if sender.blocking_send(batch).is_err() || has_failed {
                break;
            }
        }
    });
    receiver
}

/// User and line of each token, as fingerprints: 20 to 39 bytes for each user of the file.
#[derive(Default)]
struct Tokens {
    owners: HashMap<u64, (u32, u32)>,
    fingerprints: RandomState,
}

impl Tokens {
    /// Whether the token stands on a line above. Refuses the token of another user.
    #[expect(clippy::cast_possible_truncation, reason = "fingerprints, and fewer than four billion lines")]
    fn add(&mut self, token_hash: &str, external_id: &str, line: u64) -> Result<bool, Reason> {
        let [token, user] = [token_hash, external_id].map(|text| self.fingerprints.hash_one(text));
        let count = self.owners.len();
        match self.owners.entry(token).or_insert((user as u32, line as u32)) {
            (owner, _) if *owner == user as u32 => Ok(self.owners.len() == count),
            (_, first) => Err(format!("line {first} gives the same token to another user")),
        }
    }
}

impl Batch {
    fn read(rows: &mut Rows, tokens: &mut Tokens) -> Result<Option<Self>, Problem> {
        let mut batch = Self::default();
        while batch.items.len() < MAX_BATCH && batch.bad_lines.len() < MAX_BAD_LINES {
            let Some(Row { line, end, fields, .. }) = rows.next()? else { break };
            let user = fields.as_ref().ok().and_then(|fields| fields.get("external_id")?.as_str().map(str::to_owned));
            let user = user.unwrap_or_default();
            let checked =
                fields.and_then(item).and_then(|item| Ok((tokens.add(item.token_hash(), &user, line)?, item)));
            match checked {
                Ok((repeats, item)) => {
                    batch.repeats |= repeats;
                    batch.items.retain(|(_, other)| !repeats || other.token_hash() != item.token_hash());
                    batch.items.push((line, item));
                }
                Err(reason) => batch.bad_lines.push(BadLine { line, reason }),
            }
            batch.lines += 1;
            batch.end = end;
        }
        Ok((batch.lines > 0).then_some(batch))
    }
}

pub(super) struct Writer {
    /// `None` in a dry run, which takes everything.
    table: Option<UserTokenTable>,
    give_up_after: Duration,
    /// Whether DynamoDB ever answered. Until then a failure means a wrong setup.
    was_reached: Cell<bool>,
    order: RwLock<()>,
    /// Lets requests finish that are on their way, and repeats none.
    pub(super) is_stopped: Cell<bool>,
}

enum NotStored {
    /// DynamoDB finds at least one of the items invalid.
    Refused(String),
    Failed(String),
}

impl Writer {
    pub(super) fn new(table: Option<UserTokenTable>, give_up_after: Duration) -> Self {
        let (was_reached, is_stopped) = (Cell::new(false), Cell::new(false));
        Self { table, give_up_after, was_reached, order: RwLock::default(), is_stopped }
    }

    pub(super) async fn write(&self, mut batch: Batch) -> Batch {
        // A repeated token waits for the batches above and goes before those below, so that its last line wins.
        let (_alone, _among_others);
        if batch.repeats {
            _alone = self.order.write().await;
        } else {
            _among_others = self.order.read().await;
        }
        let items = std::mem::take(&mut batch.items);
        let all = items.iter().map(|(_, item)| item.clone()).collect();
        let failure = match self.put(all, &mut batch.retries).await {
            Ok(()) => None,
            Err(NotStored::Failed(reason)) => Some(reason),
            Err(NotStored::Refused(reason)) => self.write_singly(&mut batch, &items, reason).await,
        };
        batch.stored = if failure.is_none() { batch.lines - batch.bad_lines.len() as u64 } else { 0 };
        Batch { failure, ..batch }
    }

    /// DynamoDB refuses the whole batch for one invalid item, so each is tried alone.
    async fn write_singly(&self, batch: &mut Batch, items: &[(u64, UserTokenItem)], reason: String) -> Option<String> {
        let mut refused = 0;
        for (line, item) in items {
            match self.put(vec![item.clone()], &mut batch.retries).await {
                Ok(()) => {}
                Err(NotStored::Failed(reason)) => return Some(reason),
                Err(NotStored::Refused(_)) => {
                    refused += 1;
                    let reason = "DynamoDB does not take such an item: look at `user_fields`".into();
                    batch.bad_lines.push(BadLine { line: *line, reason });
                }
            }
        }
        // A table that takes nothing is another table.
        (refused == items.len() && refused > 1).then_some(reason)
    }

    /// Asks until DynamoDB has stored all of `items`.
    async fn put(&self, mut items: Vec<UserTokenItem>, retries: &mut u64) -> Result<(), NotStored> {
        let Some(table) = &self.table else { return Ok(()) };
        let mut backoff = Backoff::new(self.give_up_after);
        while !items.is_empty() {
            let trouble = match table.put_batch(&items).await {
                Ok(left) if left.is_empty() => {
                    self.was_reached.set(true);
                    return Ok(());
                }
                Ok(left) => {
                    self.was_reached.set(true);
                    if left.len() < items.len() {
                        backoff.succeeded();
                    }
                    items = left;
                    "DynamoDB asks for fewer requests".to_owned()
                }
                Err(error @ TableError::Throttled(_)) => error.to_string(),
                Err(TableError::Unavailable(reason)) if self.was_reached.get() => reason,
                Err(error @ TableError::Refused(_)) => return Err(NotStored::Refused(error.to_string())),
                Err(error) => return Err(NotStored::Failed(error.to_string())),
            };
            let Some(pause) = backoff.pause().filter(|_| !self.is_stopped.get()) else {
                let time = humantime::format_duration(self.give_up_after);
                return Err(NotStored::Failed(format!("{trouble}. It took nothing for {time}")));
            };
            tokio::time::sleep(pause).await;
            *retries += 1;
        }
        Ok(())
    }
}
