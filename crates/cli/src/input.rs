//! Secrets that a person gives to the tool: typed without echo, from standard input or from a file.
//! Never as an argument, which other programs and the shell's history see.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::Path;

use console::Term;
use zeroize::Zeroizing;

use crate::problem::Problem;

/// The file name that means standard input.
pub(crate) const STANDARD_INPUT: &str = "-";

/// Longer than any secret or user token, in bytes.
const MAX_BYTES: usize = 64 * 1024;

pub(crate) fn is_standard_input(file: &Path) -> bool {
    file == Path::new(STANDARD_INPUT)
}

/// Whether a person can answer questions.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && Term::stderr().is_term()
}

/// The text of `file`. Without a file, what a person types when asked for `what`, or else standard input.
pub(crate) fn secret_text(file: Option<&Path>, what: &str) -> Result<Zeroizing<String>, Problem> {
    match file {
        None if can_ask() => ask_for(what),
        file => read(file.unwrap_or(Path::new(STANDARD_INPUT)), what),
    }
}

/// Asks for a secret, which does not appear on the terminal.
pub(crate) fn ask(question: &str) -> Result<Zeroizing<String>, Problem> {
    let terminal = Term::stderr();
    let typed = terminal.write_str(question).and_then(|()| terminal.read_secure_line());
    typed.map(Zeroizing::new).map_err(|error| terminal_failed(&error))
}

/// Whether a person answers the question with `yes`.
pub(crate) fn confirm(question: &str) -> Result<bool, Problem> {
    Ok(answer(question)?.is_some_and(|answer| answer.trim().eq_ignore_ascii_case("yes")))
}

/// A line that a person types; `None` at the end of the input.
pub(crate) fn answer(question: &str) -> Result<Option<String>, Problem> {
    let mut answer = String::new();
    let length = Term::stderr().write_str(question).and_then(|()| io::stdin().read_line(&mut answer));
    let length = length.map_err(|error| terminal_failed(&error))?;
    Ok((length > 0).then_some(answer))
}

fn terminal_failed(error: &io::Error) -> Problem {
    Problem(format!("the terminal cannot be read: {error}"))
}

/// Reads `what` from a file, or from standard input if the file is `-`. A byte order mark and the last line break are
/// not part of it.
pub(crate) fn read(file: &Path, what: &str) -> Result<Zeroizing<String>, Problem> {
    let mut text = read_marked(file, what)?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// What a person types when asked for `what`, or else standard input with any byte order mark.
pub(crate) fn answer_or_stdin(what: &str) -> Result<Zeroizing<String>, Problem> {
    if can_ask() { ask_for(what) } else { read_marked(Path::new(STANDARD_INPUT), what) }
}

fn ask_for(what: &str) -> Result<Zeroizing<String>, Problem> {
    ask(&format!("Type {what}; it is not shown: "))
}

fn read_marked(file: &Path, what: &str) -> Result<Zeroizing<String>, Problem> {
    const LIMIT: usize = MAX_BYTES + 1;
    // With this capacity the text never moves, so no copy of the secret stays in memory.
    let mut text = Zeroizing::new(String::with_capacity(LIMIT));
    let read = if is_standard_input(file) {
        io::stdin().take(LIMIT as u64).read_to_string(&mut text)
    } else {
        File::open(file).and_then(|file| file.take(LIMIT as u64).read_to_string(&mut text))
    };
    read.map_err(|error| {
        // The file's name may be the secret itself, so it is not shown.
        if error.kind() == io::ErrorKind::InvalidData {
            return Problem(format!("the file of {what} is not UTF-8 text: save it as UTF-8"));
        }
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
