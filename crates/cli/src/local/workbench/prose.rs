//! Sentences with `code` between backticks, as the messages of this crate have them, in HTML.

use std::fmt;

use askama::filters::{Html, HtmlSafe, escape};

/// A sentence whose `Display` is HTML, escaped piece by piece.
#[derive(Clone, Debug)]
pub(in crate::local) struct Prose<T>(pub T);

impl<T: AsRef<str>> fmt::Display for Prose<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, piece) in self.0.as_ref().split('`').enumerate() {
            let Ok(piece) = escape(piece, Html);
            let is_code = at % 2 == 1;
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
    fn nothing_in_a_sentence_is_markup_but_what_is_between_backticks() {
        let prose = Prose("`alg` is `<b>` & <i>");
        assert_eq!(prose.to_string(), "<code>alg</code> is <code>&#60;b&#62;</code> &#38; &#60;i&#62;");
    }
}
