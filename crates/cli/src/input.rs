//! Secrets that a person gives the tool: typed without echo, from standard input or from a file. Never as an
//! argument, which other programs and the shell's history see.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::Path;

use console::Term;
use zeroize::Zeroizing;

use crate::problem::Problem;

/// The name of standard input among files.
pub(crate) const STANDARD_INPUT: &str = "-";

/// More than any secret or user token has, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// Whether `file` is standard input.
pub(crate) fn is_standard_input(file: &Path) -> bool {
    file == Path::new(STANDARD_INPUT)
}

/// Whether there is somebody to ask.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && Term::stderr().is_term()
}

/// The text in `file`; without one what a person types when asked for `what`, or else standard input.
pub(crate) fn secret_text(file: Option<&Path>, what: &str) -> Result<Zeroizing<String>, Problem> {
    match file {
        Some(file) => read(file, what),
        None if can_ask() => ask(&format!("Type {what}; it is not shown: ")),
        None => read(Path::new(STANDARD_INPUT), what),
    }
}

/// Asks for a secret, which does not appear on the terminal.
pub(crate) fn ask(question: &str) -> Result<Zeroizing<String>, Problem> {
    let terminal = Term::stderr();
    let unreadable = |error: io::Error| Problem(format!("the terminal cannot be read: {error}"));
    terminal.write_str(question).map_err(unreadable)?;
    terminal.read_secure_line().map(Zeroizing::new).map_err(unreadable)
}

/// Reads `what` from a file, or from standard input when the file is `-`. A line break at its end is not part of it.
pub(crate) fn read(file: &Path, what: &str) -> Result<Zeroizing<String>, Problem> {
    let source: io::Result<Box<dyn Read>> = if is_standard_input(file) {
        Ok(Box::new(io::stdin()))
    } else {
        File::open(file).map(|file| Box::new(file) as _)
    };
    // One byte more than may be, to see that there is more; no text grows and leaves a copy behind.
    let mut text = Zeroizing::new(String::with_capacity(MAX_BYTES + 1));
    source.and_then(|source| source.take(MAX_BYTES as u64 + 1).read_to_string(&mut text)).map_err(|error| {
        // Not by the file's name, which is the secret itself when somebody takes the option for one.
        let advice = "give a file's name, or - for standard input; a secret is never an argument";
        Problem(format!("the file of {what} cannot be read ({error}): {advice}"))
    })?;
    if text.len() > MAX_BYTES {
        return Err(Problem(format!("the file of {what} has more than {MAX_BYTES} bytes: is it the right one?")));
    }
    let length = text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(&text).len();
    text.truncate(length);
    Ok(text)
}
