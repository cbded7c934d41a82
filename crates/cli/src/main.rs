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
//! | `zendesk` | a JWT posted to Zendesk itself, and its answer; the steps by hand where a program cannot ask |
//! | `secret` | `secret`: what Secrets Manager holds |
//! | `simulate` | `simulate`: Zendesk's side of the three flows |
//! | `identity_provider` | `idp`: what the functions can do with an identity provider |
//! | `inspect`, `doctor` | what is wrong with a JWT, and with an endpoint |
//! | `setup` | `setup`: sets up one kind with the other subcommands |
//! | `command_line` | the subcommands and their help |

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use command_line::CommandLine;

mod account;
mod aws;
mod command_line;
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

fn main() -> ExitCode {
    match CommandLine::try_parse_from(account::join_local(std::env::args_os())) {
        Ok(command_line) => command_line.run(),
        Err(error) => {
            if error.kind() == ErrorKind::ArgumentConflict && std::env::var_os("ZENDESK_JWT_LOCAL").is_some() {
                output::note("ZENDESK_JWT_LOCAL is set, which means --local: unset it to work in AWS\n");
            }
            error.exit()
        }
    }
}
