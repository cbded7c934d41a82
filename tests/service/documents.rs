//! The documents name tests and files, and each of them exists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const DOCUMENTS: [&str; 6] = [
    "README.md",
    "SECURITY.md",
    "CONTRIBUTING.md",
    "docs/reliability.md",
    "docs/internals/standards.md",
    "docs/internals/tests.md",
];

/// Folders and endings of the paths in documents that must exist.
const FOLDERS: [&str; 8] = ["src/", "crates/", "tests/", "fuzz/src", "fuzz/seeds", "benches/", "docs/", ".ci/"];

#[test]
fn every_test_and_file_that_a_document_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = ["src", "tests/service", "crates"].iter().flat_map(|folder| sources_in(&root.join(folder)));
    let tests: BTreeSet<_> = sources.flat_map(|source| tests_of(&source)).collect();
    let mut files = 0;
    for document in DOCUMENTS {
        let text = std::fs::read_to_string(root.join(document)).unwrap();
        for name in text.split('`').skip(1).step_by(2) {
            if is_path(name) {
                assert!(root.join(name).exists(), "{document} names {name}, which does not exist");
                files += 1;
            } else if is_test(name) {
                assert!(tests.contains(name), "{document} names the test {name}, which does not exist");
            }
        }
    }
    assert!(files > 30, "only {files} files were found");
}

#[test]
fn every_link_between_documents_leads_to_a_page_and_a_heading() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documents = ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root.join(name));
    let pages = files_in(&root.join("docs")).into_iter().filter(|path| is(path, "md"));
    let mut links = 0;
    for document in documents.into_iter().chain(pages) {
        let text = std::fs::read_to_string(&document).unwrap();
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.contains("://") {
                continue;
            }
            let (page, heading) = link.split_once('#').unwrap_or((link, ""));
            let page = if page.is_empty() { document.clone() } else { document.parent().unwrap().join(page) };
            assert!(page.exists(), "{} links to {link}", document.display());
            if !heading.is_empty() {
                let headings = headings_of(&std::fs::read_to_string(&page).unwrap());
                assert!(headings.contains(heading), "{} links to {link}: {headings:?}", document.display());
            }
            links += 1;
        }
    }
    assert!(links > 50, "only {links} links were found");
}

fn is_path(text: &str) -> bool {
    FOLDERS.iter().any(|folder| text.starts_with(folder)) && !text.contains([' ', ':', '*'])
}

/// Whether the text looks like `file::test`.
fn is_test(text: &str) -> bool {
    text.contains("::") && text.chars().all(|letter| letter.is_ascii_lowercase() || "_:0123456789".contains(letter))
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}

fn sources_in(folder: &Path) -> Vec<PathBuf> {
    files_in(folder).into_iter().filter(|path| is(path, "rs")).collect()
}

/// The anchors of a page's headings, as GitHub writes them.
fn headings_of(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let letters =
        |heading: &str| -> String { heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect() };
    headings.map(|heading| letters(heading).to_lowercase().replace(' ', "-")).collect()
}

/// The tests in a file, each as `file::test`.
fn tests_of(source: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(source).unwrap();
    let file = source.file_stem().unwrap().to_str().unwrap().to_owned();
    let after_attribute = text.split("#[test]").skip(1).chain(text.split("#[tokio::test]").skip(1));
    let name = |test: &str| test.split("fn ").nth(1)?.split('(').next().map(|name| format!("{file}::{name}"));
    after_attribute.filter_map(name).collect()
}
