//! The keys that a provider publishes (RFC 7517), and the signatures that they verify.

use std::fmt;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, crypto};
use serde::Deserialize;
use serde_json::Value;

use super::token::{Header, IdToken};
use crate::user::InvalidIdToken;

/// The length of the shortest RSA modulus, in bytes (RFC 7518, section 3.3).
const SHORTEST_MODULUS: usize = 2048 / 8;

/// Those keys of a provider that can verify signatures.
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
    pub fn parse(text: &str) -> Result<Self, InvalidKeySet> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let Set { keys } = serde_json::from_str(text).map_err(|_| InvalidKeySet::NotASet)?;
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

impl Key {
    fn parse(value: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        let algorithms = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => AlgorithmFamily::Rsa.algorithms(),
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => &[Algorithm::ES256],
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => &[Algorithm::ES384],
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => &[Algorithm::EdDSA],
            _ => return None,
        };
        let is_for_signatures =
            jwk.common.public_key_use.as_ref().is_none_or(|its_use| *its_use == PublicKeyUse::Signature);
        let verifies = jwk.common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
        let public = DecodingKey::from_jwk(&jwk).ok()?;
        let is_long_enough = match public.kind() {
            DecodingKeyKind::RsaModulusExponent { n, .. } => n.len() >= SHORTEST_MODULUS,
            DecodingKeyKind::SecretOrDer(_) => true,
        };
        let own = jwk.common.key_algorithm;
        let is_own = |algorithm: &Algorithm| own.is_none_or(|own| Algorithm::try_from(own).ok() == Some(*algorithm));
        let algorithms: Vec<_> = algorithms.iter().copied().filter(is_own).collect();
        let is_usable = is_for_signatures && verifies && is_long_enough && !algorithms.is_empty();
        is_usable.then_some(Self { id: jwk.common.key_id, algorithms, public })
    }
}
