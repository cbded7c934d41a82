//! `inspect` accepts JWTs of other implementations, judges Zendesk's samples as documented, and names the problem of a bad
//! JWT for every rule.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::HashSet;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use proptest::sample::select;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use target::is_sound;
use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::inspect::{Expectation, Inspection, Rule, Severity, Signature, find_jwt, inspect};

use zendesk_jwt_testkit::jwt::{Draft, NAMES, NOW, SECRET, any_json, any_kind, object, sign};

/// The properties that the fuzz target checks, too.
#[allow(dead_code, reason = "the fuzz target itself takes bytes")]
#[path = "../../../fuzz/src/inspect.rs"]
mod target;

fn inspected(kind: Kind, token: &str, secret: &[u8]) -> Inspection {
    inspect(token, &Expectation { kind: Some(kind), secret: Some(secret), now: NOW })
}

fn broken(inspection: &Inspection) -> Vec<&'static str> {
    inspection.findings.iter().map(|finding| finding.rule.code()).collect()
}

/// A bad token, the rule that it breaks, and words that the message must contain.
struct BadToken {
    rule: Rule,
    kind: Kind,
    token: String,
    secret: Vec<u8>,
    words: &'static str,
}

impl BadToken {
    fn assert_named(&self) {
        let inspection = inspected(self.kind, &self.token, &self.secret);
        let finding = inspection.finding(self.rule);
        let message = &finding.unwrap_or_else(|| panic!("{:?} not found in {inspection:#?}", self.rule)).message;
        assert!(message.contains(self.words), "{:?} is not in {message:?}", self.words);
        assert!(message.contains(": ") && message.ends_with('.'), "{message:?} does not say what to do");
        let is_rejected = self.rule.severity() == Severity::Rejected;
        assert!(!(is_rejected && inspection.is_accepted()), "{inspection:#?}");
    }
}

trait IntoBadToken {
    /// The token and the secret that is given to `inspect`.
    fn finish(self) -> (String, Vec<u8>);
}

impl IntoBadToken for Draft {
    fn finish(self) -> (String, Vec<u8>) {
        (self.token(), SECRET.into())
    }
}

impl IntoBadToken for String {
    fn finish(self) -> (String, Vec<u8>) {
        (self, SECRET.into())
    }
}

/// A draft, and another secret that is given to `inspect`.
impl IntoBadToken for (Draft, &str) {
    fn finish(self) -> (String, Vec<u8>) {
        (self.0.token(), self.1.into())
    }
}

/// Makes a test of each line, and `every_bad_token` of all lines.
macro_rules! bad_tokens {
    ($($name:ident: $rule:ident, $kind:ident, |$draft:ident| $make:expr, $words:literal;)+) => {
        $(#[test]
        fn $name() {
            bad_token::$name().assert_named();
        })+

        mod bad_token {
            use super::*;

            $(pub fn $name() -> BadToken {
                let $draft = Draft::good(Kind::$kind);
                let (token, secret) = $make.finish();
                BadToken { rule: Rule::$rule, kind: Kind::$kind, token, secret, words: $words }
            })+
        }

        fn every_bad_token() -> Vec<BadToken> {
            vec![$(bad_token::$name()),+]
        }
    };
}

bad_tokens! {
    quotes_around_a_token_are_named: BareToken, Sso, |good| format!("\"{}\"", good.token()), "quotes";
    a_bearer_prefix_is_named: BareToken, Sdk, |good| format!("Bearer {}", good.token()), "Bearer";
    a_line_break_after_a_token_is_named: BareToken, Messaging, |good| good.token() + "\n", "white space";
    a_whole_response_is_named: BareToken, Sdk, |good| json!({"jwt": good.token()}).to_string(), "JSON";
    an_empty_text_is_named: ThreeParts, Sdk, |_good| String::new(), "empty";
    a_user_token_is_named: ThreeParts, Sdk, |_good| String::from("BD2F35A7621"), "user token";
    a_token_cut_short_is_named: ThreeParts, Sso, |_good| String::from("e30.e30"), "copied whole";
    an_empty_signature_is_named: ThreeParts, Sso, |_good| String::from("e30.e30."), "signature is empty";
    an_encrypted_token_is_named: ThreeParts, Sso, |_good| String::from("e30.a.b.c.d"), "encrypted";
    a_text_of_more_than_64_kib_is_named: ThreeParts, Sso, |good| good.claim("name", "a".repeat(70_000)), "64 KiB";
    padding_is_named: Base64Url, Sso, |good| good.token() + "==", "signature";
    a_header_that_is_an_array_is_named: HeaderObject, Sdk, |_good| sign("[]", "{}", ""), "header is not a JSON object";
    claims_in_latin_1_are_named: ClaimsObject, Sso, |good| with_payload(&good, b"{\"name\":\"D\xE9mo\"}"), "not UTF-8";
    claims_in_utf_16_are_named: ClaimsObject, Sso, |good| with_payload(&good, b"{\0}\0"), "UTF-16";
    a_byte_order_mark_before_the_claims_is_named: ClaimsObject, Sso, |good| with_payload(&good, b"\xEF\xBB\xBF{}"), "byte order mark";
    claims_encoded_twice_are_named: ClaimsObject, Sso, |good| with_payload(&good, b"eyJhIjoxfQ"), "base64 twice";
    claims_serialized_twice_are_named: ClaimsObject, Sdk, |_good| sign("{}", "\"{}\"", ""), "as an object";

    a_missing_alg_is_named: Algorithm, Sso, |good| good.without("alg"), "missing";
    an_alg_of_none_is_named: Algorithm, Sso, |good| good.header("alg", "none"), "not signed";
    rs256_is_named: Algorithm, Sdk, |good| good.header("alg", "RS256"), "`RS256`, a private-key algorithm";
    es256_is_named: Algorithm, Messaging, |good| good.header("alg", "ES256"), "`ES256`, a private-key algorithm";
    hs384_is_named: Algorithm, Sso, |good| good.header("alg", "HS384"), "`HS384`, a longer hash";
    hs512_is_named: Algorithm, Sso, |good| good.header("alg", "HS512"), "`HS512`, a longer hash";
    a_lower_case_alg_is_named: Algorithm, Sso, |good| good.header("alg", "hs256"), "upper case";
    an_alg_that_is_a_number_is_named: Algorithm, Sso, |good| good.header("alg", 256), "a number";
    the_admin_center_screen_is_named: Algorithm, Sdk, |good| good.without("alg"), "Channels > Classic > Mobile SDK";
    a_missing_typ_is_named: Type, Sso, |good| good.without("typ"), "missing";
    a_typ_other_than_jwt_is_named: Type, Sso, |good| good.header("typ", "at+jwt"), "`at+jwt`";
    a_typ_spelt_type_is_named: Type, Sso, |good| good.without("typ").header("type", "JWT"), "spelt `type`";
    a_missing_kid_is_named: KeyId, Messaging, |good| good.without("kid"), "missing";
    an_empty_kid_is_named: KeyId, Messaging, |good| good.header("kid", ""), "empty";
    a_kid_that_is_a_number_is_named: KeyId, Messaging, |good| good.header("kid", 1), "a number";
    a_kid_in_white_space_is_named: KeyId, Messaging, |good| good.header("kid", "app_1 "), "white space";
    a_kid_with_an_ellipsis_is_named: KeyId, Messaging, |good| good.header("kid", "app_5963…"), "cut off";
    an_account_key_as_kid_is_named: KeyId, Messaging, |good| good.header("kid", "act_5963ceb97cde542d000dbdb1"), "account key";
    a_placeholder_as_kid_is_named: KeyId, Messaging, |good| good.header("kid", "YOUR_KEY_ID"), "placeholder";
    a_uuid_as_kid_is_named: KeyId, Messaging, |good| good.header("kid", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"), "UUID";
    a_kid_among_the_claims_is_named: KeyId, Messaging, |good| good.without("kid").claim("kid", "app_1"), "among the claims";

    a_messaging_token_for_sso_is_named: RightKind, Sso, |_good| Draft::good(Kind::Messaging), "looks like a messaging token";
    a_messaging_token_for_the_sdk_is_named: RightKind, Sdk, |_good| Draft::good(Kind::Messaging), "makes Support SDK tokens";
    an_sso_token_for_messaging_is_named: RightKind, Messaging, |_good| Draft::good(Kind::Sso), "looks like a Support SDK or SSO token";
    a_missing_name_is_named: RequiredClaims, Sdk, |good| good.without("name"), "`name` is missing";
    a_null_email_is_named: RequiredClaims, Sso, |good| good.claim("email", Value::Null), "`email` is null";
    an_empty_jti_is_named: RequiredClaims, Sdk, |good| good.claim("jti", ""), "`jti` is empty";
    a_blank_name_is_named: RequiredClaims, Sdk, |good| good.claim("name", " \t"), "`name` is empty";
    a_name_that_is_a_number_is_named: RequiredClaims, Sso, |good| good.claim("name", 7), "`name` is a number";
    all_missing_claims_are_named_at_once: RequiredClaims, Sso, |good| good.without("jti").without("name"), "`name` is missing: send the full name, a string; `jti` is missing";
    an_external_id_that_is_a_number_is_named: RequiredClaims, Messaging, |good| good.claim("external_id", 12_345_678), "`external_id` is a number";
    a_missing_scope_is_named: RequiredClaims, Messaging, |good| good.without("scope"), "`scope` is missing: send the string `user`";
    an_upper_case_key_is_named: KeysLowerCase, Sdk, |good| good.without("email").claim("Email", "demo@example.com"), "spell it `email`";
    a_camel_case_key_is_named: KeysLowerCase, Sso, |good| good.claim("externalId", "demo-1"), "`externalId` is not read: spell it `external_id`";
    a_claim_for_sso_in_messaging_is_named: KnownClaims, Messaging, |good| good.claim("tags", json!(["demo"])), "`tags`";
    an_unknown_claim_in_sso_is_named: KnownClaims, Sso, |good| good.claim("iana_time_zone", "Europe/Vienna"), "`user_fields`";

    milliseconds_in_iat_are_named: NotMilliseconds, Sdk, |good| good.claim("iat", NOW * 1000), "`iat` is 1767225600000, which is milliseconds";
    milliseconds_in_exp_are_named: NotMilliseconds, Messaging, |good| good.claim("exp", NOW * 1000), "`exp` is";
    a_fraction_in_iat_is_named: WholeSeconds, Sso, |good| good.claim("iat", 1_767_225_600.5), "`iat` is `1767225600.5`, with a fraction";
    an_iat_that_is_a_string_is_named: WholeSeconds, Sdk, |good| good.claim("iat", "1767225600"), "`iat` is a string";
    an_exp_that_is_a_string_is_named: WholeSeconds, Messaging, |good| good.claim("exp", "1767225900"), "`exp` is a string";
    a_stale_iat_is_named: IatFresh, Sso, |good| good.claim("iat", NOW - 600), "10 minutes ago";
    an_iat_in_the_future_is_named: IatFresh, Sdk, |good| good.claim("iat", NOW + 7200), "2 hours in the future";
    an_expired_token_is_named: ExpAhead, Messaging, |good| good.claim("exp", NOW - 30), "30 seconds ago";
    a_missing_exp_gets_advice: ExpShort, Messaging, |good| good.without("exp"), "missing";
    a_distant_exp_gets_advice: ExpShort, Messaging, |good| good.claim("exp", NOW + 30 * 86_400), "30 days ahead";

    an_upper_case_scope_is_named: ScopeUser, Messaging, |good| good.claim("scope", "User"), "lower case";
    an_appuser_scope_is_named: ScopeUser, Messaging, |good| good.claim("scope", "appUser"), "`user`";
    an_external_id_of_256_characters_is_named: ExternalIdLength, Messaging, |good| good.claim("external_id", "é".repeat(256)), "255";
    an_address_as_external_id_gets_advice: ExternalIdStable, Messaging, |good| good.claim("external_id", "demo@example.com"), "an e-mail address";
    a_phone_number_as_external_id_gets_advice: ExternalIdStable, Sso, |good| good.claim("external_id", "+1 (415) 555-0100"), "a phone number";
    an_email_without_email_verified_is_named: EmailVerified, Messaging, |good| good.claim("email", "demo@example.com"), "missing";
    an_unverified_email_is_named: EmailVerified, Messaging, |good| good.claim("email", "demo@example.com").claim("email_verified", false), "false";
    email_verified_as_a_string_is_named: EmailVerified, Messaging, |good| good.claim("email", "demo@example.com").claim("email_verified", "true"), "a string";
    an_empty_email_in_messaging_is_named: MessagingEmail, Messaging, |good| good.claim("email", "").claim("email_verified", true), "leave it out";
    a_malformed_email_in_messaging_is_named: MessagingEmail, Messaging, |good| good.claim("email", "demo@").claim("email_verified", true), "not one";
    a_mailto_address_is_named: EmailAddress, Sso, |good| good.claim("email", "mailto:demo@example.com"), "mailto:";
    two_at_signs_in_an_address_are_named: EmailAddress, Sso, |good| good.claim("email", "demo@home@example.com"), "second `@`";
    a_zero_width_space_in_an_address_is_named: EmailAddress, Sso, |good| good.claim("email", "demo@example.com\u{200b}"), "invisible";
    an_email_with_a_name_is_named: EmailAddress, Sso, |good| good.claim("email", "Demo <demo@example.com>"), "brackets";
    two_addresses_in_email_are_named: EmailAddress, Sdk, |good| good.claim("email", "a@example.com,b@example.com"), "not one";
    an_email_without_domain_is_named: EmailAddress, Sdk, |good| good.claim("email", "demo@"), "not one";
    a_uuid_version_1_as_jti_gets_advice: JtiUnguessable, Sso, |good| good.claim("jti", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"), "UUID of version 1";
    a_hash_of_the_address_as_jti_gets_advice: JtiUnguessable, Sso, |good| good.claim("jti", sha256_hex("demo@example.com")), "e-mail address";
    a_hash_of_address_and_time_as_jti_gets_advice: JtiUnguessable, Sso, |good| good.claim("jti", sha256_hex(&format!("demo@example.com{NOW}"))), "e-mail address";
    the_encoded_address_as_jti_gets_advice: JtiUnguessable, Sso, |good| good.claim("jti", STANDARD.encode(format!("demo@example.com:{NOW}"))), "e-mail address";
    the_time_in_jti_gets_advice: JtiUnguessable, Sdk, |good| good.claim("jti", format!("0f8fad5bd9cb469fa16570867728950e-{NOW}")), "`iat`";
    a_short_jti_gets_advice: JtiUnguessable, Sso, |good| good.claim("jti", "abc123"), "128";
    the_time_as_jti_gets_advice: JtiUnguessable, Sso, |good| good.claim("jti", NOW.to_string()), "128";
    an_address_in_jti_gets_advice: JtiUnguessable, Sdk, |good| good.claim("jti", "0f8fad5bd9cb469fa16570867728950e-demo@example.com"), "e-mail";

    an_agent_for_the_sdk_is_named: EndUsersOnly, Sdk, |good| good.claim("role", "agent"), "end users";
    the_role_of_the_sdk_sample_in_sso_is_named: Role, Sso, |good| good.claim("role", "user"), "`end_user`";
    a_custom_role_of_an_end_user_is_named: CustomRoleNeedsAgent, Sso, |good| good.claim("custom_role_id", 36), "`role` is not `agent`";
    an_agent_without_custom_role_gets_advice: AgentNeedsCustomRole, Sso, |good| good.claim("role", "agent"), "Legacy Agent";
    a_custom_role_id_that_is_a_string_is_named: OptionalClaims, Sso, |good| good.claim("role", "agent").claim("custom_role_id", "36"), "`custom_role_id` is a string: send an integer";
    a_locale_that_is_a_name_is_named: OptionalClaims, Sso, |good| good.claim("locale", "en-US"), "`locale` is a string: send an integer";
    tags_that_are_a_string_are_named: OptionalClaims, Sso, |good| good.claim("tags", "vip,demo"), "`tags` is a string: send an array";
    tags_that_are_numbers_are_named: OptionalClaims, Sdk, |good| good.claim("tags", json!([1])), "`tags`";
    organizations_in_an_array_are_named: OptionalClaims, Sso, |good| good.claim("organizations", json!(["A", "B"])), "separated by commas";
    user_fields_as_json_text_are_named: OptionalClaims, Sso, |good| good.claim("user_fields", "{\"plan\":\"demo\"}"), "never JSON in a string";
    an_external_id_that_is_a_number_in_sso_is_named: OptionalClaims, Sso, |good| good.claim("external_id", 1), "`external_id` is a number";
    two_organizations_in_two_claims_are_named: OneOrganization, Sso, |good| good.claim("organization", "A").claim("organization_id", "a"), "the id wins";
    organizations_as_json_text_are_named: OrganizationLists, Sso, |good| good.claim("organizations", "[\"A\",\"B\"]"), "looks like JSON";
    organization_ids_with_semicolons_are_named: OrganizationLists, Sso, |good| good.claim("organization_ids", "1;2"), "separators";
    undefined_as_external_id_gets_advice: ExternalIdStable, Sso, |good| good.claim("external_id", "undefined"), "missing value";
    a_national_phone_number_is_named: Phone, Sso, |good| good.claim("phone", "(415) 555-0100"), "E.164";
    a_relative_photo_is_named: PhotoUrl, Sso, |good| good.claim("remote_photo_url", "/me.png"), "absolute";
    a_date_in_day_month_year_order_is_named: UserFieldDates, Sso, |good| good.claim("user_fields", json!({"member_since": "29/02/2024"})), "`member_since`";

    a_redacted_sdk_secret_is_named: SecretWhole, Sdk, |good| (good, "ZGVtby1zZ"), "exactly 9 characters";
    a_redacted_messaging_secret_is_named: SecretWhole, Messaging, |good| (good, "ZGVtby"), "make a new one in Admin Center > Account > Security > End user authentication";
    a_secret_with_an_ellipsis_is_named: SecretWhole, Sso, |good| (good, "ZGVtby1zZWNyZXQ…"), "cut off";
    a_secret_with_asterisks_is_named: SecretWhole, Sso, |good| (good, "ZGVtby********"), "cut off";
    an_empty_secret_is_named: SecretWhole, Sso, |good| (good, ""), "empty";
    a_secret_in_curly_quotes_is_named: SecretRaw, Sso, |good| (good, "“ZGVtby1zZWNyZXQtbm90LWZvci1wcm9kdWN0aW9u”"), "quotation mark";
    a_secret_with_a_byte_order_mark_is_named: SecretRaw, Sso, |good| (good, "\u{feff}ZGVtby1zZWNyZXQtbm90LWZvci1wcm9kdWN0aW9u"), "byte order mark";
    a_labelled_secret_is_named: SecretRaw, Sso, |good| (good, "Shared secret: ZGVtby1zZWNyZXQtbm90LWZvci1wcm9kdWN0aW9u"), "name in front";
    a_jwt_given_as_secret_is_named: SecretRaw, Sso, |good| (good, "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"), "a JWT";
    a_flaw_of_the_given_secret_is_the_reported_cause_of_a_bad_signature: Signature, Sso, |good| (good.signed_with("demo-secret-of-the-signer"), "Shared secret: another-demo-secret"), "given here has its name";
    a_secret_with_a_line_break_is_named: SecretRaw, Sso, |good| (good, "ZGVtby1zZWNyZXQtbm90LWZvci1wcm9kdWN0aW9u\n"), "white space";
    a_wrong_secret_is_named: Signature, Sso, |good| good.signed_with("another-demo-secret"), "another secret";
    an_empty_secret_of_the_signer_is_named: Signature, Sso, |good| good.signed_with(""), "an empty secret";
    a_base64_decoded_secret_is_named: Signature, Sdk, |good| good.signed_with("demo-secret-not-for-production"), "base64-decoded";
    a_base64_encoded_secret_is_named: Signature, Sdk, |good| good.signed_with(STANDARD.encode(SECRET)), "base64-encoded";
    a_line_break_in_the_signers_secret_is_named: Signature, Sdk, |good| good.signed_with(format!("{SECRET}\n")), "line break";
    quotes_in_the_signers_secret_are_named: Signature, Sdk, |good| good.signed_with(format!("\"{SECRET}\"")), "quotes";
    white_space_around_the_given_secret_is_named: Signature, Sdk, |good| (good, " ZGVtby1zZWNyZXQtbm90LWZvci1wcm9kdWN0aW9u "), "the one given here";
    a_redacted_secret_of_the_signer_is_named: Signature, Sdk, |good| good.signed_with(&SECRET[..9]), "redacted display";
    a_hexadecimal_signature_is_named: Signature, Sso, |good| hexadecimal(&good.token()), "hexadecimal";
    hexadecimal_digits_as_the_third_part_are_named: Signature, Sso, |good| hexadecimal_digits(&good.token()), "hexadecimal";
    a_signature_encoded_twice_is_named: Signature, Sso, |good| encoded_twice(&good.token()), "base64 twice";
    the_stored_json_as_key_is_named: Signature, Sso, |good| good.signed_with(format!("{{\"secret\": \"{SECRET}\"}}")), "JSON";
    the_stored_json_with_kid_as_key_is_named: Signature, Messaging, |good| good.signed_with(format!("{{\"kid\":\"app_demo0000000000000000\",\"secret\":\"{SECRET}\"}}")), "JSON";
    a_hexadecimal_key_is_named: Signature, Sdk, |good| good.signed_with(hex::encode(SECRET)), "in hexadecimal";
    a_utf_16_key_is_named: Signature, Sdk, |good| good.signed_with(utf_16(SECRET)), "UTF-16";
    a_url_encoded_key_is_named: Signature, Sdk, |good| (good.signed_with("demo%2Bsecret%2Fnot-for-production"), "demo+secret/not-for-production"), "URL-encoded";
    a_url_decoded_key_is_named: Signature, Sdk, |good| (good.signed_with("demo secret/not-for-production"), "demo+secret/not-for-production"), "URL-decoded";
    the_kid_as_key_is_named: Signature, Messaging, |good| good.signed_with("app_demo0000000000000000"), "the `kid` instead";
    a_byte_order_mark_in_the_signers_secret_is_named: Signature, Sdk, |good| good.signed_with(format!("\u{feff}{SECRET}")), "byte order mark";
    the_secret_as_third_part_is_reported_as_leaked: SecretPrivate, Sso, |good| with_third_part(&good.token(), SECRET), "it has leaked";
    the_encoded_secret_as_third_part_is_reported_as_leaked: SecretPrivate, Sso, |good| with_third_part(&good.token(), &URL_SAFE_NO_PAD.encode(SECRET)), "it has leaked";
    the_secret_as_kid_is_reported_as_leaked: SecretPrivate, Messaging, |good| good.header("kid", SECRET), "it has leaked";
    the_secret_among_the_claims_is_reported_as_leaked: SecretPrivate, Sso, |good| good.claim("user_fields", json!({"key": SECRET})), "it has leaked";
}

/// The token as signed with PHP's `hash_hmac` without its last argument, which makes it return hexadecimal digits.
fn hexadecimal(token: &str) -> String {
    with_third_part(token, &URL_SAFE_NO_PAD.encode(hex::encode(signature(token))))
}

fn hexadecimal_digits(token: &str) -> String {
    with_third_part(token, &hex::encode(signature(token)))
}

fn encoded_twice(token: &str) -> String {
    with_third_part(token, &URL_SAFE_NO_PAD.encode(STANDARD.encode(signature(token))))
}

fn signature(token: &str) -> Vec<u8> {
    let (_, signature) = token.rsplit_once('.').expect("three parts");
    URL_SAFE_NO_PAD.decode(signature).expect("base64url")
}

fn with_third_part(token: &str, third_part: &str) -> String {
    let (signed, _) = token.rsplit_once('.').expect("three parts");
    format!("{signed}.{third_part}")
}

fn with_payload(draft: &Draft, payload: &[u8]) -> String {
    let header = URL_SAFE_NO_PAD.encode(json!(draft.header).to_string());
    format!("{header}.{}.AAAA", URL_SAFE_NO_PAD.encode(payload))
}

fn utf_16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn sha256_hex(text: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

#[test]
fn every_rule_has_a_bad_token() {
    let bad: HashSet<Rule> = every_bad_token().iter().map(|bad| bad.rule).collect();
    let missing: Vec<&Rule> = Rule::ALL.iter().filter(|rule| !bad.contains(rule)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_rule_has_its_own_code_and_a_statement_a_source_and_a_kind() {
    let codes: HashSet<&str> = Rule::ALL.iter().map(|rule| rule.code()).collect();
    assert_eq!(codes.len(), Rule::ALL.len());
    for rule in Rule::ALL {
        assert!(rule.code().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'));
        assert!(rule.statement().ends_with('.') && !rule.source().is_empty() && !rule.kinds().is_empty(), "{rule:?}");
    }
}

#[test]
fn every_rule_names_a_public_document_or_the_field_as_its_source() {
    let documents =
        ["Messaging, ", "SDK, ", "SSO, ", "SSO: ", "Anatomy, ", "RFC ", "field", "for the Support SDK the window"];
    for rule in Rule::ALL {
        for source in rule.source().split("; ") {
            assert!(documents.iter().any(|document| source.starts_with(document)), "{rule:?}: {source}");
        }
    }
}

#[test]
fn a_good_token_follows_every_rule_of_its_kind() {
    for kind in Kind::ALL {
        let inspection = inspected(kind, &Draft::good(kind).token(), SECRET.as_bytes());
        assert_eq!(inspection.findings, [], "{kind}");
        assert!(inspection.is_accepted() && inspection.signature == Signature::Verified);
        let expected: Vec<Rule> = Rule::ALL.iter().copied().filter(|rule| rule.kinds().contains(&kind)).collect();
        assert_eq!(
            inspection.checked_rules().map(|(rule, _)| rule).collect::<Vec<_>>(),
            expected,
            "all rules are checked"
        );
    }
}

#[test]
fn iat_may_be_at_most_three_minutes_in_the_past_or_in_the_future() {
    for kind in [Kind::Sdk, Kind::Sso] {
        for (iat, is_accepted) in [(NOW - 181, false), (NOW - 180, true), (NOW + 180, true), (NOW + 181, false)] {
            let token = Draft::good(kind).claim("iat", iat).token();
            assert_eq!(inspected(kind, &token, SECRET.as_bytes()).is_accepted(), is_accepted, "{kind} {iat}");
        }
    }
}

#[test]
fn an_exp_of_another_type_or_unit_is_not_reported_as_missing() {
    let (text, milliseconds) = (json!("1767225900"), [json!(NOW * 1000), json!(100_000_000_000_u64)]);
    let expected = [(text, "whole_seconds")].into_iter().chain(milliseconds.map(|exp| (exp, "not_milliseconds")));
    for (exp, rule) in expected {
        let token = Draft::good(Kind::Messaging).claim("exp", exp).token();
        assert_eq!(broken(&inspected(Kind::Messaging, &token, SECRET.as_bytes())), [rule]);
    }
}

#[test]
fn a_length_of_time_is_in_the_largest_unit_that_fits_twice() {
    for (seconds, words) in [
        (0, "0 seconds ago"),
        (119, "119 seconds ago"),
        (120, "2 minutes ago"),
        (7199, "119 minutes ago"),
        (7200, "2 hours ago"),
        (172_799, "47 hours ago"),
        (172_800, "2 days ago"),
    ] {
        let token = Draft::good(Kind::Messaging).claim("exp", NOW - seconds).token();
        let inspection = inspected(Kind::Messaging, &token, SECRET.as_bytes());
        assert!(inspection.findings[0].message.contains(words), "{seconds}: {}", inspection.findings[0].message);
    }
}

#[test]
fn a_text_of_64_kib_is_read_and_a_longer_one_is_not() {
    let token = Draft::good(Kind::Sso).token();
    for (length, is_read) in [(64 * 1024, true), (64 * 1024 + 1, false)] {
        let inspection = inspected(Kind::Sso, &(token.clone() + &" ".repeat(length - token.len())), SECRET.as_bytes());
        assert_eq!((inspection.header.is_some(), inspection.claims.is_some()), (is_read, is_read), "{length}");
    }
}

#[test]
fn without_three_parts_the_signature_is_not_checked() {
    let token = Draft::good(Kind::Sso).token();
    let (unsigned, _) = token.rsplit_once('.').unwrap();
    for text in [unsigned.to_owned(), format!("{token}.AAAA"), format!("AAAA.{token}")] {
        let inspection = inspected(Kind::Sso, &text, SECRET.as_bytes());
        assert_eq!(inspection.signature, Signature::NotChecked, "{text}");
        assert!(broken(&inspection).contains(&"three_parts") && !inspection.is_accepted(), "{text}");
    }
}

#[test]
fn values_at_the_limits_of_zendesk_have_no_finding_and_values_beyond_them_have_one() {
    let good = Draft::good(Kind::Messaging);
    let at_the_limit = [
        good.clone().claim("external_id", "é".repeat(255)),
        good.clone().claim("exp", NOW + 1),
        good.clone().claim("exp", NOW + 86_400),
        good.clone().signed_with("ten-letter"),
    ];
    for draft in at_the_limit {
        assert_eq!(inspected(Kind::Messaging, &draft.token(), &draft.secret).findings, []);
    }
    let expired = good.clone().claim("exp", NOW).token();
    assert_eq!(broken(&inspected(Kind::Messaging, &expired, SECRET.as_bytes())), ["exp_ahead"]);
    let short = good.signed_with("nine-char");
    assert_eq!(broken(&inspected(Kind::Messaging, &short.token(), b"nine-char")), ["secret_whole"]);
}

#[test]
fn null_and_empty_optional_claims_have_no_finding() {
    let claims =
        ["external_id", "locale", "organization", "organization_id", "phone", "tags", "remote_photo_url", "role"];
    for empty in [json!(null), json!("")] {
        let draft = claims.iter().fold(Draft::good(Kind::Sso), |draft, claim| draft.claim(claim, empty.clone()));
        assert_eq!(inspected(Kind::Sso, &draft.token(), SECRET.as_bytes()).findings, []);
    }
}

#[test]
fn dates_in_the_documented_form_have_no_finding() {
    // The second is from Zendesk's "Anatomy of a JWT request". The others after it only look like dates.
    for value in ["2024-02-29", "2013-08-14T00:00:00+00:00", "10.0.0.1", "555-0100", "1/2/3", "a/b/2024"] {
        let draft = Draft::good(Kind::Sso).claim("user_fields", json!({ "field": value }));
        assert_eq!(inspected(Kind::Sso, &draft.token(), SECRET.as_bytes()).findings, [], "{value}");
    }
}

#[test]
fn a_kid_outside_messaging_has_no_finding() {
    for kind in [Kind::Sdk, Kind::Sso] {
        let token = Draft::good(kind).header("kid", "app_1").token();
        assert_eq!(inspected(kind, &token, SECRET.as_bytes()).findings, []);
    }
}

#[test]
fn without_a_given_kind_the_rules_of_the_likely_kind_apply() {
    let sample = Draft::good(Kind::Sdk).claim("role", "user");
    let drafts =
        [(Draft::good(Kind::Messaging), Kind::Messaging), (Draft::good(Kind::Sso), Kind::Sso), (sample, Kind::Sdk)];
    for (draft, kind) in drafts {
        let inspection = inspect(&draft.token(), &Expectation { kind: None, secret: None, now: NOW });
        assert_eq!((inspection.looks_like, inspection.kind), (Some(kind), kind));
        assert!(inspection.is_accepted() && inspection.signature == Signature::NotChecked);
    }
}

#[test]
fn a_kind_is_recognized_by_its_own_header_and_claims() {
    let key_id = json!({"kid": "app_1"});
    let examples = [
        (json!({}), json!({"scope": "user", "jti": "1"}), Some(Kind::Messaging)),
        (json!({}), json!({"email_verified": true, "iat": NOW}), Some(Kind::Messaging)),
        (json!({}), json!({"external_id": "demo-1"}), Some(Kind::Messaging)),
        (key_id.clone(), json!({"iat": NOW}), Some(Kind::Messaging)),
        (key_id, json!({"iat": NOW, "jti": "1"}), Some(Kind::Sso)),
        (json!({}), json!({"external_id": "demo-1", "iat": NOW}), Some(Kind::Sso)),
        (json!({}), json!({"jti": "1"}), Some(Kind::Sso)),
        (json!({}), json!({"name": "Demo User", "email": "demo@example.com"}), Some(Kind::Sso)),
        (json!({}), json!({"name": "Demo User", "role": "user"}), Some(Kind::Sdk)),
        (json!({}), json!({"name": "Demo User"}), None),
        (json!({}), json!({"email": "demo@example.com"}), None),
    ];
    for (header, claims, kind) in examples {
        let token = sign(&header, &claims, "");
        assert_eq!(inspect(&token, &Expectation::default()).looks_like, kind, "{header} {claims}");
    }
}

#[test]
fn an_organization_id_may_be_text_or_a_number() {
    // Zendesk's table says integer, but external ids are text elsewhere.
    for id in [json!("demo-company"), json!(360)] {
        let token = Draft::good(Kind::Sso).claim("organization_id", id).token();
        assert_eq!(inspected(Kind::Sso, &token, SECRET.as_bytes()).findings, []);
    }
}

#[test]
fn an_integer_may_be_of_any_size() {
    for number in [json!(-1), json!(0), json!(u64::MAX)] {
        let token = Draft::good(Kind::Sso).claim("locale_id", number).token();
        assert_eq!(inspected(Kind::Sso, &token, SECRET.as_bytes()).findings, []);
    }
}

/// The rules that a good SSO token breaks if a claim has this value.
fn broken_by(claim: &str, value: impl Into<Value>) -> Vec<&'static str> {
    let token = Draft::good(Kind::Sso).claim(claim, value).token();
    broken(&inspected(Kind::Sso, &token, SECRET.as_bytes()))
}

#[test]
fn an_email_is_exactly_one_address() {
    for email in ["d@e", "demo.user+tag@example.com", "\"demo@home\"@example.com", "démo@example.com"] {
        assert_eq!(broken_by("email", email), [""; 0], "{email}");
    }
    let lists = ["a,b@example.com", "a;b@example.com", "<demo@example.com", "demo@example.com>"];
    for email in ["demo", "@example.com", "demo@", "a b@example.com", "a\u{7}b@example.com"].into_iter().chain(lists) {
        assert_eq!(broken_by("email", email), ["email_address"], "{email:?}");
    }
}

#[test]
fn a_phone_number_has_a_plus_and_7_to_15_digits() {
    for phone in ["+1234567", "+123456789012345"] {
        assert_eq!(broken_by("phone", phone), [""; 0], "{phone}");
    }
    for phone in ["+123456", "+1234567890123456", "+0123456789", "15551234567", "+1555a234567", "+1 555 1234567"] {
        assert_eq!(broken_by("phone", phone), ["phone"], "{phone}");
    }
}

#[test]
fn an_external_id_looks_like_a_phone_number_from_7_digits_on() {
    for id in ["+1234567", "+1 (415) 555-0100"] {
        assert_eq!(broken_by("external_id", id), ["external_id_stable"], "{id}");
    }
    for id in ["+123456", "4155550100", "+demo-1234567", "1234567"] {
        assert_eq!(broken_by("external_id", id), [""; 0], "{id}");
    }
}

#[test]
fn a_date_in_a_field_must_be_year_month_and_day_with_hyphens() {
    let broken_by_date = |date: &str| broken_by("user_fields", json!({ "field": date }));
    for date in ["2024/02/29", "2024.02.29", "2024/02-29", "2024-2-29", "2024-02-9", "29/02/2024", "1-2-2024"] {
        assert_eq!(broken_by_date(date), ["user_field_dates"], "{date}");
    }
    for text in ["2024-02-29", "2024-02", "2024-02-29-1", "1.2.3", "123/1/2024", "ab/cd/efgh", "2024-02-2x", "demo"] {
        assert_eq!(broken_by_date(text), [""; 0], "{text}");
    }
}

#[test]
fn a_jti_is_long_enough_if_128_bits_fit_into_its_digits_or_letters() {
    for (letter, enough) in [("7", 39), ("f", 32), ("z", 22)] {
        for (length, expected) in [(enough - 1, vec!["jti_unguessable"]), (enough, vec![])] {
            let token = Draft::good(Kind::Sso).claim("jti", letter.repeat(length)).token();
            let inspection = inspected(Kind::Sso, &token, SECRET.as_bytes());
            assert_eq!(broken(&inspection), expected, "{length} of {letter}");
        }
    }
}

#[test]
fn a_token_does_not_choose_its_algorithm() {
    for alg in ["none", "HS384", "RS256", "hs256"] {
        let token = Draft::good(Kind::Sso).header("alg", alg).token();
        let inspection = inspected(Kind::Sso, &token, SECRET.as_bytes());
        assert!(!inspection.is_accepted() && inspection.signature == Signature::NotChecked, "{alg}");
    }
}

#[test]
fn a_token_is_read_despite_the_text_around_it() {
    let token = Draft::good(Kind::Sso).claim("role", "user").token();
    for wrapped in [format!(" Bearer {token}\n"), format!("'{token}'"), format!("{}\n  {}", &token[..50], &token[50..])]
    {
        assert_eq!(broken(&inspected(Kind::Sso, &wrapped, SECRET.as_bytes())), ["bare_token", "role"]);
    }
}

#[test]
fn debug_output_does_not_show_the_secret() {
    let expectation = Expectation { kind: None, secret: Some(SECRET.as_bytes()), now: NOW };
    let shown = r#"Expectation { kind: None, secret: Some("redacted"), now: 1767225600 }"#;
    assert_eq!(format!("{expectation:?}"), shown);
}

#[test]
fn a_jwt_is_found_wherever_it_was_pasted_from() {
    let token = Draft::good(Kind::Sso).token();
    let answer = |name: &str| json!({ name: token }).to_string();
    let pasted = [
        format!("https://acme.zendesk.com/access/jwt?jwt={token}&return_to=https%3A%2F%2Facme.zendesk.com%2Fhc"),
        format!("https://www.example.com/login?next=%2Faccess%2Fjwt%3Fjwt%3D{token}%26return_to%3D%252Fhc#top"),
        format!("https://www.example.com/callback/{token}/"),
        format!("jwt={token}&return_to=%2Fhc"),
        format!("return_to=/hc&jwt={token}"),
        answer("jwt"),
        answer("token"),
        json!({ "data": { "tokens": [{ "kind": "sso", "value": token }] } }).to_string(),
        json!({ "statusCode": 200, "body": answer("jwt") }).to_string(),
        json!({ "body": json!({ "body": answer("jwt") }).to_string() }).to_string(),
        json!({ "message": format!("signed:\n{token}\ndone") }).to_string(),
        answer("token").replace('"', "\\u0022"),
        format!("\u{feff}{}", answer("jwt")),
        format!("\u{feff}{token}"),
        format!("Deprecated: strlen() in index.php on line 3\n{}", answer("jwt")),
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{}\r\n", answer("jwt")),
        format!("b'{token}'"),
        format!("b\"{token}\""),
        format!("\"{token}\""),
        format!("“{token}”"),
        format!("`{token}`,"),
        format!("Bearer {token}"),
        format!("Authorization: Bearer {token}\nAccept: */*"),
        format!("curl -H 'Authorization: Bearer {token}' https://www.example.com"),
        format!("The JWT is {token}."),
        format!("INFO signed jwt={token} kid=app_1 in 3 ms"),
        format!("<input type=\"hidden\" name=\"jwt\" value=\"{token}\">"),
        format!("{}\n  {}\n{}", &token[..50], &token[50..120], &token[120..]),
    ];
    for text in pasted {
        let inspection = inspected(Kind::Sso, &text, SECRET.as_bytes());
        assert_eq!(find_jwt(&text).unwrap().jwt, token, "{text}");
        assert_eq!((broken(&inspection), inspection.signature), (vec!["bare_token"], Signature::Verified), "{text}");
    }
}

#[test]
fn between_support_sdk_and_sso_only_the_common_rules_are_checked() {
    let token = Draft::good(Kind::Sso).claim("phone", "555").token();
    let unknown = inspect(&token, &Expectation { kind: None, secret: Some(b"another-secret-0123456789"), now: NOW });
    assert_eq!((unknown.kinds, broken(&unknown)), (&[Kind::Sdk, Kind::Sso][..], vec!["signature"]));
    for words in ["Support SDK or SSO", "Channels > Classic > Mobile SDK or Account > Security > Single sign-on"] {
        assert!(unknown.findings[0].message.contains(words), "{:?}", unknown.findings);
    }
    for (draft, kind) in
        [(Draft::good(Kind::Messaging), Kind::Messaging), (Draft::good(Kind::Sdk).claim("role", "user"), Kind::Sdk)]
    {
        assert_eq!(inspect(&draft.token(), &Expectation::default()).kinds, [kind]);
    }
    assert_eq!(inspected(Kind::Sso, &token, SECRET.as_bytes()).kinds, [Kind::Sso]);
}

#[test]
fn a_text_without_a_jwt_is_described() {
    for (text, words) in [
        ("", "empty"),
        (" \u{feff}\n", "empty"),
        ("<!DOCTYPE html><title>Error 502. Try again.</title>", "HTML without a JWT"),
        (r#"{"title": "Unauthorized", "status": 401}"#, "JSON without a JWT"),
        (r#"{"jwt": null}"#, "JSON without a JWT"),
        (r#"[{"error": "invalid_token"}]"#, "JSON without a JWT"),
        ("Internal Server Error. Try again.", "holds no JWT"),
        ("BD2F35A7621", "user token"),
        ("\"BD2F35A7621\"", "user token"),
    ] {
        let inspection = inspect(text, &Expectation::default());
        assert!(!inspection.is_jwt && find_jwt(text).is_none(), "{text}");
        assert_eq!(broken(&inspection), ["three_parts"], "{text}");
        assert!(inspection.findings[0].message.contains(words), "{:?}", inspection.findings);
    }
}

/// Zendesk's published tokens. Their secrets are not public.
mod published {
    use super::*;
    use zendesk_jwt_testkit::jwt::published::{SDK, SSO};

    fn at(token: &str, now: u64) -> Inspection {
        inspect(token, &Expectation { kind: None, secret: None, now })
    }

    #[test]
    fn the_sdk_sample_holds_the_documented_claims() {
        let claims = json!({
            "email": "bcarroll@zendesk.com",
            "name": "bcarroll",
            "phone": "987654323456789",
            "tags": ["free_player", "big_fish"],
            "role": "user",
            "iat": 1_449_355_162,
            "jti": "2115237907208931227",
        });
        assert_eq!(at(SDK, NOW).claims, Some(object(claims)));
    }

    #[test]
    fn the_sdk_sample_is_stale_now_and_was_accepted_at_its_time() {
        assert_eq!(at(SDK, NOW).kind, Kind::Sdk);
        assert_eq!(broken(&at(SDK, NOW)), ["iat_fresh", "jti_unguessable"]);
        assert_eq!(broken(&at(SDK, 1_449_355_162)), ["jti_unguessable"]);
        assert!(at(SDK, 1_449_355_162).is_accepted());
    }

    #[test]
    fn the_sso_sample_was_accepted_at_its_time_despite_undocumented_types() {
        let then = at(SSO, 1_372_113_305);
        assert_eq!((then.kind, then.is_accepted()), (Kind::Sso, true));
        assert_eq!(broken(&then), ["jti_unguessable", "optional_claims"]);
        let message = &then.finding(Rule::OptionalClaims).expect("found").message;
        assert!(message.contains("`tags` is a string") && message.contains("`locale_id` is a string"), "{message}");
        assert!(!at(SSO, NOW).is_accepted());
    }
}

/// JWTs of `PyJWT` and npm's `jsonwebtoken`. `tests/golden/README.md` says how to make them.
mod golden {
    use super::*;

    #[derive(Deserialize)]
    struct Golden {
        case: String,
        kind: String,
        secret: String,
        claims: Map<String, Value>,
        /// One of each implementation.
        tokens: Vec<String>,
    }

    impl Golden {
        fn inspected_as(&self, kind: Kind, secret: &str) -> impl Iterator<Item = Inspection> {
            let iat = self.claims.get("iat").and_then(Value::as_u64);
            let exp = self.claims.get("exp").and_then(Value::as_u64);
            let now = iat.or(exp.map(|exp| exp - 300)).unwrap_or(NOW);
            let expectation = Expectation { kind: Some(kind), secret: Some(secret.as_bytes()), now };
            self.tokens.iter().map(move |token| inspect(token, &expectation))
        }
    }

    fn all() -> Vec<(Kind, Golden)> {
        let cases: Vec<Golden> =
            serde_json::from_str(include_str!("../../../tests/golden/made.json")).expect("golden tokens");
        let kind_of = |name: &str| Kind::ALL.into_iter().find(|kind| kind.to_string() == name).expect("a kind");
        cases.into_iter().map(|golden| (kind_of(&golden.kind), golden)).collect()
    }

    #[test]
    fn tokens_of_other_implementations_are_accepted() {
        for (kind, golden) in all() {
            assert!(!golden.tokens.is_empty(), "{}", golden.case);
            for inspection in golden.inspected_as(kind, &golden.secret) {
                assert!(inspection.is_accepted(), "{}: {:#?}", golden.case, inspection.findings);
                assert_eq!(inspection.signature, Signature::Verified, "{}", golden.case);
                assert_eq!(inspection.claims.as_ref(), Some(&golden.claims), "{}", golden.case);
                let rules: Vec<Rule> = inspection.findings.iter().map(|finding| finding.rule).collect();
                match golden.case.as_str() {
                    "an unverified address and a name beyond ASCII" => assert_eq!(rules, [Rule::EmailVerified]),
                    "required claims only" if kind == Kind::Messaging => assert_eq!(rules, [Rule::ExpShort]),
                    _ => assert_eq!(rules, [], "{}", golden.case),
                }
            }
        }
    }

    #[test]
    fn tokens_of_one_kind_are_refused_as_another_kind() {
        let all = all();
        for (kind, golden) in &all {
            for (other, theirs) in all.iter().filter(|(other, _)| other != kind) {
                for inspection in golden.inspected_as(*other, &theirs.secret) {
                    assert!(!inspection.is_accepted(), "{kind} as {other}: {}", golden.case);
                }
            }
        }
    }

    #[test]
    fn the_golden_tokens_include_every_kind() {
        for kind in Kind::ALL {
            let tokens = all().into_iter().filter(|(other, _)| *other == kind).map(|(_, golden)| golden.tokens.len());
            assert!(tokens.sum::<usize>() >= 8, "{kind}");
        }
    }
}

/// Any JSON object, a few levels deep.
fn any_members() -> impl Strategy<Value = Map<String, Value>> {
    let name = prop_oneof![4 => select(&NAMES[..]).prop_map(String::from), 1 => any::<String>()];
    prop::collection::hash_map(name, any_json(), 0..12).prop_map(|members| members.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_inspection_of_any_text_is_sound(text in any::<String>(), kind in prop::option::of(any_kind()), secret in any::<Vec<u8>>(), now: u64) {
        is_sound(&inspect(&text, &Expectation { kind, secret: Some(&secret), now }));
    }

    #[test]
    fn the_inspection_of_any_three_texts_is_sound(parts in "[A-Za-z0-9_=+/ -]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,43}", now: u64) {
        is_sound(&inspect(&parts, &Expectation { kind: None, secret: Some(SECRET.as_bytes()), now }));
    }

    #[test]
    fn the_inspection_of_any_header_and_claims_is_sound(header in any_members(), claims in any_members(), kind in prop::option::of(any_kind()), now: u64) {
        let token = Draft { header, claims, secret: SECRET.into() }.token();
        is_sound(&inspect(&token, &Expectation { kind, secret: Some(SECRET.as_bytes()), now }));
    }

    #[test]
    fn the_inspection_after_any_change_to_one_claim_is_sound(kind in any_kind(), name in select(&NAMES[..]), value in any_json()) {
        let inspection = inspected(kind, &Draft::good(kind).claim(name, value).token(), SECRET.as_bytes());
        is_sound(&inspection);
        prop_assert_eq!(inspection.signature, Signature::Verified);
    }

    #[test]
    fn a_token_changed_in_one_place_is_refused(kind in any_kind(), place: prop::sample::Index, byte in b' '..=b'~') {
        let good = Draft::good(kind).token();
        let mut bytes = good.clone().into_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        let changed = String::from_utf8(bytes).expect("ASCII");
        let inspection = inspected(kind, &changed, SECRET.as_bytes());
        is_sound(&inspection);
        prop_assert_eq!(inspection.is_accepted(), changed == good);
    }

    #[test]
    fn a_token_cut_anywhere_is_refused(kind in any_kind(), place: prop::sample::Index) {
        let good = Draft::good(kind).token();
        let inspection = inspected(kind, &good[..place.index(good.len())], SECRET.as_bytes());
        is_sound(&inspection);
        prop_assert!(!inspection.is_accepted());
    }

    #[test]
    fn secrets_and_personal_values_stay_out_of_messages(
        kind in any_kind(),
        claim in select(vec!["name", "email", "phone", "external_id", "jti", "user_fields", "tags"]),
        value in select(vec![json!("PERSONAL"), json!("PERSONAL@x"), json!("+PERSONAL"), json!(["PERSONAL"]), json!({"field": "PERSONAL"})]),
        secret in "[ \"]?SECRET[a-z…]{0,9}[ \"\n]?",
    ) {
        let inspection = inspected(kind, &Draft::good(kind).claim(claim, value).token(), secret.as_bytes());
        for finding in &inspection.findings {
            prop_assert!(!finding.message.contains("PERSONAL") && !finding.message.contains("SECRET"), "{:?}", finding);
        }
    }
}
