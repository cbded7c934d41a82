//! `zendesk-jwt user show`.

use std::process::ExitCode;

use serde::Serialize;

use super::comparison::{Difference, ValueOf};
use super::{Comparison, external_id};
use crate::account::UserTokens;
use crate::aws::user_token_items::in_order;
use crate::output::{self, Detail};
use crate::problem::Problem;
use crate::problem::block_on;
use crate::token::view::{self, TokenView, no_such_user, views};
use zendesk_jwt::user::ExternalId;

/// The arguments of `zendesk-jwt user show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A field that is not the same in all of the user's tokens is listed with each of
its values. A token of the last second may be missing.

JSON: `profile`, which all tokens have; `differences`: `field` and `values`,
each with `value` (not there: not stored) and `token_hashes`; and `tokens`, as
in `token list`.

Exit status: 0 when the user was shown, 1 when nothing is stored on them or it
cannot be read, 2 when called wrongly.")]
pub(crate) struct Arguments {
    /// Your own id of the user
    #[arg(long, value_name = "ID", value_parser = external_id)]
    external_id: ExternalId,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    user_tokens: UserTokens,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    comparison: Comparison,
    tokens: Vec<TokenView>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    block_on(arguments.show())
}

impl Arguments {
    async fn show(&self) -> Result<ExitCode, Problem> {
        let items = self.user_tokens.table().await?.of_user(&self.external_id).await?;
        if items.is_empty() {
            return Err(no_such_user());
        }
        let shown = Shown { comparison: Comparison::of(&items), tokens: views(&items) };
        if self.json {
            output::json(&shown)?;
        } else {
            output::line(&in_words(shown))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn in_words(Shown { comparison, tokens }: Shown) -> String {
    let agreed: Vec<_> =
        in_order(comparison.agreed).into_iter().map(|(field, value)| vec![field, output::visible(&value)]).collect();
    let profile = output::table(&["field", "value"], |_| agreed.clone());
    let tokens = view::table(&tokens);
    if comparison.differing.is_empty() {
        return format!("{profile}\n\n{tokens}");
    }
    let differing = output::table(&["field", "value", "in the tokens"], |detail| {
        comparison.differing.iter().flat_map(|difference| rows(difference, detail)).collect()
    });
    let advice = "`user update` makes them the same.";
    format!("{profile}\n\nThe user's tokens differ:\n\n{differing}\n\n{advice}\n\n{tokens}")
}

fn rows(difference: &Difference, detail: Detail) -> impl Iterator<Item = Vec<String>> {
    difference.values.iter().map(move |ValueOf { value, token_hashes }| {
        let value = value.as_ref().map_or_else(|| "(not stored)".into(), output::visible);
        let hashes: Vec<_> = token_hashes.iter().map(|hash| detail.token_hash(hash)).collect();
        vec![difference.field.clone(), value, hashes.join(" ")]
    })
}
