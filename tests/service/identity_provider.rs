//! ID tokens of the company's identity provider as user tokens: what they give, and what a user record changes.

use crate::support::identity_provider::{ALGORITHMS, IdentityProvider, ProviderKey};
use crate::support::jwt::Draft;
use crate::support::service::Reply;
use crate::support::users::{attribute, demo};
use crate::support::{EventSource, Jwt, Kind, Request, Service, Setup, logs, now};
use serde_json::{Value, json};

/// A function that trusts `provider` for every kind of JWT.
fn trusting(kind: Kind, provider: &IdentityProvider) -> Service {
    trusting_as(kind, provider, &json!({}))
}

/// A function that trusts `provider` with these further members of its configuration.
fn trusting_as(kind: Kind, provider: &IdentityProvider, members: &Value) -> Service {
    let mut configuration = provider.configuration();
    configuration["audiences"] = json!(["sdk", "messaging", "sso"]);
    for (name, value) in members.as_object().unwrap() {
        configuration[name] = value.clone();
    }
    let setup = Setup::of(kind).env("SESSION_COOKIE", "acme_session");
    provider.trusted_as(setup, &configuration).start()
}

fn ask(service: &Service, token: &str) -> Reply {
    service.reply(&service.kind.request(token))
}

/// The JWT in an answer of any function.
fn jwt(kind: Kind, reply: &Reply) -> Jwt {
    assert_eq!(reply.answer.status, 200, "{}", reply.logs);
    Jwt::verified(&reply.answer.jwt(), kind.secret())
}

fn signed(service: &Service, token: &str) -> Jwt {
    jwt(service.kind, &ask(service, token))
}

/// The claims that a user of this draft gets through SSO, which carries every claim.
fn claims_of(members: &Value, claims: &Value) -> Value {
    let provider = IdentityProvider::http();
    let service = trusting_as(Kind::SsoRedirect, &provider, members);
    signed(&service, &provider.draft().claims(claims).signed_by(&provider.key)).claims
}

fn outcome(reply: &Reply) -> String {
    logs::request_line(&reply.logs)["outcome"].as_str().unwrap().to_owned()
}

/// Stores a user record, as `user put` does.
fn put_user_record(service: &Service, external_id: &str, attributes: &Value) {
    let attributes = attributes.as_object().unwrap().iter();
    let mut item: Value = attributes.map(|(name, value)| (name.clone(), attribute(value))).collect();
    item["token_hash"] = json!({ "S": format!("user:{external_id}") });
    service.aws.put_item(&item);
}

const SUB: &str = "f1b9c2d4-demo";

#[test]
fn an_id_token_gives_a_jwt_of_every_kind_without_an_entry_in_the_table() {
    let provider = IdentityProvider::https();
    for kind in Kind::ALL {
        let service = trusting(kind, &provider);
        let reply = ask(&service, &provider.token());
        let jwt = jwt(kind, &reply);
        assert_eq!(*jwt.claim("name"), "Idp Demo User");
        assert_eq!(*jwt.claim("email"), "idp.demo@example.com");
        if kind != Kind::SdkExchange {
            assert_eq!(*jwt.claim("external_id"), SUB);
        }
        let line = logs::request_line(&reply.logs);
        assert_eq!((&line["outcome"], &line["user_token"]), (&json!("signed"), &json!("id_token")));
        assert!(line["external_id_hash"].is_string());
    }
}

#[test]
fn an_id_token_may_stand_wherever_a_user_token_may() {
    let provider = IdentityProvider::http();
    for kind in [Kind::MessagingToken, Kind::SsoRedirect] {
        let service = trusting(kind, &provider);
        let request = || match kind {
            Kind::MessagingToken => Request::post("/messaging/jwt"),
            _ => Request::get("/sso/login"),
        };
        let token = provider.token();
        for request in [kind.request(&token), request().bearer(&token), request().cookie("acme_session", &token)] {
            for source in EventSource::ALL {
                jwt(kind, &service.reply_through(source, &request));
            }
        }
    }
}

#[test]
fn every_accepted_algorithm_verifies() {
    let provider = IdentityProvider::http();
    let service = trusting(Kind::MessagingToken, &provider);
    let mut rsa = ProviderKey::new("RS256", "rsa");
    let others = ["ES256", "ES384", "EdDSA"].map(|algorithm| ProviderKey::new(algorithm, algorithm));
    let keys: Vec<_> = others.iter().chain([&rsa]).collect();
    provider.publish(&keys);
    for algorithm in ALGORITHMS {
        let draft = provider.draft().header("alg", algorithm);
        let token = if let Some(key) = others.iter().find(|key| key.algorithm == algorithm) {
            draft.header("kid", algorithm).signed_by(key)
        } else {
            rsa = rsa.with_algorithm(algorithm);
            draft.header("kid", "rsa").signed_by(&rsa)
        };
        signed(&service, &token);
    }
}

#[test]
fn a_key_with_an_algorithm_of_its_own_verifies_no_other() {
    let provider = IdentityProvider::http();
    let service = trusting(Kind::MessagingToken, &provider);
    let key = ProviderKey::new("PS256", "rsa");
    let mut jwk = key.jwk();
    jwk["alg"] = "RS256".into();
    provider.publish_jwks(vec![jwk]);
    let draft = |algorithm| provider.draft().header("kid", "rsa").header("alg", algorithm);
    let reply = ask(&service, &draft("PS256").signed_by(&key));
    assert_eq!((reply.answer.status, outcome(&reply).as_str()), (401, "id_token_malformed"));
    signed(&service, &draft("RS256").signed_by(&key.with_algorithm("RS256")));
}

#[test]
fn keys_for_encryption_and_of_other_types_are_left_out() {
    let provider = IdentityProvider::http();
    let mut encrypts = ProviderKey::new("RS256", "encrypts").jwk();
    encrypts["use"] = "enc".into();
    encrypts["alg"] = "RSA-OAEP".into();
    provider.publish_jwks(vec![
        encrypts,
        json!({ "kty": "EC", "crv": "secp256k1", "kid": "k", "x": "AA", "y": "AA" }),
        json!({ "kty": "oct", "kid": "shared", "k": "c2VjcmV0LXRoYXQtaXMtbG9uZy1lbm91Z2g" }),
        json!({ "kty": "new-type", "kid": 7 }),
        json!("not a key"),
        provider.key.jwk(),
    ]);
    signed(&trusting(Kind::MessagingToken, &provider), &provider.token());
}

#[test]
fn a_token_without_a_key_id_is_verified_with_every_key() {
    let provider = IdentityProvider::http();
    let other = ProviderKey::new("ES256", "other");
    provider.publish(&[&other, &provider.key]);
    let service = trusting(Kind::MessagingToken, &provider);
    signed(&service, &provider.draft().without("kid").signed_by(&provider.key));
}

#[test]
fn a_time_may_have_a_fraction_and_clocks_may_differ_by_a_minute() {
    let provider = IdentityProvider::http();
    let service = trusting(Kind::SsoRedirect, &provider);
    let now = now();
    for (claim, value) in
        [("exp", json!(now - 30)), ("nbf", json!(now + 30)), ("exp", json!(f64::from(2_000_000_000) + 0.5))]
    {
        signed(&service, &provider.draft().claim(claim, value).signed_by(&provider.key));
    }
}

#[test]
fn a_messaging_jwt_outlives_its_id_token_by_the_leeway_at_most() {
    let provider = IdentityProvider::http();
    let service = trusting(Kind::MessagingToken, &provider);
    let exp = now() + 100;
    let answer = ask(&service, &provider.draft().claim("exp", exp).signed_by(&provider.key)).answer;
    assert_eq!(answer.json()["expires_at"], exp);
    assert_eq!(*Jwt::verified(&answer.jwt(), Kind::MessagingToken.secret()).claim("exp"), exp);

    let expired_at = now() - 10;
    let answer = ask(&service, &provider.draft().claim("exp", expired_at).signed_by(&provider.key)).answer;
    assert_eq!(answer.json()["expires_at"], expired_at + 60, "clocks may differ by a minute");
}

#[test]
fn the_support_sdk_takes_id_tokens_only_if_the_provider_says_so() {
    let provider = IdentityProvider::http();
    let token = provider.token();
    for kind in Kind::ALL {
        let service = provider.trusted_by(Setup::of(kind)).start();
        let reply = ask(&service, &token);
        let expected = if kind == Kind::SdkExchange { "audience_not_allowed" } else { "signed" };
        assert_eq!(outcome(&reply), expected, "{}", kind.name());
    }
}

#[test]
fn every_other_token_is_opaque() {
    let provider = IdentityProvider::http();
    let service = trusting(Kind::MessagingToken, &provider);
    let foreign = provider.draft().claim("iss", "https://other.example.com").signed_by(&provider.key);
    for token in ["BD2F35A7621", "a.b.c", "eyJhbGciOiJub25lIn0.bm90IEpTT04.", &foreign] {
        service.aws.put_user(token, &demo());
        let reply = ask(&service, token);
        assert_eq!(*jwt(service.kind, &reply).claim("external_id"), "demo-1");
        assert_eq!(logs::request_line(&reply.logs)["user_token"], "opaque");
    }
}

#[test]
fn an_id_token_is_never_looked_up_as_an_opaque_token() {
    let provider = IdentityProvider::http();
    let service = trusting(Kind::MessagingToken, &provider);
    let expired = provider.draft().claim("exp", now() - 100).signed_by(&provider.key);
    service.aws.put_user(&expired, &demo());
    let reply = ask(&service, &expired);
    assert_eq!((reply.answer.status, outcome(&reply).as_str()), (401, "id_token_expired"));
}

#[test]
fn an_opaque_token_never_reaches_a_user_record() {
    let provider = IdentityProvider::http();
    let service = trusting(Kind::MessagingToken, &provider);
    put_user_record(&service, SUB, &demo());
    for token in [format!("user:{SUB}"), SUB.to_owned()] {
        let reply = ask(&service, &token);
        assert_eq!((reply.answer.status, outcome(&reply).as_str()), (401, "user_token_unknown"));
    }
}

#[test]
fn a_request_is_one_consistent_read_of_the_user_record() {
    let provider = IdentityProvider::http();
    for kind in Kind::ALL {
        let setup = Setup::of(kind).with_fakes();
        let configuration = json!({ "issuer": provider.url(), "audience": "acme-web-client", "audiences": ["sdk", "messaging", "sso"] });
        let service = provider.trusted_as(setup, &configuration).start();
        service.aws.dynamodb().take_requests();
        let wrong_signature = provider.draft().claim("name", "Other").with_signature(|_| vec![7; 64]);
        for token in [provider.token(), wrong_signature] {
            ask(&service, &token);
            let [request] = service.aws.dynamodb().take_requests().try_into().expect("one request");
            assert_eq!(request.operation, "GetItem");
            assert_eq!(request.body["Key"], json!({ "token_hash": { "S": format!("user:{SUB}") } }));
            assert_eq!(request.body["ConsistentRead"], true);
        }
    }
}

#[test]
fn a_user_record_suspends_the_user_of_every_valid_token() {
    let provider = IdentityProvider::http();
    for kind in Kind::ALL {
        let service = trusting(kind, &provider);
        let token = provider.token();
        signed(&service, &token);
        put_user_record(&service, SUB, &json!({ "suspended": true }));
        let reply = ask(&service, &token);
        assert_eq!((reply.answer.status, outcome(&reply).as_str()), (401, "user_suspended"));
        put_user_record(&service, SUB, &json!({ "suspended": false }));
        signed(&service, &token);
    }
}

#[test]
fn a_user_record_overrides_what_the_token_says() {
    let provider = IdentityProvider::http();
    let service = trusting(Kind::SsoRedirect, &provider);
    let token = provider.draft().claim("role", "end_user").signed_by(&provider.key);
    put_user_record(
        &service,
        SUB,
        &json!({ "external_id": SUB, "name": "Stored Name", "tags": ["vip"], "phone": null }),
    );
    let claims = signed(&service, &token).claims;
    assert_eq!(claims["name"], "Stored Name");
    assert_eq!(claims["tags"], json!(["vip"]));
    assert_eq!(claims["phone"], Value::Null);
    assert_eq!(claims["email"], "idp.demo@example.com", "attributes that the record lacks stay");
    assert_eq!(claims["external_id"], SUB);
}

#[test]
fn the_verification_of_one_address_says_nothing_of_another() {
    let provider = IdentityProvider::http();
    let service = trusting(Kind::SsoRedirect, &provider);
    let outcome_with = |attributes: Value, draft: Draft| {
        put_user_record(&service, SUB, &attributes);
        outcome(&ask(&service, &draft.signed_by(&provider.key)))
    };
    let unverified = || provider.draft().claim("email_verified", false);
    assert_eq!(outcome_with(json!({ "email": "other@example.com" }), provider.draft()), "email_unverified");
    assert_eq!(outcome_with(json!({ "email": "other@example.com", "email_verified": true }), unverified()), "signed");
    assert_eq!(outcome_with(json!({ "email_verified": true }), unverified()), "signed");
    assert_eq!(outcome_with(json!({ "email_verified": false }), provider.draft()), "email_unverified");
    assert_eq!(outcome_with(json!({}), unverified()), "email_unverified");
}

#[test]
fn the_audiences_of_a_user_record_replace_those_of_the_provider() {
    let provider = IdentityProvider::http();
    for (kind, allowed) in [(Kind::SdkExchange, true), (Kind::MessagingToken, false), (Kind::SsoRedirect, false)] {
        let service = provider.trusted_by(Setup::of(kind)).start();
        put_user_record(&service, SUB, &json!({ "audiences": ["sdk"] }));
        let expected = if allowed { "signed" } else { "audience_not_allowed" };
        assert_eq!(outcome(&ask(&service, &provider.token())), expected, "{}", kind.name());
    }
}

#[test]
fn a_malformed_user_record_answers_503_and_the_log_names_the_attribute() {
    let provider = IdentityProvider::http();
    let service = trusting(Kind::MessagingToken, &provider);
    // DynamoDB would delete a suspension that expires.
    for (attribute, value) in
        [("expires_at", json!(4_102_444_800_u64)), ("external_id", json!("someone-else")), ("suspended", json!("yes"))]
    {
        put_user_record(&service, SUB, &json!({ attribute: value }));
        let reply = ask(&service, &provider.token());
        assert_eq!((reply.answer.status, outcome(&reply).as_str()), (503, "item_malformed"));
        let line = logs::request_line(&reply.logs);
        assert!(line["detail"].as_str().unwrap().contains(attribute), "{line}");
    }
}

#[test]
fn a_token_without_a_user_id_is_refused_for_every_kind() {
    let provider = IdentityProvider::http();
    for kind in Kind::ALL {
        let service = trusting(kind, &provider);
        for draft in [provider.draft().without("sub"), provider.draft().claim("sub", " ")] {
            let reply = ask(&service, &draft.signed_by(&provider.key));
            assert_eq!(reply.answer.status, 401);
            assert!(["claim_missing", "id_token_claim_malformed"].contains(&outcome(&reply).as_str()));
        }
    }
}

#[test]
fn a_token_over_8_kib_is_named_as_the_cause() {
    let provider = IdentityProvider::http();
    let groups: Vec<_> = (0..500).map(|group| format!("group-{group:032}")).collect();
    let token = provider.draft().claim("groups", groups).signed_by(&provider.key);
    let service = trusting(Kind::MessagingToken, &provider);
    for request in [Kind::MessagingToken.request(&token), Request::post("/messaging/jwt").bearer(&token)] {
        let answer = service.answer(&request);
        assert_eq!(answer.status, 413);
        assert!(answer.problem()["detail"].as_str().unwrap().contains("groups"));
    }
}

#[test]
fn only_true_and_its_text_count_as_a_verified_address() {
    let provider = IdentityProvider::http();
    let service = trusting(Kind::SsoRedirect, &provider);
    for (value, expected) in [
        (json!(true), "signed"),
        (json!("true"), "signed"),
        (json!(false), "email_unverified"),
        (json!("false"), "email_unverified"),
        (json!("True"), "email_unverified"),
        (json!(1), "email_unverified"),
        (json!("1"), "email_unverified"),
        (json!([true]), "email_unverified"),
        (Value::Null, "email_unverified"),
    ] {
        let token = provider.draft().claim("email_verified", value.clone()).signed_by(&provider.key);
        assert_eq!(outcome(&ask(&service, &token)), expected, "{value}");
    }
    let absent = provider.draft().without("email_verified").signed_by(&provider.key);
    assert_eq!(outcome(&ask(&service, &absent)), "email_unverified");
}

#[test]
fn claims_come_from_a_name_a_pointer_or_a_constant() {
    let mapping = json!({ "claims": {
        "external_id": "employee_id",
        "name": "/profile/display name",
        "organization": "https://acme.example.com/org",
        "phone": "/profile/phones/1",
        "role": { "value": "end_user" },
        "tags": "/realm_access/roles",
        "user_fields": "/a~1b/c~0d",
    } });
    let claims = claims_of(
        &mapping,
        &json!({
            "employee_id": "e-1234567",
            "profile": { "display name": "Mapped Name", "phones": ["+15550100", "+15550101"] },
            "https://acme.example.com/org": "Acme",
            "realm_access": { "roles": ["gold", "beta"] },
            "a/b": { "c~d": { "plan": "pro", "id": 12_345_678_901_234_567_890_u64 } },
        }),
    );
    assert_eq!(claims["external_id"], "e-1234567");
    assert_eq!(claims["name"], "Mapped Name");
    assert_eq!(claims["organization"], "Acme");
    assert_eq!(claims["phone"], "+15550101");
    assert_eq!(claims["role"], "end_user");
    assert_eq!(claims["tags"], json!(["gold", "beta"]));
    assert_eq!(claims["user_fields"], json!({ "plan": "pro", "id": 12_345_678_901_234_567_890_u64 }));
}

#[test]
fn absent_null_and_empty_claims_stay_apart() {
    let mapping = json!({ "claims": { "phone": "phone", "organization": "org", "tags": "groups" } });
    let claims = claims_of(&mapping, &json!({ "phone": null, "groups": [] }));
    assert_eq!(claims["phone"], Value::Null);
    assert_eq!(claims["tags"], json!([]));
    assert!(claims.get("organization").is_none());
}

#[test]
fn a_claim_of_another_type_is_refused_and_the_log_names_it() {
    let provider = IdentityProvider::http();
    let mapping = json!({ "claims": { "tags": "groups", "role": "role" } });
    let service = trusting_as(Kind::SsoRedirect, &provider, &mapping);
    for (claim, value, named) in
        [("groups", json!("one"), "tags"), ("role", json!("superuser"), "role"), ("email", json!(7), "email")]
    {
        let reply = ask(&service, &provider.draft().claim(claim, value).signed_by(&provider.key));
        let line = logs::request_line(&reply.logs);
        assert_eq!((&line["outcome"], &line["detail"]), (&json!("id_token_claim_malformed"), &json!(named)));
        assert_eq!(reply.answer.status, 401);
    }
}

mod providers {
    use super::*;

    /// The claims that an ID token of this provider gives, with the issuer's path that it uses.
    fn journey(issuer_path: &str, members: &Value, claims: &Value) -> Value {
        let provider = IdentityProvider::http();
        provider.set_issuer(&format!("{}{issuer_path}", provider.url()));
        let service = trusting_as(Kind::SsoRedirect, &provider, members);
        let draft = provider.draft().without("email_verified").claims(claims);
        signed(&service, &draft.signed_by(&provider.key)).claims
    }

    #[test]
    fn cognito_writes_flags_as_texts_and_marks_its_id_tokens() {
        let mapping = json!({ "claims": { "tags": "cognito:groups", "external_id": "sub" } });
        let claims = json!({ "token_use": "id", "email_verified": "true", "cognito:groups": ["gold"] });
        let claims = journey("/eu-west-1_AbCdEfGhI", &mapping, &claims);
        assert_eq!((&claims["tags"], &claims["email"]), (&json!(["gold"]), &json!("idp.demo@example.com")));
    }

    #[test]
    fn entra_has_its_own_claims_for_the_id_and_a_verified_domain() {
        let mapping = json!({ "claims": { "external_id": "oid", "email_verified": "xms_edov" } });
        let claims =
            json!({ "oid": "00000000-0000-0000-66f3-3332eca7ea81", "xms_edov": true, "tid": "t", "ver": "2.0" });
        let claims = journey("/9122040d-6c67-4c5b-b112-36a304b66dad/v2.0", &mapping, &claims);
        assert_eq!(claims["external_id"], "00000000-0000-0000-66f3-3332eca7ea81");
    }

    #[test]
    fn auth0_has_a_slash_at_the_end_of_its_issuer_and_namespaces_in_its_claims() {
        let mapping = json!({ "claims": { "tags": "https://acme.example.com/roles" } });
        let claims =
            json!({ "sub": "auth0|507f1f77", "email_verified": true, "https://acme.example.com/roles": ["beta"] });
        let claims = journey("/", &mapping, &claims);
        assert_eq!((&claims["external_id"], &claims["tags"]), (&json!("auth0|507f1f77"), &json!(["beta"])));
    }

    #[test]
    fn okta_has_groups_and_an_authorization_server_in_its_issuer() {
        let mapping = json!({ "claims": { "tags": "groups", "locale": { "value": 1 } } });
        let claims =
            json!({ "sub": "00u1a2b3", "email_verified": true, "groups": ["Everyone"], "amr": ["pwd"], "ver": 1 });
        let claims = journey("/oauth2/default", &mapping, &claims);
        assert_eq!((&claims["tags"], &claims["external_id"]), (&json!(["Everyone"]), &json!("00u1a2b3")));
    }

    #[test]
    fn firebase_nests_the_sign_in_method() {
        let mapping = json!({ "claims": { "tags": "/firebase/identities/email", "remote_photo_url": "picture" } });
        let claims = json!({
            "user_id": "f1b9c2d4-demo", "auth_time": 1, "email_verified": true, "picture": "https://example.com/p.png",
            "firebase": { "sign_in_provider": "password", "identities": { "email": ["idp.demo@example.com"] } },
        });
        let claims = journey("/acme-project", &mapping, &claims);
        assert_eq!(claims["remote_photo_url"], "https://example.com/p.png");
    }

    #[test]
    fn keycloak_has_several_audiences_and_nested_roles() {
        let mapping = json!({ "claims": { "tags": "/realm_access/roles" } });
        let claims = json!({
            "aud": ["acme-web-client", "account"], "azp": "acme-web-client", "typ": "ID", "email_verified": true,
            "realm_access": { "roles": ["offline_access"] },
        });
        let claims = journey("/realms/acme", &mapping, &claims);
        assert_eq!(claims["tags"], json!(["offline_access"]));
    }
}
