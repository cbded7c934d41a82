//! The signing key of one kind of JWT, and what it signs.

use std::fmt;
use std::marker::PhantomData;

use aws_lc_rs::hmac;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde::Serialize;
use serde_json::Value;
use zendesk_jwt_rules::Configurations;
use zendesk_jwt_rules::signing_key::SharedKey;

use super::{Claims, JwtKind};

pub use zendesk_jwt_rules::signing_key::SigningKeyProblem;

/// The shared secret that signs one kind of JWT, with its key id (`kid`) for messaging.
///
/// The secret is raw text: it is never base64-decoded. Its memory is wiped on drop.
pub struct SigningKey<K> {
    key: hmac::Key,
    kid: Option<String>,
    /// The first part of every JWT, with its dot.
    header: String,
    kind: PhantomData<fn() -> K>,
}

/// A signed JWT in compact form. `Debug` does not show it, since its holder can sign in with it.
#[derive(Serialize)]
pub struct Jwt(String);

impl Jwt {
    /// The three dot-separated parts.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<K: JwtKind> SigningKey<K> {
    /// Reads what Secrets Manager holds: `{"secret": "…"}`, for messaging `{"kid": "app_…", "secret": "…"}`.
    ///
    /// # Errors
    /// If the text is not such JSON, or holds a key that cannot be right.
    pub fn parse(secret_value: &str) -> Result<Self, SigningKeyProblem> {
        SharedKey::parse(K::KIND, secret_value).map(|key| Self::of(&key))
    }

    /// Reads the keys of all configurations (see [`SharedKey::parse_all`]).
    #[must_use]
    pub fn parse_all(secret_value: &str) -> Configurations<Result<Self, SigningKeyProblem>> {
        SharedKey::parse_all(K::KIND, secret_value).map(|_, key| key.map(|key| Self::of(&key)))
    }

    /// Makes a key of a shared secret and, for messaging only, its key id.
    ///
    /// # Errors
    /// If the secret or the key id cannot be right.
    pub fn new(secret: &str, kid: Option<&str>) -> Result<Self, SigningKeyProblem> {
        SharedKey::new(K::KIND, secret, kid).map(|key| Self::of(&key))
    }

    fn of(key: &SharedKey) -> Self {
        let kid = key.kid().map(str::to_owned);
        let member = kid.as_deref().map(|kid| format!(r#","kid":{}"#, Value::from(kid))).unwrap_or_default();
        let header = BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"typ":"JWT","alg":"HS256"{member}}}"#)) + ".";
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.secret().as_bytes());
        Self { key, kid, header, kind: PhantomData }
    }

    /// The key id, which only messaging's key has.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Signs an empty text and drops the result: the first signature of a process takes the longest.
    pub fn warm_up(&self) {
        let _ = hmac::sign(&self.key, b"");
    }

    /// Signs claims of this key's kind with HS256, in compact form (RFC 7515, section 7.1).
    ///
    /// ```
    /// # use zendesk_jwt::jwt::{messaging::{Messaging, MessagingClaims}, sdk::{Sdk, SdkClaims}, signing::{Jwt, SigningKey}};
    /// fn sign(key: &SigningKey<Sdk>, claims: &SdkClaims<'_>) -> Option<Jwt> {
    ///     key.sign(claims).ok()
    /// }
    /// ```
    ///
    /// Claims of another kind do not compile:
    ///
    /// ```compile_fail
    /// # use zendesk_jwt::jwt::{messaging::{Messaging, MessagingClaims}, sdk::{Sdk, SdkClaims}, signing::{Jwt, SigningKey}};
    /// fn sign(key: &SigningKey<Sdk>, claims: &MessagingClaims<'_>) -> Option<Jwt> {
    ///     key.sign(claims).ok()
    /// }
    /// ```
    ///
    /// # Errors
    /// If the claims cannot be written as JSON, which is not known to happen.
    pub fn sign<C: Claims<Kind = K>>(&self, claims: &C) -> Result<Jwt, SigningFailed> {
        let claims = serde_json::to_vec(claims).map_err(|_| SigningFailed)?;
        let mut jwt = self.header.clone();
        BASE64_URL_SAFE_NO_PAD.encode_string(claims, &mut jwt);
        let signature = hmac::sign(&self.key, jwt.as_bytes());
        jwt.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut jwt);
        Ok(Jwt(jwt))
    }
}

impl<K> SigningKey<K> {
    /// A code for `text` that only a holder of the secret can make: its HMAC-SHA256 in base64url.
    #[must_use]
    pub fn authentication_code(&self, text: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, &labelled(text)))
    }

    /// Whether `code` is the [`authentication_code`](Self::authentication_code) of `text`.
    #[must_use]
    pub fn authenticates(&self, text: &str, code: &str) -> bool {
        let code = BASE64_URL_SAFE_NO_PAD.decode(code);
        code.is_ok_and(|code| hmac::verify(&self.key, &labelled(text), &code).is_ok())
    }
}

/// The label keeps a code from being the signature of a JWT, whose signed text has no blank.
fn labelled(text: &str) -> Vec<u8> {
    format!("zendesk-jwt {text}").into_bytes()
}

impl<K> fmt::Debug for SigningKey<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Jwt(…)")
    }
}

/// The claims could not be signed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the claims could not be signed")]
pub struct SigningFailed;

#[cfg(test)]
mod tests {
    use super::super::{messaging::Messaging, sdk::Sdk, sso::Sso};
    use super::*;

    const SECRET: &str = "demo-shared-secret-0123456789";

    #[test]
    fn only_messaging_needs_a_kid() {
        let value = format!(r#"{{"secret":"{SECRET}"}}"#);
        assert!(SigningKey::<Sdk>::parse(&value).is_ok());
        assert!(SigningKey::<Sso>::parse(&value).is_ok());
        assert!(SigningKey::<Messaging>::parse(&value).unwrap_err().to_string().contains("no `kid`"));
        for kid in ["", " "] {
            let problem = SigningKey::<Messaging>::new(SECRET, Some(kid)).unwrap_err().to_string();
            assert!(problem.contains("no `kid`"), "{problem}");
        }
        assert!(SigningKey::<Messaging>::new(SECRET, Some("app_1")).is_ok());
    }

    #[test]
    fn the_remedy_names_the_screen_and_shows_no_secret() {
        let problem = SigningKey::<Sso>::new("canary987", None).unwrap_err().to_string();
        assert!(problem.contains("Account > Security > Single sign-on"), "{problem}");
        assert!(!problem.contains("canary"), "{problem}");
        for (secret, kid, remedy) in [
            ("canary987", "app_1", "make a new one"),
            ("canary98", "app_1", "make a new one"),
            ("canary-shared-secret…", "app_1", "make a new one"),
            ("canary-shared-secret", "", "Copy the Key ID"),
            ("canary-shared-secret\n", "app_1", "exactly as"),
        ] {
            let problem = SigningKey::<Messaging>::new(secret, Some(kid)).unwrap_err().to_string();
            assert!(problem.contains(remedy) && !problem.contains("canary"), "{problem}");
        }
        let bare = SigningKey::<Sdk>::parse("\"canary-secret-stored-bare\"").unwrap_err();
        assert!(bare.to_string().contains("not a JSON object"), "{bare}");
        assert!(!format!("{bare} {bare:?}").contains("canary"));
        assert!(!format!("{:?}", SigningKey::<Sdk>::new("canary-shared-secret", None)).contains("canary"));
    }
}
