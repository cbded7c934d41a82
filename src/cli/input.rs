//! Secrets that a person gives the tool: typed without echo, from standard input or from a file, never as an argument.

use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::Problem;

/// More than any secret or user token has, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// The text in `file` (`-` is standard input), or else what a person types when asked for `what`.
///
/// Without a file and without a terminal it is standard input. One line end at the end is not part of it.
///
/// # Errors
/// When nothing can be read, or it is not UTF-8.
pub fn secret_text(file: Option<&Path>, what: &str) -> Result<Zeroizing<String>, Problem> {
    match file {
        Some(file) if !is_standard_input(file) => {
            let opened = std::fs::File::open(file);
            // Not by its name, which is the secret itself when somebody takes the option for one.
            let unreadable = |error| {
                let advice = "give a file's name, or - for standard input; a secret is never an argument";
                Problem(format!("the file of {what} cannot be read ({error}): {advice}"))
            };
            read(opened.map_err(unreadable)?).map_err(unreadable)
        }
        None if std::io::stdin().is_terminal() => typed(what),
        _ => read(std::io::stdin()).map_err(|error| Problem(format!("standard input cannot be read: {error}"))),
    }
}

/// Whether `file` is the usual name of standard input.
#[must_use]
pub fn is_standard_input(file: &Path) -> bool {
    file == Path::new("-")
}

/// What a person types at the terminal.
fn typed(what: &str) -> Result<Zeroizing<String>, Problem> {
    let terminal = console::Term::stderr();
    let unreadable = |error| Problem(format!("the terminal cannot be read: {error}"));
    terminal.write_str(&format!("Type {what}; it is not shown: ")).map_err(unreadable)?;
    terminal.read_secure_line().map(Zeroizing::new).map_err(unreadable)
}

fn read(source: impl std::io::Read) -> std::io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    source.take(MAX_BYTES).read_to_string(&mut text)?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}
