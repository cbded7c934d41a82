//! What DynamoDB answers, and with it whatever a company's backend wrote.

use serde_json::{Value, json};
use zendesk_jwt::aws::user_tokens::{GetItemReader, stored_record};
use zendesk_jwt::handlers::FindError;
use zendesk_jwt::jwt::messaging::MessagingClaims;
use zendesk_jwt::jwt::sdk::SdkClaims;
use zendesk_jwt::jwt::sso::{LegacyAgents, SsoClaims};
use zendesk_jwt::jwt::{EpochSeconds, Jti, Kind};
use zendesk_jwt::user::UserTokenRecord;
use zendesk_jwt_rules::inspect::Rule;

use super::keys::{self, NOW};

/// Any bytes are no answer, an item that is refused by the name of an attribute, or a user token that counts for
/// no more than the item says, and whose JWTs Zendesk would take.
pub fn item(data: &[u8]) {
    let Some(answer) = GetItemReader::default().read(data) else { return };
    // Read again by another JSON library, which also checks numbers that the SDK skips.
    let Ok(json) = serde_json::from_str::<Value>(&String::from_utf8_lossy(data)) else { return };
    let item = &json["Item"];
    match stored_record(answer) {
        Ok(None) => assert!(item.is_null()),
        Ok(Some(record)) => {
            counts_for_no_more_than(&record, item);
            its_jwts_are_accepted(&record);
        }
        Err(FindError::ItemMalformed { attribute }) => assert!(!item[attribute].is_null(), "{attribute} is not there"),
        Err(FindError::Unavailable(cause)) => panic!("an answer is no outage: {cause}"),
    }
}

/// What decides over a token is exactly what is stored, and never guessed from another type or spelling.
fn counts_for_no_more_than(record: &UserTokenRecord, item: &Value) {
    assert_eq!(record.suspended, item["suspended"] == json!({ "BOOL": true }));
    match record.expires_at {
        None => assert!(item["expires_at"].is_null()),
        Some(EpochSeconds(seconds)) => {
            let digits = item["expires_at"]["N"].as_str().unwrap();
            // -0 is 0, and nothing else below it can be read.
            assert_eq!(digits.trim_start_matches(['+', '-', '0']), seconds.to_string().trim_start_matches('0'));
        }
    }
    for kind in Kind::ALL {
        let audiences = &item["audiences"];
        let listed = ["SS", "L"].iter().filter_map(|list| audiences[list].as_array()).flatten();
        let named = listed.clone().any(|name| *name == json!(kind.name()) || *name == json!({ "S": kind.name() }));
        assert_eq!(record.audiences.contains(kind), audiences.is_null() || named, "{kind}");
    }
    if record.user.email.as_ref().is_some_and(|email| email.verified().is_some()) {
        assert_eq!(item["email_verified"], json!({ "BOOL": true }));
    }
}

/// Each JWT that the flows would sign for the user keeps every rule of Zendesk's, as the judge of JWTs knows them.
fn its_jwts_are_accepted(record: &UserTokenRecord) {
    let (user, now) = (&record.user, EpochSeconds(NOW));
    let jti = || Jti::from_bits([7; 16]);
    if let Ok(claims) = SdkClaims::of(user, now, jti()) {
        // The functions accept stored roles and addresses that only Zendesk can refuse; the tool stores no such address.
        let exceptions = [Rule::EndUsersOnly, Rule::EmailAddress];
        keys::accepted(Kind::Sdk, keys::sdk().sign(&claims).unwrap().as_str(), &exceptions);
    }
    if let Ok(claims) = MessagingClaims::of(user, now.plus(300)) {
        keys::accepted(Kind::Messaging, keys::messaging().sign(&claims).unwrap().as_str(), &[]);
    }
    if let Ok(claims) = SsoClaims::of(user, now, jti(), LegacyAgents::Refused) {
        keys::accepted(Kind::Sso, keys::sso().sign(&claims).unwrap().as_str(), &[Rule::EmailAddress]);
    }
}
