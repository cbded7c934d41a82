//! Measures the cost of the functions from outside, with release binaries. `docs/internals/performance.md` has results.
//!
//! | argument | prints |
//! |---|---|
//! | none | the table of `make bench` |
//! | `growth` | the cost of a request with a thousand to a million items |
//! | `refusals` | the time of each refusal |
//! | `soak` | memory during a million invocations |
//! | `instructions` | the instruction counts that `.ci/instructions` compares |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for this repository only"
)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures for reading"
)]
#![allow(clippy::unchecked_time_subtraction, reason = "CPU time only grows")]
#![allow(missing_docs, reason = "nothing is public here")]

mod fakes;
mod instructions;
mod refusals;
mod run;
mod server;
mod soak;
mod table;

use zendesk_jwt_testkit as support;

use fakes::{Aws, Transport, token};
use run::Run;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use support::Kind;
use table::{Row, Samples};

/// Processes of each program. An odd number, so that the median is one of them.
const ROUNDS: usize = 21;
/// Invocations before the measured ones.
const WARM_UP: usize = 50;
/// Measured warm invocations.
const WARM: usize = 1000;
/// Warm invocations that each follow a pause, to compare with the first invocation.
const AFTER_PAUSE: usize = 51;
/// Tokens in the table.
const TOKENS: usize = 1000;

fn main() {
    let mode = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    match mode.as_deref() {
        None => costs(),
        Some("growth") => growth(),
        Some("instructions") => instructions::print(),
        Some("refusals") => refusals::print(),
        Some("soak") => soak::print(),
        Some(other) => panic!("{other} is not one of `growth`, `instructions`, `refusals` and `soak`"),
    }
}

/// A program to measure, and the kind of event that it gets.
pub struct Program {
    pub name: &'static str,
    pub kind: Kind,
    pub binary: PathBuf,
    pub tokens: Tokens,
}

/// The user tokens that a program gets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tokens {
    /// Opaque tokens, without an identity provider.
    Opaque,
    /// Opaque tokens, though an identity provider is configured.
    OpaqueWithProvider,
    /// ID tokens.
    Id,
}

impl Program {
    /// A copy of the program. The way a file was written decides how the kernel maps it, which changed the time of a start by
    /// half.
    fn copied_to(self, folder: &Path) -> Self {
        let copy = folder.join(self.name);
        std::fs::copy(&self.binary, &copy).unwrap();
        Self { binary: copy, ..self }
    }

    fn environment(&self, aws: &Aws) -> Vec<(&'static str, String)> {
        let mut environment = aws.environment(self.kind);
        if self.tokens != Tokens::Opaque {
            environment.push(("IDENTITY_PROVIDERS", aws.provider.configuration()));
        }
        environment
    }

    fn event(&self, aws: &Aws, number: usize) -> Value {
        match self.tokens {
            Tokens::Id => run::event(self.kind, &aws.provider.token),
            Tokens::Opaque | Tokens::OpaqueWithProvider => run::event(self.kind, &token(number)),
        }
    }
}

/// The functions, from the folder in `ZENDESK_JWT_BIN_DIR` or the release build.
pub fn functions() -> impl Iterator<Item = Program> {
    Kind::ALL.into_iter().map(|kind| function(kind, kind.name(), Tokens::Opaque))
}

fn function(kind: Kind, name: &'static str, tokens: Tokens) -> Program {
    Program { name, kind, binary: folder().join(kind.name()), tokens }
}

fn folder() -> PathBuf {
    let chosen = std::env::var_os("ZENDESK_JWT_BIN_DIR").map(PathBuf::from);
    chosen.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/release"))
}

/// The floor, the functions, one function with an identity provider, and each function on the SDK's defaults.
fn programs() -> Vec<Program> {
    let floor = folder().join("floor");
    let floor = Program { name: "floor", kind: Kind::SdkExchange, binary: floor, tokens: Tokens::Opaque };
    let with_provider = [
        function(Kind::SdkExchange, "sdk with a provider", Tokens::OpaqueWithProvider),
        function(Kind::SdkExchange, "sdk with ID tokens", Tokens::Id),
    ];
    let defaults = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/defaults/release/defaults");
    let on_defaults =
        |kind| Program { name: on_defaults(kind), kind, binary: defaults.clone(), tokens: Tokens::Opaque };
    let all = std::iter::once(floor).chain(functions()).chain(with_provider).chain(Kind::ALL.map(on_defaults));
    let (found, missing): (Vec<_>, Vec<_>) = all.partition(|program| program.binary.exists());
    for program in missing {
        println!("{} is not measured, because it is not built: {}", program.name, program.binary.display());
    }
    found
}

/// The name of a function on the SDK's defaults.
fn on_defaults(kind: Kind) -> &'static str {
    match kind {
        Kind::SdkExchange => "sdk defaults",
        Kind::MessagingToken => "messaging defaults",
        Kind::SsoRedirect => "sso defaults",
    }
}

fn costs() {
    let aws = Aws::start(Transport::Tls, TOKENS);
    let folder = tempfile::tempdir().unwrap();
    let programs: Vec<_> = programs().into_iter().map(|program| program.copied_to(folder.path())).collect();
    let mut samples: Vec<Samples> = programs.iter().map(|_| Samples::default()).collect();
    for round in 1..=ROUNDS {
        // The order changes each round, because a process warms caches for the next one.
        for place in (0..programs.len()).map(|place| (place + round) % programs.len()) {
            let program = &programs[place];
            eprint!("\rround {round} of {ROUNDS}: {:<20}", program.name);
            measure(program, &aws, &mut samples[place]);
        }
    }
    eprintln!("\r{:<40}", "");
    let rows = programs.iter().zip(samples).map(|(program, samples)| {
        let (binary, zip) = run::sizes(&program.binary);
        Row { name: program.name, kind: program.kind, samples, binary, zip }
    });
    table::print(&rows.collect::<Vec<_>>(), ROUNDS, WARM);
}

fn measure(program: &Program, aws: &Aws, samples: &mut Samples) {
    let before = aws.counts();
    let mut run = Run::start(Command::new(&program.binary), program.kind, &program.environment(aws));
    let event = |number: usize| program.event(aws, number % TOKENS);
    let (init_cpu, init_faults) = (run.cpu(), run.page_faults());
    samples.init_wall.push(milliseconds(run.init()));
    samples.init_cpu.push(milliseconds(init_cpu));
    let first = run.invoke(event(0));
    let first_cpu = run.cpu();
    samples.first_wall.push(milliseconds(first));
    samples.first_cpu.push(microseconds(first_cpu - init_cpu));
    samples.answer_wall.push(milliseconds(run.init() + first));
    samples.answer_cpu.push(milliseconds(first_cpu));
    samples.init_faults.push(init_faults as f64);
    samples.first_faults.push((run.page_faults() - init_faults) as f64);

    for number in 0..WARM_UP {
        run.invoke(event(number));
    }
    let (warm_cpu, warm_calls) = (run.cpu(), aws.counts());
    let mut took: Vec<_> = (0..WARM).map(|number| microseconds(run.invoke(event(number)))).collect();
    took.sort_by(f64::total_cmp);
    samples.warm_p50.push(took[WARM / 2]);
    samples.warm_p99.push(took[WARM * 99 / 100]);
    samples.warm_cpu.push(microseconds(run.cpu() - warm_cpu) / WARM as f64);
    samples.resident.push(run.resident() as f64 / 1024.0);
    let after = aws.counts();
    samples.lookups.push((after.lookups - warm_calls.lookups) as f64 / WARM as f64);
    samples.other_calls.push((after.other_calls - warm_calls.other_calls) as f64 / WARM as f64);
    samples.connections.push((after.connections - before.connections) as f64);
    // `Run::cpu` pauses before each of these, as before the first invocation.
    let mut after_pause: Vec<_> = (0..AFTER_PAUSE)
        .map(|number| {
            let before = run.cpu();
            let wall = run.invoke(event(number));
            (milliseconds(wall), microseconds(run.cpu() - before))
        })
        .collect();
    after_pause.sort_by(|one, other| one.0.total_cmp(&other.0));
    samples.after_pause_wall.push(after_pause[AFTER_PAUSE / 2].0);
    after_pause.sort_by(|one, other| one.1.total_cmp(&other.1));
    samples.after_pause_cpu.push(after_pause[AFTER_PAUSE / 2].1);
}

/// The cost of requests with different tokens in tables of growing size.
fn growth() {
    let Some(program) = functions().next() else { return };
    println!("{:>10}  {:>18}  {:>18}", "items", "CPU per request µs", "lookups / request");
    for tokens in [1_000, 10_000, 100_000, 1_000_000] {
        let aws = Aws::start(Transport::Tls, tokens);
        let (mut cpu, mut lookups) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let mut run = Run::start(Command::new(&program.binary), program.kind, &aws.environment(program.kind));
            // The stride and each number of items have no common divisor, so the tokens are spread over the table.
            let mut request = |numbers: std::ops::Range<usize>| {
                numbers.for_each(|number| {
                    run.invoke(run::event(program.kind, &token(number * 7919 % tokens)));
                });
                (run.cpu(), aws.counts())
            };
            let (before, calls) = request(0..WARM_UP);
            let (after, all_calls) = request(0..WARM);
            cpu.push(microseconds(after - before) / WARM as f64);
            lookups.push((all_calls.lookups - calls.lookups) as f64 / WARM as f64);
        }
        println!("{tokens:>10}  {:>18}  {:>18}", table::spread(&cpu, 0), table::spread(&lookups, 2));
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
