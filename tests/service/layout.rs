//! The walls between the modules of `src/`, which the compiler does not check.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The code of each top-level module, without comments.
fn modules() -> BTreeMap<String, String> {
    let mut modules = BTreeMap::<String, String>::new();
    for file in files_in(&source()) {
        let path = file.strip_prefix(source()).unwrap().with_extension("");
        let module = path.iter().next().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(file).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        modules.entry(module).or_default().extend(code.flat_map(|line| [line, "\n"]));
    }
    modules.retain(|module, _| module != "bin" && module != "lib");
    modules
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
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
