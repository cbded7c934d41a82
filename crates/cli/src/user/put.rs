//! `zendesk-jwt user put`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Map, Value};

use super::profile::ProfileOptions;
use super::report::Report;
use super::{Comparison, external_id};
use crate::account::UserTokens;
use crate::aws::user_token_items::{StoredItem, UserTokenItem};
use crate::aws::user_token_table::{Put, UserTokenTable};
use crate::input::STANDARD_INPUT;
use crate::output;
use crate::problem::Problem;
use crate::problem::block_on;
use crate::problem::called_wrongly;
use crate::token::new::{self, TokenOptions};
use crate::token::selection;
use zendesk_jwt::user::ExternalId;

/// The arguments of `zendesk-jwt user put`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What is stored is one item, and the user's other tokens keep theirs: `user
update` changes all of them. Without a token of your own a new one is made, and
printed, this once, on standard output.

JSON: `items` that the user has, how many `changed`, and those that `failed`,
with `token_hash` and `problem`.
With a new token it is that of `token issue`.

Exit status: 0 when it is stored, 1 when not, 2 when called wrongly.")]
pub(crate) struct Arguments {
    /// Your own id of the user
    #[arg(long, value_name = "ID", value_parser = external_id, required_unless_present = "file")]
    external_id: Option<ExternalId>,

    /// A JSON object with fields named as the table's attributes; - is standard input. Options win over it
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// A file that holds a token of your own, under which to store the user; - is standard input
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    token: TokenOptions,

    #[command(flatten)]
    profile: ProfileOptions,

    #[command(flatten)]
    user_tokens: UserTokens,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let is_standard_input = |file: &Option<PathBuf>| file.as_deref() == Some(Path::new(STANDARD_INPUT));
    if is_standard_input(&arguments.file) && is_standard_input(&arguments.token_file) {
        return Ok(called_wrongly("--file and --token-file cannot both be standard input"));
    }
    block_on(arguments.put())
}

impl Arguments {
    /// What the operator gave.
    fn fields(&self) -> Result<Map<String, Value>, Problem> {
        let mut fields = self.file.as_deref().map(object).transpose()?.unwrap_or_default();
        fields.extend(self.profile.fields());
        if let Some(user) = &self.external_id {
            fields.insert("external_id".into(), user.as_str().into());
        }
        if let Some(file) = &self.token_file {
            if fields.contains_key("token") || fields.contains_key("token_hash") {
                return Err(Problem("there is a token in --file and in --token-file: give one of them".into()));
            }
            fields.insert("token_hash".into(), selection::read(file)?.hash().into());
        }
        self.token.add_to(&mut fields);
        Ok(fields)
    }

    async fn put(&self) -> Result<ExitCode, Problem> {
        let mut fields = self.fields()?;
        let has_token = fields.contains_key("token") || fields.contains_key("token_hash");
        let token = if has_token { None } else { Some(new::random()?) };
        if let Some(token) = &token {
            fields.insert("token_hash".into(), new::hash(token).into());
        }
        let decides_on_suspension = fields.contains_key("suspended");
        let item = UserTokenItem::from_json(fields)?;

        let table = self.user_tokens.table().await?;
        let user = StoredItem::from(item.clone()).record().ok().and_then(|record| record.user.external_id);
        let others = match &user {
            Some(user) => table.of_user(user).await?,
            None => Vec::new(),
        };
        if !decides_on_suspension {
            refuse_suspended(&others)?;
        }
        let (item, put) = store(&table, item).await?;
        if !self.json {
            point_out_differences(&item, others);
        }
        if let Some(token) = token {
            new::show(&token, &item, self.json)?;
            return Ok(ExitCode::SUCCESS);
        }
        let changed = usize::from(put != Put::Unchanged);
        Report { items: 1, changed, failed: Vec::new() }.show("changed", self.json)
    }
}

fn object(file: &Path) -> Result<Map<String, Value>, Problem> {
    let mut text = String::new();
    let read = if file == Path::new(STANDARD_INPUT) {
        io::stdin().read_to_string(&mut text)
    } else {
        File::open(file).and_then(|mut file| file.read_to_string(&mut text))
    };
    let name = file.display();
    read.map_err(|error| Problem(format!("{name} cannot be read: {error}")))?;
    // What serde_json says of a wrong document quotes from it.
    serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Problem(format!("{name} is not one JSON object (line {line}, column {column})"))
    })
}

fn point_out_differences(item: &StoredItem, mut others: Vec<StoredItem>) {
    others.retain(|other| other.token_hash() != item.token_hash());
    others.push(item.clone());
    let differing = Comparison::of(&others).differing;
    if !differing.is_empty() {
        let fields: Vec<_> = differing.iter().map(|difference| difference.field.as_str()).collect();
        output::note(&format!("The user's other tokens differ in {}: `user update` changes all.", fields.join(", ")));
    }
}

/// Refuses to give a suspended user a token that would not be.
pub(crate) fn refuse_suspended(items: &[StoredItem]) -> Result<(), Problem> {
    let is_suspended = |item: &StoredItem| item.record().is_ok_and(|record| record.suspended);
    if items.iter().any(is_suspended) {
        return Err(Problem("this user is suspended: first end it with `user resume`".into()));
    }
    Ok(())
}

/// Stores the item, unless its token is another user's.
pub(crate) async fn store(table: &UserTokenTable, item: UserTokenItem) -> Result<(StoredItem, Put), Problem> {
    match table.put_for_its_user(item.clone()).await? {
        Put::OfAnotherUser => Err(Problem("this token is another user's: look at --external-id, or revoke it".into())),
        put => Ok((item.into(), put)),
    }
}
