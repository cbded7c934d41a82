//! Arguments and help that several subcommands share.

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use crate::account::UserTokens;
use crate::aws::error::AwsError;
use crate::aws::user_token_items::{StoredItem, is_hash};
use crate::aws::user_token_table::UserTokenTable;
use crate::input;
use crate::output;
use crate::problem::{Problem, usage_error};
use zendesk_jwt::user::{EmailAddress, ExternalId, InvalidUserToken, UserToken};
use zendesk_jwt_rules::user_values::Remark;

/// The arguments of a subcommand about one user.
#[derive(Debug, clap::Args)]
pub(crate) struct OneUser {
    /// Your own id of the user
    #[arg(long, value_name = "ID", value_parser = external_id)]
    pub(super) external_id: ExternalId,

    #[command(flatten)]
    pub(super) place: Place,
}

/// Where a subcommand works, and how it answers.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// Print JSON
    #[arg(long, help_heading = None::<&str>)]
    pub(super) json: bool,

    #[command(flatten)]
    pub(super) user_tokens: UserTokens,
}

impl OneUser {
    /// The table and the tokens of the user, of which there must be one.
    pub(super) async fn tokens(&self) -> Result<(UserTokenTable, Vec<StoredItem>), Problem> {
        let table = self.place.user_tokens.table().await?;
        let tokens = table.of_user(&self.external_id).await?;
        if tokens.is_empty() { Err(self.unknown(&table).await) } else { Ok((table, tokens)) }
    }

    /// What to do about a user without any item.
    pub(super) async fn unknown(&self, table: &UserTokenTable) -> Problem {
        match in_another_case(table, &self.external_id).await {
            Ok(Some(other)) => Problem(format!("no token is stored for this user, but for `{other}`")),
            Ok(None) => no_such_user(),
            Err(error) => error.into(),
        }
    }
}

/// An external id in the table that differs from this one only in case, with escapes.
async fn in_another_case(table: &UserTokenTable, user: &ExternalId) -> Result<Option<String>, AwsError> {
    let id = user.as_str();
    for other in [id.to_lowercase(), id.to_uppercase()] {
        let Some(other) = ExternalId::parse(other).filter(|other| other != user) else { continue };
        if !table.of_user(&other).await?.is_empty() {
            return Ok(Some(output::escaped(other.as_str())));
        }
    }
    Ok(None)
}

/// Prints the values that Zendesk ignores or changes.
pub(super) fn warn(warnings: &[Remark]) {
    for warning in warnings {
        output::note(&format!("Warning: {warning}."));
    }
}

/// Warns about a user who differs from this one only in the case of the external id.
pub(super) async fn warn_of_another_case(table: &UserTokenTable, user: &ExternalId) -> Result<(), AwsError> {
    if let Some(other) = in_another_case(table, user).await? {
        output::note(&format!(
            "Warning: the table also has the user `{other}`. Zendesk may take external ids that differ only in case for \
             one user."
        ));
    }
    Ok(())
}

/// Reads `--external-id`.
pub(crate) fn external_id(text: &str) -> Result<ExternalId, String> {
    ExternalId::parse(text).ok_or_else(|| format!("an external id has 1 to {} characters", ExternalId::MAX_CHARACTERS))
}

/// Reads `--email`.
pub(crate) fn email_address(text: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(text).ok_or_else(|| "it is not an e-mail address".to_owned())
}

pub(super) fn no_such_user() -> Problem {
    Problem("no token is stored for this user: check --external-id, --table and the account".into())
}

/// The fewest digits that may stand for a hash.
pub(crate) const MIN_DIGITS: usize = 8;

/// The token that a subcommand is about: named by its hash, or read where others do not see it.
#[derive(Debug, clap::Args)]
pub(super) struct Selection {
    /// The token's SHA-256 in hex, as `token list` shows it, or at least its first 8 digits. With fewer than 64 digits,
    /// the tool reads the whole table
    #[arg(long, value_name = "HASH", value_parser = |text: &str| Ok::<_, Infallible>(hash(text)))]
    hash: Option<String>,

    /// A file that holds the token; - is standard input. Without this option and --hash, the tool asks for the token
    #[arg(long, value_name = "FILE", conflicts_with = "hash")]
    token_file: Option<PathBuf>,

    /// Refused: a token is never an argument
    #[arg(hide = true, value_parser = refuse)]
    _token: Option<Infallible>,
}

/// Reads `--hash`. The message does not repeat the text, which may be a token by mistake.
fn hash(text: &str) -> String {
    // A narrow table shows the start of a hash with an ellipsis.
    let start = text.trim_end_matches(['…', '.']);
    let hash = if text.len() == 64 { text.to_ascii_lowercase() } else { start.to_owned() };
    let is_hex = hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !is_hex || !(MIN_DIGITS..=64).contains(&hash.len()) {
        usage_error("--hash is the SHA-256 of a token in hex, as `token list` shows it: 64 digits, or at least 8");
    }
    hash
}

fn refuse(_: &str) -> Result<Infallible, Infallible> {
    usage_error(
        "a token is never an argument, since other processes and your shell's history see it. Type it at the prompt or \
         use --token-file, and consider revoking the token that you typed",
    )
}

impl Selection {
    /// The table, the hash of the token, and the token unless only its hash is given.
    pub(super) async fn find(
        &self,
        user_tokens: &UserTokens,
    ) -> Result<(UserTokenTable, String, Option<UserToken>), Problem> {
        let Some(start) = &self.hash else {
            let token = match &self.token_file {
                Some(file) => read_token(file)?,
                None if input::can_ask() => parse(&input::ask("User token (it is not shown): ")?)?,
                None => usage_error(
                    "there is no terminal on which to ask for the token: give --token-file FILE, --token-file - or \
                     --hash HASH",
                ),
            };
            return Ok((user_tokens.table().await?, token.hash(), Some(token)));
        };
        let table = user_tokens.table().await?;
        if is_hash(start) {
            return Ok((table, start.clone(), None));
        }
        match table.hashes_that_begin_with(start).await?.as_slice() {
            [hash] => Ok((table, hash.clone(), None)),
            [] => Err(no_such_token()),
            _ => Err(Problem("several token hashes begin with these digits: give more digits".into())),
        }
    }
}

pub(super) fn no_such_token() -> Problem {
    Problem("there is no such token: check --table and the account".into())
}

/// The token in a file; `-` is standard input.
pub(super) fn read_token(file: &Path) -> Result<UserToken, Problem> {
    parse(&input::read(file, "the user token")?)
}

fn parse(text: &str) -> Result<UserToken, Problem> {
    UserToken::parse(text).map_err(|invalid| {
        let what = match invalid {
            InvalidUserToken::Empty => "empty",
            InvalidUserToken::TooLong => "too long",
        };
        Problem(format!("the user token is {what}: a user token has 1 to {} bytes", UserToken::MAX_BYTES))
    })
}

/// How a file holds users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// A header and rows with commas between the cells
    Csv,
    /// One JSON object per line
    Jsonl,
}

/// The help for the JSON of a subcommand that shows tokens.
pub(super) const TOKEN_JSON: &str = "`token_hash`, `audiences` (null: all), `expires_at` (seconds since 1970; null: \
    never), `suspended`, and `flows`: `kind`, `signs`, `configurations` if the token is for these only, and for a \
    refusal `code` and `reason`";

/// The help for the JSON of a subcommand that changes the items of a user.
pub(super) const REPORT_JSON: &str = "JSON: how many `items` the user has, how many of them `changed`, and those that \
    `failed`, with `token_hash` and `problem`.";
