//! How far an import has come, in a file that is always whole.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::user::private_file::Replacement;

/// So often it is written while the import goes on.
const BETWEEN_WRITES: Duration = Duration::from_secs(1);

/// So much of the beginning of a file tells it from others.
const BYTES_OF_START: u64 = 64 * 1024;

/// What is imported, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    table: String,
    file_bytes: u64,
    sha256_of_first_64_kib: String,
}

impl Identity {
    /// Of that file, which is left at its beginning, and a table by its ARN.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn of(file: &mut File, table: String) -> io::Result<Self> {
        let mut start = Vec::new();
        (&mut *file).take(BYTES_OF_START).read_to_end(&mut start)?;
        file.rewind()?;
        let sha256_of_first_64_kib = hex::encode(digest(&SHA256, &start));
        Ok(Self { table, file_bytes: file.metadata()?.len(), sha256_of_first_64_kib })
    }
}

#[derive(Serialize, Deserialize)]
struct State {
    #[serde(flatten)]
    identity: Identity,
    /// Every line up to this one is stored or was reported as bad.
    done_up_to_line: u64,
}

/// The file of a checkpoint.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    identity: Identity,
    line: u64,
    is_new: bool,
    written: Instant,
}

impl Checkpoint {
    /// The checkpoint in the file at `path`; line 0 when there is no such file.
    ///
    /// # Errors
    /// When the file holds something else, or is about another file or table.
    pub fn open(path: &Path, identity: Identity) -> Result<Self, Problem> {
        let (line, is_new) = match std::fs::read(path) {
            Ok(text) => {
                let line = done_up_to_line(&text, &identity).map_err(|reason| {
                    Problem(format!("{} {reason}: name another file with --resume, or remove it", path.display()))
                })?;
                (line, false)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => (0, true),
            Err(error) => return Err(Problem(format!("the checkpoint {} cannot be read: {error}", path.display()))),
        };
        Ok(Self { path: path.to_owned(), identity, line, is_new, written: Instant::now() })
    }

    /// Whether no earlier run has written it.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Every line up to this one is done.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Every line up to `line` is done; written from time to time.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn is_at(&mut self, line: u64) -> Result<(), Problem> {
        self.line = line;
        if self.written.elapsed() < BETWEEN_WRITES {
            return Ok(());
        }
        self.written = Instant::now();
        self.write()
    }

    /// Puts it on the disk.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self) -> Result<(), Problem> {
        let state = State { identity: self.identity.clone(), done_up_to_line: self.line };
        let written = Replacement::of(&self.path).and_then(|mut file| {
            writeln!(file, "{}", serde_json::to_string_pretty(&state)?)?;
            file.complete()
        });
        written.map_err(|error| Problem(format!("the checkpoint {} cannot be written: {error}", self.path.display())))
    }
}

fn done_up_to_line(text: &[u8], identity: &Identity) -> Result<u64, &'static str> {
    let state: State = serde_json::from_slice(text).map_err(|_| "is no checkpoint of an import")?;
    if state.identity.table != identity.table {
        return Err("is the checkpoint of an import into another table");
    }
    if state.identity != *identity {
        return Err("is the checkpoint of another file, or of this one before it was changed");
    }
    Ok(state.done_up_to_line)
}
