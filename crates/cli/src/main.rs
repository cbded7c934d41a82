//! The operator's tool, `zendesk-jwt`: one file or folder per subcommand. No function links any of it.
//!
//! | where | what it is |
//! |---|---|
//! | `local` | the three functions on this machine, over stand-ins for AWS, with a workbench to try them |
//! | `simulate` | Zendesk's side of the three flows, judged by `zendesk_jwt_rules::inspect` alone |
//! | `inspect`, `doctor` | what is wrong with a JWT, and with an endpoint |
//! | `token`, `user` | what the table of user tokens holds |
//! | `secret` | what Secrets Manager holds |
//! | `account`, `aws` | which AWS account and table a subcommand works in, and its calls |
//! | `input`, `output` | secrets in, and tables, JSON and notes out |
//! | `problem` | how a subcommand fails |

use std::process::ExitCode;

use clap::Parser;

mod account;
mod aws;
mod command_line;
mod doctor;
mod input;
mod inspect;
mod local;
mod output;
mod problem;
mod secret;
mod simulate;
mod token;
mod user;

fn main() -> ExitCode {
    command_line::CommandLine::parse().run()
}
