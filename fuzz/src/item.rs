//! Answers of DynamoDB, which hold what the company's backend wrote.

use serde_json::{Value, json};
use zendesk_jwt::aws::user_tokens::{GetItemReader, stored_record};
use zendesk_jwt::handlers::FindError;
use zendesk_jwt::jwt::messaging::MessagingClaims;
use zendesk_jwt::jwt::sdk::SdkClaims;
use zendesk_jwt::jwt::sso::{CustomRole, SsoClaims};
use zendesk_jwt::jwt::{EpochSeconds, Jti, Kind};
use zendesk_jwt::user::UserTokenRecord;
use zendesk_jwt_rules::inspect::Rule;

use super::inspect::NOW;
use super::keys;

/// An answer is unreadable, or names its malformed attribute, or gives a record that allows no more than the item says
/// and whose JWTs Zendesk accepts.
pub fn item(data: &[u8]) {
    let Some(answer) = GetItemReader::default().read(data) else { return };
    // An independent reader, which also checks numbers that the SDK skips.
    let Ok(json) = serde_json::from_str::<Value>(&String::from_utf8_lossy(data)) else { return };
    let item = &json["Item"];
    match stored_record(answer) {
        Ok(None) => assert!(item.is_null()),
        Ok(Some(record)) => {
            allows_no_more_than(&record, item);
            its_jwts_are_accepted(&record);
        }
        Err(FindError::ItemMalformed { attribute }) => {
            assert!(!item[attribute].is_null(), "the item has no {attribute}");
        }
        Err(error) => panic!("a complete answer: {error}"),
    }
}

/// Whether a token is valid depends only on attributes with the exact name and type.
fn allows_no_more_than(record: &UserTokenRecord, item: &Value) {
    assert_eq!(record.suspended, item["suspended"] == json!({ "BOOL": true }));
    match record.expires_at {
        None => assert!(item["expires_at"].is_null()),
        Some(EpochSeconds(seconds)) => {
            let digits = item["expires_at"]["N"].as_str().unwrap();
            assert_eq!(digits.trim_start_matches(['+', '0']), seconds.to_string().trim_start_matches('0'));
        }
    }
    for kind in Kind::ALL {
        let audiences = &item["audiences"];
        let listed = ["SS", "L"].iter().filter_map(|list| audiences[list].as_array()).flatten();
        let named = listed.clone().any(|name| *name == json!(kind.name()) || *name == json!({ "S": kind.name() }));
        assert_eq!(record.audiences.include(kind, None), audiences.is_null() || named, "{kind}");
    }
    if record.user.email.as_ref().is_some_and(|email| email.verified().is_some()) {
        assert_eq!(item["email_verified"], json!({ "BOOL": true }));
    }
}

/// `inspect` accepts each JWT that the functions would sign for the user.
pub(super) fn its_jwts_are_accepted(record: &UserTokenRecord) {
    let (user, now) = (&record.user, EpochSeconds(NOW));
    let jti = || Jti::from_bits([7; 16]);
    // The functions accept stored addresses that only Zendesk can refuse; the tool stores no such address.
    if let Ok(claims) = SdkClaims::of(user, now, jti()) {
        keys::accepted(Kind::Sdk, keys::sdk().sign(&claims).unwrap().as_str(), &[Rule::EmailAddress]);
    }
    if let Ok(claims) = MessagingClaims::of(user, now.plus(300)) {
        keys::accepted(Kind::Messaging, keys::messaging().sign(&claims).unwrap().as_str(), &[]);
    }
    if let Ok(claims) = SsoClaims::of(user, now, jti(), CustomRole::Required) {
        keys::accepted(Kind::Sso, keys::sso().sign(&claims).unwrap().as_str(), &[Rule::EmailAddress]);
    }
}
