//! Where lines that are no users are reported.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::batches::BadLine;
use crate::problem::Problem;
use crate::user::progress::Progress;

/// Standard error, or a file of JSON Lines.
#[derive(Debug)]
pub enum BadLines {
    /// A line for each.
    StandardError,
    /// An object for each.
    File(PathBuf, BufWriter<File>),
}

impl BadLines {
    /// The file at `path`: what it holds is kept if `go_on`, and replaced otherwise.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn in_file(path: &Path, go_on: bool) -> Result<Self, Problem> {
        let mut options = OpenOptions::new();
        options.create(true).append(go_on).write(true).truncate(!go_on);
        let file = options.open(path).map_err(|error| cannot(path, &error))?;
        Ok(Self::File(path.to_owned(), BufWriter::new(file)))
    }

    /// Reports them.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn report(&mut self, bad_lines: &[BadLine], progress: &Progress) -> Result<(), Problem> {
        match self {
            Self::StandardError => {
                for BadLine { line, reason } in bad_lines {
                    progress.say(&format!("line {line}: {reason}"));
                }
            }
            Self::File(path, file) if !bad_lines.is_empty() => {
                let lines = bad_lines.iter().map(|line| serde_json::to_string(line).unwrap_or_default());
                let written = lines.into_iter().try_for_each(|line| writeln!(file, "{line}"));
                written.and_then(|()| file.flush()).map_err(|error| cannot(path, &error))?;
            }
            Self::File(..) => {}
        }
        Ok(())
    }
}

fn cannot(path: &Path, error: &std::io::Error) -> Problem {
    Problem(format!("the bad lines cannot be written to {}: {error}", path.display()))
}
