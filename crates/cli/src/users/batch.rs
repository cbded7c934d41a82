//! Batches of the users of a file, as DynamoDB accepts them.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use tokio::sync::{RwLock, mpsc};

use super::backoff::Backoff;
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
    pub(super) bad_lines: Vec<(u64, Reason)>,
    pub(super) warnings: Vec<(u64, String)>,
    /// The position in the file after these lines.
    pub(super) end: u64,
    pub(super) retries: u64,
    /// Why the batch was not stored.
    pub(super) failure: Option<String>,
}

/// Reads in a thread, since a read of standard input may block.
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

/// The user and the line of each token, and the line of each user, as fingerprints: 40 to 80 bytes per user.
#[derive(Default)]
struct Tokens {
    owners: HashMap<u64, (u32, u32)>,
    /// By external id in lower case.
    users: HashMap<u64, (u32, u32)>,
    fingerprints: RandomState,
}

impl Tokens {
    /// Whether a line above has the same token. Refuses the token of another user.
    #[expect(clippy::cast_possible_truncation, reason = "fingerprints, and fewer than four billion lines")]
    fn add(&mut self, token_hash: &str, external_id: &str, line: u64) -> Result<bool, Reason> {
        let [token, user] = [token_hash, external_id].map(|text| self.fingerprints.hash_one(text));
        let (owner, first) = *self.owners.entry(token).or_insert((user as u32, line as u32));
        let is_same = owner == user as u32;
        if is_same {
            Ok(first != line as u32)
        } else {
            Err(format!("line {first} gives the same token to another user"))
        }
    }
}

impl Tokens {
    /// What is unusual about an external id: a line above has it in another case.
    #[expect(clippy::cast_possible_truncation, reason = "fingerprints, and fewer than four billion lines")]
    fn warn_of_another_case(&mut self, external_id: &str, line: u64) -> Option<String> {
        let [folded, user] = [&external_id.to_lowercase(), external_id].map(|text| self.fingerprints.hash_one(text));
        let (other, first) = *self.users.entry(folded).or_insert((user as u32, line as u32));
        (other != user as u32).then(|| {
            format!(
                "`external_id` differs from line {first} only in upper and lower case: Zendesk may take both for one user"
            )
        })
    }
}

impl Batch {
    fn read(rows: &mut Rows, tokens: &mut Tokens) -> Result<Option<Self>, Problem> {
        let mut batch = Self::default();
        while batch.lines < MAX_BATCH {
            let Some(Row { line, fields, .. }) = rows.next()? else { break };
            let user = fields.as_ref().ok().and_then(|fields| fields.get("external_id")?.as_str().map(str::to_owned));
            let user = user.unwrap_or_default();
            match fields.and_then(item).and_then(|item| Ok((tokens.add(item.token_hash(), &user, line)?, item))) {
                Ok((repeats, item)) => {
                    let warnings = item.warnings().iter().map(ToString::to_string);
                    let warnings = warnings.chain(tokens.warn_of_another_case(&user, line));
                    batch.warnings.extend(warnings.map(|warning| (line, warning)));
                    batch.repeats |= repeats;
                    batch.items.retain(|(_, other)| !repeats || other.token_hash() != item.token_hash());
                    batch.items.push((line, item));
                }
                Err(reason) => batch.bad_lines.push((line, reason)),
            }
            (batch.lines, batch.end) = (batch.lines + 1, rows.bytes.1);
        }
        Ok((batch.lines > 0).then_some(batch))
    }

    pub(super) fn stored(&self) -> usize {
        if self.failure.is_some() { 0 } else { self.lines - self.bad_lines.len() }
    }
}

pub(super) struct Writer {
    /// `None` in a dry run, which accepts everything.
    table: Option<UserTokenTable>,
    give_up_after: Duration,
    order: RwLock<()>,
    /// Whether DynamoDB ever answered. Until then a failure means wrong arguments.
    was_reached: Cell<bool>,
    /// Makes the requests under way the last ones.
    pub(super) is_stopped: Cell<bool>,
}

impl Writer {
    pub(super) fn new(table: Option<UserTokenTable>, give_up_after: Duration) -> Self {
        let (was_reached, is_stopped) = (Cell::default(), Cell::default());
        Self { table, give_up_after, order: RwLock::default(), was_reached, is_stopped }
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
        let items = std::mem::take(&mut batch.items);
        if let Some(table) = &self.table {
            batch.failure = self.put(table, items, &mut batch).await.err();
        }
        batch
    }

    /// Repeats requests until DynamoDB has stored or refused each item.
    async fn put(
        &self,
        table: &UserTokenTable,
        items: Vec<(u64, UserTokenItem)>,
        batch: &mut Batch,
    ) -> Result<(), String> {
        let (count, mut refused) = (items.len(), 0);
        let mut backoff = Backoff::new(self.give_up_after);
        let mut requests = vec![items];
        while let Some(mut items) = requests.pop().filter(|items| !items.is_empty()) {
            let all: Vec<_> = items.iter().map(|(_, item)| item.clone()).collect();
            let trouble = match table.put_batch(&all).await {
                Ok(left) => {
                    self.was_reached.set(true);
                    if left.len() < all.len() {
                        backoff.succeeded();
                    }
                    items.retain(|(_, item)| left.contains(item));
                    if items.is_empty() {
                        continue;
                    }
                    "DynamoDB asks for fewer requests".to_owned()
                }
                Err(error) => match error.failure {
                    // DynamoDB refuses the whole batch for one invalid item, so each is tried alone.
                    Failure::Invalid if items.len() > 1 => {
                        requests.extend(items.into_iter().map(|item| vec![item]));
                        continue;
                    }
                    Failure::Invalid => {
                        refused += 1;
                        // A table that refuses every item is the wrong table.
                        if refused == count && count > 1 {
                            return Err(error.to_string());
                        }
                        let reason = "DynamoDB does not accept this item: check `user_fields`";
                        batch.warnings.retain(|(line, _)| items.iter().all(|(bad, _)| bad != line));
                        batch.bad_lines.extend(items.into_iter().map(|(line, _)| (line, reason.into())));
                        continue;
                    }
                    Failure::Throttled => error.to_string(),
                    Failure::Unavailable if self.was_reached.get() => error.to_string(),
                    _ => return Err(error.to_string()),
                },
            };
            let Some(pause) = backoff.pause().filter(|_| !self.is_stopped.get()) else {
                let time = humantime::format_duration(self.give_up_after);
                return Err(format!("{trouble}. DynamoDB took nothing for {time}"));
            };
            tokio::time::sleep(pause).await;
            batch.retries += 1;
            requests.push(items);
        }
        Ok(())
    }
}
