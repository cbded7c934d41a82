//! Hostile input: whatever reads what others wrote keeps its promises over any bytes. The promises are those of
//! `fuzz/src`, which libFuzzer tries as well; `docs/reliability.md` lists them.

mod allocations;
mod limits;
mod seeds;
mod structured;

#[allow(dead_code, reason = "some of it is for the fuzzer or for other specs alone")]
#[path = "../../../fuzz/src/lib.rs"]
pub mod targets;
