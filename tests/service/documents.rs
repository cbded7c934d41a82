//! What the documents promise is held by tests, so each test that they name has to be there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Documents that name tests as `file::test`.
const DOCUMENTS: [&str; 2] = ["SECURITY.md", "docs/reliability.md"];

#[test]
fn every_test_that_a_document_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources: Vec<_> =
        ["src", "tests/service", "crates"].iter().flat_map(|folder| sources_in(&root.join(folder))).collect();
    let tests: BTreeSet<_> = sources.iter().flat_map(|source| tests_of(source)).collect();
    let mut named = 0;
    for document in DOCUMENTS {
        let text = std::fs::read_to_string(root.join(document)).unwrap();
        for name in text.split('`').skip(1).step_by(2).filter(|name| is_name(name)) {
            assert!(tests.contains(name), "{document} names the test {name}, which is not there");
            named += 1;
        }
    }
    assert!(named > 50, "only {named} names were found");
}

/// Whether it looks like `file::test`.
fn is_name(text: &str) -> bool {
    text.contains("::") && text.chars().all(|letter| letter.is_ascii_lowercase() || "_:0123456789".contains(letter))
}

fn sources_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { sources_in(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// The tests in a file, each as `file::test`.
fn tests_of(source: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(source).unwrap();
    let file = source.file_stem().unwrap().to_str().unwrap().to_owned();
    let after_attribute = text.split("#[test]").skip(1).chain(text.split("#[tokio::test]").skip(1));
    let name = |test: &str| test.split("fn ").nth(1)?.split('(').next().map(|name| format!("{file}::{name}"));
    after_attribute.filter_map(name).collect()
}
