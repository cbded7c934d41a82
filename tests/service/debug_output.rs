//! `Debug` shows no secret and no personal data, so that a value that is logged with `{:?}` by mistake does no harm.

use serde_json::json;
use std::fmt::Debug;
use std::sync::Arc;
use zendesk_jwt::aws;
use zendesk_jwt::aws::user_tokens::{GetItemReader, stored_record};
use zendesk_jwt::handlers::KeyInUse;
use zendesk_jwt::jwt::messaging::{Messaging, MessagingClaims};
use zendesk_jwt::jwt::sdk::SdkClaims;
use zendesk_jwt::jwt::signing::SigningKey;
use zendesk_jwt::jwt::sso::{CustomRole, SsoClaims};
use zendesk_jwt::jwt::{EpochSeconds, Jti};
use zendesk_jwt::user::{Claim, UserToken, UserTokenRecord};

/// A part of every secret and every personal value.
const CANARY: &str = "canary";

fn assert_shows_nothing(value: impl Debug) {
    for shown in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!shown.to_lowercase().contains(CANARY), "{shown}");
        assert!(!shown.contains("eyJ"), "a JWT: {shown}");
    }
}

/// A user with every attribute of an item.
fn record() -> UserTokenRecord {
    let text = json!({ "S": CANARY });
    let item = json!({
        "external_id": text, "name": text, "email": { "S": "canary@example.com" }, "email_verified": { "BOOL": true },
        "phone": text, "organization": text, "organizations": text, "organization_id": text, "organization_ids": text,
        "tags": { "SS": [CANARY] }, "remote_photo_url": text, "user_fields": { "M": { "canary": text } },
    });
    let answer = GetItemReader::default().read(json!({ "Item": item }).to_string());
    stored_record(answer.unwrap()).unwrap().unwrap()
}

fn key() -> SigningKey<Messaging> {
    SigningKey::new("canary-shared-secret", Some("app_1")).unwrap()
}

#[test]
fn a_user_and_their_claims_show_nothing() {
    let record = record();
    assert_shows_nothing(&record);
    assert_shows_nothing(UserToken::parse(CANARY));

    let (user, now, jti) = (&record.user, EpochSeconds(0), || Jti::from_bits([0; 16]));
    let messaging = MessagingClaims::of(user, now).unwrap();
    assert_shows_nothing(&messaging);
    assert_shows_nothing(SdkClaims::of(user, now, jti()).unwrap());
    assert_shows_nothing(SsoClaims::of(user, now, jti(), CustomRole::Optional).unwrap());
    assert_eq!(format!("{:?}", [Claim::Absent, Claim::Null, Claim::Value(CANARY)]), "[Absent, Null, Value(…)]");
    assert_eq!(format!("{:?}", key().sign(&messaging).unwrap()), "Jwt(…)");
}

#[test]
fn a_malformed_item_assert_shows_nothing() {
    for attribute in ["external_id", "email", "phone", "tags", "role", "expires_at"] {
        let item = json!({ "Item": { attribute: { "NS": [CANARY] } } });
        let answer = GetItemReader::default().read(item.to_string());
        assert_shows_nothing(stored_record(answer.unwrap()).map(|_| ()).unwrap_err());
    }
}

#[test]
fn a_signing_key_and_its_problems_show_nothing() {
    assert_eq!(format!("{:?}", key()), r#"SigningKey { kid: Some("app_1"), .. }"#);
    assert_shows_nothing(KeyInUse { key: Arc::new(key()), age: 0, failure: None });
    for stored in
        ["canary", r#""canary""#, r#"{"secret":"canary"}"#, r#"{"secret":"canary-shared-secret…"}"#, r#"["canary"]"#]
    {
        let problem = SigningKey::<Messaging>::parse(stored).unwrap_err();
        assert_shows_nothing(&problem);
        assert!(!problem.to_string().contains(CANARY), "{problem}");
    }
}

#[test]
fn the_clients_of_aws_show_no_credentials() {
    let settings = aws::Settings {
        region: "eu-west-1".to_owned(),
        credentials: aws::Credentials::new(CANARY.to_owned(), CANARY.to_owned(), Some(CANARY.to_owned())),
        endpoints: aws::Endpoints {
            dynamodb: Some("https://dynamodb.example.com".to_owned()),
            ..aws::Endpoints::default()
        },
        more_roots: Vec::new(),
    };
    assert_shows_nothing(&settings);
    let clients = aws::Clients::new(&settings).unwrap();
    assert_shows_nothing(&clients);
    assert_shows_nothing(aws::DynamoDbUserTokens::new(&clients, "user-tokens".to_owned()));
    assert_shows_nothing(aws::SigningKeySecret::new(&clients, "signing-key".to_owned()));
}
