//! A JWT in its three parts, before anything about it is verified.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, AlgorithmFamily};
use serde_json::{Map, Value};

use super::json::is_ambiguous;
use crate::jwt::EpochSeconds;
use crate::user::InvalidIdToken;

/// How many seconds the clocks of provider and function may differ.
pub const LEEWAY: u64 = 60;

/// Members of a header that would let the token choose its own key, or that change how it must be read.
///
/// RFC 7515, section 4.1; RFC 8725, sections 3.10 and 3.11.
const FORBIDDEN_IN_HEADER: [(&str, &str); 8] = [
    ("jku", "its header names an address of keys (jku)"),
    ("jwk", "its header holds a key (jwk)"),
    ("x5u", "its header names an address of certificates (x5u)"),
    ("x5c", "its header holds certificates (x5c)"),
    ("crit", "its header needs an extension (crit)"),
    ("cty", "it holds another token (cty)"),
    ("enc", "it is encrypted (enc)"),
    ("zip", "it is compressed (zip)"),
];

/// A token of three base64url parts with JSON claims. Nothing about it is verified.
pub struct IdToken<'a> {
    signed: &'a str,
    signature: &'a str,
    header: Vec<u8>,
    payload: Vec<u8>,
    claims: Value,
}

impl<'a> IdToken<'a> {
    /// Takes a token apart; `None` if the text is another kind of token.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let [header, payload, _] = [header, payload, signature].map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).ok());
        let (header, payload) = (header?, payload?);
        let claims: Value = serde_json::from_slice(&payload).ok()?;
        claims.is_object().then_some(Self { signed, signature, header, payload, claims })
    }

    /// The claims, which anyone can have written.
    #[must_use]
    pub fn claims(&self) -> &Value {
        &self.claims
    }

    /// The claim `iss`.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.claims.get("iss")?.as_str()
    }

    /// The texts that are signed and the signature itself.
    pub(super) fn signature(&self) -> (&[u8], &str) {
        (self.signed.as_bytes(), self.signature)
    }

    /// Reads what verification needs from the header. Refuses a header or claims that can be read in two ways.
    pub(super) fn header(&self) -> Result<Header, InvalidIdToken> {
        let malformed = InvalidIdToken::Malformed;
        let header: Map<String, Value> =
            serde_json::from_slice(&self.header).map_err(|_| malformed("its header is not a JSON object"))?;
        if is_ambiguous(&self.header) || is_ambiguous(&self.payload) {
            return Err(malformed("it has a member twice"));
        }
        if let Some((_, problem)) = FORBIDDEN_IN_HEADER.iter().find(|(name, _)| header.contains_key(*name)) {
            return Err(malformed(problem));
        }
        let is_jwt = |typ: &Value| typ.as_str().is_some_and(|typ| typ.eq_ignore_ascii_case("jwt"));
        if !header.get("typ").is_none_or(is_jwt) {
            return Err(malformed("its header names another type (typ)"));
        }
        let key_id = match header.get("kid") {
            None => None,
            Some(Value::String(key_id)) => Some(key_id.clone()),
            Some(_) => return Err(malformed("its key id is not a text (kid)")),
        };
        let algorithm = header.get("alg").and_then(Value::as_str).and_then(|name| name.parse::<Algorithm>().ok());
        // A shared secret is not a key that a provider can publish.
        let algorithm = algorithm.filter(|algorithm| !AlgorithmFamily::Hmac.algorithms().contains(algorithm));
        Ok(Header { algorithm: algorithm.ok_or(malformed("its algorithm is not an accepted one (alg)"))?, key_id })
    }

    /// A moment in whole seconds; `None` if the token does not have this claim.
    pub(super) fn moment(&self, name: &str) -> Result<Option<EpochSeconds>, InvalidIdToken> {
        let moment = self.claims.get(name).map(|value| seconds(value).ok_or(value));
        moment.transpose().map_err(|_| InvalidIdToken::Malformed("a time is not a number of seconds"))
    }
}

/// A `NumericDate` (RFC 7519, section 2), which may have a fraction.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn seconds(value: &Value) -> Option<EpochSeconds> {
    let of_fraction = || value.as_f64().filter(|seconds| (0.0..9e15).contains(seconds)).map(|seconds| seconds as u64);
    value.as_u64().or_else(of_fraction).map(EpochSeconds)
}

impl fmt::Debug for IdToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdToken(…)")
    }
}

/// What a header says about the signature.
pub(super) struct Header {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<String>,
}
