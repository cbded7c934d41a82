//! A reader of JWTs that does not use the library with which the service signs.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

#[derive(Debug)]
pub struct Jwt {
    pub header: Value,
    pub claims: Value,
}

impl Jwt {
    /// Reads an HS256 JWT. Panics unless it is signed with the raw text `secret`.
    pub fn verified(token: &str, secret: &str) -> Self {
        Self::checked(token, secret).unwrap_or_else(|problem| panic!("{problem}: {token}"))
    }

    pub fn is_signed_with(token: &str, secret: &str) -> bool {
        Self::checked(token, secret).is_ok()
    }

    fn checked(token: &str, secret: &str) -> Result<Self, String> {
        let (message, signature) = token.rsplit_once('.').ok_or("no signature")?;
        let (header, claims) = message.split_once('.').ok_or("no claims")?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        hmac::verify(&key, message.as_bytes(), &decode(signature)?).map_err(|_| "wrong signature")?;
        Ok(Self { header: json(header)?, claims: json(claims)? })
    }

    pub fn claim(&self, name: &str) -> &Value {
        self.claims.get(name).unwrap_or_else(|| panic!("no {name} in {}", self.claims))
    }

    /// The names of the claims, in alphabetical order.
    pub fn claim_names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.claims.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }
}

fn decode(segment: &str) -> Result<Vec<u8>, String> {
    BASE64_URL_SAFE_NO_PAD.decode(segment).map_err(|error| error.to_string())
}

fn json(segment: &str) -> Result<Value, String> {
    serde_json::from_slice(&decode(segment)?).map_err(|error| error.to_string())
}
