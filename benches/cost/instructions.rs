//! The instructions of init and of a warm request, counted with callgrind.

use crate::fakes::{Aws, Transport, token};
use crate::run::{self, Run};
use crate::{Program, functions};
use std::process::Command;
use tempfile::NamedTempFile;

/// Two numbers of invocations. All invocations of their difference are warm.
const FEW: usize = 20;
const MANY: usize = 120;
/// How often each count is repeated.
const ATTEMPTS: usize = 5;

/// One line per function: its name, the instructions of init and those of a warm request.
pub fn print() {
    // Without TLS, because the instructions of a handshake depend on its random numbers.
    let aws = Aws::start(Transport::PlainText, 1);
    for program in functions() {
        // Under callgrind a call can time out and be retried. The lowest count has no retry.
        let lowest = |invocations| (0..ATTEMPTS).map(|_| count(&program, &aws, invocations)).min().unwrap_or_default();
        let request = (lowest(MANY) - lowest(FEW)) / (MANY - FEW) as u64;
        println!("{} {} {request}", program.name, lowest(0));
    }
}

/// The instructions of a process from its start to the answer to this many requests.
fn count(program: &Program, aws: &Aws, invocations: usize) -> u64 {
    let counted = NamedTempFile::new().unwrap();
    let mut callgrind = Command::new("valgrind");
    callgrind.args(["--quiet", "--tool=callgrind"]).arg(format!("--callgrind-out-file={}", counted.path().display()));
    callgrind.arg(&program.binary);
    let mut run = Run::start(callgrind, program.kind, &aws.environment(program.kind));
    for _ in 0..invocations {
        run.invoke(run::event(program.kind, &token(0)));
    }
    run.end();
    let text = std::fs::read_to_string(counted.path()).unwrap();
    let total = text.lines().find_map(|line| line.strip_prefix("totals: ")).expect("callgrind wrote no total");
    total.trim().parse().unwrap()
}
