//! The keys that a provider publishes (RFC 7517), and the signatures that they verify.

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, crypto};
use serde::Deserialize;
use serde_json::Value;

use super::token::{Header, IdToken};
use crate::user::InvalidIdToken;

/// The length of the shortest RSA modulus, in bytes (RFC 7518, section 3.3).
const SHORTEST_MODULUS: usize = 2048 / 8;

/// The algorithms of an RSA key.
const RSA: &[Algorithm] =
    &[Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];

/// The keys of a provider that can verify signatures.
pub struct KeySet(Vec<Key>);

struct Key {
    id: Option<String>,
    /// Decided by the key's own type and `alg`, never by a token.
    algorithms: Vec<Algorithm>,
    public: DecodingKey,
}

/// Why a document is not a set of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeySet {
    /// The document is not JSON with a list `keys`.
    #[error("it is not JSON with a list `keys`")]
    NotASet,
    /// No key of the list can verify a signature with an accepted algorithm.
    #[error("none of its {keys} keys can verify an ID token: RSA of 2048 bits or more, P-256, P-384 or Ed25519 can")]
    NoKey {
        /// How many keys the list has.
        keys: usize,
    },
}

impl KeySet {
    /// Reads a JWK set. Keys for encryption and keys of other types are left out.
    ///
    /// # Errors
    /// If the text is not a set, or no key is left.
    pub fn parse(json: &[u8]) -> Result<Self, InvalidKeySet> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let Set { keys } = serde_json::from_slice(json).map_err(|_| InvalidKeySet::NotASet)?;
        let count = keys.len();
        let usable: Vec<_> = keys.into_iter().filter_map(Key::parse).collect();
        if usable.is_empty() { Err(InvalidKeySet::NoKey { keys: count }) } else { Ok(Self(usable)) }
    }

    /// The ids of the keys; `None` for a key without one.
    pub fn ids(&self) -> impl Iterator<Item = Option<&str>> {
        self.0.iter().map(|key| key.id.as_deref())
    }

    /// Checks the signature with the key that the token names, or with each key if it names none.
    pub(super) fn verify(&self, token: &IdToken<'_>, header: &Header) -> Result<(), InvalidIdToken> {
        let has_id = |key: &&Key| header.key_id.is_none() || key.id == header.key_id;
        if !self.0.iter().any(|key| has_id(&key)) {
            return Err(InvalidIdToken::KeyUnknown);
        }
        let mut keys = self.0.iter().filter(has_id).filter(|key| key.algorithms.contains(&header.algorithm)).peekable();
        if keys.peek().is_none() {
            return Err(InvalidIdToken::Malformed("its algorithm does not fit the key (alg)"));
        }
        let (signed, signature) = token.signature();
        let made_by = |key: &Key| crypto::verify(signature, signed, &key.public, header.algorithm).unwrap_or_default();
        match (keys.any(made_by), &header.key_id) {
            (true, _) => Ok(()),
            (false, Some(_)) => Err(InvalidIdToken::SignatureWrong),
            // A newer key may have made it.
            (false, None) => Err(InvalidIdToken::KeyUnknown),
        }
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

/// A published key (RFC 7517, section 4; RFC 7518, section 6; RFC 8037, section 2).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
}

impl Jwk {
    /// The key and the algorithms of its type.
    fn public(&self) -> Option<(DecodingKey, &'static [Algorithm])> {
        let (x, y) = (self.x.as_deref(), self.y.as_deref());
        let (key, algorithms): (_, &[_]) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => (DecodingKey::from_rsa_components(self.n.as_deref()?, self.e.as_deref()?), RSA),
            ("EC", Some("P-256")) => (DecodingKey::from_ec_components(x?, y?), &[Algorithm::ES256]),
            ("EC", Some("P-384")) => (DecodingKey::from_ec_components(x?, y?), &[Algorithm::ES384]),
            ("OKP", Some("Ed25519")) => (DecodingKey::from_ed_components(x?), &[Algorithm::EdDSA]),
            _ => return None,
        };
        Some((key.ok()?, algorithms))
    }

    fn is_for_signatures(&self) -> bool {
        let verifies = |all: &Vec<String>| all.iter().any(|operation| operation == "verify");
        self.r#use.as_deref().is_none_or(|its_use| its_use == "sig") && self.key_ops.as_ref().is_none_or(verifies)
    }
}

impl Key {
    fn parse(value: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        let (public, of_type) = jwk.public()?;
        let is_long_enough = match public.kind() {
            DecodingKeyKind::RsaModulusExponent { n, .. } => n.len() >= SHORTEST_MODULUS,
            DecodingKeyKind::SecretOrDer(_) => true,
        };
        let is_own = |algorithm: &Algorithm| jwk.alg.as_deref().is_none_or(|own| own.parse() == Ok(*algorithm));
        let algorithms: Vec<_> = of_type.iter().copied().filter(is_own).collect();
        let is_usable = jwk.is_for_signatures() && is_long_enough && !algorithms.is_empty();
        is_usable.then_some(Self { id: jwk.kid, algorithms, public })
    }
}
