//! `zendesk-jwt token`: user tokens, which are shown once, when they are issued.

use std::process::ExitCode;

use crate::problem::Problem;

mod fill;
mod issue;
pub(crate) mod kinds;
mod list;
pub(crate) mod new;
mod revoke;
pub(crate) mod selection;
mod show;
pub(crate) mod view;

/// The subcommands of `zendesk-jwt token`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make a new token for a user, and print it this once
    Issue(Box<issue::Arguments>),
    /// Make a token for each user of a CSV or JSON Lines file
    Fill(fill::Arguments),
    /// Delete a token, or all of a user's: the next request is refused
    Revoke(revoke::Arguments),
    /// Show what is stored for a token, and what each flow would answer
    Show(show::Arguments),
    /// List the tokens of a user
    List(list::Arguments),
}

/// Runs the subcommand.
pub(crate) fn run(command: &Command) -> Result<ExitCode, Problem> {
    match command {
        Command::Issue(arguments) => issue::run(arguments),
        Command::Fill(arguments) => fill::run(arguments),
        Command::Revoke(arguments) => revoke::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::List(arguments) => list::run(arguments),
    }
}
