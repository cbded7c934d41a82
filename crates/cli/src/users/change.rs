//! Commands that change or delete items: `user suspend`, `resume`, `update` and `forget`, and `token revoke`.

use std::collections::HashSet;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use serde::Serialize;
use serde_json::Value;

use super::arguments::{
    OneUser, Place, REPORT_JSON, Selection, external_id, no_such_token, no_such_user, warn, warn_of_another_case,
};
use super::profile::ProfileOptions;
use crate::aws::error::AwsError;
use crate::aws::fields::profile_fields;
use crate::aws::user_token_items::StoredItem;
use crate::aws::user_token_table::{Change, Changed, UserTokenTable};
use crate::input;
use crate::output;
use crate::problem::{Problem, usage_error};
use zendesk_jwt::user::ExternalId;
use zendesk_jwt_rules::id_token::IdToken;

/// The help of [`suspend`].
pub(super) fn suspension_help() -> String {
    format!(
        "The change counts from the next request on, for all tokens that are stored now, and for all ID tokens of the \
         user: a suspension is also in the user record, which the command makes if there is none. A token that your \
         backend stores later is suspended only if the backend says so. A JWT that was signed before stays good for as \
         long as Zendesk accepts it.\n\n\
         {REPORT_JSON}\n\n\
         Exit status: 0 when all items are as requested, 1 when one is not or the user has none, 2 on a usage error."
    )
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!(
    "The command changes one token after the other, each completely or not at all. The next JWT has the new values. \
     When one token fails, run the same command again for the rest. A user record stays unchanged: `user put --record` \
     replaces it.\n\n\
     {REPORT_JSON}\n\n\
     Exit status: 0 when all items are as requested, 1 when one is not or the user has none, 2 on a usage error."
))]
pub(crate) struct Update {
    #[command(flatten)]
    user: OneUser,

    /// Store null for this field, which clears it in Zendesk; may be repeated
    #[arg(long = "null", value_name = "FIELD", value_parser = PossibleValuesParser::new(clearable()))]
    nulls: Vec<String>,

    /// Stop storing this field, so that Zendesk keeps its value; may be repeated
    #[arg(long = "remove", value_name = "FIELD", value_parser = PossibleValuesParser::new(profile_fields()))]
    removed: Vec<String>,

    #[command(flatten)]
    profile: ProfileOptions,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!(
    "A JWT that was signed before stays good for as long as Zendesk accepts it.\n\n\
     {REPORT_JSON}\n\n\
     Exit status: 0 when the tokens are deleted, 1 when one is not or there is none, 2 on a usage error."
))]
pub(crate) struct Revoke {
    #[command(flatten)]
    selection: Selection,

    /// Revoke all tokens of this user. The last one takes the profile with it; a user record stays
    #[arg(long, value_name = "ID", value_parser = external_id, conflicts_with_all = ["hash", "token_file"])]
    external_id: Option<ExternalId>,

    #[command(flatten)]
    place: Place,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!(
    "If nothing is stored about the user, the command succeeds, so that it can be repeated. The user record is deleted \
     last; a suspension ends with it.\n\n\
     {REPORT_JSON}\n\n\
     Exit status: 0 when nothing is stored about the user any more, 1 when something may be, 2 on a usage error."
))]
pub(crate) struct Forget {
    #[command(flatten)]
    user: OneUser,

    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

/// The claims that Zendesk clears when they are null.
fn clearable() -> impl Iterator<Item = &'static str> {
    profile_fields().filter(|field| !matches!(*field, "name" | "email" | "email_verified"))
}

/// Suspends a user, or ends the suspension.
pub(super) async fn suspend(user: &OneUser, suspended: bool) -> Result<ExitCode, Problem> {
    let change = Change::set("suspended", suspended)?;
    let OneUser { external_id: user, place } = user;
    let table = place.user_tokens.table().await?;
    // A malformed item can be suspended too, so there is no preview.
    let mut report = change_all(&table, user, &change).await?;
    let has_tokens = !report.is_empty();
    let record =
        if suspended { table.upsert_record(user, &change).await } else { table.change_record(user, &change).await };
    report.add(&user.record_key(), record);
    if report.is_empty() {
        return Err(no_such_user());
    }
    if !has_tokens && suspended {
        output::note(
            "No token is stored for this user, so the suspension is for ID tokens only. If you expected tokens, check \
             --external-id.",
        );
        warn_of_another_case(&table, user).await?;
    }
    report.show("changed", place.json)
}

impl Update {
    pub(super) async fn run(&self) -> Result<ExitCode, Problem> {
        let mut set = self.profile.fields();
        let mut named: HashSet<_> = set.keys().cloned().collect();
        if let Some(field) = self.nulls.iter().chain(&self.removed).find(|field| !named.insert((*field).clone())) {
            usage_error(&format!("{field} is given twice: set it, make it null, or remove it"));
        }
        set.extend(self.nulls.iter().map(|field| (field.clone(), Value::Null)));
        if set.is_empty() && self.removed.is_empty() {
            usage_error("there is nothing to change: give a field, as `user update --help` lists them");
        }
        let change = Change::new(set, self.removed.iter().map(String::as_str))?;
        let (table, tokens) = self.user.tokens().await?;
        for item in tokens {
            let preview = change.preview(&item);
            preview.map_err(|invalid| Problem(format!("nothing was changed: {}: {invalid}", item.token_hash())))?;
        }
        warn(&change.warnings);
        let report = change_all(&table, &self.user.external_id, &change).await?;
        if report.is_empty() { Err(no_such_user()) } else { report.show("changed", self.user.place.json) }
    }
}

async fn change_all(table: &UserTokenTable, user: &ExternalId, change: &Change) -> Result<Report, Problem> {
    each_item(table, user, async |item| table.change(item.token_hash(), user, change).await).await
}

impl Revoke {
    pub(super) async fn run(&self) -> Result<ExitCode, Problem> {
        let Some(user) = &self.external_id else {
            let (table, token_hash, token) = self.selection.find(&self.place.user_tokens).await?;
            if table.delete(&token_hash, None).await? == Changed::NoSuchItem {
                let id_token = token.as_ref().and_then(|token| IdToken::read(token.as_str()));
                return Err(id_token.map_or_else(no_such_token, |token| {
                    let user = output::escaped(&token.subject);
                    Problem(format!(
                        "an ID token cannot be revoked: `user suspend --external-id {user}` refuses its user"
                    ))
                }));
            }
            return Report::of_one(Changed::Yes).show("revoked", self.place.json);
        };
        let report = delete_all(&self.place.user_tokens.table().await?, user).await?;
        if report.is_empty() {
            return Err(no_such_user());
        }
        if !self.place.json {
            output::note("The user's profile is deleted too: `token issue` will need it again.");
        }
        report.show("revoked", self.place.json)
    }
}

impl Forget {
    pub(super) async fn run(&self) -> Result<ExitCode, Problem> {
        if !self.yes && !io::stdin().is_terminal() {
            usage_error("there is no terminal on which to ask: give --yes to delete everything");
        }
        let OneUser { external_id, place } = &self.user;
        let table = place.user_tokens.table().await?;
        if !self.yes {
            let record = table.user_record(external_id).await?;
            let items = table.of_user(external_id).await?.len() + usize::from(record.is_some());
            let user = output::escaped(external_id.as_str());
            let place = table.describe().await;
            let question = format!("Delete all {items} items of the user {user} in {place}? Type yes: ");
            if items > 0 && !input::confirm(&question)? {
                return Err(Problem("nothing was deleted".into()));
            }
        }
        let mut report = delete_all(&table, external_id).await?;
        let record = table.delete(&external_id.record_key(), None).await;
        if matches!(record, Ok(Changed::Yes)) {
            output::note(
                "The user record was deleted last. ID tokens of the user that are still valid are accepted again.",
            );
        }
        report.add(&external_id.record_key(), record);
        if !place.json {
            if report.is_empty() {
                output::note("Nothing is stored under this --external-id. Check it if you expected something.");
            }
            output::note(&format!(
                "Not in this table: Zendesk's own copy of the user, which you delete in Zendesk; point-in-time backups \
                 of the table, for up to 35 days; and in CloudWatch the functions' log lines with external_id_hash {}, \
                 which hold no name and no address, until their retention ends.",
                external_id.hash()
            ));
        }
        report.show("deleted", place.json)
    }
}

async fn delete_all(table: &UserTokenTable, user: &ExternalId) -> Result<Report, Problem> {
    each_item(table, user, async |item| table.delete(item.token_hash(), Some(user)).await).await
}

/// Works on every item of the user until the index shows no further one. A failed item does not stop the others.
async fn each_item(
    table: &UserTokenTable,
    user: &ExternalId,
    work: impl AsyncFn(&StoredItem) -> Result<Changed, AwsError>,
) -> Result<Report, Problem> {
    let (mut report, mut done) = (Report::default(), HashSet::new());
    let mut items = table.of_user(user).await?;
    while !items.is_empty() {
        for item in items {
            report.add(item.token_hash(), work(&item).await);
            done.insert(item.token_hash().to_owned());
        }
        // Another process may have stored a token in the meantime.
        items = table.of_user(user).await.unwrap_or_else(|error| {
            report.failed.push(Failure { token_hash: None, problem: error.to_string() });
            Vec::new()
        });
        items.retain(|item| !done.contains(item.token_hash()));
    }
    Ok(report)
}

#[derive(Default, Serialize)]
pub(super) struct Report {
    items: usize,
    changed: usize,
    /// The items that could not be changed and are as they were.
    failed: Vec<Failure>,
}

#[derive(Serialize)]
struct Failure {
    /// `None` if reading the items failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_hash: Option<String>,
    problem: String,
}

impl Report {
    pub(super) fn of_one(changed: Changed) -> Self {
        Self { items: 1, changed: usize::from(changed == Changed::Yes), failed: Vec::new() }
    }

    /// Whether the user had no items.
    fn is_empty(&self) -> bool {
        self.items == 0 && self.failed.is_empty()
    }

    fn add(&mut self, token_hash: &str, result: Result<Changed, AwsError>) {
        // The index still shows an item that was deleted a moment ago.
        self.items += usize::from(!matches!(result, Ok(Changed::NoSuchItem)));
        self.changed += usize::from(matches!(result, Ok(Changed::Yes)));
        if let Err(error) = result {
            self.failed.push(Failure { token_hash: Some(token_hash.to_owned()), problem: error.to_string() });
        }
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
