//! What a pasted or exported text may hold instead of a value.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

pub(crate) fn is_json(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|json| json.is_object() || json.is_array())
}

/// Decodes base64 in either alphabet, with or without padding.
pub(crate) fn decoded(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    URL_SAFE_NO_PAD.decode(text.replace('+', "-").replace('/', "_")).ok()
}

/// Whether the text before the first full stop is the header of a JWT or JWE.
pub(crate) fn begins_with_header(text: &str) -> bool {
    let header = text.split('.').next().and_then(decoded).unwrap_or_default();
    serde_json::from_slice::<Map<String, Value>>(&header).is_ok()
}

/// Names a character that has no width on a screen.
pub(crate) fn invisible(character: char) -> Option<&'static str> {
    match character {
        '\u{feff}' => Some("a byte order mark"),
        '\u{200b}' => Some("a zero-width space"),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => {
            Some("a writing direction mark")
        }
        '\u{ad}' => Some("a soft hyphen"),
        '\u{200c}' | '\u{200d}' | '\u{180e}' | '\u{2060}'..='\u{2064}' => Some("a zero-width character"),
        _ if character.is_control() => Some("a control character"),
        _ => None,
    }
}

/// The quotation marks of editors, shells and configuration files.
pub(crate) fn is_quote(character: char) -> bool {
    matches!(character, '"' | '\'' | '`' | '“' | '”' | '„' | '‘' | '’' | '«' | '»')
}

/// The text without the white space, invisible characters and quotation marks around it.
pub(crate) fn unwrapped(text: &str) -> &str {
    text.trim_matches(|character: char| {
        character.is_whitespace() || invisible(character).is_some() || is_quote(character)
    })
}

pub(crate) fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// What programs and spreadsheets write where a value is missing or lost.
pub(crate) fn is_missing_value(text: &str) -> bool {
    const WORDS: [&str; 12] =
        ["undefined", "null", "none", "nil", "nan", "n/a", "na", "void", "(null)", "<null>", "\\n", "[object object]"];
    let text = text.trim();
    // Spreadsheets: `#N/A`, `#REF!`, `#VALUE!`, `#NAME?`, `#DIV/0!`, `#NULL!`, `#NUM!`.
    let is_sheet_error = text.strip_prefix('#').is_some_and(|rest| {
        rest.ends_with(['!', '?']) && rest.starts_with(|first: char| first.is_ascii_uppercase()) || rest == "N/A"
    });
    is_sheet_error || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// A number that a spreadsheet has rounded, such as `1.2E+11` or `1,2E+11`: its last digits are lost.
pub(crate) fn is_rounded_number(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or_default();
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    is_digits(exponent) && is_digits(whole) && is_digits(fraction)
}

/// A text from an example or a template that nobody has replaced.
pub(crate) fn is_placeholder(text: &str) -> bool {
    /// Longer texts are not examples.
    const MAX_BYTES: usize = 64;
    const BRACKETS: [(&str, &str); 6] = [("<", ">"), ("{", "}"), ("${", "}"), ("[", "]"), ("%", "%"), ("__", "__")];
    let is_bracketed = BRACKETS.iter().any(|(opening, closing)| {
        text.len() > opening.len() + closing.len() && text.starts_with(opening) && text.ends_with(closing)
    });
    let mut characters = text.chars().filter(|character| !matches!(character, '-' | '_' | ' '));
    let is_one_character = characters.next().is_none_or(|first| characters.all(|character| character == first));
    let is_variable = text.strip_prefix('$').is_some_and(|name| {
        name.bytes().all(|byte| byte == b'_' || byte.is_ascii_uppercase() || byte.is_ascii_digit())
    });
    text.len() <= MAX_BYTES
        && (is_bracketed || is_one_character || is_variable || is_missing_value(text) || has_only_example_words(text))
}

/// Whether a text is made of words that examples use, such as `your-shared-secret` or `CHANGEME`.
fn has_only_example_words(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphabetic() || b"-_ .".contains(&byte));
    is_plain && are_example_words(&text.to_ascii_lowercase().replace(['-', '_', ' ', '.'], ""))
}

fn are_example_words(letters: &str) -> bool {
    const WORDS: &str = "your my the our a from in here goes insert enter put paste add set replace change fill with this \
        me it to do tbd fixme placeholder example sample dummy value string text real actual shared secret secrets \
        key id kid jwt token sso sdk zendesk messaging signing password app";
    let begins_with = |word| letters.strip_prefix(word).is_some_and(are_example_words);
    letters.is_empty() || WORDS.split(' ').any(begins_with)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_recognized_in_any_spelling() {
        for text in [
            "your-shared-secret",
            "YOUR_SHARED_SECRET",
            "yourSecretHere",
            "changeme",
            "<shared secret>",
            "{{SHARED_SECRET}}",
            "${SHARED_SECRET}",
            "$SHARED_SECRET",
            "%SHARED_SECRET%",
            "xxxxxxxxxxxx",
            "0000-0000-0000",
            "undefined",
            "paste the secret here",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["demo-shared-secret-1", "canary-shared-secret", "ten-letter", "1234567890", "qkzjvnwpxmtr"] {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn rounded_numbers_are_recognized_and_other_ids_are_not() {
        for text in ["1.2E+11", "1,2E+11", "9E+15", "1.23457e+12"] {
            assert!(is_rounded_number(text), "{text}");
        }
        for text in ["12E", "E+11", "1E5", "12e4f", "5f0e1d2c", "1.2", "user-1.2E+11"] {
            assert!(!is_rounded_number(text), "{text}");
        }
    }
}
