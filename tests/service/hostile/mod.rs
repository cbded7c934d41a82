//! Hostile input. The properties that must hold for any bytes are in `fuzz/src`, which libFuzzer also runs. Here each fuzz
//! target runs over its seeds, and the event target over the sample events as well.

mod allocations;
mod limits;
mod structured;

#[allow(dead_code, reason = "only the fuzzer uses some of it")]
#[path = "../../../fuzz/src/lib.rs"]
pub mod targets;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use targets::{TARGETS, Target, event};

fn folder(path: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    files.map(|file| file.unwrap().path()).filter(|path| path.is_file()).collect()
}

/// Fails with the names of all files on which the target panics.
fn assert_passes(target: Target, files: Vec<PathBuf>) {
    let fails = |file: &PathBuf| {
        let data = fs::read(file).unwrap();
        catch_unwind(|| target(&data)).is_err()
    };
    let failed: Vec<_> = files.into_iter().filter(fails).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn every_seed_passes_its_fuzz_target() {
    for (name, target) in TARGETS {
        let files = folder(&format!("fuzz/seeds/{name}"));
        assert!(files.len() >= 12, "{name} has {} seeds", files.len());
        assert_passes(target, files);
    }
}

#[test]
fn every_sample_event_passes_the_event_target() {
    assert_passes(event, folder("events"));
}
