//! `zendesk-jwt user`: what is stored on a user, which is one item per user token with the profile in each.

use std::process::ExitCode;

use crate::problem::Problem;
use zendesk_jwt::user::ExternalId;

mod backoff;
pub(crate) mod cells;
mod comparison;
pub(crate) mod export;
mod forget;
pub(crate) mod import;
pub(crate) mod private_file;
pub(crate) mod profile;
mod progress;
pub(crate) mod put;
pub(crate) mod report;
mod show;
mod standing;
mod update;

pub(crate) use comparison::Comparison;

/// The subcommands of `zendesk-jwt user`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Store one token of a user with a profile: a token of your own, or a new one
    Put(Box<put::Arguments>),
    /// Show all that is stored on a user, and where the user's tokens differ
    Show(show::Arguments),
    /// Refuse a user in every flow, whichever token comes
    Suspend(standing::Arguments),
    /// End a suspension
    Resume(standing::Arguments),
    /// Change the profile in all of a user's tokens
    Update(Box<update::Arguments>),
    /// Delete everything that is stored on a user
    Forget(forget::Arguments),
    /// Store the users of a CSV or JSON Lines file
    Import(import::Arguments),
    /// Write all users to a CSV or JSON Lines file
    Export(export::Arguments),
}

/// Runs the subcommand.
pub(crate) fn run(command: &Command) -> Result<ExitCode, Problem> {
    match command {
        Command::Put(arguments) => put::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Suspend(arguments) => standing::suspend(arguments),
        Command::Resume(arguments) => standing::resume(arguments),
        Command::Update(arguments) => update::run(arguments),
        Command::Forget(arguments) => forget::run(arguments),
        Command::Import(arguments) => import::run(arguments),
        Command::Export(arguments) => export::run(arguments),
    }
}

/// Reads `--external-id`.
pub(crate) fn external_id(text: &str) -> Result<ExternalId, String> {
    ExternalId::parse(text).ok_or_else(|| format!("an external id has 1 to {} characters", ExternalId::MAX_CHARACTERS))
}

/// How users are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Cells with commas between them, under a header row
    Csv,
    /// One JSON object per line
    Jsonl,
}
