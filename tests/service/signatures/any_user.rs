//! Random users and signing keys, of every shape that their types allow.
//!
//! proptest would need more time to create 100,000 users than the functions need to sign for them.

use crate::support::Chance;
use serde_json::{Map, Value};
use std::ops::{Deref, DerefMut};
use zendesk_jwt::jwt::messaging::Messaging;
use zendesk_jwt::jwt::signing::SigningKey;
use zendesk_jwt::user::{Claim, Email, EmailAddress, ExternalId, Name, Profile, Role, User};

/// Texts that could add members to the header if a JWT were put together as text.
const INJECTIONS: [&str; 4] =
    [r#"x","alg":"none"#, r#"x","typ":"at+jwt","y":""#, r#"app_1"},{"alg":"RS256"}"#, "a.b.c"];

/// Characters with a special meaning in JSON, base64, secrets or text encodings.
const SPECIAL: [char; 14] =
    ['"', '\\', '\0', '\n', '\u{7f}', '\u{2028}', '\u{feff}', '/', '+', '=', '.', ' ', '…', '𝄞'];

/// A random source of users and keys.
pub struct AnyUser(Chance);

impl Deref for AnyUser {
    type Target = Chance;

    fn deref(&self) -> &Chance {
        &self.0
    }
}

impl DerefMut for AnyUser {
    fn deref_mut(&mut self) -> &mut Chance {
        &mut self.0
    }
}

impl AnyUser {
    pub fn seeded(seed: u64) -> Self {
        Self(Chance::seeded(seed))
    }

    /// A user who can have all three kinds of JWT.
    pub fn user(&mut self) -> User {
        User {
            external_id: Some(self.until(|random| ExternalId::parse(random.text(30)))),
            name: Some(self.until(|random| Name::parse(random.text(30)))),
            email: Some(Email::new(self.until(Self::address), true)),
            profile: self.profile(),
        }
    }

    /// A shared secret and a key id that the service accepts.
    pub fn key(&mut self) -> (String, String) {
        self.until(|chance| {
            let (secret, kid) = (chance.printable_ascii(60), chance.printable_ascii(30));
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
