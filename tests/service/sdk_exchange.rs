//! `POST /sdk/jwt`: Zendesk's servers exchange a user token for a Support SDK JWT.

use crate::support::service::SDK_SECRET;
use crate::support::{Answer, EventSource, Jwt, Kind, Request, Service, Setup, logs, now, users};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::HashSet;

const TOKEN: &str = "BD2F35A7621";

fn service() -> Service {
    Setup::of(Kind::SdkExchange).start()
}

fn exchange(token: &str) -> Request {
    Request::post("/sdk/jwt").form(&[("user_token", token)])
}

fn signed(answer: &Answer) -> Jwt {
    Jwt::verified(&answer.jwt(), SDK_SECRET)
}

#[test]
fn a_known_token_is_exchanged_for_a_jwt_that_names_its_user() {
    let answer = service().answer_for(TOKEN, &users::demo());

    assert_eq!((answer.status, answer.media_type()), (200, "application/json"));
    assert_eq!(answer.json(), json!({ "jwt": answer.jwt() }));
    let jwt = signed(&answer);
    assert_eq!(jwt.header, json!({ "alg": "HS256", "typ": "JWT" }));
    assert_eq!(jwt.claim_names(), ["email", "external_id", "iat", "jti", "name"]);
    assert_eq!(jwt.claim("name"), "Demo User");
    assert_eq!(jwt.claim("email"), "Demo.User@Example.com");
    assert_eq!(jwt.claim("external_id"), "demo-1");
}

#[test]
fn the_exchange_works_with_every_event_source() {
    let service = service();
    service.aws.put_user(TOKEN, &users::demo());

    for source in EventSource::ALL {
        let answer = service.answer_through(source, &exchange(TOKEN));
        assert_eq!(signed(&answer).claim("name"), "Demo User", "{source:?}");
    }
}

#[test]
fn any_path_is_served() {
    let service = service();
    service.aws.put_user(TOKEN, &users::demo());

    for path in ["/", "/sdk/jwt/", "/api/zendesk/sdk"] {
        let request = Request::post(path).form(&[("user_token", TOKEN)]);
        assert_eq!(service.answer(&request).status, 200, "{path}");
    }
}

#[test]
fn iat_is_the_current_second() {
    let service = service();
    let before = now();
    let jwt = signed(&service.answer_for(TOKEN, &users::demo()));

    let iat = jwt.claim("iat").as_u64().expect("whole seconds");
    assert!((before..=now()).contains(&iat), "{iat}");
}

#[test]
fn each_jti_is_new_and_holds_128_random_bits() {
    let service = service();
    service.aws.put_user(TOKEN, &users::demo());
    let jti = || signed(&service.answer(&exchange(TOKEN))).claim("jti").as_str().unwrap().to_owned();
    let seen: HashSet<String> = std::iter::repeat_with(jti).take(40).collect();

    assert_eq!(seen.len(), 40);
    let bits_each = if seen.iter().all(|jti| jti.chars().all(|c| c.is_ascii_hexdigit() || c == '-')) { 4 } else { 6 };
    let length = seen.iter().map(String::len).min().unwrap();
    let differs = |at: usize| seen.iter().map(|jti| jti.as_bytes()[at]).collect::<HashSet<_>>().len() > 1;
    let changing = (0..length).filter(|at| differs(*at)).count();
    assert!(changing * bits_each >= 128, "{changing} characters change in {seen:?}");
}

#[test]
fn optional_claims_are_sent_as_they_are_stored() {
    let optional = json!({
        "phone": "+15551234567",
        "locale": 8,
        "locale_id": 1_176,
        "organization": "Analytical Engines",
        "organizations": "Analytical Engines,Royal Society",
        "organization_id": "org-1",
        "organization_ids": "org-1,org-2",
        "tags": ["vip", "ümlaut"],
        "remote_photo_url": "https://www.example.com/demo.png",
        "role": "end_user",
        "user_fields": { "birthday": "2000-01-01", "level": 3, "beta": true, "note": null, "quote": "\"" },
    });
    let jwt = signed(&service().answer_for(TOKEN, &users::demo_with(&optional)));

    for (name, stored) in optional.as_object().unwrap() {
        assert_eq!(jwt.claim(name), stored, "{name}");
    }
    assert_eq!(jwt.claim_names().len(), 5 + 11);
}

#[test]
fn numbers_in_user_fields_keep_all_their_digits() {
    let service = service();
    let digits = ["12345678901234567890123456789012345678", "0.12345678901234567891", "-98765432109876543210"];
    let mut item = users::item(TOKEN, &users::demo());
    let number = |digits: &&str| json!({ "N": digits });
    item["user_fields"] = json!({ "M": { "ids": { "L": digits.iter().map(number).collect::<Vec<_>>() } } });
    service.aws.put_item(&item);

    let jwt = signed(&service.answer(&service.kind.request(TOKEN)));
    assert_eq!(jwt.claim("user_fields").to_string(), format!(r#"{{"ids":[{}]}}"#, digits.join(",")));
}

#[test]
fn absent_null_and_empty_claims_stay_different() {
    let stored = json!({ "phone": null, "organization": "", "tags": [], "user_fields": {} });
    let jwt = signed(&service().answer_for(TOKEN, &users::demo_with(&stored)));

    assert_eq!(jwt.claim("phone"), &Value::Null);
    assert_eq!(jwt.claim("organization"), "");
    assert_eq!(jwt.claim("tags"), &json!([]));
    assert_eq!(jwt.claim("user_fields"), &json!({}));
    let expected = ["email", "external_id", "iat", "jti", "name", "organization", "phone", "tags", "user_fields"];
    assert_eq!(jwt.claim_names(), expected);
}

#[test]
fn an_end_user_has_no_custom_role() {
    let service = service();
    for role in ["end_user", "user"] {
        let jwt = signed(&service.answer_for(role, &users::demo_with(&json!({ "role": role, "custom_role_id": 7 }))));
        assert_eq!((jwt.claim("role"), jwt.claims.get("custom_role_id")), (&json!(role), None));
    }
    let jwt = signed(&service.answer_for("no role", &users::demo_with(&json!({ "custom_role_id": 7 }))));
    assert_eq!((jwt.claims.get("role"), jwt.claims.get("custom_role_id")), (None, None));
}

#[test]
fn an_agent_or_administrator_is_refused_as_a_team_member() {
    let service = service();
    for role in ["agent", "admin"] {
        service.aws.put_user(role, &users::demo_with(&json!({ "role": role, "custom_role_id": 7 })));
        let reply = service.reply(&service.kind.request(role));
        assert_eq!(reply.answer.status, 401, "{role}");
        assert_eq!(logs::request_line(&reply.logs)["outcome"], "team_member", "{role}");
    }
}

#[test]
fn a_user_without_an_external_id_gets_a_jwt_without_one() {
    let user = users::demo_with(&json!({ "external_id": users::REMOVED }));
    let jwt = signed(&service().answer_for(TOKEN, &user));

    assert_eq!(jwt.claim_names(), ["email", "iat", "jti", "name"]);
}

#[test]
fn a_token_that_is_not_expired_and_names_this_audience_is_accepted() {
    let service = service();
    for (token, changes) in [
        ("later", json!({ "expires_at": now() + 60 })),
        ("ours", json!({ "audiences": ["sdk"] })),
        ("all", json!({ "audiences": ["messaging", "sdk", "sso"] })),
        ("active", json!({ "suspended": false })),
    ] {
        assert_eq!(service.answer_for(token, &users::demo_with(&changes)).status, 200, "{token}");
    }
}

#[test]
fn every_method_except_post_answers_405() {
    let service = service();
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let answer = service.answer(&Request::new(method, "/sdk/jwt").form(&[("user_token", TOKEN)]));
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{method}");
        if method != "HEAD" {
            answer.problem();
        }
    }
}

#[test]
fn a_body_that_is_not_a_form_is_answered_with_the_media_type_to_send() {
    let service = service();
    service.aws.put_user(TOKEN, &users::demo());
    for (media_type, body) in [
        ("application/json", r#"{"user_token":"BD2F35A7621"}"#),
        ("text/plain", "user_token=BD2F35A7621"),
        ("multipart/form-data; boundary=x", "--x\r\ncontent-disposition: form-data; name=user_token\r\n\r\nx\r\n--x--"),
        ("application/x-www-form-urlencoded-not", "user_token=BD2F35A7621"),
    ] {
        let answer = service.answer(&Request::post("/sdk/jwt").body(media_type, body));
        assert_eq!(answer.status, 415, "{media_type}");
        let detail = answer.problem()["detail"].to_string();
        assert!(detail.contains("application/x-www-form-urlencoded"), "{detail}");
    }
}

#[test]
fn a_media_type_may_have_parameters_and_any_case() {
    let service = service();
    service.aws.put_user(TOKEN, &users::demo());
    for media_type in ["application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-URLEncoded"] {
        let request = Request::post("/sdk/jwt").body(media_type, format!("user_token={TOKEN}"));
        assert_eq!(service.answer(&request).status, 200, "{media_type}");
    }
}

#[test]
fn a_body_may_have_up_to_8_kib() {
    let service = service();
    let token = "x".repeat(8192 - "user_token=".len());
    assert_eq!(service.answer_for(&token, &users::demo()).status, 200);

    for source in EventSource::ALL {
        let answer = service.answer_through(source, &exchange(&(token.clone() + "x")));
        assert_eq!(answer.status, 413, "{source:?}");
        answer.problem();
    }
}

#[test]
fn a_form_without_exactly_one_readable_token_is_malformed() {
    let service = service();
    for (reason, body) in [
        ("an empty body", b"".as_slice()),
        ("no token", b"other=1"),
        ("an empty token", b"user_token="),
        ("a token without a value", b"user_token"),
        ("two tokens", b"user_token=a&user_token=b"),
        ("the same token twice", b"user_token=a&user_token=a"),
        ("a name in another case", b"User_Token=a"),
        ("bytes that are not UTF-8", b"user_token=\xff\xfe"),
        ("encoded bytes that are not UTF-8", b"user_token=%C3%28"),
        ("half a character", b"user_token=%E2%82"),
    ] {
        let answer = service.answer(&Request::post("/sdk/jwt").form_body(body));
        assert_eq!(answer.status, 400, "{reason}");
        answer.problem();
    }
}

#[test]
fn a_token_outside_the_form_is_ignored() {
    let service = service();
    service.aws.put_user(TOKEN, &users::demo());
    for (place, request) in [
        ("header", Request::post("/sdk/jwt").bearer(TOKEN).form_body("a=b")),
        ("cookie", Request::post("/sdk/jwt").cookie("user_token", TOKEN).form_body("a=b")),
        ("query", Request::post(&format!("/sdk/jwt?user_token={TOKEN}")).form_body("a=b")),
    ] {
        assert_eq!(service.answer(&request).status, 400, "{place}");
    }
}

#[test]
fn a_token_may_hold_any_text() {
    let service = service();
    let cases = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(cases, |(token in any::<String>().prop_filter("a token is not empty", |token| !token.is_empty()),
                       source in proptest::sample::select(EventSource::ALL.as_slice()))| {
        service.aws.put_user(&token, &users::demo());
        prop_assert_eq!(service.answer_through(source, &exchange(&token)).status, 200);
    });
}

#[test]
fn a_token_is_compared_exactly() {
    let service = service();
    service.aws.put_user("Token", &users::demo());
    for other in ["token", "Token ", " Token", "Token\n", "Toke", "To+ken"] {
        assert_eq!(service.answer(&exchange(other)).status, 401, "{other:?}");
    }
}
