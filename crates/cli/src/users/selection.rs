//! The token that a subcommand is about: named by its hash, or read where others do not see it.

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use crate::aws::user_token_items::is_hash;
use crate::input;
use crate::problem::Problem;
use zendesk_jwt::user::UserToken;

#[derive(Debug, clap::Args)]
pub(super) struct Selection {
    /// The token's SHA-256 in hex, as `token list` shows it
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

/// `None` for a text that is not a hash: it may be a token, so no message repeats it.
#[derive(Clone, Debug)]
struct GivenHash(Option<String>);

impl GivenHash {
    fn parse(text: &str) -> Self {
        let hash = text.to_ascii_lowercase();
        Self(is_hash(&hash).then_some(hash))
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
            Some(GivenHash(None)) => Some("--hash is the SHA-256 of a token in 64 hex digits"),
            None if self.token_file.is_none() && !input::can_ask() => Some(
                "there is no terminal on which to ask for the token: give --token-file FILE, --token-file - or \
                 --hash HASH",
            ),
            _ => None,
        }
    }

    /// The hash of the token.
    pub(super) fn token_hash(&self) -> Result<String, Problem> {
        match (&self.hash, &self.token_file) {
            (Some(GivenHash(Some(hash))), _) => Ok(hash.clone()),
            (_, Some(file)) => read(file).map(|token| token.hash()),
            _ => parse(&input::ask("User token (it is not shown): ")?).map(|token| token.hash()),
        }
    }
}

/// The token in a file; `-` is standard input.
pub(super) fn read(file: &Path) -> Result<UserToken, Problem> {
    parse(&input::read(file, "the user token")?)
}

fn parse(text: &str) -> Result<UserToken, Problem> {
    UserToken::parse(text).map_err(|_| Problem(format!("a user token has 1 to {} bytes", UserToken::MAX_BYTES)))
}
