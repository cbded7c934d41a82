//! `zendesk-jwt token show`.

use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Map, Value};

use super::selection::Selection;
use super::view::{TokenView, profile};
use crate::account::UserTokens;
use crate::aws::user_token_items::{StoredItem, in_order};
use crate::output;
use crate::problem::Problem;
use crate::problem::block_on;
use crate::problem::called_wrongly;

/// The arguments of `zendesk-jwt token show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A refusal is named by the code that the function logs for it.

JSON: `profile`, `token_hash`, `audiences` (null: all), `expires_at` (seconds
since 1970; null: never), `suspended`, and `flows`: `kind`, `signs`, and for a
refusal `code` and `reason`.

Exit status: 0 when the token was shown, 1 when there is none or it cannot be
read, 2 when called wrongly.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    selection: Selection,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    user_tokens: UserTokens,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    token: TokenView,
    profile: Map<String, Value>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    match arguments.selection.wrong_call() {
        Some(advice) => Ok(called_wrongly(advice)),
        None => block_on(arguments.show()),
    }
}

impl Arguments {
    async fn show(&self) -> Result<ExitCode, Problem> {
        let token_hash = self.selection.token_hash()?;
        let stored = self.user_tokens.table().await?.get(&token_hash).await?;
        let item = stored.ok_or_else(|| Problem("there is no such token: look at --table and the account".into()))?;
        let shown = Shown { token: TokenView::of(&item), profile: profile(&item) };
        if self.json {
            output::json(&shown)?;
        } else {
            output::line(&in_words(&shown, &item))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn in_words(Shown { token, .. }: &Shown, item: &StoredItem) -> String {
    let mut fields = item.clone().into_json();
    // A line of its own keeps it whole on a narrow terminal.
    fields.remove("token_hash");
    let rows: Vec<Vec<String>> = in_order(fields)
        .into_iter()
        .map(|(field, value)| {
            let value = if field == "expires_at" { token.expiry() } else { output::visible(&value) };
            vec![field, value]
        })
        .collect();
    let table = output::table(&["field", "value"], |_| rows.clone());
    let answers: Vec<_> = token.sentences().collect();
    format!("user token {}\n\n{table}\n\n{}", item.token_hash(), answers.join("\n"))
}
