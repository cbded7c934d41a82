//! The operator's tool, `zendesk-jwt`: one file or folder per subcommand. No function links any of it.
//!
//! | where | what it is |
//! |---|---|
//! | [`local`] | the three functions on this machine, over stand-ins for AWS, with a workbench to try them |
//! | [`simulate`], [`zendesk`] | Zendesk's side of the three flows, judged by [`crate::jwt::inspect`] alone |
//! | [`inspect`], [`doctor`] | what is wrong with a JWT, and with an endpoint |
//! | [`token`], [`user`] | what the table of user tokens holds |
//! | [`secret`] | what Secrets Manager holds |
//! | [`account`] | which AWS account and table a subcommand works in |
//! | [`input`], `output` | secrets in, and tables, JSON and notes out |

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::jwt::Kind;

pub mod account;
pub mod doctor;
pub mod input;
pub mod inspect;
pub mod local;
mod output;
pub mod secret;
pub mod simulate;
pub mod token;
pub mod user;
pub mod zendesk;

/// Vouch for your own users to Zendesk.
#[derive(Debug, Parser)]
#[command(name = "zendesk-jwt", version, about, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the three functions on this machine, with demo users and no AWS account
    Local(local::Arguments),
    /// Play Zendesk's side against your endpoints, whatever they are written in
    Simulate(simulate::Arguments),
    /// Take a JWT apart and name every rule of Zendesk's that it breaks
    Inspect(inspect::Arguments),
    Doctor(Box<doctor::Arguments>),
    /// Look after the functions' secrets
    #[command(subcommand)]
    Secret(secret::Command),
    /// Issue, revoke and look at user tokens
    #[command(subcommand)]
    Token(token::Command),
    /// Look after users: what is stored under their tokens
    #[command(subcommand)]
    User(user::Command),
    /// Print what makes your shell complete the tool's commands and options
    #[command(
        after_help = "For bash: zendesk-jwt completions bash > ~/.local/share/bash-completion/completions/zendesk-jwt"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

impl Cli {
    /// Runs the subcommand: 0 when it did its work, 1 when it could not, 2 when it was called wrongly.
    #[must_use]
    #[expect(clippy::print_stderr, reason = "a person reads this")]
    pub fn run(self) -> ExitCode {
        let result = match self.command {
            Command::Local(arguments) => local::run(&arguments).map(|()| ExitCode::SUCCESS),
            Command::Simulate(arguments) => simulate::run(&arguments),
            Command::Inspect(arguments) => inspect::run(&arguments),
            Command::Doctor(arguments) => doctor::run(&arguments),
            Command::Secret(command) => secret::run(&command),
            Command::Token(command) => token::run(&command),
            Command::User(command) => user::run(&command),
            Command::Completions { shell } => {
                clap_complete::generate(shell, &mut Self::command(), "zendesk-jwt", &mut std::io::stdout());
                Ok(ExitCode::SUCCESS)
            }
        };
        match result {
            Ok(status) => status,
            Err(problem) => {
                eprintln!("zendesk-jwt: {problem}");
                ExitCode::FAILURE
            }
        }
    }
}

/// One sentence that says what went wrong and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Problem(String);

/// Runs a subcommand's work to its end.
fn block_on<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Problem(format!("the process cannot start: {error}")))?.block_on(work)
}

/// The status of a call that clap takes and that is wrong all the same, which is clap's own; says what is wrong.
fn called_wrongly(advice: &str) -> ExitCode {
    output::note(&format!("zendesk-jwt: {advice}"));
    ExitCode::from(2)
}

/// For clap: the kind of that name.
fn kind(name: &str) -> Result<Kind, String> {
    Kind::parse(name).ok_or_else(|| "it is sdk, messaging or sso".to_owned())
}
