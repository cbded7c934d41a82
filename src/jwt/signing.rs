//! The signing key: a shared secret from Admin Center, refused when it cannot be the real one.

use std::fmt;
use std::marker::PhantomData;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::{Claims, JwtKind, Kind};

/// The shortest secret in characters. Nine is how Admin Center shows a redacted one.
///
/// <https://developer.zendesk.com/documentation/classic-web-widget-sdks/support-sdk/working-with-the-support-sdk/building-a-dedicated-jwt-endpoint-for-the-support-sdk/>, "Verify the shared secret"
const MIN_CHARACTERS: usize = 10;

/// How the key ids begin that Zendesk gives out.
const KID_PREFIX: &str = "app_";

/// How a display cuts off what it does not show.
const ELLIPSES: [&str; 4] = ["…", "...", "*", "•"];

/// The shared secret that signs one kind of JWT, with its key id (`kid`) for messaging.
///
/// The secret is raw text: it is never base64-decoded. It is wiped from memory on drop.
pub struct SigningKey<K> {
    encoding_key: EncodingKey,
    header: Header,
    kind: PhantomData<fn() -> K>,
}

/// A signed JWT in compact form. It lets its holder in, so `Debug` does not show it.
#[derive(Serialize)]
pub struct Jwt(String);

impl Jwt {
    /// The three dot-separated parts.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The secret's value in Secrets Manager.
#[derive(Deserialize, ZeroizeOnDrop)]
struct SecretValue {
    secret: Option<String>,
    kid: Option<String>,
}

impl<K: JwtKind> SigningKey<K> {
    /// Reads the JSON that Secrets Manager holds: `{"secret": "…"}`, for messaging `{"kid": "app_…", "secret": "…"}`.
    ///
    /// # Errors
    /// When it is not such JSON, or the key in it cannot be right.
    pub fn parse(secret_value: &str) -> Result<Self, SigningKeyProblem> {
        // serde would read the values of an array as the members in their order.
        let object = Some(secret_value).filter(|text| text.trim_start().starts_with('{'));
        // serde's own message would quote the value, which may be the bare secret.
        let value: SecretValue = object
            .and_then(|object| serde_json::from_str(object).ok())
            .ok_or_else(|| SigningKeyProblem::new(K::KIND, Flaw::NotTheExpectedJson))?;
        let secret = value.secret.as_deref().unwrap_or_default();
        Self::new(secret, value.kid.as_deref())
    }

    /// Makes a key of a shared secret and, for messaging only, its key id.
    ///
    /// # Errors
    /// When the secret is missing, redacted, too short or wrapped in white space or quotes, or
    /// when messaging's key id is missing or empty.
    pub fn new(secret: &str, kid: Option<&str>) -> Result<Self, SigningKeyProblem> {
        let problem = |flaw| SigningKeyProblem::new(K::KIND, flaw);
        check_secret(secret).map_err(problem)?;
        let mut header = Header::new(Algorithm::HS256);
        if K::KIND == Kind::Messaging {
            let kid = kid.unwrap_or_default();
            check_kid(kid).map_err(problem)?;
            header.kid = Some(kid.to_owned());
        }
        Ok(Self { encoding_key: EncodingKey::from_secret(secret.as_bytes()), header, kind: PhantomData })
    }

    /// The JSON that Secrets Manager is to hold: what [`Self::parse`] reads.
    #[must_use]
    pub fn secret_value(&self) -> Zeroizing<String> {
        let secret = String::from_utf8_lossy(self.encoding_key.as_bytes());
        let value = match &self.header.kid {
            Some(kid) => serde_json::json!({"kid": kid, "secret": secret}),
            None => serde_json::json!({"secret": secret}),
        };
        Zeroizing::new(value.to_string())
    }

    /// The key id, which messaging's key has and the others have not.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// How many characters the secret has.
    #[must_use]
    pub fn characters(&self) -> usize {
        String::from_utf8_lossy(self.encoding_key.as_bytes()).chars().count()
    }

    /// What looks wrong with the key, though Zendesk nowhere says that it cannot be right.
    ///
    /// Zendesk's own key ids begin with `app_`.
    /// <https://developer.zendesk.com/documentation/zendesk-web-widget-sdks/sdks/web/enabling_auth_visitors/>, "Creating a JWT token"
    #[must_use]
    pub fn doubt(&self) -> Option<&'static str> {
        if self.encoding_key.as_bytes().starts_with(KID_PREFIX.as_bytes()) {
            return Some("the secret looks like a Key ID: were the two swapped?");
        }
        let kid = self.kid()?;
        (!kid.starts_with(KID_PREFIX)).then_some("the kid does not begin with app_ as Zendesk's do: is it the Key ID?")
    }

    /// What may be shown of the secret: the start of its SHA-256, the same for the same secret.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let hash = digest(&SHA256, self.encoding_key.as_bytes());
        hex::encode(&hash.as_ref()[..6])
    }

    /// Signs what is no JWT of Zendesk's and throws it away: a process's first signature takes the longest.
    pub fn warm_up(&self) {
        let nothing = serde_json::Map::new();
        jsonwebtoken::encode(&self.header, &nothing, &self.encoding_key).map(Zeroizing::new).ok();
    }

    /// Signs claims of this key's kind with HS256.
    ///
    /// ```
    /// # use zendesk_jwt::jwt::{messaging::{Messaging, MessagingClaims}, sdk::{Sdk, SdkClaims}, signing::{Jwt, SigningKey}};
    /// fn sign(key: &SigningKey<Sdk>, claims: &SdkClaims<'_>) -> Option<Jwt> {
    ///     key.sign(claims).ok()
    /// }
    /// ```
    ///
    /// Those of another kind do not compile:
    ///
    /// ```compile_fail
    /// # use zendesk_jwt::jwt::{messaging::{Messaging, MessagingClaims}, sdk::{Sdk, SdkClaims}, signing::{Jwt, SigningKey}};
    /// fn sign(key: &SigningKey<Sdk>, claims: &MessagingClaims<'_>) -> Option<Jwt> {
    ///     key.sign(claims).ok()
    /// }
    /// ```
    ///
    /// Claims name their kind in their type, and one only, so this goes for every kind with every other.
    ///
    /// # Errors
    /// When the claims cannot be written as JSON or the crypto library fails; neither is known to happen.
    pub fn sign<C: Claims<Kind = K>>(&self, claims: &C) -> Result<Jwt, SigningFailed> {
        jsonwebtoken::encode(&self.header, claims, &self.encoding_key).map(Jwt).map_err(|_| SigningFailed)
    }
}

impl<K> SigningKey<K> {
    /// A code for `text` that only a holder of the secret can make: its HMAC-SHA256 in hexadecimal.
    #[must_use]
    pub fn authentication_code(&self, text: &str) -> String {
        hex::encode(hmac::sign(&self.hmac_key(), &labelled(text)).as_ref())
    }

    /// Whether `code` is the [`authentication_code`](Self::authentication_code) of `text`.
    #[must_use]
    pub fn authenticates(&self, text: &str, code: &str) -> bool {
        hex::decode(code).is_ok_and(|code| hmac::verify(&self.hmac_key(), &labelled(text), &code).is_ok())
    }

    fn hmac_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.encoding_key.as_bytes())
    }
}

/// The label keeps a code from being the signature of a JWT, whose signed text has no blank.
fn labelled(text: &str) -> Vec<u8> {
    format!("zendesk-jwt {text}").into_bytes()
}

fn check_secret(secret: &str) -> Result<(), Flaw> {
    let is_quote = |character: char| matches!(character, '"' | '\'' | '`' | '“' | '”' | '‘' | '’');
    if secret.is_empty() {
        return Err(Flaw::NoSecret);
    }
    if secret.trim() != secret {
        return Err(Flaw::SurroundedByWhiteSpace);
    }
    if secret.starts_with(is_quote) || secret.ends_with(is_quote) {
        return Err(Flaw::SurroundedByQuotes);
    }
    if ELLIPSES.iter().any(|ellipsis| secret.ends_with(ellipsis)) {
        return Err(Flaw::CutOff);
    }
    match secret.chars().count() {
        characters @ (6 | 9) => Err(Flaw::Redacted { characters }),
        characters if characters < MIN_CHARACTERS => Err(Flaw::TooShort { characters }),
        _ => Ok(()),
    }
}

fn check_kid(kid: &str) -> Result<(), Flaw> {
    if kid.trim().is_empty() {
        return Err(Flaw::NoKid);
    }
    if kid.trim() != kid {
        return Err(Flaw::KidSurroundedByWhiteSpace);
    }
    Ok(())
}

impl<K> fmt::Debug for SigningKey<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.header.kid).finish_non_exhaustive()
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

/// Why a stored key is refused. `Display` says what to do in Admin Center, and shows nothing of the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{flaw}. {}", remedy(*kind, *flaw))]
pub struct SigningKeyProblem {
    kind: Kind,
    flaw: Flaw,
}

impl SigningKeyProblem {
    fn new(kind: Kind, flaw: Flaw) -> Self {
        Self { kind, flaw }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Flaw {
    #[error("the stored value is not a JSON object of strings")]
    NotTheExpectedJson,
    #[error("the stored JSON has no `secret`, or an empty one")]
    NoSecret,
    #[error("the secret has exactly {characters} characters, which is how Admin Center shows a redacted one")]
    Redacted { characters: usize },
    #[error(
        "the secret has {characters} characters, and no shared secret of Zendesk's is shorter than {MIN_CHARACTERS}"
    )]
    TooShort { characters: usize },
    #[error("the secret ends in an ellipsis, asterisk or bullet: it is the redacted display of one")]
    CutOff,
    #[error("the secret begins or ends with white space")]
    SurroundedByWhiteSpace,
    #[error("the secret begins or ends with a quotation mark")]
    SurroundedByQuotes,
    #[error("the stored JSON has no `kid`, or an empty one")]
    NoKid,
    #[error("the kid begins or ends with white space")]
    KidSurroundedByWhiteSpace,
}

fn remedy(kind: Kind, flaw: Flaw) -> String {
    let screen = kind.admin_center_screen();
    let shape = match kind {
        Kind::Messaging => r#"{"kid": "app_…", "secret": "…"}"#,
        Kind::Sdk | Kind::Sso => r#"{"secret": "…"}"#,
    };
    match flaw {
        Flaw::Redacted { .. } | Flaw::TooShort { .. } | Flaw::CutOff => format!(
            "Admin Center shows a secret in full only once: under {screen}, make a new one and store all of it as {shape}"
        ),
        Flaw::NoKid => format!("Copy the Key ID from {screen} in Admin Center and store {shape}"),
        _ => format!("Store {shape} with the secret exactly as {screen} in Admin Center shows it when it is made"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{messaging::Messaging, sdk::Sdk, sso::Sso};
    use super::*;

    const SECRET: &str = "demo-shared-secret-0123456789";

    fn flaw(secret: &str) -> Flaw {
        SigningKey::<Sdk>::new(secret, None).unwrap_err().flaw
    }

    #[test]
    fn a_secret_that_cannot_be_right_is_refused_by_name() {
        assert_eq!(flaw(""), Flaw::NoSecret);
        assert_eq!(flaw("123456789"), Flaw::Redacted { characters: 9 });
        assert_eq!(flaw("123456"), Flaw::Redacted { characters: 6 });
        assert_eq!(flaw("12345678"), Flaw::TooShort { characters: 8 });
        for ending in ["…", "...", "*", "•"] {
            assert_eq!(flaw(&format!("{SECRET}{ending}")), Flaw::CutOff);
        }
        assert_eq!(flaw(&format!("{SECRET}\n")), Flaw::SurroundedByWhiteSpace);
        assert_eq!(flaw(&format!(" {SECRET}")), Flaw::SurroundedByWhiteSpace);
        assert_eq!(flaw(&format!("\"{SECRET}\"")), Flaw::SurroundedByQuotes);
        assert!(SigningKey::<Sdk>::new("1234567890", None).is_ok());
    }

    #[test]
    fn only_messaging_needs_a_kid() {
        let value = format!(r#"{{"secret":"{SECRET}"}}"#);
        assert!(SigningKey::<Sdk>::parse(&value).is_ok());
        assert!(SigningKey::<Sso>::parse(&value).is_ok());
        assert_eq!(SigningKey::<Messaging>::parse(&value).unwrap_err().flaw, Flaw::NoKid);
        for kid in ["", " "] {
            assert_eq!(SigningKey::<Messaging>::new(SECRET, Some(kid)).unwrap_err().flaw, Flaw::NoKid);
        }
        assert!(SigningKey::<Messaging>::new(SECRET, Some("app_1")).is_ok());
    }

    #[test]
    fn an_array_of_secret_and_kid_is_refused() {
        let array = format!(r#"["{SECRET}","app_1"]"#);
        assert_eq!(SigningKey::<Messaging>::parse(&array).unwrap_err().flaw, Flaw::NotTheExpectedJson);
    }

    #[test]
    fn the_advice_names_the_screen_and_shows_no_secret() {
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
        assert_eq!(bare.flaw, Flaw::NotTheExpectedJson);
        assert!(!format!("{bare} {bare:?}").contains("canary"));
        assert!(!format!("{:?}", SigningKey::<Sdk>::new("canary-shared-secret", None)).contains("canary"));
    }
}
