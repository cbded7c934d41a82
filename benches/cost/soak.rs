//! A million invocations of each function: what its memory does, and whether any of them is lost or told twice.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::fakes::{Aws, Transport, token};
use crate::run::{self, Run};
use crate::{Program, TOKENS, functions};

/// After so many invocations the memory is looked at.
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
            // It panics at anything but one answer, and that a good one.
            run.invoke(run::event(program.kind, &token(invocations % TOKENS)));
            invocations += 1;
        }
        run.cpu();
        let (lookups, lines) = (aws.counts().lookups - rehearsed, lines.load(Ordering::Relaxed));
        println!("| {} | {invocations} | {} | {lookups} | {lines} |", program.name, run.resident());
    }
}
