//! What holds of the command line as a whole.

use crate::support::operator::Operator;

#[test]
fn shells_can_complete_it() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = Operator::without_account().run(&["completions", shell]);
        assert_eq!(ended.status, 0, "{ended:?}");
        assert!(ended.stdout.contains("no-wait"), "{shell}: {ended:?}");
    }
}

#[test]
fn without_a_subcommand_it_shows_its_help() {
    let ended = Operator::without_account().run(&[]);
    assert_eq!(ended.status, 2, "{ended:?}");
    assert!(ended.stderr.contains("Usage:"), "{ended:?}");
}
