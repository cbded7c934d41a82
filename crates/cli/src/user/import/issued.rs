//! The tokens that an import makes, kept in a file for whoever gives them to the users.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::problem::Problem;
use crate::token::new;
use crate::user::private_file;

/// One line of the file.
#[derive(Serialize, Deserialize)]
struct Issued<'a> {
    external_id: Cow<'a, str>,
    token: Cow<'a, str>,
    /// The line of the imported file that it was made for.
    line: u64,
}

/// A token and for whom it was made.
struct Earlier {
    external_id: String,
    token: Zeroizing<String>,
}

/// A file of issued tokens. What is in it before an item is stored cannot be lost with the process.
pub struct IssuedTokens {
    path: PathBuf,
    file: BufWriter<File>,
    /// Of an earlier run, for lines that may not have been stored: by line.
    earlier: HashMap<u64, Earlier>,
    is_safe: bool,
}

impl IssuedTokens {
    /// A new file, which only its owner may read.
    ///
    /// # Errors
    /// When there is such a file already.
    pub fn create(path: &Path) -> Result<Self, Problem> {
        let file = private_file::create_new(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Problem(format!(
                "{} is there already, and its tokens may be the only copy: name a new file with --issue-tokens",
                path.display()
            )),
            _ => cannot(path, &error),
        })?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file), earlier: HashMap::new(), is_safe: true })
    }

    /// The file of an earlier run that stored everything up to `line`. Lines after it keep their tokens, so that
    /// whoever was stored without our knowing is stored again and not twice.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn go_on(path: &Path, line: u64) -> Result<Self, Problem> {
        if !path.exists() {
            return Self::create(path);
        }
        let failed = |error: std::io::Error| cannot(path, &error);
        let mut reader = BufReader::new(File::open(path).map_err(failed)?);
        let mut earlier = HashMap::new();
        let mut whole_lines = 0;
        let mut text = Zeroizing::new(Vec::new());
        loop {
            text.clear();
            reader.read_until(b'\n', &mut text).map_err(failed)?;
            // A line that was cut off with the process is of a token that was never used.
            if !text.ends_with(b"\n") {
                break;
            }
            let issued: Issued = serde_json::from_slice(&text)
                .map_err(|_| Problem(format!("{} holds no issued tokens: is it another file?", path.display())))?;
            if issued.line > line {
                let token = Zeroizing::new(issued.token.into_owned());
                earlier.insert(issued.line, Earlier { external_id: issued.external_id.into_owned(), token });
            }
            whole_lines += text.len() as u64;
        }
        let file = OpenOptions::new().append(true).open(path).map_err(failed)?;
        file.set_len(whole_lines).map_err(failed)?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file), earlier, is_safe: true })
    }

    /// The token for a user on a line, and whether it is a new one, which [`Self::keep`] has to keep.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn token(&mut self, line: u64, external_id: &str) -> Result<(Zeroizing<String>, bool), Problem> {
        match self.earlier.remove(&line) {
            Some(earlier) if earlier.external_id == external_id => Ok((earlier.token, false)),
            _ => Ok((new::random()?, true)),
        }
    }

    /// Puts a token in the file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep(&mut self, line: u64, external_id: &str, token: &str) -> Result<(), Problem> {
        let issued = Issued { external_id: external_id.into(), token: token.into(), line };
        let text = Zeroizing::new(serde_json::to_string(&issued).unwrap_or_default());
        writeln!(self.file, "{}", text.as_str()).map_err(|error| cannot(&self.path, &error))?;
        self.is_safe = false;
        Ok(())
    }

    /// Returns once everything kept is on the disk.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn make_safe(&mut self) -> Result<(), Problem> {
        if !self.is_safe {
            let written = self.file.flush().and_then(|()| self.file.get_ref().sync_data());
            written.map_err(|error| cannot(&self.path, &error))?;
            self.is_safe = true;
        }
        Ok(())
    }
}

fn cannot(path: &Path, error: &std::io::Error) -> Problem {
    Problem(format!("the issued tokens cannot be kept in {}: {error}", path.display()))
}
