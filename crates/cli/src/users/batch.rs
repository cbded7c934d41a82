//! Batches of the users of a file, as DynamoDB accepts them.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use tokio::sync::{RwLock, mpsc};

use super::progress::Backoff;
use super::rows::{Reason, Row, Rows, item};
use crate::aws::error::Failure;
use crate::aws::user_token_items::UserTokenItem;
use crate::aws::user_token_table::{MAX_BATCH, UserTokenTable};
use crate::problem::Problem;

/// Consecutive lines, and their results.
#[derive(Default)]
pub(super) struct Batch {
    /// Only the last line of each token: DynamoDB refuses a batch that has a token hash twice.
    items: Vec<(u64, UserTokenItem)>,
    /// Whether a line above has one of these tokens too.
    repeats: bool,
    pub(super) lines: usize,
    pub(super) remarks: Vec<Remark>,
    /// The position in the file after these lines.
    pub(super) end: u64,
    pub(super) retries: u64,
    /// Why the batch was not stored.
    pub(super) failure: Option<Problem>,
}

/// What there is to say about a line.
pub(super) struct Remark {
    pub(super) line: u64,
    /// Whether the line is not stored.
    pub(super) is_bad: bool,
    pub(super) text: String,
}

/// Reads in a thread, since a read of standard input may block.
pub(super) fn read(mut rows: Rows) -> mpsc::Receiver<Result<Batch, Problem>> {
    let (sender, receiver) = mpsc::channel(4);
    std::thread::spawn(move || {
        let mut above = LinesAbove::default();
        while let Some(batch) = Batch::read(&mut rows, &mut above).transpose() {
            let has_failed = batch.is_err();
            if sender.blocking_send(batch).is_err() || has_failed {
                break;
            }
        }
    });
    receiver
}

/// The user of each token and the spelling of each external id, with the first line that has it. Fingerprints need 40
/// to 80 bytes per user.
#[derive(Default)]
struct LinesAbove {
    first: HashMap<u64, (u32, u32)>,
    fingerprints: RandomState,
}

impl LinesAbove {
    /// The first line with `key`, and whether that line has the same `value`.
    #[expect(clippy::cast_possible_truncation, reason = "fingerprints, and fewer than four billion lines")]
    fn first(&mut self, key: (&str, &str), value: &str, line: u64) -> (u64, bool) {
        let (key, value) = (self.fingerprints.hash_one(key), self.fingerprints.hash_one(value) as u32);
        let (first, other) = *self.first.entry(key).or_insert((line as u32, value));
        (first.into(), other == value)
    }
}

impl Batch {
    fn read(rows: &mut Rows, above: &mut LinesAbove) -> Result<Option<Self>, Problem> {
        let mut batch = Self::default();
        while batch.lines < MAX_BATCH {
            let Some(row) = rows.next()? else { break };
            let line = row.line;
            if let Err(reason) = batch.add(row, above) {
                batch.remarks.push(Remark { line, is_bad: true, text: reason });
            }
            (batch.lines, batch.end) = (batch.lines + 1, rows.bytes.1);
        }
        Ok((batch.lines > 0).then_some(batch))
    }

    fn add(&mut self, Row { line, content }: Row, above: &mut LinesAbove) -> Result<(), Reason> {
        let (_, fields) = content?;
        let item = item(fields)?;
        let user = item.user.as_str();
        let (first, is_same_user) = above.first(("token", item.token_hash()), user, line);
        if !is_same_user {
            return Err(format!("line {first} gives the same token to another user"));
        }
        if first < line {
            self.repeats = true;
            self.items.retain(|(_, other)| other.token_hash() != item.token_hash());
        }
        let warning = |text| Remark { line, is_bad: false, text };
        self.remarks.extend(item.warnings.iter().map(ToString::to_string).map(warning));
        let (first, is_same_case) = above.first(("user", &user.to_lowercase()), user, line);
        if !is_same_case {
            self.remarks.push(warning(format!(
                "`external_id` differs from line {first} only in upper and lower case: Zendesk may take both for one \
                 user"
            )));
        }
        self.items.push((line, item));
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct Writer {
    /// `None` in a dry run, which accepts everything.
    table: Option<UserTokenTable>,
    give_up_after: Duration,
    order: RwLock<()>,
    /// Whether DynamoDB ever answered.
    was_reached: Cell<bool>,
    /// Makes the requests under way the last ones.
    pub(super) is_stopped: Cell<bool>,
}

impl Writer {
    pub(super) fn new(table: Option<UserTokenTable>, give_up_after: Duration) -> Self {
        Self { table, give_up_after, ..Self::default() }
    }

    /// Stores the items of a batch. Items that DynamoDB refuses become bad lines.
    pub(super) async fn write(&self, mut batch: Batch) -> Batch {
        // A batch with a repeated token is written alone, so that the token's last line wins.
        let (_alone, _among_others);
        if batch.repeats {
            _alone = self.order.write().await;
        } else {
            _among_others = self.order.read().await;
        }
        if let Some(table) = &self.table {
            batch.failure = self.put(table, &mut batch).await.err();
        }
        batch
    }

    /// Repeats requests until DynamoDB has stored or refused each item.
    async fn put(&self, table: &UserTokenTable, batch: &mut Batch) -> Result<(), Problem> {
        let (count, mut refused) = (batch.items.len(), 0);
        let mut backoff = Backoff::new(self.give_up_after);
        let mut requests = vec![std::mem::take(&mut batch.items)];
        while let Some(mut items) = requests.pop().filter(|items| !items.is_empty()) {
            let trouble = match table.put_batch(items.iter().map(|(_, item)| item)).await {
                Ok(left) => {
                    self.was_reached.set(true);
                    if left.len() < items.len() {
                        backoff.succeeded();
                    }
                    items.retain(|(_, item)| left.iter().any(|hash| hash == item.token_hash()));
                    if items.is_empty() {
                        continue;
                    }
                    "DynamoDB asks for fewer requests".to_owned()
                }
                // DynamoDB refuses the whole batch for one invalid item, so each is tried alone.
                Err(error) if error.failure == Failure::Invalid && items.len() > 1 => {
                    requests.extend(items.into_iter().map(|item| vec![item]));
                    continue;
                }
                // A table that refuses every item is the wrong table.
                Err(error) if error.failure == Failure::Invalid && (count == 1 || refused + 1 < count) => {
                    refused += 1;
                    for (line, _) in items {
                        let text = "DynamoDB does not accept this item: check `user_fields`".into();
                        batch.remarks.retain(|remark| remark.line != line);
                        batch.remarks.push(Remark { line, is_bad: true, text });
                    }
                    continue;
                }
                Err(error) if error.is_temporary(self.was_reached.get()) => error.to_string(),
                Err(error) => return Err(error.into()),
            };
            if self.is_stopped.get() || !backoff.wait().await {
                let time = humantime::format_duration(self.give_up_after);
                return Err(Problem(format!("{trouble}. DynamoDB took nothing for {time}")));
            }
            batch.retries += 1;
            requests.push(items);
        }
        Ok(())
    }
}
