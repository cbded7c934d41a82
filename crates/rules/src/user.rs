//! User tokens, external ids, names and e-mail addresses, in types that cannot hold an invalid value.
//!
//! These types accept every value that a stored user may already have. [`user_values`](crate::user_values) is
//! stricter: it checks values that are about to be stored.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;
use zeroize::Zeroizing;

/// `Debug` that prints only the name of the type, since the values are secret or personal.
macro_rules! debug_without_value {
    ($($type:ident),+ $(,)?) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($type), "(…)"))
            }
        }
    )+};
}

debug_without_value!(UserToken, ExternalId, Name, EmailAddress);

/// The string that proves who asks: opaque and made by the company's backend, or an ID token of its identity provider.
#[derive(Clone)]
pub struct UserToken(Zeroizing<String>);

impl UserToken {
    /// The length of the longest user token, in bytes.
    pub const MAX_BYTES: usize = 8 * 1024;

    /// Takes any text of 1 to [`Self::MAX_BYTES`] bytes: Zendesk does not restrict the format.
    ///
    /// # Errors
    /// If the text is empty or too long.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidUserToken> {
        let text = Zeroizing::new(text.into());
        match text.len() {
            0 => Err(InvalidUserToken::Empty),
            1..=Self::MAX_BYTES => Ok(Self(text)),
            _ => Err(InvalidUserToken::TooLong),
        }
    }

    /// The token itself, which is a secret.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key under which the token's user is stored: the SHA-256 of its UTF-8 bytes in lower-case hex.
    #[must_use]
    pub fn hash(&self) -> String {
        sha256_hex(&self.0)
    }
}

/// Why a text is not a user token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidUserToken {
    /// The text is empty.
    Empty,
    /// The text is longer than [`UserToken::MAX_BYTES`] bytes.
    TooLong,
}

/// The company's own id of a user: unique in the Zendesk account, and stable.
///
/// <https://developer.zendesk.com/documentation/zendesk-web-widget-sdks/sdks/web/enabling_auth_visitors/>, "Creating a JWT token"
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ExternalId(String);

impl ExternalId {
    /// The length of the longest external id, in characters.
    pub const MAX_CHARACTERS: usize = 255;

    /// Takes a text of 1 to [`Self::MAX_CHARACTERS`] characters that is not only white space; else `None`.
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let is_valid = !text.trim().is_empty() && !Self::is_too_long(&text);
        is_valid.then_some(Self(text))
    }

    pub(crate) fn is_too_long(text: &str) -> bool {
        text.chars().count() > Self::MAX_CHARACTERS
    }

    /// The text, which is personal: only the operator and Zendesk may see it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How the key of every user record begins. A token hash never begins so.
    pub const RECORD_KEY_START: &str = "user:";

    /// The key of the user record, which overrides what an ID token says about this user.
    #[must_use]
    pub fn record_key(&self) -> String {
        format!("{}{}", Self::RECORD_KEY_START, self.0)
    }

    /// The form for logs: the first 16 hex digits of the SHA-256, enough to find the lines of one user.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hash = sha256_hex(&self.0);
        hash.truncate(16);
        hash
    }
}

/// A user's full name. A name is never blank, since Zendesk refuses a JWT whose `name` is empty.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Name(String);

impl Name {
    /// Takes a text that is not only white space, and leaves it unchanged; else `None`.
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.trim().is_empty()).then_some(Self(text))
    }
}

/// An address that could receive mail. Its case stays, since Zendesk compares addresses case-sensitively.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The length of the longest address, in bytes (RFC 5321, section 4.5.3.1.3, without the angle brackets).
    pub const MAX_BYTES: usize = 254;

    /// Takes a text with an `@` between two other parts; else `None`.
    ///
    /// Names, ids and lists of addresses are refused; Zendesk decides on everything else.
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let (local, domain) = text.rsplit_once('@')?;
        let is_valid = !local.is_empty()
            && !domain.is_empty()
            && text.len() <= Self::MAX_BYTES
            && !text.chars().any(|character| character.is_whitespace() || character.is_control())
            && !text.contains([',', ';', '<', '>']);
        is_valid.then_some(Self(text))
    }
}

fn sha256_hex(text: &str) -> String {
    hex::encode(digest(&SHA256, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_token_is_stored_under_its_sha_256() {
        let token = UserToken::parse("BD2F35A7621").unwrap();
        assert_eq!(token.hash(), "13fbb85d90a8af8828c5901b3cfc6ea91ba8d5aa03c6dde31691dfea20fa3400");
    }

    #[test]
    fn an_external_id_has_1_to_255_characters() {
        assert!(ExternalId::parse("").is_none());
        assert!(ExternalId::parse(" \t").is_none());
        assert!(ExternalId::parse("é".repeat(255)).is_some());
        assert!(ExternalId::parse("é".repeat(256)).is_none());
    }

    #[test]
    fn an_e_mail_address_is_exactly_one_address() {
        for good in ["demo@example.com", "Demo.User+tag@EXAMPLE.com", "ü@example.com", "\"a@b\"@example.com"] {
            assert!(EmailAddress::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "demo",
            "@example.com",
            "demo@",
            "a@example.com, b@example.com",
            "Demo <demo@example.com>",
            "a b@example.com",
            "a@example.com\n",
        ] {
            assert!(EmailAddress::parse(bad).is_none(), "{bad:?}");
        }
    }
}
