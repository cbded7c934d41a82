//! `zendesk-jwt user forget`.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use console::Term;

use super::external_id;
use super::report::{Report, each_item};
use crate::account::UserTokens;
use crate::aws::user_token_table::{Changed, UserTokenTable};
use crate::output;
use crate::problem::Problem;
use crate::problem::block_on;
use crate::problem::called_wrongly;
use zendesk_jwt::user::ExternalId;

/// The arguments of `zendesk-jwt user forget`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Forgetting somebody of whom nothing is stored succeeds, so that it can be
repeated.

JSON: `items` that the user has, how many `changed`, and those that `failed`,
with `token_hash` and `problem`.

Exit status: 0 when nothing is stored on the user any more, 1 when something may
be, 2 when called wrongly.")]
pub(crate) struct Arguments {
    /// Your own id of the user
    #[arg(long, value_name = "ID", value_parser = external_id)]
    external_id: ExternalId,

    /// Do not ask first
    #[arg(long)]
    yes: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    user_tokens: UserTokens,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    if !arguments.yes && !io::stdin().is_terminal() {
        return Ok(called_wrongly("there is no terminal to ask on: give --yes if everything shall be deleted"));
    }
    block_on(arguments.forget())
}

impl Arguments {
    async fn forget(&self) -> Result<ExitCode, Problem> {
        let table = self.user_tokens.table().await?;
        if !self.yes {
            let items = table.of_user(&self.external_id).await?.len();
            if items > 0 && !is_confirmed(items)? {
                return Err(Problem("nothing was deleted".into()));
            }
        }
        let mut report = each_item(&table, &self.external_id, async |item| {
            let is_deleted = table.delete_of_user(item.token_hash(), &self.external_id).await?;
            Ok(if is_deleted { Changed::Yes } else { Changed::NoSuchItem })
        })
        .await?;
        look_again(&table, &self.external_id, &mut report).await;
        if !self.json {
            self.say_what_remains(&report);
        }
        report.show("deleted", self.json)
    }

    fn say_what_remains(&self, report: &Report) {
        if report.is_empty() {
            output::note("Nothing is stored under that --external-id. If you expected something, look at it again.");
        }
        output::note(&format!(
            "Not in this table: Zendesk's own copy of the user, which is deleted there; point-in-time backups of the \
             table, for up to 35 days; and in CloudWatch the functions' log lines with external_id_hash {}, which hold \
             no name and no address, until their retention ends.",
            self.external_id.hash()
        ));
    }
}

fn is_confirmed(items: usize) -> Result<bool, Problem> {
    let unreadable = |error: io::Error| Problem(format!("the terminal cannot be read: {error}"));
    let question = format!("Delete everything that is stored on this user, {items} items? Type yes: ");
    Term::stderr().write_str(&question).map_err(unreadable)?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(unreadable)?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}

/// Reads back what a fresh query still finds. The index may show an item that is gone, so the table itself decides.
async fn look_again(table: &UserTokenTable, user: &ExternalId, report: &mut Report) {
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
            Ok(Some(_)) => report.fail(Some(token_hash), "it is still there, or there again".into()),
            Err(error) => report.fail(Some(token_hash), error.to_string()),
        }
    }
}
