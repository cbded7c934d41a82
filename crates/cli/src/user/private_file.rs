//! Files that only their owner may read, since they hold tokens or people.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Makes a new file that nobody else may read.
fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A file that takes another one's place once it is complete; until then that one stays as it is.
#[derive(Debug)]
pub(crate) struct Replacement {
    path: PathBuf,
    partial: PathBuf,
    file: File,
    is_complete: bool,
}

impl Replacement {
    /// Begins a file beside the one at `path`.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?;
        let mut partial_name = OsString::from(".");
        partial_name.push(name);
        partial_name.push(format!(".{}.partial", std::process::id()));
        let partial = path.with_file_name(partial_name);
        Ok(Self { path: path.to_owned(), file: create_new(&partial)?, partial, is_complete: false })
    }

    /// Puts the file in its place, even should the power fail right afterwards.
    pub(crate) fn complete(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        std::fs::rename(&self.partial, &self.path)?;
        self.is_complete = true;
        Ok(())
    }
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.is_complete {
            std::fs::remove_file(&self.partial).ok();
        }
    }
}
