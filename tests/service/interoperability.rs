//! JWTs across implementations. `tests/golden/minted.json` holds ours, which PyJWT, npm's jsonwebtoken and jose, and
//! Ruby's jwt verify. `inspect.rs` reads JWTs that PyJWT and npm's jsonwebtoken made.

use serde_json::{Value, json};
use std::path::Path;
use zendesk_jwt::jwt::messaging::MessagingClaims;
use zendesk_jwt::jwt::sdk::SdkClaims;
use zendesk_jwt::jwt::signing::{Jwt, SigningKey};
use zendesk_jwt::jwt::sso::{CustomRole, SsoClaims};
use zendesk_jwt::jwt::{EpochSeconds, Jti, Kind};
use zendesk_jwt::user::{Claim, Email, EmailAddress, ExternalId, Name, Profile, Role, User};

const NOW: EpochSeconds = EpochSeconds(1_639_608_035);
const KID: &str = "app_demo";

fn secret(kind: Kind) -> String {
    format!("demo-{kind}-shared-secret-not-for-production")
}

/// A user with every claim. Some are null, some are empty.
fn user(role: Role) -> User {
    User {
        external_id: ExternalId::parse("demo-1"),
        name: Name::parse("Démo Üser 用户"),
        email: EmailAddress::parse("Demo.User@example.com").map(|address| Email::new(address, true)),
        profile: Profile {
            phone: Claim::Value("+15555550100".into()),
            locale: Claim::Value(8),
            locale_id: Claim::Null,
            organization: Claim::Absent,
            organizations: Claim::Value("Demo One,Demo Two".into()),
            organization_id: Claim::Null,
            organization_ids: Claim::Value(String::new()),
            tags: Claim::Value(Vec::new()),
            remote_photo_url: Claim::Value("https://example.com/demo.png".into()),
            role: Claim::Value(role),
            custom_role_id: Claim::Value(1234),
            user_fields: Claim::Value(
                json!({"plan": "free", "nickname": null, "seats": 3, "since": "2026-11-20"})
                    .as_object()
                    .unwrap()
                    .clone(),
            ),
        },
    }
}

fn unique_id() -> Jti {
    Jti::from_bits(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff_u128.to_be_bytes())
}

/// A JWT of each kind, with the header and claims that a verifier must find in it.
fn minted() -> Value {
    let (agent, end_user) = (user(Role::Agent), user(Role::EndUser));
    let sso_claims = json!({
        "iat": 1_639_608_035, "jti": "00112233445566778899aabbccddeeff", "email": "Demo.User@example.com",
        "name": "Démo Üser 用户", "external_id": "demo-1", "phone": "+15555550100", "locale": 8, "locale_id": null,
        "organizations": "Demo One,Demo Two", "organization_id": null, "organization_ids": "", "tags": [],
        "remote_photo_url": "https://example.com/demo.png", "role": "agent", "custom_role_id": 1234,
        "user_fields": {"plan": "free", "nickname": null, "seats": 3, "since": "2026-11-20"},
    });
    let mut sdk_claims = sso_claims.clone();
    sdk_claims["role"] = "end_user".into();
    sdk_claims.as_object_mut().unwrap().remove("custom_role_id");
    let messaging_claims = json!({
        "scope": "user", "external_id": "demo-1", "exp": 1_639_608_335, "name": "Démo Üser 用户",
        "email": "Demo.User@example.com", "email_verified": true,
    });
    let sdk = SdkClaims::of(&end_user, NOW, unique_id()).unwrap();
    let messaging = MessagingClaims::of(&end_user, NOW.plus(300)).unwrap();
    let sso = SsoClaims::of(&agent, NOW, unique_id(), CustomRole::Required).unwrap();
    json!([
        entry(Kind::Sdk, None, &sdk_claims, &SigningKey::new(&secret(Kind::Sdk), None).unwrap().sign(&sdk).unwrap()),
        entry(
            Kind::Messaging,
            Some(KID),
            &messaging_claims,
            &SigningKey::new(&secret(Kind::Messaging), Some(KID)).unwrap().sign(&messaging).unwrap()
        ),
        entry(Kind::Sso, None, &sso_claims, &SigningKey::new(&secret(Kind::Sso), None).unwrap().sign(&sso).unwrap()),
    ])
}

fn entry(kind: Kind, key_id: Option<&str>, claims: &Value, token: &Jwt) -> Value {
    let mut header = json!({"typ": "JWT", "alg": "HS256"});
    if let Some(key_id) = key_id {
        header["kid"] = key_id.into();
    }
    json!({"kind": kind.name(), "secret": secret(kind), "kid": key_id, "header": header, "claims": claims, "token": token.as_str()})
}

#[test]
fn minted_jwts_equal_those_that_other_implementations_verify() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/minted.json");
    let minted = serde_json::to_string_pretty(&minted()).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &minted).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap();
    assert_eq!(minted, stored, "after an intended change, run UPDATE_GOLDEN=1 make test, and check the difference");
}

#[test]
fn a_minted_jwt_has_the_header_and_claims_of_its_entry() {
    for entry in minted().as_array().unwrap() {
        let jwt = crate::support::Jwt::verified(entry["token"].as_str().unwrap(), entry["secret"].as_str().unwrap());
        assert_eq!((&jwt.header, &jwt.claims), (&entry["header"], &entry["claims"]));
    }
}
