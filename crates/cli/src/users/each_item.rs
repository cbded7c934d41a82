//! The same change to all items of a user, and its report.

use std::collections::HashSet;
use std::process::ExitCode;

use serde::Serialize;

use crate::aws::error::AwsError;
use crate::aws::user_token_items::StoredItem;
use crate::aws::user_token_table::{Changed, UserTokenTable};
use crate::output;
use crate::problem::Problem;
use zendesk_jwt::user::ExternalId;

#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    pub(super) items: usize,
    pub(super) changed: usize,
    /// The items that could not be changed and are as they were.
    pub(super) failed: Vec<Failure>,
}

#[derive(Debug, Serialize)]
pub(super) struct Failure {
    /// `None` if reading the items failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token_hash: Option<String>,
    problem: String,
}

impl Report {
    /// Whether the user had no items.
    pub(super) fn is_empty(&self) -> bool {
        self.items == 0 && self.failed.is_empty()
    }

    fn add(&mut self, token_hash: &str, result: Result<Changed, AwsError>) {
        match result {
            // The index still shows an item that was deleted a moment ago.
            Ok(Changed::NoSuchItem) => return,
            Ok(Changed::Yes) => self.changed += 1,
            Ok(Changed::No) => {}
            Err(error) => self.fail(Some(token_hash.to_owned()), error.to_string()),
        }
        self.items += 1;
    }

    pub(super) fn fail(&mut self, token_hash: Option<String>, problem: String) {
        self.failed.push(Failure { token_hash, problem });
    }

    /// Prints the report, where `done` is what was done to the items, such as `changed`.
    pub(super) fn show(&self, done: &str, as_json: bool) -> Result<ExitCode, Problem> {
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
        output::note("Run the same command again for the rest.");
        Ok(ExitCode::FAILURE)
    }
}

/// Works on every item of the user until the index shows no further one. A failed item does not stop the others.
pub(super) async fn each_item(
    table: &UserTokenTable,
    user: &ExternalId,
    work: impl AsyncFn(&StoredItem) -> Result<Changed, AwsError>,
) -> Result<Report, Problem> {
    let mut report = Report::default();
    let mut items = table.of_user(user).await?;
    let mut done = HashSet::new();
    while !items.is_empty() {
        for item in &items {
            report.add(item.token_hash(), work(item).await);
            done.insert(item.token_hash().to_owned());
        }
        // Another process may have stored a token in the meantime.
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
