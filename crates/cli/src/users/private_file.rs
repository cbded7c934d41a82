//! Files that only their owner can read, since they hold tokens or personal data.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that replaces another one once it is complete.
#[derive(Debug)]
pub(super) struct Replacement {
    path: PathBuf,
    partial: PathBuf,
    file: File,
    is_complete: bool,
}

impl Replacement {
    /// Starts a file in the same directory as `path`.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let no_name = || io::Error::new(io::ErrorKind::InvalidInput, "the path does not name a file");
        let mut partial_name = OsString::from(".");
        partial_name.push(path.file_name().ok_or_else(no_name)?);
        partial_name.push(format!(".{}.partial", std::process::id()));
        let partial = path.with_file_name(partial_name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self { path: path.to_owned(), file: options.open(&partial)?, partial, is_complete: false })
    }

    /// Replaces the other file, safely even if the power fails.
    pub(super) fn complete(&mut self) -> io::Result<()> {
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
