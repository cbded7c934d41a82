//! A reader of small HTML pages: tags with attributes, and elements with text.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::collections::BTreeMap;

pub type Attributes = BTreeMap<String, String>;

/// The decoded attributes of every tag with this name.
pub fn tags(page: &str, name: &str) -> Vec<Attributes> {
    opening_tags(page, name).into_iter().map(|(attributes, _)| attributes).collect()
}

/// The attributes and the text of every element with this name. The elements must contain only text.
pub fn elements<'a>(page: &'a str, name: &str) -> Vec<(Attributes, &'a str)> {
    let end = format!("</{name}>");
    opening_tags(page, name)
        .into_iter()
        .map(|(attributes, rest)| (attributes, rest.split(&end).next().unwrap()))
        .collect()
}

/// The values of all hidden fields by name.
pub fn hidden_fields(page: &str) -> Attributes {
    tags(page, "input")
        .into_iter()
        .filter(|input| input.get("type").is_some_and(|kind| kind == "hidden"))
        .map(|input| (input["name"].clone(), input["value"].clone()))
        .collect()
}

fn opening_tags<'a>(page: &'a str, name: &str) -> Vec<(Attributes, &'a str)> {
    let opening = format!("<{name}");
    page.match_indices(&opening)
        .map(|(at, _)| &page[at + opening.len()..])
        .filter(|rest| rest.starts_with(|next: char| next.is_whitespace() || next == '>'))
        .map(attributes)
        .collect()
}

/// Reads attributes up to the end of the tag, and returns the rest.
fn attributes(mut rest: &str) -> (Attributes, &str) {
    let mut found = Attributes::new();
    loop {
        rest = rest.trim_start_matches(|next: char| next.is_whitespace() || next == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return (found, after);
        }
        let end = rest.find(|next: char| next.is_whitespace() || "=>/".contains(next)).expect("the end of a tag");
        let name = rest[..end].to_owned();
        rest = &rest[end..];
        let value = if let Some(quote) = ['\'', '"'].into_iter().find(|quote| rest.starts_with(&format!("={quote}"))) {
            let (value, after) = rest[2..].split_once(quote).expect("a closing quote");
            rest = after;
            decode(value)
        } else {
            assert!(!rest.starts_with('='), "an attribute without quotes: {name}{rest}");
            String::new()
        };
        assert_eq!(found.insert(name, value), None, "an attribute is there twice");
    }
}

fn decode(value: &str) -> String {
    let mut pieces = value.split('&');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (entity, rest) = piece.split_once(';').expect("a bare & in an attribute");
        text.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            number => {
                let number = number.strip_prefix('#').expect("a numeric entity");
                let code = match number.strip_prefix('x') {
                    Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                    None => number.parse(),
                };
                char::from_u32(code.expect("a number")).expect("a character")
            }
        });
        text.push_str(rest);
    }
    text
}

/// The source expression of a content security policy for an inline element with this content.
pub fn sha256(content: &str) -> String {
    BASE64_STANDARD.encode(digest::digest(&digest::SHA256, content.as_bytes()))
}
