//! What the terminal shows and what the functions would log in Lambda, the latest lines kept for the workbench.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// How many lines are kept.
const KEPT: usize = 8;

/// The latest lines, shared by all of its clones.
#[derive(Clone, Debug, Default)]
pub(super) struct LatestLines(Arc<Mutex<VecDeque<String>>>);

impl LatestLines {
    /// Keeps one more line, and lets go of the oldest.
    pub(crate) fn add(&self, line: impl Into<String>) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push_back(line.into());
        if lines.len() > KEPT {
            lines.pop_front();
        }
    }

    /// The lines, oldest first.
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// Standard output, which keeps what it shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Terminal {
    pub(crate) shown: LatestLines,
}

impl Terminal {
    /// Shows one line.
    pub(crate) fn say(&self, line: &str) {
        // A terminal that is gone leaves nobody to tell.
        writeln!(self.clone(), "{line}").ok();
    }
}

impl Write for Terminal {
    /// Takes whole lines at a time, as both writers of this process do.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        for line in text.lines().filter(|line| !line.is_empty()) {
            self.shown.add(console::strip_ansi_codes(line));
        }
        io::stdout().lock().write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().lock().flush()
    }
}
