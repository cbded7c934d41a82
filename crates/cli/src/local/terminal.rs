use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

const MAX_LINES: usize = 8;

/// The latest lines of a log. All clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct LatestLines(Arc<Mutex<VecDeque<String>>>);

impl LatestLines {
    pub(crate) fn add(&self, line: impl Into<String>) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push_back(line.into());
        if lines.len() > MAX_LINES {
            lines.pop_front();
        }
    }

    /// Oldest first.
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// Standard output, whose latest lines the workbench shows as well.
#[derive(Clone, Debug, Default)]
pub(super) struct Terminal {
    pub(crate) shown: LatestLines,
}

impl Terminal {
    pub(crate) fn line(&self, line: &str) {
        // A closed terminal is not an error of the request.
        writeln!(self.clone(), "{line}").ok();
    }
}

impl Write for Terminal {
    /// Takes whole lines, which is what both writers of this process write.
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
