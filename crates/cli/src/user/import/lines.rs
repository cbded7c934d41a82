//! The lines of a file, one at a time and none longer than there is memory for.

use std::io::{self, BufRead, Read};

/// The longest line in bytes.
pub const MAX_LINE_BYTES: usize = 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A line with its line break.
#[derive(Debug)]
pub struct Line {
    /// Its number in the file, from 1 on.
    pub number: u64,
    /// How many bytes of the file end with it.
    pub end: u64,
    /// What it holds; `None` when that is more than [`MAX_LINE_BYTES`].
    pub bytes: Option<Vec<u8>>,
}

/// `bytes` without the line break at their end.
#[must_use]
pub fn without_line_break(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

/// Reads line after line.
pub struct Lines {
    input: Box<dyn BufRead + Send>,
    number: u64,
    end: u64,
}

impl Lines {
    /// The lines of `input`.
    #[must_use]
    pub fn new(input: Box<dyn BufRead + Send>) -> Self {
        Self { input, number: 0, end: 0 }
    }

    /// The next line, without the byte order mark that may begin a file; `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        if self.read_up_to(MAX_LINE_BYTES + 1, &mut bytes)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        let is_whole = bytes.len() <= MAX_LINE_BYTES;
        while bytes.len() > MAX_LINE_BYTES && !bytes.ends_with(b"\n") {
            bytes.truncate(0);
            if self.read_up_to(MAX_LINE_BYTES + 1, &mut bytes)? == 0 {
                break;
            }
        }
        if self.number == 1 && bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        Ok(Some(Line { number: self.number, end: self.end, bytes: is_whole.then_some(bytes) }))
    }

    /// The number of the line that was read last.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// How many bytes of the file end with it.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.end
    }

    fn read_up_to(&mut self, most: usize, bytes: &mut Vec<u8>) -> io::Result<usize> {
        let read = (&mut self.input).take(most as u64).read_until(b'\n', bytes)?;
        self.end += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: Vec<u8>) -> Vec<(u64, u64, Option<Vec<u8>>)> {
        let mut lines = Lines::new(Box::new(io::Cursor::new(input)));
        std::iter::from_fn(|| lines.next().unwrap().map(|line| (line.number, line.end, line.bytes))).collect()
    }

    #[test]
    fn lines_are_numbered_and_the_last_one_needs_no_break() {
        assert_eq!(
            lines(b"\xEF\xBB\xBFa\r\n\nb".to_vec()),
            [(1, 6, Some(b"a\r\n".to_vec())), (2, 7, Some(b"\n".to_vec())), (3, 8, Some(b"b".to_vec()))]
        );
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_the_next_one_read() {
        for length in [MAX_LINE_BYTES, MAX_LINE_BYTES + 1, 2 * MAX_LINE_BYTES + 1, 3 * MAX_LINE_BYTES + 17] {
            let input = [vec![b'a'; length], b"\nb".to_vec()].concat();
            let found = lines(input);
            assert_eq!(found.len(), 2, "{length}");
            assert_eq!(found[0].2, None, "{length}");
            assert_eq!(found[1], (2, length as u64 + 2, Some(b"b".to_vec())), "{length}");
        }
    }
}
