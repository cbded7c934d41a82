//! The token that a subcommand is about: named by its hash, or read where others do not see it.

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use crate::aws::user_token_items::is_hash;
use crate::aws::user_token_table::UserTokenTable;
use crate::input;
use crate::problem::Problem;
use zendesk_jwt::user::{InvalidUserToken, UserToken};

/// The fewest digits that may stand for a hash.
const MIN_DIGITS: usize = 8;

#[derive(Debug, clap::Args)]
pub(super) struct Selection {
    /// The token's SHA-256 in hex, as `token list` shows it, or at least its first 8 digits. With fewer than 64 digits,
    /// the tool reads the whole table
    #[arg(long, value_name = "HASH", value_parser = |text: &str| Ok::<_, Infallible>(GivenHash::parse(text)))]
    hash: Option<GivenHash>,

    /// A file that holds the token; - is standard input. Without this option and --hash, the tool asks for the token
    #[arg(long, value_name = "FILE", conflicts_with = "hash")]
    token_file: Option<PathBuf>,

    /// Refused: a token is never an argument
    #[arg(hide = true, value_parser = |_: &str| Ok::<_, Infallible>(Misplaced))]
    token: Option<Misplaced>,
}

/// Marks a token among the arguments, without a copy of it.
#[derive(Clone, Copy, Debug)]
struct Misplaced;

/// No message repeats the text of `--hash`, which may be a token by mistake.
#[derive(Clone, Debug)]
enum GivenHash {
    Whole(String),
    Start(String),
    Invalid,
}

impl GivenHash {
    fn parse(text: &str) -> Self {
        let whole = text.to_ascii_lowercase();
        // A narrow table shows the start of a hash with an ellipsis.
        let start = text.trim_end_matches(['…', '.']);
        match start.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            _ if is_hash(&whole) => Self::Whole(whole),
            true if (MIN_DIGITS..64).contains(&start.len()) => Self::Start(start.to_owned()),
            _ => Self::Invalid,
        }
    }
}

impl Selection {
    /// What is wrong with the arguments, if anything is.
    pub(super) fn usage_error(&self) -> Option<&'static str> {
        if self.token.is_some() {
            return Some(
                "a token is never an argument, since other processes and your shell's history see it. Type it at the \
                 prompt or use --token-file, and consider revoking the token that you typed",
            );
        }
        match &self.hash {
            Some(GivenHash::Invalid) => {
                Some("--hash is the SHA-256 of a token in hex, as `token list` shows it: 64 digits, or at least 8")
            }
            None if self.token_file.is_none() && !input::can_ask() => Some(
                "there is no terminal on which to ask for the token: give --token-file FILE, --token-file - or \
                 --hash HASH",
            ),
            _ => None,
        }
    }

    /// The hash of the token.
    pub(super) async fn token_hash(&self, table: &UserTokenTable) -> Result<String, Problem> {
        match (&self.hash, &self.token_file) {
            (Some(GivenHash::Whole(hash)), _) => Ok(hash.clone()),
            (Some(GivenHash::Start(start)), _) => match table.hashes_that_begin_with(start).await?.as_slice() {
                [hash] => Ok(hash.clone()),
                [] => Err(no_such_token()),
                _ => Err(Problem("several token hashes begin with these digits: give more digits".into())),
            },
            (_, Some(file)) => read(file).map(|token| token.hash()),
            _ => parse(&input::ask("User token (it is not shown): ")?).map(|token| token.hash()),
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
