//! Runs a million invocations of each function. The table shows whether memory grows, and whether each invocation has one
//! look-up and one log line.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::fakes::{Aws, Transport, token};
use crate::run::{self, Run};
use crate::{Program, TOKENS, functions};

/// Memory is read after these numbers of invocations.
const MILESTONES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// Prints a line for each function and milestone, as Markdown. All functions run at the same time.
pub fn print() {
    println!("| function | invocations | resident, KiB | `GetItem` | request lines |");
    println!("|---|---|---|---|---|");
    std::thread::scope(|scope| {
        for program in functions() {
            scope.spawn(move || soak(&program));
        }
    });
}

fn soak(program: &Program) {
    let aws = Aws::start(Transport::Tls, TOKENS);
    let command = Command::new(&program.binary);
    let mut run = Run::logging_to(Stdio::piped(), command, program.kind, &aws.environment(program.kind));
    let lines = Arc::new(AtomicUsize::new(0));
    let (log, count) = (BufReader::new(run.log().unwrap()), Arc::clone(&lines));
    std::thread::spawn(move || {
        for line in log.lines() {
            assert!(line.unwrap().contains(r#""outcome":"signed""#));
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    let warm_up = aws.counts().lookups;
    let mut invocations = 0;
    for milestone in MILESTONES {
        while invocations < milestone {
            // Panics unless there is exactly one answer and its status is 200.
            run.invoke(run::event(program.kind, &token(invocations % TOKENS)));
            invocations += 1;
        }
        run.cpu();
        let (lookups, lines) = (aws.counts().lookups - warm_up, lines.load(Ordering::Relaxed));
        println!("| {} | {invocations} | {} | {lookups} | {lines} |", program.name, run.resident());
    }
}
