//! The token that a subcommand is about: named by its hash, or read where others do not see it.

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use crate::account::UserTokens;
use crate::aws::user_token_items::is_hash;
use crate::aws::user_token_table::UserTokenTable;
use crate::input;
use crate::problem::{Problem, usage_error};
use zendesk_jwt::user::{InvalidUserToken, UserToken};

/// The fewest digits that may stand for a hash.
pub(crate) const MIN_DIGITS: usize = 8;

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
                Some(file) => read(file)?,
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
        match <[String; 1]>::try_from(table.hashes_that_begin_with(start).await?) {
            Ok([hash]) => Ok((table, hash, None)),
            Err(hashes) if hashes.is_empty() => Err(no_such_token()),
            Err(_) => Err(Problem("several token hashes begin with these digits: give more digits".into())),
        }
    }
}

pub(super) fn no_such_token() -> Problem {
    Problem("there is no such token: check --table and the account".into())
}

/// The token in a file; `-` is standard input.
pub(super) fn read(file: &Path) -> Result<UserToken, Problem> {
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
