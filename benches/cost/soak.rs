//! A million invocations of each function: whether memory grows, and whether each has one look-up and one log line.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::fakes::{Aws, Transport, token};
use crate::run::{self, Run};
use crate::{Program, TOKENS, functions};

/// The numbers of invocations after which memory is read.
const MILESTONES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// One line per function and milestone, as Markdown. All functions run at the same time.
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
    let rehearsed = aws.counts().lookups;
    let mut invocations = 0;
    for milestone in MILESTONES {
        while invocations < milestone {
            // Panics unless there is exactly one answer, with status 200.
            run.invoke(run::event(program.kind, &token(invocations % TOKENS)));
            invocations += 1;
        }
        run.cpu();
        let (lookups, lines) = (aws.counts().lookups - rehearsed, lines.load(Ordering::Relaxed));
        println!("| {} | {invocations} | {} | {lookups} | {lines} |", program.name, run.resident());
    }
}
