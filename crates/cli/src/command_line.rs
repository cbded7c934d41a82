//! The subcommands and their help.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::problem::{Problem, block_on};
use crate::{doctor, identity_provider, inspect, local, output, secret, setup, simulate, users};

/// Sign your own users in to Zendesk.
#[derive(Debug, Parser)]
#[command(name = "zendesk-jwt", version, about, arg_required_else_help = true)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the three functions on this machine, with demo users and no AWS account
    Local(local::Arguments),
    /// Set up one kind, from an empty Admin Center to a JWT that Zendesk accepts
    Setup(Box<setup::Arguments>),
    /// Play Zendesk's side against your endpoints, in whatever language they are written
    Simulate(simulate::Arguments),
    /// Decode a JWT and name every Zendesk rule that it breaks
    Inspect(inspect::Arguments),
    Doctor(Box<doctor::Arguments>),
    /// Check an identity provider whose ID tokens the functions should take
    #[command(subcommand)]
    Idp(identity_provider::Command),
    /// Store and check the functions' secrets
    #[command(subcommand)]
    Secret(secret::Command),
    /// Issue, list, show and revoke user tokens
    #[command(subcommand)]
    Token(users::TokenCommand),
    /// Store, show, change, suspend and delete users
    #[command(subcommand)]
    User(users::UserCommand),
    /// Print a script with which your shell completes the tool's commands and options
    #[command(after_help = "For bash:\n\n  \
        zendesk-jwt completions bash \\\n    \
        > ~/.local/share/bash-completion/completions/zendesk-jwt")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write a manual page for each command to a folder
    #[command(hide = true)]
    Manual {
        /// The folder
        folder: PathBuf,
    },
}

impl CommandLine {
    /// Runs the subcommand. The exit status is 0 on success, 1 on failure, 2 on a usage error.
    pub(crate) fn run(self) -> ExitCode {
        let result = match self.command {
            Command::Local(arguments) => block_on(local::run(&arguments)).map(|()| ExitCode::SUCCESS),
            Command::Setup(arguments) => setup::run(&arguments),
            Command::Simulate(arguments) => block_on(simulate::run(&arguments)).map(|()| ExitCode::SUCCESS),
            Command::Inspect(arguments) => inspect::run(&arguments),
            Command::Doctor(arguments) => doctor::run(&arguments),
            Command::Idp(command) => identity_provider::run(&command),
            Command::Secret(command) => block_on(command.run()),
            Command::Token(command) => block_on(command.run()),
            Command::User(command) => block_on(command.run()),
            Command::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Self::command(), "zendesk-jwt", &mut script);
                output::line(String::from_utf8_lossy(&script).trim_end()).map(|()| ExitCode::SUCCESS)
            }
            Command::Manual { folder } => clap_mangen::generate_to(Self::command(), &folder)
                .map(|()| ExitCode::SUCCESS)
                .map_err(|error| Problem(format!("cannot write to {}: {error}", folder.display()))),
        };
        match result {
            Ok(status) => status,
            Err(problem) => {
                output::note(&format!("zendesk-jwt: {problem}"));
                ExitCode::FAILURE
            }
        }
    }
}
