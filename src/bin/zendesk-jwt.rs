//! The operator's tool; `zendesk-jwt --help` lists what it does.

use std::process::ExitCode;

use clap::Parser;
use zendesk_jwt::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
