//! `zendesk-jwt user show`, `token show` and `token list`.

use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Map, Value};

use super::arguments::{OneUser, Place, token_json};
use super::comparison::{Comparison, Difference, ValueOf};
use super::selection::{Selection, no_such_token};
use super::view::{TokenView, profile, table, views};
use crate::aws::fields::in_order;
use crate::aws::user_token_items::StoredItem;
use crate::output::{self, Detail};
use crate::problem::Problem;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "A field with different values in the user's tokens is listed with each value. A token of the last \
    second may be missing.\n\n\
    JSON: `profile`, which all tokens hold; `differences`: `field` and `values`, each with `value` (absent: not stored) \
    and `token_hashes`; and `tokens`, as in `token list`.\n\n\
    Exit status: 0 when the user is shown, 1 when nothing is stored or it cannot be read, 2 on a usage error."
)]
pub(crate) struct ShowUser {
    #[command(flatten)]
    user: OneUser,
}

#[derive(Debug, clap::Args)]
#[command(after_help = concat!(
    "The column of a flow shows `signs`, or the code that the function logs for a refusal. A token of the last second \
     may be missing.\n\n\
     JSON: an array of ",
    token_json!(),
    ".\n\nExit status: 0 when the user has tokens, 1 when not or when they cannot be read, 2 on a usage error."
))]
pub(crate) struct List {
    #[command(flatten)]
    user: OneUser,
}

#[derive(Debug, clap::Args)]
#[command(after_help = concat!(
    "JSON: `profile`, ",
    token_json!(),
    ". The code is the one that the function logs.\n\n\
     Exit status: 0 when the token is shown, 1 when there is none or it cannot be read, 2 on a usage error."
))]
pub(crate) struct ShowToken {
    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    place: Place,
}

#[derive(Serialize)]
struct User {
    #[serde(flatten)]
    comparison: Comparison,
    tokens: Vec<TokenView>,
}

#[derive(Serialize)]
struct Token {
    #[serde(flatten)]
    token: TokenView,
    profile: Map<String, Value>,
}

impl ShowUser {
    pub(super) async fn run(&self) -> Result<ExitCode, Problem> {
        let (_, items) = self.user.items().await?;
        let user = User { comparison: Comparison::of(&items), tokens: views(&items) };
        if self.user.place.json { output::json(&user) } else { output::line(&user.text()) }?;
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    pub(super) async fn run(&self) -> Result<ExitCode, Problem> {
        let (_, items) = self.user.items().await?;
        let views = views(&items);
        if self.user.place.json { output::json(&views) } else { output::line(&table(&views)) }?;
        Ok(ExitCode::SUCCESS)
    }
}

impl ShowToken {
    pub(super) async fn run(&self) -> Result<ExitCode, Problem> {
        let (table, token_hash) = self.selection.find(&self.place).await?;
        let item = table.get(&token_hash).await?.ok_or_else(no_such_token)?;
        let token = Token { token: TokenView::of(&item), profile: profile(&item) };
        if self.place.json { output::json(&token) } else { output::line(&token.text(item)) }?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Token {
    fn text(&self, item: StoredItem) -> String {
        let mut fields = item.into_json();
        // The hash has its own line, which stays whole on a narrow terminal.
        fields.remove("token_hash");
        let expiry = self.token.expiry();
        let shown = |(field, value): (String, Value)| {
            let value = if field == "expires_at" { expiry.clone() } else { output::visible(&value) };
            vec![output::escaped(&field), value]
        };
        let rows: Vec<_> = in_order(fields).into_iter().map(shown).collect();
        let table = output::table(&["field", "value"], |_| rows.clone());
        let answers: Vec<_> = self.token.sentences().chain(self.token.misspelt()).collect();
        format!("user token {}\n\n{table}\n\n{}", self.token.token_hash, answers.join("\n"))
    }
}

impl User {
    fn text(&self) -> String {
        let agreed = in_order(self.comparison.agreed.clone()).into_iter();
        let agreed: Vec<_> =
            agreed.map(|(field, value)| vec![output::escaped(&field), output::visible(&value)]).collect();
        let profile = output::table(&["field", "value"], |_| agreed.clone());
        let tokens = table(&self.tokens);
        if self.comparison.differing.is_empty() {
            return format!("{profile}\n\n{tokens}");
        }
        let differing = output::table(&["field", "value", "in the tokens"], |detail| {
            self.comparison.differing.iter().flat_map(|difference| rows(difference, detail)).collect()
        });
        let advice = "`user update` makes them the same.";
        format!("{profile}\n\nThe user's tokens differ:\n\n{differing}\n\n{advice}\n\n{tokens}")
    }
}

fn rows(difference: &Difference, detail: Detail) -> impl Iterator<Item = Vec<String>> {
    difference.values.iter().map(move |ValueOf { value, token_hashes }| {
        let value = value.as_ref().map_or_else(|| "(not stored)".into(), output::visible);
        let hashes: Vec<_> = token_hashes.iter().map(|hash| detail.token_hash(hash)).collect();
        vec![output::escaped(&difference.field), value, hashes.join(" ")]
    })
}
