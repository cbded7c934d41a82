//! Which token a subcommand is about: by its hash, or by itself, but then not on the command line.

use std::convert::Infallible;
use std::path::PathBuf;

use crate::aws::user_token_items::is_hash;
use crate::input;
use crate::problem::Problem;
use zendesk_jwt::user::UserToken;

/// A token by its hash, from a file, or from the prompt.
#[derive(Debug, clap::Args)]
pub(crate) struct Selection {
    /// The token's SHA-256 in hex, as `token list` shows it
    #[arg(long, value_name = "HASH", value_parser = GivenHash::parse)]
    hash: Option<GivenHash>,

    /// A file that holds the token; - is standard input. Without --hash and this, the tool asks for the token
    #[arg(long, value_name = "FILE", conflicts_with = "hash")]
    token_file: Option<PathBuf>,

    /// Refused, since a token is never an argument.
    #[arg(hide = true, value_parser = Misplaced::parse)]
    token: Option<Misplaced>,
}

/// A token where every process of the machine can read it: it is dropped at once.
#[derive(Clone, Copy, Debug)]
struct Misplaced;

impl Misplaced {
    #[expect(clippy::unnecessary_wraps, reason = "clap's signature")]
    fn parse(_: &str) -> Result<Self, Infallible> {
        Ok(Self)
    }
}

/// A hash, or nothing in place of anything else, which could be a token and must not be repeated.
#[derive(Clone, Debug)]
struct GivenHash(Option<String>);

impl GivenHash {
    #[expect(clippy::unnecessary_wraps, reason = "clap's signature")]
    fn parse(text: &str) -> Result<Self, Infallible> {
        let hash = text.to_ascii_lowercase();
        Ok(Self(is_hash(&hash).then_some(hash)))
    }
}

impl Selection {
    /// What is wrong with the call, if anything is.
    pub(crate) fn wrong_call(&self) -> Option<&'static str> {
        if self.token.is_some() {
            return Some(
                "a token is not taken from the command line, where other processes and your shell's history see it. \
                 Give it at the prompt or with --token-file, and think of revoking the one you typed",
            );
        }
        match &self.hash {
            Some(GivenHash(None)) => Some("--hash takes the 64 hex digits of a token's SHA-256"),
            None if self.token_file.is_none() && !input::can_ask() => {
                Some("there is no terminal to ask for the token: give --token-file FILE, --token-file - or --hash HASH")
            }
            _ => None,
        }
    }

    /// The hash of the token, which is read now.
    pub(crate) fn token_hash(&self) -> Result<String, Problem> {
        match (&self.hash, &self.token_file) {
            (Some(GivenHash(Some(hash))), _) => Ok(hash.clone()),
            (_, Some(file)) => read(file).map(|token| token.hash()),
            _ => parse(&input::ask("User token (it is not shown): ")?).map(|token| token.hash()),
        }
    }
}

/// The token that a file holds; `-` is standard input.
pub(crate) fn read(file: &std::path::Path) -> Result<UserToken, Problem> {
    parse(&input::read(file, "the user token")?)
}

fn parse(text: &str) -> Result<UserToken, Problem> {
    let problem = |_| Problem(format!("a user token has 1 to {} bytes", UserToken::MAX_BYTES));
    UserToken::parse(text).map_err(problem)
}
