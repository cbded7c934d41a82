//! `zendesk-jwt user` and `zendesk-jwt token`: what the table holds, which is one item per user token with the user's
//! profile in each.

use std::process::ExitCode;

use crate::problem::Problem;
use arguments::OneUser;
pub(crate) use arguments::{MIN_DIGITS, email_address, external_id};

mod arguments;
mod batch;
mod cells;
mod change;
mod export;
mod fill;
mod import;
pub(crate) mod new_token;
mod profile;
mod progress;
mod put;
mod rows;
mod show;

/// The subcommands of `zendesk-jwt user`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum UserCommand {
    /// Store a user under one token: a token of your own, or a new one
    Put(Box<put::Put>),
    /// Show everything that is stored about a user, and where the user's tokens differ
    #[command(after_help = show::USER_HELP)]
    Show(OneUser),
    /// Refuse a user in every flow, with all tokens
    #[command(after_help = change::suspension_help())]
    Suspend(OneUser),
    /// End a suspension
    #[command(after_help = change::suspension_help())]
    Resume(OneUser),
    /// Change the profile in all tokens of a user
    Update(Box<change::Update>),
    /// Delete everything that is stored about a user
    Forget(change::Forget),
    /// Store the users of a CSV or JSON Lines file
    Import(import::Arguments),
    /// Write all users to a CSV or JSON Lines file
    Export(export::Arguments),
}

/// The subcommands of `zendesk-jwt token`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a new token for a user, and print it once
    Issue(Box<put::Issue>),
    /// Make a token for each user of a CSV or JSON Lines file
    Fill(fill::Arguments),
    /// Delete a token, or all tokens of a user: the next request is refused
    Revoke(change::Revoke),
    /// Show what is stored for a token, and what each flow answers
    Show(show::ShowToken),
    /// List the tokens of a user
    #[command(after_help = show::list_help())]
    List(OneUser),
}

impl UserCommand {
    pub(crate) async fn run(&self) -> Result<ExitCode, Problem> {
        match self {
            Self::Put(arguments) => arguments.run().await,
            Self::Show(user) => show::show_user(user).await,
            Self::Suspend(user) => change::suspend(user, true).await,
            Self::Resume(user) => change::suspend(user, false).await,
            Self::Update(arguments) => arguments.run().await,
            Self::Forget(arguments) => arguments.run().await,
            Self::Import(arguments) => arguments.run().await,
            Self::Export(arguments) => arguments.run().await,
        }
    }
}

impl TokenCommand {
    pub(crate) async fn run(&self) -> Result<ExitCode, Problem> {
        match self {
            Self::Issue(arguments) => arguments.run().await,
            Self::Fill(arguments) => arguments.run(),
            Self::Revoke(arguments) => arguments.run().await,
            Self::Show(arguments) => arguments.run().await,
            Self::List(user) => show::list(user).await,
        }
    }
}
