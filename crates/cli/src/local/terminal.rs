//! What the terminal shows: the banner at start, then a line for each request and event.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;

use super::{demo, identity_provider};
use crate::account::LOCAL_TABLE;
use zendesk_jwt_rules::Kind;

const MAX_LINES: usize = 8;

/// What the terminal shows at start: the addresses, and a line to paste for each flow.
#[derive(Template)]
#[template(path = "local/banner.txt")]
pub(super) struct Banner<'a> {
    pub(crate) address: SocketAddr,
    /// The address of the simulated Zendesk.
    pub(crate) zendesk: &'a str,
    /// The issuer of the demo identity provider.
    pub(crate) issuer: &'a str,
    pub(crate) data: Option<&'a Path>,
    pub(crate) is_new: bool,
}

impl Banner<'_> {
    /// The argument of `--local` for another port than the default.
    fn port(&self) -> String {
        if self.address.port() == 3000 { String::new() } else { format!(" {}", self.address.port()) }
    }

    fn storage(&self) -> String {
        match self.data {
            None => "in memory".to_owned(),
            Some(directory) if self.is_new => format!("new in {}", directory.display()),
            Some(directory) => format!("from {}, unchanged", directory.display()),
        }
    }
}

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

impl Write for LatestLines {
    /// Takes whole lines, as `tracing` writes them.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for line in String::from_utf8_lossy(bytes).lines() {
            self.add(console::strip_ansi_codes(line));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
