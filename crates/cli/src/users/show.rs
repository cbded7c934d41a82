//! `zendesk-jwt user show`, `token show` and `token list`.

use std::collections::BTreeSet;
use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Map, Value};

use super::arguments::{OneUser, Place, token_json};
use super::selection::{Selection, no_such_token};
use super::view::{TokenView, profile, table, views};
use crate::aws::fields::in_order;
use crate::aws::user_token_items::StoredItem;
use crate::output;
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
        let token = TokenView::with_profile(&item);
        if self.place.json { output::json(&token) } else { output::line(&text(&token, item)) }?;
        Ok(ExitCode::SUCCESS)
    }
}

fn text(token: &TokenView, item: StoredItem) -> String {
    let mut fields = item.into_json();
    // The hash has its own line, which stays whole on a narrow terminal.
    fields.remove("token_hash");
    if let Some(expires_at) = fields.get_mut("expires_at") {
        *expires_at = token.expiry().into();
    }
    let answers: Vec<_> = token.sentences().chain(token.misspelt()).collect();
    format!("user token {}\n\n{}\n\n{}", token.token_hash, fields_table(fields), answers.join("\n"))
}

fn fields_table(fields: Map<String, Value>) -> String {
    let row = |(field, value): (String, Value)| vec![output::escaped(&field), output::visible(&value)];
    output::table(&["field", "value"], in_order(fields).into_iter().map(row).collect())
}

impl User {
    fn text(&self) -> String {
        let profile = fields_table(self.comparison.agreed.clone());
        let tokens = table(&self.tokens);
        if self.comparison.differing.is_empty() {
            return format!("{profile}\n\n{tokens}");
        }
        let rows = self.comparison.differing.iter().flat_map(Difference::rows).collect();
        let differing = output::table(&["field", "value", output::TOKEN_HASHES], rows);
        let advice = "`user update` makes them the same.";
        format!("{profile}\n\nThe user's tokens differ:\n\n{differing}\n\n{advice}\n\n{tokens}")
    }
}

/// Where the items of one user hold the same profile, and where they differ.
#[derive(Serialize)]
pub(super) struct Comparison {
    /// The fields with the same value in all items.
    #[serde(rename = "profile")]
    pub(super) agreed: Map<String, Value>,
    #[serde(rename = "differences")]
    pub(super) differing: Vec<Difference>,
}

/// A field and its different values.
#[derive(Serialize)]
pub(super) struct Difference {
    pub(super) field: String,
    pub(super) values: Vec<ValueOf>,
}

/// A value and the items that hold it.
#[derive(Serialize)]
pub(super) struct ValueOf {
    /// `None` if the field is not stored, which differs from a stored null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<Value>,
    pub(super) token_hashes: Vec<String>,
}

impl Comparison {
    pub(super) fn of(items: &[StoredItem]) -> Self {
        let profiles: Vec<_> = items.iter().map(|item| (item.token_hash(), profile(item))).collect();
        let fields: BTreeSet<&String> = profiles.iter().flat_map(|(_, profile)| profile.keys()).collect();
        let mut comparison = Self { agreed: Map::new(), differing: Vec::new() };
        for field in fields {
            let mut values: Vec<ValueOf> = Vec::new();
            for (token_hash, profile) in &profiles {
                let (value, token_hash) = (profile.get(field), (*token_hash).to_owned());
                match values.iter_mut().find(|known| known.value.as_ref() == value) {
                    Some(known) => known.token_hashes.push(token_hash),
                    None => values.push(ValueOf { value: value.cloned(), token_hashes: vec![token_hash] }),
                }
            }
            match values.as_mut_slice() {
                [ValueOf { value: Some(value), .. }] => {
                    comparison.agreed.insert(field.clone(), value.take());
                }
                _ => comparison.differing.push(Difference { field: field.clone(), values }),
            }
        }
        comparison
    }
}

impl Difference {
    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.values.iter().map(|ValueOf { value, token_hashes }| {
            let value = value.as_ref().map_or_else(|| "(not stored)".into(), output::visible);
            vec![output::escaped(&self.field), value, token_hashes.join(" ")]
        })
    }
}
