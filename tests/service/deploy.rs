//! `make deploy` asks one question, and `samconfig.toml` has every other answer.

use super::template::document::{template, texts};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A folder as in an unpacked release, with a `sam` that prints its arguments.
struct Release(TempDir);

impl Release {
    fn unpacked() -> Self {
        let release = Self(TempDir::new().unwrap());
        std::fs::copy(Path::new(ROOT).join("samconfig.toml"), release.path("samconfig.toml")).unwrap();
        let sam = release.path("sam");
        std::fs::write(&sam, "#!/bin/sh\necho \"sam $@\"\n").unwrap();
        std::fs::set_permissions(sam, PermissionsExt::from_mode(0o755)).unwrap();
        release
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn settings(&self) -> String {
        std::fs::read_to_string(self.path("samconfig.toml")).unwrap()
    }

    fn deploy(&self, arguments: &[&str], answers: &str) -> Output {
        let mut child = Command::new("sh")
            .args(["-c", r#"PATH="$PWD:$PATH" exec "$0" "$@""#])
            .arg(Path::new(ROOT).join("package/deploy"))
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn deploy_stores_the_subdomain_and_prints_the_next_command() {
    let release = Release::unpacked();
    let done = release.deploy(&["acme", "--confirm-changeset"], "");
    assert!(done.status.success(), "{done:?}");
    assert!(stdout(&done).starts_with("sam deploy --confirm-changeset\n"), "{done:?}");
    assert!(stdout(&done).ends_with("    eval \"$(./environment)\"\n"), "{done:?}");
    let before = std::fs::read_to_string(Path::new(ROOT).join("samconfig.toml")).unwrap();
    let expected = before.replace("    # 'ZendeskSubdomain=\"\"',", "    'ZendeskSubdomain=\"acme\"',");
    assert_ne!(before, expected);
    assert_eq!(release.settings(), expected);
}

#[test]
fn deploy_asks_for_the_subdomain_once() {
    let release = Release::unpacked();
    assert!(release.deploy(&[], "acme\n").status.success());
    assert!(release.settings().contains("\n    'ZendeskSubdomain=\"acme\"',\n"));
    // The second deployment has no input.
    let second = release.deploy(&[], "");
    assert!(second.status.success(), "{second:?}");
    assert!(stdout(&second).starts_with("sam deploy\n"), "{second:?}");
}

#[test]
fn deploy_refuses_what_is_not_a_subdomain() {
    for subdomain in ["acme.zendesk.com", "https://acme", "Acme", "-acme", ""] {
        let release = Release::unpacked();
        let before = release.settings();
        let refused = release.deploy(&[subdomain], "");
        assert_eq!(refused.status.code(), Some(1), "{subdomain}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("enter the \"acme\" of acme.zendesk.com"));
        assert_eq!((stdout(&refused), release.settings()), (String::new(), before), "{subdomain}");
    }
}

/// A parameter that is set is not a comment, and then may have any value.
#[test]
fn samconfig_has_every_parameter_with_its_default() {
    let settings = std::fs::read_to_string(Path::new(ROOT).join("samconfig.toml")).unwrap();
    let (_, rest) = settings.split_once("parameter_overrides = [\n").unwrap();
    let (found, _) = rest.split_once("\n]").unwrap();
    let template = template();
    let mut expected = Vec::new();
    for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"].as_array().unwrap() {
        expected.push(format!("    # {}", group["Label"]["default"].as_str().unwrap()));
        for name in texts(&group["Parameters"]) {
            let default = template["Parameters"][&name]["Default"].as_str().unwrap_or_default();
            let set = format!("    '{name}=");
            let line = found.lines().find(|line| line.starts_with(&set)).map(str::to_owned);
            expected.push(line.unwrap_or_else(|| format!("    # '{name}=\"{default}\"',")));
        }
    }
    let expected = expected.join("\n");
    assert_eq!(found, expected, "samconfig.toml should have:\n{expected}\n");
}

#[test]
fn the_npm_package_has_the_version_of_the_workspace() {
    let package = std::fs::read_to_string(Path::new(ROOT).join("web/package.json")).unwrap();
    let package: serde_json::Value = serde_json::from_str(&package).unwrap();
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
}
