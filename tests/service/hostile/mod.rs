//! Hostile input. The properties that must hold for any bytes are in `fuzz/src`, which libFuzzer also runs.

mod allocations;
mod limits;
mod seeds;
mod structured;

#[allow(dead_code, reason = "only the fuzzer uses some of it")]
#[path = "../../../fuzz/src/lib.rs"]
pub mod targets;
