//! What a shared secret and a key id can be. Function, tool, [`inspect`](crate::inspect) and simulator share this check.
//!
//! Zendesk documents the length of a redacted secret and the prefix `app_` of its key ids. The other rules come
//! from what people store by mistake. No message shows a part of a secret.

#![expect(clippy::similar_names, reason = "`kid` is JOSE's word for a key id")]

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::text::{begins_with_header, invisible, is_json, is_placeholder, is_quote, is_uuid, unwrapped};
use crate::{ConfigurationName, Configurations, Kind};

/// The length of the shortest secret, in characters: Admin Center shows 9 characters of a redacted one.
///
/// <https://developer.zendesk.com/documentation/classic-web-widget-sdks/support-sdk/working-with-the-support-sdk/building-a-dedicated-jwt-endpoint-for-the-support-sdk/>, "Verify the shared secret"
const MIN_CHARACTERS: usize = 10;

/// The prefix of the key ids that Zendesk creates.
///
/// <https://developer.zendesk.com/documentation/zendesk-web-widget-sdks/sdks/web/enabling_auth_visitors/>, "Creating a JWT token"
const KID_PREFIX: &str = "app_";

/// Texts that a person may take for a secret or a key id, by their beginning.
const OTHER_TEXTS: [(&str, &str); 9] = [
    ("zjwt_", "a user token"),
    ("mobile_sdk_client_", "the client id of a mobile app"),
    ("act_", "the id of an account key, whose scope is not one app"),
    ("arn:", "the ARN of a resource in AWS"),
    ("https://", "a web address"),
    ("http://", "a web address"),
    ("-----BEGIN", "a PEM key, and Zendesk signs with a shared text"),
    ("{", "JSON: only the text of its member belongs here"),
    ("[", "JSON: only the text of its member belongs here"),
];

/// A shared secret that can be right and, for messaging, its key id.
pub struct SharedKey {
    secret: Zeroizing<String>,
    kid: Option<String>,
}

impl SharedKey {
    /// Reads what Secrets Manager holds: `{"secret": "…"}`, for messaging `{"kid": "app_…", "secret": "…"}`.
    ///
    /// # Errors
    /// If the text is not such JSON, or holds a secret or a key id that cannot be right.
    pub fn parse(kind: Kind, secret_value: &str) -> Result<Self, SigningKeyProblem> {
        if secret_value.starts_with('\u{feff}') {
            return Err(Flaw::ByteOrderMark.of(kind));
        }
        // serde would also read the values of an array as members, and its message would quote the secret.
        let object = Some(secret_value).filter(|text| text.trim_start().starts_with('{'));
        let value: Option<SecretValue> = object.and_then(|object| serde_json::from_str(object).ok());
        let SecretValue { secret, kid } = value.ok_or_else(|| Flaw::NotTheExpectedJson.of(kind))?;
        let kid = kid.filter(|kid| !kid.trim().is_empty());
        if kind != Kind::Messaging && kid.is_some() {
            return Err(Flaw::UnexpectedKid.of(kind));
        }
        Self::checked(kind, secret.unwrap_or_default(), kid)
    }

    /// Reads the keys of all configurations that a secret holds. Its member `configurations` holds the named ones:
    /// `{"secret": "…", "configurations": {"ios": {"secret": "…"}}}`.
    #[must_use]
    pub fn parse_all(kind: Kind, secret_value: &str) -> Configurations<Result<Self, SigningKeyProblem>> {
        let keys: NamedKeys<'_> = serde_json::from_str(secret_value).unwrap_or_default();
        let named = keys.configurations.into_iter().filter_map(|(name, value)| {
            let name = ConfigurationName::parse(&name)?;
            let of_this = |problem| SigningKeyProblem { configuration: Some(name.clone()), ..problem };
            let key = Self::parse(kind, value.get()).map_err(of_this);
            Some((name, key))
        });
        Configurations { unnamed: Self::parse(kind, secret_value), named: named.collect() }
    }

    /// Checks a shared secret and, for messaging only, its key id.
    ///
    /// # Errors
    /// If the secret or the key id cannot be right.
    pub fn new(kind: Kind, secret: &str, kid: Option<&str>) -> Result<Self, SigningKeyProblem> {
        Self::checked(kind, secret.to_owned().into(), kid.map(str::to_owned))
    }

    fn checked(kind: Kind, secret: Zeroizing<String>, kid: Option<String>) -> Result<Self, SigningKeyProblem> {
        check_secret(kind, &secret)?;
        let kid = (kind == Kind::Messaging).then(|| kid.unwrap_or_default());
        kid.as_deref().map_or(Ok(()), check_kid)?;
        Ok(Self { secret, kid })
    }

    /// The secret: raw text, never base64.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The key id, which only messaging's key has.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The JSON to store in Secrets Manager, which [`Self::parse`] reads.
    #[must_use]
    pub fn secret_value(&self) -> Zeroizing<String> {
        let value = match &self.kid {
            Some(kid) => json!({"kid": kid, "secret": *self.secret}),
            None => json!({"secret": *self.secret}),
        };
        Zeroizing::new(value.to_string())
    }

    /// The length of the secret, in characters.
    #[must_use]
    pub fn characters(&self) -> usize {
        self.secret.chars().count()
    }

    /// The first 12 hex digits of the secret's SHA-256, which may be shown: equal secrets have equal fingerprints.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(&digest(&SHA256, self.secret.as_bytes()).as_ref()[..6])
    }

    /// What looks wrong with the key, although it could be right.
    #[must_use]
    pub fn doubt(&self) -> Option<&'static str> {
        if self.secret.starts_with(KID_PREFIX) {
            return Some("the secret looks like a Key ID: were the two swapped?");
        }
        let is_unusual = self.kid().is_some_and(|kid| !kid.starts_with(KID_PREFIX));
        is_unusual.then_some("the kid does not begin with app_, as Zendesk's key ids do: is it the Key ID?")
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct SecretValue {
    secret: Option<Zeroizing<String>>,
    kid: Option<String>,
}

/// The member of a stored value that holds the keys of the named configurations.
#[derive(Default, Deserialize)]
struct NamedKeys<'a> {
    #[serde(borrow, default)]
    configurations: BTreeMap<String, &'a RawValue>,
}

/// Checks that a text can be the shared secret of `kind`.
///
/// # Errors
/// If the text cannot be the whole secret, and nothing else.
pub fn check_secret(kind: Kind, secret: &str) -> Result<(), SigningKeyProblem> {
    secret_flaw(secret).map_or(Ok(()), |flaw| Err(Flaw::Secret(flaw).of(kind)))
}

/// Checks that a text can be the key id of messaging's key.
///
/// # Errors
/// If the text cannot be the whole key id, and nothing else.
pub fn check_kid(kid: &str) -> Result<(), SigningKeyProblem> {
    kid_flaw(kid).map_or(Ok(()), |flaw| Err(Flaw::Kid(flaw).of(Kind::Messaging)))
}

pub(crate) fn secret_flaw(secret: &str) -> Option<TextFlaw> {
    flaw_of(secret, |core| match core.chars().count() {
        characters @ (6 | 9) => Some(TextFlaw::Redacted { characters }),
        characters if characters < MIN_CHARACTERS => Some(TextFlaw::TooShort { characters }),
        _ => None,
    })
}

pub(crate) fn kid_flaw(kid: &str) -> Option<TextFlaw> {
    flaw_of(kid, |core| match core.strip_prefix(KID_PREFIX).unwrap_or(core) {
        rest if is_uuid(rest) => Some(TextFlaw::IsOther("a UUID")),
        rest if rest.len() > 2 && is_placeholder(rest) => Some(TextFlaw::Placeholder),
        _ => None,
    })
}

/// The first flaw of a text. What the text is comes before what stands around it: the remedy differs.
fn flaw_of(text: &str, of_core: impl FnOnce(&str) -> Option<TextFlaw>) -> Option<TextFlaw> {
    let core = unwrapped(text);
    let missing = core.is_empty().then_some(TextFlaw::Missing);
    missing
        .or_else(|| is_cut_off(core).then_some(TextFlaw::CutOff))
        .or_else(|| (is_placeholder(core) && !is_json(core)).then_some(TextFlaw::Placeholder))
        .or_else(|| of_core(core))
        .or_else(|| other_text(core).map(TextFlaw::IsOther))
        .or_else(|| is_labelled(core).then_some(TextFlaw::Labelled))
        .or_else(|| (text.starts_with(is_quote) || text.ends_with(is_quote)).then_some(TextFlaw::Quoted))
        .or_else(|| stray_character(text))
}

/// Admin Center and people write a redacted text with dots, bullets or asterisks.
fn is_cut_off(text: &str) -> bool {
    text.ends_with('*') || ["…", "...", "**", "•", "●", "⋯", "‥"].iter().any(|dots| text.contains(dots))
}

fn other_text(text: &str) -> Option<&'static str> {
    let known = OTHER_TEXTS.iter().find(|(beginning, _)| text.starts_with(beginning)).map(|(_, what)| *what);
    let is_app_id = text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    known.or_else(|| is_jwt(text).then_some("a JWT")).or(is_app_id.then_some("the id of an app"))
}

/// Whether the last word is a JWT or a JWE; `Bearer` may stand before.
fn is_jwt(text: &str) -> bool {
    let token = text.split_whitespace().next_back().unwrap_or_default();
    matches!(token.split('.').count(), 3 | 5) && begins_with_header(token)
}

/// Whether a name stands before the value: `Shared secret: …`, `NAME=…`, `"secret": "…"`.
fn is_labelled(text: &str) -> bool {
    let Some((name, value)) = text.split_once([':', '=']) else { return false };
    let name = name.trim_matches(|character| is_quote(character) || character == ' ');
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || "_-. ()".contains(character));
    // Base64 may end in `=`, and then nothing follows.
    is_name && !value.trim_matches('=').trim().is_empty()
}

/// The first character that is not printable ASCII.
fn stray_character(text: &str) -> Option<TextFlaw> {
    let (index, character) = text.chars().enumerate().find(|(_, character)| !character.is_ascii_graphic())?;
    let name = match character {
        '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => "white space (a line break)",
        '\t' => "white space (a tab)",
        _ if character.is_whitespace() => "white space (a blank)",
        _ => invisible(character).unwrap_or("a character that is not ASCII"),
    };
    Some(TextFlaw::StrayCharacter { name, character, index, length: text.chars().count() })
}

/// Why a key is refused. `Display` says what to do in Admin Center, and shows nothing of the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{flaw}. {}", subject(configuration.as_ref()), remedy(*kind, configuration.as_ref(), *flaw))]
pub struct SigningKeyProblem {
    kind: Kind,
    configuration: Option<ConfigurationName>,
    flaw: Flaw,
}

impl SigningKeyProblem {
    /// The problem of a configuration whose key a secret does not hold.
    #[must_use]
    pub fn missing(kind: Kind, configuration: Option<&ConfigurationName>) -> Self {
        Self { kind, configuration: configuration.cloned(), flaw: Flaw::Secret(TextFlaw::Missing) }
    }

    /// Whether there is no key, rather than one that cannot be right.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.flaw == Flaw::Secret(TextFlaw::Missing)
    }
}

fn subject(configuration: Option<&ConfigurationName>) -> String {
    configuration.map(|name| format!("configuration {name}: ")).unwrap_or_default()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Flaw {
    #[error("the stored value is not a JSON object of strings")]
    NotTheExpectedJson,
    #[error("the stored value begins with a byte order mark")]
    ByteOrderMark,
    #[error("the stored JSON has a `kid`, and only messaging's key has one")]
    UnexpectedKid,
    #[error("{}", of_member("secret", *.0))]
    Secret(TextFlaw),
    #[error("{}", of_member("kid", *.0))]
    Kid(TextFlaw),
}

impl Flaw {
    const fn of(self, kind: Kind) -> SigningKeyProblem {
        SigningKeyProblem { kind, configuration: None, flaw: self }
    }
}

fn of_member(name: &str, flaw: TextFlaw) -> String {
    match flaw {
        TextFlaw::Missing => format!("the stored JSON has no `{name}`, or an empty one"),
        flaw => format!("the {name} {flaw}"),
    }
}

/// Why a text is not a secret or a key id. `Display` continues a sentence that begins with what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TextFlaw {
    #[error("is empty")]
    Missing,
    #[error("has exactly {characters} characters, which is how Admin Center shows a redacted one")]
    Redacted { characters: usize },
    #[error("has {characters} characters, and every shared secret has at least {MIN_CHARACTERS}")]
    TooShort { characters: usize },
    #[error("is cut off by an ellipsis, asterisk or bullet, as its redacted display is")]
    CutOff,
    #[error("is a placeholder")]
    Placeholder,
    #[error("is {0}")]
    IsOther(&'static str),
    #[error("has its name in front, as in `NAME=…` or `Secret: …`")]
    Labelled,
    #[error("begins or ends with a quotation mark")]
    Quoted,
    #[error("has {name} {} (U+{:04X})", place(*index, *length), u32::from(*character))]
    StrayCharacter { name: &'static str, character: char, index: usize, length: usize },
}

impl TextFlaw {
    /// Whether a part of the text is missing, so that only a new secret helps.
    pub(crate) const fn is_incomplete(self) -> bool {
        matches!(self, Self::Missing | Self::Redacted { .. } | Self::TooShort { .. } | Self::CutOff)
    }
}

fn place(index: usize, length: usize) -> String {
    match index {
        0 => "at its beginning".to_owned(),
        _ if index + 1 == length => "at its end".to_owned(),
        _ => format!("inside, at character {}", index + 1),
    }
}

fn remedy(kind: Kind, configuration: Option<&ConfigurationName>, flaw: Flaw) -> String {
    let screen = kind.admin_center_screen();
    let key = match kind {
        Kind::Messaging => r#"{"kid": "app_…", "secret": "…"}"#,
        Kind::Sdk | Kind::Sso => r#"{"secret": "…"}"#,
    };
    let shape = match configuration {
        Some(name) => &format!(r#"{{"configurations": {{"{name}": {key}}}}}"#),
        None => key,
    };
    match flaw {
        Flaw::Secret(TextFlaw::Redacted { .. } | TextFlaw::TooShort { .. } | TextFlaw::CutOff) => format!(
            "Admin Center shows a secret in full only once: under {screen}, make a new one and store all of it as {shape}"
        ),
        Flaw::Kid(_) => format!("Copy the Key ID from {screen} in Admin Center and store {shape}"),
        Flaw::UnexpectedKid => {
            format!("Store {shape} with the secret from {screen} in Admin Center: each kind has its own secret")
        }
        _ => format!("Store {shape} with the secret exactly as {screen} in Admin Center shows it when it is made"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "demo-shared-secret-0123456789";

    #[test]
    fn one_secret_holds_the_keys_of_all_configurations() {
        let stored = format!(
            r#"{{"secret": "{SECRET}", "configurations": {{
                "ios": {{"secret": "{SECRET}-ios"}}, "web": {{"secret": "{SECRET}…"}}, "tv": 7, "Not a name": {{}}}}}}"#
        );
        let keys = SharedKey::parse_all(Kind::Sdk, &stored);
        assert_eq!(keys.unnamed.unwrap().secret(), SECRET);
        assert_eq!(keys.named.keys().map(ConfigurationName::as_str).collect::<Vec<_>>(), ["ios", "tv", "web"]);
        assert_eq!(keys.named["ios"].as_ref().unwrap().secret(), format!("{SECRET}-ios"));
        for name in ["tv", "web"] {
            let problem = keys.named[name].as_ref().unwrap_err();
            assert!(!problem.is_missing());
            let problem = problem.to_string();
            for part in [&format!("configuration {name}:"), &format!(r#"{{"{name}": {{"secret""#), "Mobile SDK"] {
                assert!(problem.contains(part), "{problem}");
            }
            assert!(!problem.contains("0123456789"), "{problem}");
        }
    }

    #[test]
    fn a_secret_may_hold_keys_of_named_configurations_only() {
        let keys =
            SharedKey::parse_all(Kind::Sso, &format!(r#"{{"configurations": {{"a": {{"secret": "{SECRET}"}}}}}}"#));
        assert!(keys.unnamed.unwrap_err().is_missing());
        assert!(keys.named["a"].is_ok());
    }

    #[test]
    fn a_member_configurations_that_is_not_an_object_leaves_the_unnamed_key_valid() {
        for other in ["7", "null", r#""ios""#, "[]", r#"{"ios": }"#] {
            let keys =
                SharedKey::parse_all(Kind::Sso, &format!(r#"{{"secret": "{SECRET}", "configurations": {other}}}"#));
            assert_eq!(keys.unnamed.is_ok(), other != r#"{"ios": }"#, "{other}");
            assert!(keys.named.is_empty(), "{other}");
        }
    }

    fn problem(secret: &str) -> String {
        let problem = check_secret(Kind::Sso, secret).unwrap_err().to_string();
        assert!(problem.contains("Account > Security > Single sign-on"), "{problem}");
        assert!(!problem.contains("0123456789"), "{problem}");
        problem
    }

    #[test]
    fn an_incomplete_secret_is_refused() {
        assert_eq!(secret_flaw(""), Some(TextFlaw::Missing));
        assert_eq!(secret_flaw(" \n"), Some(TextFlaw::Missing));
        assert_eq!(secret_flaw("123456789"), Some(TextFlaw::Redacted { characters: 9 }));
        assert_eq!(secret_flaw("123456"), Some(TextFlaw::Redacted { characters: 6 }));
        assert_eq!(secret_flaw("12345678"), Some(TextFlaw::TooShort { characters: 8 }));
        for ending in ["…", "...", "*", "•", "******", "… ", "...\""] {
            assert_eq!(secret_flaw(&format!("{SECRET}{ending}")), Some(TextFlaw::CutOff), "{ending}");
        }
        assert_eq!(secret_flaw("1234567890"), None);
    }

    #[test]
    fn a_stray_character_is_refused_by_name_and_place() {
        for (secret, name, place) in [
            (format!("\u{feff}{SECRET}"), "a byte order mark", "at its beginning (U+FEFF)"),
            (format!("{SECRET}\u{200b}"), "a zero-width space", "at its end (U+200B)"),
            (format!("demo\u{200b}{SECRET}"), "a zero-width space", "at character 5"),
            (format!("demo\n{SECRET}"), "a line break", "at character 5"),
            (format!("demo {SECRET}"), "white space", "at character 5"),
            (format!("{SECRET}\t"), "a tab", "at its end"),
            (format!("\u{a0}{SECRET}"), "white space", "at its beginning"),
            (format!("dem\u{f6}{SECRET}"), "not ASCII", "at character 4"),
            (format!("\u{202e}{SECRET}"), "a writing direction mark", "at its beginning"),
        ] {
            let problem = problem(&secret);
            assert!(problem.contains(name) && problem.contains(place), "{problem}");
        }
    }

    #[test]
    fn a_text_that_is_not_a_secret_is_refused_by_what_it_is() {
        for (secret, what) in [
            (format!("\"{SECRET}\""), "quotation mark"),
            (format!("“{SECRET}”"), "quotation mark"),
            (format!("Shared secret: {SECRET}"), "name in front"),
            (format!("secret:{SECRET}"), "name in front"),
            (format!("ZENDESK_SSO_SECRET={SECRET}"), "name in front"),
            (format!("export SECRET=\"{SECRET}\""), "name in front"),
            (format!("\"secret\": \"{SECRET}\""), "name in front"),
            (format!(r#"{{"secret": "{SECRET}"}}"#), "JSON"),
            (format!(r#"["{SECRET}"]"#), "JSON"),
            ("eyJhbGciOiJIUzI1NiJ9.e30.AAAA".into(), "a JWT"),
            ("Bearer eyJhbGciOiJIUzI1NiJ9.e30.AAAA".into(), "a JWT"),
            ("mobile_sdk_client_0123456789abcdef".into(), "client id"),
            ("5963ceb97cde542d000dbdb1".into(), "the id of an app"),
            (format!("zjwt_{}", "0".repeat(64)), "a user token"),
            ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:demo".into(), "ARN"),
            ("https://acme.zendesk.com/access/jwt".into(), "web address"),
            ("your-shared-secret".into(), "placeholder"),
            ("<shared secret>".into(), "placeholder"),
            ("${SHARED_SECRET}".into(), "placeholder"),
            ("xxxxxxxxxxxxxxxx".into(), "placeholder"),
        ] {
            let problem = problem(&secret);
            assert!(problem.contains(what), "{secret}: {problem}");
        }
    }

    #[test]
    fn every_printable_character_may_be_in_a_secret() {
        for secret in
            ["ZGVtby1zZWNyZXQtbm90LWZvci1wcm9kdWN0aW9u", "sdk+secret/with=signs_01", "a.b.c!?~#$%&()^@", SECRET]
        {
            assert_eq!(secret_flaw(secret), None, "{secret}");
        }
        assert_eq!(secret_flaw("ZGVtby1zZWNyZXQ=="), None, "base64 ends in equals signs");
    }

    #[test]
    fn a_text_that_is_not_a_key_id_is_refused_by_what_it_is() {
        for (kid, what) in [
            ("", "no `kid`"),
            (" ", "no `kid`"),
            ("app_5963…", "cut off"),
            ("app_5963...", "cut off"),
            ("act_5963ceb97cde542d000dbdb1", "account key"),
            ("your-key-id", "placeholder"),
            ("app_xxxxxxxx", "placeholder"),
            ("<KEY_ID>", "placeholder"),
            ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "UUID"),
            ("5963ceb97cde542d000dbdb1", "the id of an app"),
            ("kid: app_5963ceb97cde542d000dbdb1", "name in front"),
            ("app_5963ceb97cde542d000dbdb1\n", "a line break"),
            ("\u{feff}app_5963ceb97cde542d000dbdb1", "byte order mark"),
            ("\"app_5963ceb97cde542d000dbdb1\"", "quotation mark"),
        ] {
            let problem = check_kid(kid).unwrap_err().to_string();
            assert!(problem.contains(what) && problem.contains("Copy the Key ID"), "{kid:?}: {problem}");
        }
        for kid in ["app_5963ceb97cde542d000dbdb1", "app_1", "app_demo", "demo-key"] {
            assert_eq!(check_kid(kid), Ok(()), "{kid}");
        }
    }

    #[test]
    fn only_messaging_has_a_kid() {
        let (with, without) =
            (format!(r#"{{"kid":"app_1","secret":"{SECRET}"}}"#), format!(r#"{{"secret":"{SECRET}"}}"#));
        for kind in [Kind::Sdk, Kind::Sso] {
            assert_eq!(SharedKey::parse(kind, &without).unwrap().kid(), None);
            assert_eq!(SharedKey::parse(kind, &with).unwrap_err().flaw, Flaw::UnexpectedKid);
        }
        assert_eq!(SharedKey::parse(Kind::Messaging, &with).unwrap().kid(), Some("app_1"));
        assert_eq!(SharedKey::parse(Kind::Messaging, &without).unwrap_err().flaw, Flaw::Kid(TextFlaw::Missing));
    }

    #[test]
    fn a_stored_value_that_is_not_the_expected_json_is_refused() {
        for value in [format!(r#"["{SECRET}","app_1"]"#), format!("\"{SECRET}\""), SECRET.to_owned(), "{}x".into()] {
            let problem = SharedKey::parse(Kind::Messaging, &value).unwrap_err();
            assert_eq!(problem.flaw, Flaw::NotTheExpectedJson);
            assert!(!format!("{problem} {problem:?}").contains("0123456789"));
        }
        let marked = format!("\u{feff}{{\"secret\":\"{SECRET}\"}}");
        assert_eq!(SharedKey::parse(Kind::Sdk, &marked).unwrap_err().flaw, Flaw::ByteOrderMark);
        let nested = serde_json::json!({"secret": format!(r#"{{"secret":"{SECRET}"}}"#)}).to_string();
        assert!(SharedKey::parse(Kind::Sdk, &nested).unwrap_err().to_string().contains("JSON"));
    }
}
