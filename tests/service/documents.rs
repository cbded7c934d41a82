//! What documents say is true: the tests and files that they name exist, the arithmetic of docs/internals/measurements.md, "Guessing",
//! holds with the limits that the template sets, and the modules of `src/` are as CONTRIBUTING.md and `src/lib.rs` say.

use super::template::document::{template, text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;

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

/// The two limits in a parameter: requests per second, and burst.
fn throttling(template: &Value, parameter: &str) -> [u32; 2] {
    let numbers = text(&template["Parameters"][parameter]["Default"]);
    let (rate, burst) = numbers.split_once(',').unwrap();
    [rate, burst].map(|number| number.parse().unwrap())
}

/// The rows of the table whose first heading is `heading`. The first row has the headings.
fn table(heading: &str) -> Vec<Vec<String>> {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/internals/measurements.md");
    let document = std::fs::read_to_string(document).unwrap();
    let rows = document.lines().skip_while(|line| !line.starts_with(&format!("| {heading} |")));
    let rows = rows.take_while(|line| line.starts_with('|')).filter(|line| !line.starts_with("|--"));
    let rows: Vec<Vec<_>> =
        rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect();
    assert!(!rows.is_empty(), "there is no table of {heading}");
    rows
}

/// The first number of a cell.
fn number<T: FromStr>(cell: &str) -> T {
    let from_first_digit = cell.trim_start_matches(|c: char| !c.is_ascii_digit());
    let number = from_first_digit.split(|c: char| c != '.' && !c.is_alphanumeric()).next().unwrap();
    number.parse().unwrap_or_else(|_| panic!("{cell} has no number"))
}

/// The seconds of `61.1 minutes`.
fn seconds(cell: &str) -> f64 {
    let seconds_each = match cell.split_once(' ').expect(cell).1 {
        "seconds" => 1.0,
        "minutes" => 60.0,
        "hours" => 3600.0,
        "days" => 86_400.0,
        "years" => 365.25 * 86_400.0,
        unit => panic!("{unit}"),
    };
    number::<f64>(cell) * seconds_each
}

#[test]
fn the_documented_limits_are_those_of_the_template() {
    let template = template();
    let rows = table("routes that look a token up");
    let mut total = [0, 0];
    for row in &rows[1..rows.len() - 1] {
        let limits = throttling(&template, row[1].trim_matches('`'));
        assert_eq!([number::<u32>(&row[2]), number::<u32>(&row[3])], limits, "{row:?}");
        let routes = ["GET /", "POST /"].iter().map(|method| row[0].matches(method).count());
        let routes = u32::try_from(routes.sum::<usize>()).unwrap();
        total[0] += routes * limits[0];
        total[1] += routes * limits[1];
    }
    let together = rows.last().unwrap();
    assert_eq!([number::<u32>(&together[2]), number::<u32>(&together[3])], total);

    let headings = &table("token")[0];
    let [sdk, _] = throttling(&template, "SdkThrottling");
    assert_eq!([number::<u32>(&headings[2]), number::<u32>(&headings[3])], [sdk, total[0]]);
}

#[test]
fn guessing_takes_as_long_as_documented() {
    let rows = table("token");
    let (headings, rows) = rows.split_first().unwrap();
    assert!(rows.len() >= 4);
    for row in rows {
        let (bits, stored): (f64, f64) = (number(&row[0]), number(&row[1]));
        let tries = (bits.exp2() + 1.0) / (stored + 1.0);
        for (heading, cell) in headings.iter().zip(row).skip(2) {
            let expected = tries / number::<f64>(heading);
            let off = (seconds(cell) / expected - 1.0).abs();
            assert!(off < 0.03, "{heading}: {cell} is {} seconds, not {expected}", seconds(cell));
        }
    }
}

#[test]
fn the_formula_gives_the_average_number_of_tries() {
    // Counts the average place of the first hit over all ways to store N of K tokens.
    for (possible, stored) in [(7_u32, 1_u32), (7, 3), (12, 1), (12, 5), (12, 12)] {
        let ways = (0..1_u32 << possible).filter(|way| way.count_ones() == stored);
        let (places, count) = ways.fold((0, 0), |(places, count), way| (places + way.trailing_zeros() + 1, count + 1));
        let average = f64::from(places) / f64::from(count);
        let formula = f64::from(possible + 1) / f64::from(stored + 1);
        assert!((average - formula).abs() < 1e-9, "{possible} {stored}: {average}, not {formula}");
    }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The code of each top-level module, without comments.
fn modules() -> BTreeMap<String, String> {
    let mut modules = BTreeMap::<String, String>::new();
    for file in sources_in(&source()) {
        let path = file.strip_prefix(source()).unwrap().with_extension("");
        let module = path.iter().next().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(file).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        modules.entry(module).or_default().extend(code.flat_map(|line| [line, "\n"]));
    }
    modules.retain(|module, _| module != "bin" && module != "lib");
    modules
}

fn modules_that_name(word: &str) -> Vec<String> {
    modules().into_iter().filter(|(_, code)| code.contains(word)).map(|(module, _)| module).collect()
}

#[test]
fn only_aws_names_the_aws_sdk() {
    for word in ["aws_sdk_", "aws_smithy_", "aws_types"] {
        assert_eq!(modules_that_name(word), ["aws"], "{word}");
    }
}

#[test]
fn only_web_and_outcome_name_a_status_code_of_the_service() {
    // `aws` names those of responses of AWS.
    assert_eq!(modules_that_name("StatusCode"), ["aws", "outcome", "web"]);
}

#[test]
fn the_map_lists_every_module() {
    let map = std::fs::read_to_string(source().join("lib.rs")).unwrap();
    for module in modules().keys() {
        assert!(map.contains(&format!("`{module}`")), "lib.rs does not list {module}");
    }
}

#[test]
fn modules_do_not_use_each_other_in_circles() {
    let modules = modules();
    let uses = |code: &str| -> BTreeSet<String> {
        let word = |rest: &str| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().map(str::to_owned);
        code.split("crate::").skip(1).filter_map(word).filter(|word| modules.contains_key(word)).collect()
    };
    let mut left: BTreeMap<_, _> = modules.iter().map(|(module, code)| (module.clone(), uses(code))).collect();
    for (module, used) in &mut left {
        used.remove(module);
    }
    while let Some(module) = left.iter().find(|(_, used)| used.is_empty()).map(|(module, _)| module.clone()) {
        left.remove(&module);
        for used in left.values_mut() {
            used.remove(&module);
        }
    }
    assert!(left.is_empty(), "circles among {left:?}");
}
