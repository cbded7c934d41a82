//! The operator's tool, `zendesk-jwt`. No function links it. Each module uses only modules above it in this table.
//!
//! | module | what it is |
//! |---|---|
//! | `problem` | how a subcommand fails |
//! | `input`, `output` | secrets in; tables, JSON and notes out |
//! | `aws` | the calls to DynamoDB and Secrets Manager |
//! | `account` | the AWS account and the table that a subcommand works in |
//! | `users` | `user` and `token`: what the table of user tokens holds |
//! | `id_token` | what the functions do with an ID token |
//! | `local` | `local`: the three functions on this machine, with fakes of AWS and a workbench |
//! | `by_hand` | the steps that a person takes where a program cannot ask Zendesk |
//! | `zendesk` | a JWT posted to Zendesk itself, and its answer |
//! | `secret` | `secret`: what Secrets Manager holds |
//! | `simulate` | `simulate`: Zendesk's side of the three flows |
//! | `identity_provider` | `idp`: what the functions can do with an identity provider |
//! | `inspect`, `doctor` | what is wrong with a JWT, and with an endpoint |
//! | `setup` | `setup`: sets up one kind with the other subcommands |

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};

use problem::{Problem, block_on};

mod account;
mod aws;
mod by_hand;
mod doctor;
mod id_token;
mod identity_provider;
mod input;
mod inspect;
mod local;
mod output;
mod problem;
mod secret;
mod setup;
mod simulate;
mod users;
mod zendesk;

/// Sign your own users in to Zendesk.
#[derive(Debug, Parser)]
#[command(name = "zendesk-jwt", version, about, arg_required_else_help = true)]
struct CommandLine {
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

fn main() -> ExitCode {
    let command = match CommandLine::try_parse_from(account::join_local(std::env::args_os())) {
        Ok(CommandLine { command }) => command,
        Err(error) => {
            if error.kind() == ErrorKind::ArgumentConflict && std::env::var_os("ZENDESK_JWT_LOCAL").is_some() {
                output::note("ZENDESK_JWT_LOCAL is set, which means --local: unset it to work in AWS\n");
            }
            error.exit()
        }
    };
    command.run().unwrap_or_else(|problem| {
        output::note(&format!("zendesk-jwt: {problem}"));
        ExitCode::FAILURE
    })
}

impl Command {
    /// Runs the subcommand. The exit status is 0 on success, 1 on failure, 2 on a usage error.
    fn run(self) -> Result<ExitCode, Problem> {
        match self {
            Self::Local(arguments) => block_on(local::run(&arguments)).map(|()| ExitCode::SUCCESS),
            Self::Setup(arguments) => setup::run(&arguments),
            Self::Simulate(arguments) => block_on(simulate::run(&arguments)).map(|()| ExitCode::SUCCESS),
            Self::Inspect(arguments) => inspect::run(&arguments),
            Self::Doctor(arguments) => doctor::run(&arguments),
            Self::Idp(command) => identity_provider::run(&command),
            Self::Secret(command) => block_on(command.run()),
            Self::Token(command) => block_on(command.run()),
            Self::User(command) => block_on(command.run()),
            Self::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut CommandLine::command(), "zendesk-jwt", &mut script);
                output::line(String::from_utf8_lossy(&script).trim_end()).map(|()| ExitCode::SUCCESS)
            }
            Self::Manual { folder } => clap_mangen::generate_to(CommandLine::command(), &folder)
                .map(|()| ExitCode::SUCCESS)
                .map_err(|error| Problem(format!("cannot write to {}: {error}", folder.display()))),
        }
    }
}
