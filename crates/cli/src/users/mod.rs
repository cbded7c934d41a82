//! `zendesk-jwt user` and `zendesk-jwt token`: what the table holds, which is one item per user token with the user's
//! profile in each.

use std::process::ExitCode;

use crate::problem::Problem;

mod arguments;
mod backoff;
mod batch;
mod cells;
mod change;
mod comparison;
mod delete;
mod each_item;
mod export;
mod fill;
mod import;
pub(crate) mod new_token;
mod private_file;
mod profile;
mod progress;
mod put;
mod rows;
mod selection;
mod show;
mod view;

/// The subcommands of `zendesk-jwt user`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum UserCommand {
    /// Store a user under one token: a token of your own, or a new one
    Put(Box<put::Put>),
    /// Show everything that is stored about a user, and where the user's tokens differ
    Show(show::ShowUser),
    /// Refuse a user in every flow, with all tokens
    Suspend(change::Suspension),
    /// End a suspension
    Resume(change::Suspension),
    /// Change the profile in all tokens of a user
    Update(Box<change::Update>),
    /// Delete everything that is stored about a user
    Forget(delete::Forget),
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
    Revoke(delete::Revoke),
    /// Show what is stored for a token, and what each flow answers
    Show(show::ShowToken),
    /// List the tokens of a user
    List(show::List),
}

pub(crate) fn run_user(command: &UserCommand) -> Result<ExitCode, Problem> {
    match command {
        UserCommand::Put(arguments) => arguments.run(),
        UserCommand::Show(arguments) => arguments.run(),
        UserCommand::Suspend(arguments) => arguments.run(true),
        UserCommand::Resume(arguments) => arguments.run(false),
        UserCommand::Update(arguments) => arguments.run(),
        UserCommand::Forget(arguments) => arguments.run(),
        UserCommand::Import(arguments) => arguments.run(),
        UserCommand::Export(arguments) => arguments.run(),
    }
}

pub(crate) fn run_token(command: &TokenCommand) -> Result<ExitCode, Problem> {
    match command {
        TokenCommand::Issue(arguments) => arguments.run(),
        TokenCommand::Fill(arguments) => arguments.run(),
        TokenCommand::Revoke(arguments) => arguments.run(),
        TokenCommand::Show(arguments) => arguments.run(),
        TokenCommand::List(arguments) => arguments.run(),
    }
}
