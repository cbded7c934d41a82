//! `zendesk-jwt secret`: the functions' secrets in Secrets Manager. No subcommand shows one.

use std::process::ExitCode;

use crate::problem::Problem;

mod arguments;
mod check;
mod put;

/// The subcommands of `zendesk-jwt secret`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Store the signing key of a kind, unless it cannot be the right one
    Put(put::Put),
    /// Check whether the stored secrets can sign, and whether two kinds share one
    Check(check::Check),
}

pub(crate) fn run(command: &Command) -> Result<ExitCode, Problem> {
    match command {
        Command::Put(arguments) => put::run(arguments),
        Command::Check(arguments) => check::run(arguments),
    }
}
