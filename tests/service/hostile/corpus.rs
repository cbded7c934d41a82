//! What the fuzzer found worth keeping, and what it was given to begin with.

use super::targets::{TARGETS, event};
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

pub fn folder(path: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    files.map(|file| file.unwrap().path()).filter(|path| path.is_file()).collect()
}

/// Fails with the names of all files over which a promise is broken.
fn hold(promises: fn(&[u8]), files: Vec<PathBuf>) {
    let is_broken = |file: &PathBuf| {
        let data = fs::read(file).unwrap();
        catch_unwind(|| promises(&data)).is_err()
    };
    let broken: Vec<_> = files.into_iter().filter(is_broken).collect();
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn every_promise_holds_over_the_corpus() {
    for (name, promises) in TARGETS {
        let files = folder(&format!("fuzz/corpus/{name}"));
        assert!(files.len() >= 20, "{name} has {} files", files.len());
        hold(promises, files);
    }
}

#[test]
fn the_promises_of_the_decoder_hold_over_the_sample_events() {
    hold(event, folder("events"));
}
