//! The command line as a whole.

use crate::support::operator::Operator;

#[test]
fn completions_exist_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = Operator::without_account().run(&["completions", shell]);
        assert_eq!(ended.status, 0, "{ended:?}");
        assert!(ended.stdout.contains("no-wait"), "{shell}: {ended:?}");
    }
}

#[test]
fn the_tool_shows_its_help_without_a_subcommand() {
    let ended = Operator::without_account().run(&[]);
    assert_eq!(ended.status, 2, "{ended:?}");
    assert!(ended.stderr.contains("Usage:"), "{ended:?}");
}
