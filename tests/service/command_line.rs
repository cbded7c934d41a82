//! The tool's command line as a whole: its help, its reference in `docs/`, and what shells make of it.

use crate::support::operator::Operator;
use clap::CommandFactory;
use std::path::Path;
use zendesk_jwt::cli::Cli;

#[test]
fn the_reference_is_what_the_tool_says_of_itself() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
    let options = clap_markdown::MarkdownOptions::new().show_footer(false).title("zendesk-jwt".to_owned());
    let reference = clap_markdown::help_markdown_command_custom(&Cli::command(), &options);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &reference).unwrap();
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == reference, "docs/cli.md is behind: UPDATE_GOLDEN=1 cargo test --features cli reference");
}

#[test]
fn every_subcommand_has_help_and_tells_its_exit_statuses() {
    let mut without = Vec::new();
    visit(&Cli::command(), &mut |command| {
        assert!(command.get_about().is_some(), "{} has no help", command.get_name());
        let silent = command.get_arguments().find(|argument| argument.get_help().is_none());
        assert!(silent.is_none(), "{} has no help for {silent:?}", command.get_name());
        let told = command.get_after_help().is_some_and(|help| help.to_string().contains("Exit status"));
        if !command.has_subcommands() && !told {
            without.push(command.get_name().to_owned());
        }
    });
    // A server and a printer of text: 0 and 1 as everywhere.
    assert_eq!(without, ["local", "completions"]);
}

fn visit(command: &clap::Command, look: &mut impl FnMut(&clap::Command)) {
    look(command);
    command.get_subcommands().for_each(|command| visit(command, look));
}

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
