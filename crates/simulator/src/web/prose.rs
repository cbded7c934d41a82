use std::fmt;

use askama::filters::{Html, HtmlSafe, escape};

/// A sentence in HTML, in which text between backticks is code. Each piece is escaped.
#[derive(Clone, Debug)]
pub struct Prose<T>(pub T);

impl<T: AsRef<str>> fmt::Display for Prose<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, piece) in self.0.as_ref().split('`').enumerate() {
            let Ok(piece) = escape(piece, Html);
            let is_code = index % 2 == 1;
            if is_code { write!(f, "<code>{piece}</code>")? } else { write!(f, "{piece}")? }
        }
        Ok(())
    }
}

impl<T: AsRef<str>> HtmlSafe for Prose<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_backticks_become_markup() {
        let prose = Prose("`alg` is `<b>` & <i>");
        assert_eq!(prose.to_string(), "<code>alg</code> is <code>&#60;b&#62;</code> &#38; &#60;i&#62;");
    }
}
