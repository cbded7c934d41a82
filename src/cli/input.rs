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
        Some(file) if file != Path::new("-") => {
            let opened = std::fs::File::open(file);
            let named = |error| Problem(format!("{} cannot be read: {error}", file.display()));
            read(opened.map_err(named)?).map_err(named)
        }
        None if std::io::stdin().is_terminal() => typed(what),
        _ => read(std::io::stdin()).map_err(|error| Problem(format!("standard input cannot be read: {error}"))),
    }
}

/// What a person types at the terminal.
fn typed(what: &str) -> Result<Zeroizing<String>, Problem> {
    let terminal = console::Term::stderr();
    let unreadable = |error| Problem(format!("the terminal cannot be read: {error}"));
    terminal.write_str(&format!("{what} (it is not shown): ")).map_err(unreadable)?;
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
