//! `zendesk-jwt user put` and `token issue`: store a user under one token.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Map, Value};

use super::arguments::{OneUser, Place, REPORT_JSON, TOKEN_JSON, external_id, read_token, warn, warn_of_another_case};
use super::change::Report;
use super::new_token::{self, TokenOptions, has_token};
use super::profile::ProfileOptions;
use super::show::{Comparison, Difference};
use crate::aws::fields::shape;
use crate::aws::user_token_items::{StoredItem, UserTokenItem, is_user_record, record_key};
use crate::aws::user_token_table::{Changed, UserTokenTable};
use crate::input::is_standard_input;
use crate::output;
use crate::problem::{Problem, usage_error};
use zendesk_jwt::jwt::{Clock, SystemClock};
use zendesk_jwt::user::ExternalId;

#[derive(Debug, clap::Args)]
#[command(after_help = format!(
    "The command stores one item. Other tokens of the user keep their profile: `user update` changes all of them. \
     Without a token of your own, the command makes a new one and prints it once, on standard output.\n\n\
     With --record it stores a user record instead: attributes that override what your identity provider's ID tokens say \
     about the user. A record never expires.\n\n\
     {REPORT_JSON} With a new token the JSON is that of `token issue`.\n\n\
     Exit status: 0 when the item is stored, 1 when it is not, 2 on a usage error."
))]
pub(crate) struct Put {
    /// Your own id of the user
    #[arg(long, value_name = "ID", value_parser = external_id, required_unless_present = "file")]
    external_id: Option<ExternalId>,

    /// A JSON object with the attributes of the table; - is standard input. Options override its values
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// A file that holds a token of your own for the user; - is standard input
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// Store a user record, which overrides the user's ID tokens, and no token
    #[arg(long, conflicts_with_all = ["token_file", "expires_in", "no_expiry"])]
    record: bool,

    #[command(flatten)]
    token: TokenOptions,

    #[command(flatten)]
    profile: ProfileOptions,

    #[command(flatten)]
    place: Place,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!(
    "The profile is that of the user's other tokens, with the changes that the options give. The token is on standard \
     output, and everything else on standard error.\n\n\
     JSON: `token`, `profile`, {TOKEN_JSON}.\n\n\
     Exit status: 0 when the token is stored and printed, 1 when it is not, 2 on a usage error."
))]
pub(crate) struct Issue {
    #[command(flatten)]
    user: OneUser,

    #[command(flatten)]
    token: TokenOptions,

    #[command(flatten)]
    profile: ProfileOptions,
}

impl Put {
    pub(super) async fn run(&self) -> Result<ExitCode, Problem> {
        let reads_stdin = |file: &Option<PathBuf>| file.as_deref().is_some_and(is_standard_input);
        if reads_stdin(&self.file) && reads_stdin(&self.token_file) {
            usage_error("--file and --token-file cannot both be standard input");
        }
        let mut fields = self.fields()?;
        let decides_on_suspension = fields.contains_key("suspended");
        let token = new_token::add_if_missing(&mut fields)?;
        let item = UserTokenItem::from_json(fields)?;

        let table = self.place.user_tokens.table().await?;
        let (others, record) = (table.of_user(&item.user).await?, table.user_record(&item.user).await?);
        if !decides_on_suspension {
            refuse_suspended(&others, record.as_ref())?;
        }
        let changed = store(&table, &item).await?;
        if !self.place.json && !item.is_user_record() {
            point_out_differences(&item, others);
        }
        match token {
            Some(token) => new_token::show(token, &item, self.place.json).map(|()| ExitCode::SUCCESS),
            None => Report::of_one(changed).show("changed", self.place.json),
        }
    }

    fn fields(&self) -> Result<Map<String, Value>, Problem> {
        let mut fields = self.file.as_deref().map(object).transpose()?.unwrap_or_default();
        fields.extend(self.profile.fields());
        if let Some(user) = &self.external_id {
            fields.insert("external_id".into(), user.as_str().into());
        }
        if let Some(file) = &self.token_file {
            if has_token(&fields) {
                return Err(Problem("there is a token in --file and in --token-file: give one of them".into()));
            }
            fields.insert("token_hash".into(), read_token(file)?.hash().into());
        }
        if self.record {
            if has_token(&fields) && !is_user_record(&fields) {
                return Err(Problem("there is a token in --file: leave it out, or leave out --record".into()));
            }
            fields.extend(record_key(&fields).map(|key| ("token_hash".to_owned(), key)));
        }
        self.token.add_to(&mut fields);
        Ok(fields)
    }
}

impl Issue {
    pub(super) async fn run(&self) -> Result<ExitCode, Problem> {
        let OneUser { external_id, place } = &self.user;
        let table = place.user_tokens.table().await?;
        let items = table.of_user(external_id).await?;
        refuse_suspended(&items, table.user_record(external_id).await?.as_ref())?;
        let given = self.profile.fields();
        if items.is_empty() && given.is_empty() {
            return Err(Problem(
                "no token is stored for this user, so there is no profile to copy: check --external-id, or give the \
                 profile, for instance with --name, --email and --email-verified"
                    .into(),
            ));
        }
        let copied = shared_profile(&items, &given)?;
        let (mut fields, token) = (given, new_token::random()?);
        fields.insert("external_id".into(), external_id.as_str().into());
        fields.insert("token".into(), token.as_str().into());
        self.token.add_to(&mut fields);
        let item = UserTokenItem::with_copied(fields, copied)?;
        store(&table, &item).await?;
        new_token::show(token, &item, place.json)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The profile of the user's tokens, without the fields that the operator gives.
///
/// Nothing says which of two profiles is newer, so the operator decides between different values.
fn shared_profile(items: &[StoredItem], given: &Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    let now = SystemClock.now();
    let is_current = |item: &&StoredItem| {
        let expires_at = item.record().ok().and_then(|record| record.expires_at);
        expires_at.is_none_or(|expires_at| expires_at > now)
    };
    let current: Vec<_> = items.iter().filter(is_current).cloned().collect();
    let Comparison { mut profile, mut differences } = Comparison::of(if current.is_empty() { items } else { &current });
    differences.retain(|Difference { field, .. }| shape(field).is_some() && !given.contains_key(field));
    if !differences.is_empty() {
        return Err(Problem(format!(
            "the tokens of this user differ in {}: `user show` shows how. Make them the same with `user update`, or \
             give each with an option",
            fields_of(&differences)
        )));
    }
    profile.retain(|field, _| shape(field).is_some());
    Ok(profile)
}

fn fields_of(differences: &[Difference]) -> String {
    differences.iter().map(|difference| difference.field.as_str()).collect::<Vec<_>>().join(", ")
}

fn object(file: &Path) -> Result<Map<String, Value>, Problem> {
    let is_stdin = is_standard_input(file);
    let text = if is_stdin { io::read_to_string(io::stdin()) } else { std::fs::read_to_string(file) };
    let name = file.display();
    let text = text.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => Problem(format!("{name} is not UTF-8 text: save it as UTF-8")),
        _ => Problem(format!("{name} cannot be read: {error}")),
    })?;
    // The error of serde_json quotes the document.
    serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
        if error.is_data() {
            return Problem(format!("{name} holds JSON, but it is not one JSON object"));
        }
        let (line, column) = (error.line(), error.column());
        Problem(format!("{name} is not one JSON object (line {line}, column {column})"))
    })
}

fn point_out_differences(item: &StoredItem, mut others: Vec<StoredItem>) {
    others.retain(|other| other.token_hash() != item.token_hash());
    others.push(item.clone());
    let differences = Comparison::of(&others).differences;
    if !differences.is_empty() {
        let fields = fields_of(&differences);
        output::note(&format!("The user's other tokens differ in {fields}: `user update` changes all."));
    }
}

/// A new item of a suspended user would not be suspended.
fn refuse_suspended(items: &[StoredItem], record: Option<&StoredItem>) -> Result<(), Problem> {
    if items.iter().chain(record).any(StoredItem::is_suspended) {
        return Err(Problem("this user is suspended: end the suspension first, with `user resume`".into()));
    }
    Ok(())
}

async fn store(table: &UserTokenTable, item: &UserTokenItem) -> Result<Changed, Problem> {
    warn(&item.warnings);
    warn_of_another_case(table, &item.user).await?;
    match table.put_for_its_user(item).await? {
        Changed::NoSuchItem => {
            Err(Problem("this token is another user's: check --external-id, or revoke the token first".into()))
        }
        changed => Ok(changed),
    }
}
