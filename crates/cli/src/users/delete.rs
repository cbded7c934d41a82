//! `zendesk-jwt token revoke` and `user forget`: delete items.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use super::arguments::{OneUser, Place, external_id, no_such_user, report_json};
use super::each_item::{Report, each_item};
use super::selection::{Selection, no_such_token};
use crate::aws::user_token_table::{Changed, UserTokenTable};
use crate::input;
use crate::output;
use crate::problem::{Problem, block_on, usage_error};
use zendesk_jwt::user::ExternalId;

#[derive(Debug, clap::Args)]
#[command(after_help = concat!(
    "A JWT that was signed before stays good for as long as Zendesk accepts it.\n\n",
    report_json!(),
    "\n\nExit status: 0 when the tokens are deleted, 1 when one is not or there is none, 2 on a usage error."
))]
pub(crate) struct Revoke {
    #[command(flatten)]
    selection: Selection,

    /// Revoke all tokens of this user. The last one takes the profile with it
    #[arg(long, value_name = "ID", value_parser = external_id, conflicts_with_all = ["hash", "token_file"])]
    external_id: Option<ExternalId>,

    #[command(flatten)]
    place: Place,
}

#[derive(Debug, clap::Args)]
#[command(after_help = concat!(
    "If nothing is stored about the user, the command succeeds, so that it can be repeated.\n\n",
    report_json!(),
    "\n\nExit status: 0 when nothing is stored about the user any more, 1 when something may be, 2 on a usage error."
))]
pub(crate) struct Forget {
    #[command(flatten)]
    user: OneUser,

    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

impl Revoke {
    pub(super) fn run(&self) -> Result<ExitCode, Problem> {
        match (&self.external_id, self.selection.usage_error()) {
            (Some(user), _) => block_on(self.revoke_all(user)),
            (None, Some(advice)) => Ok(usage_error(advice)),
            (None, None) => block_on(self.revoke()),
        }
    }

    async fn revoke(&self) -> Result<ExitCode, Problem> {
        let table = self.place.table().await?;
        let token_hash = self.selection.token_hash(&table).await?;
        if !table.delete(&token_hash).await? {
            return Err(no_such_token());
        }
        Report { items: 1, changed: 1, failed: Vec::new() }.show("revoked", self.place.json)
    }

    async fn revoke_all(&self, user: &ExternalId) -> Result<ExitCode, Problem> {
        let report = delete_all(&self.place.table().await?, user).await?;
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
    pub(super) fn run(&self) -> Result<ExitCode, Problem> {
        if !self.yes && !io::stdin().is_terminal() {
            return Ok(usage_error("there is no terminal on which to ask: give --yes to delete everything"));
        }
        block_on(self.forget())
    }

    async fn forget(&self) -> Result<ExitCode, Problem> {
        let OneUser { external_id, place } = &self.user;
        let table = place.table().await?;
        if !self.yes {
            let items = table.of_user(external_id).await?.len();
            if items > 0 {
                let user = output::escaped(external_id.as_str());
                let place = table.describe().await;
                let question = format!("Delete all {items} items of the user {user} in {place}? Type yes: ");
                if !input::confirm(&question)? {
                    return Err(Problem("nothing was deleted".into()));
                }
            }
        }
        let mut report = delete_all(&table, external_id).await?;
        check_absence(&table, external_id, &mut report).await;
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
    each_item(table, user, async |item| {
        let is_deleted = table.delete_of_user(item.token_hash(), user).await?;
        Ok(if is_deleted { Changed::Yes } else { Changed::NoSuchItem })
    })
    .await
}

/// Adds what is still stored to the report. The index may show a deleted item, so each one is read from the table.
async fn check_absence(table: &UserTokenTable, user: &ExternalId, report: &mut Report) {
    let found = match table.of_user(user).await {
        Ok(found) => found,
        Err(error) => return report.fail(None, error.to_string()),
    };
    for item in found {
        let token_hash = item.token_hash().to_owned();
        if report.failed.iter().any(|failure| failure.token_hash.as_ref() == Some(&token_hash)) {
            continue;
        }
        match table.get(&token_hash).await {
            Ok(None) => {}
            Ok(Some(_)) => report.fail(Some(token_hash), "the item is still there, or was stored again".into()),
            Err(error) => report.fail(Some(token_hash), error.to_string()),
        }
    }
}
