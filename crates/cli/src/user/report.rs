//! A change of all items of a user, one after the other, and what came of it.

use std::collections::HashSet;
use std::process::ExitCode;

use serde::Serialize;

use crate::aws::user_token_items::StoredItem;
use crate::aws::user_token_table::{Changed, TableError, UserTokenTable};
use crate::output;
use crate::problem::Problem;
use zendesk_jwt::user::ExternalId;

/// What came of a change.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// How many items the user has.
    pub(crate) items: usize,
    /// How many of them are not what they were.
    pub(crate) changed: usize,
    /// Those that could not be changed, and so are what they were.
    pub(crate) failed: Vec<Failure>,
}

/// An item that could not be changed.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    /// Which one; none when it could not be read which there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_hash: Option<String>,
    /// Why.
    pub(crate) problem: String,
}

impl Report {
    /// Whether the user had nothing to change.
    pub(crate) fn is_empty(&self) -> bool {
        self.items == 0 && self.failed.is_empty()
    }

    fn add(&mut self, token_hash: &str, result: Result<Changed, TableError>) {
        match result {
            // It was deleted a moment ago, or the index has not heard yet.
            Ok(Changed::NoSuchItem) => return,
            Ok(Changed::Yes) => self.changed += 1,
            Ok(Changed::No) => {}
            Err(error) => self.fail(Some(token_hash.to_owned()), error.to_string()),
        }
        self.items += 1;
    }

    /// Adds what could not be done.
    pub(crate) fn fail(&mut self, token_hash: Option<String>, problem: String) {
        self.failed.push(Failure { token_hash, problem });
    }

    /// Prints it; `done` is what was done to the items, such as `changed`. Success is when nothing failed.
    pub(crate) fn show(&self, done: &str, as_json: bool) -> Result<ExitCode, Problem> {
        if as_json {
            output::json(self)?;
        } else {
            output::line(&format!("{} of {} items {done}", self.changed, self.items))?;
        }
        for Failure { token_hash, problem } in &self.failed {
            let which = token_hash.as_deref().unwrap_or("the table");
            output::note(&format!("not {done}: {which}: {problem}"));
        }
        if self.failed.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        output::note("The same command again does the rest.");
        Ok(ExitCode::FAILURE)
    }
}

/// Does `work` to every item of the user, until the index shows no further one. An item that fails stops no other.
pub(crate) async fn each_item(
    table: &UserTokenTable,
    user: &ExternalId,
    work: impl AsyncFn(&StoredItem) -> Result<Changed, TableError>,
) -> Result<Report, Problem> {
    let mut report = Report::default();
    let mut items = table.of_user(user).await?;
    let mut done = HashSet::new();
    while !items.is_empty() {
        for item in &items {
            report.add(item.token_hash(), work(item).await);
            done.insert(item.token_hash().to_owned());
        }
        // A token that was stored while the others were changed.
        items = match table.of_user(user).await {
            Ok(items) => items.into_iter().filter(|item| !done.contains(item.token_hash())).collect(),
            Err(error) => {
                report.fail(None, error.to_string());
                Vec::new()
            }
        };
    }
    Ok(report)
}
