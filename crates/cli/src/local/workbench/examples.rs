use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::super::demo;
use super::super::identity_provider::IdentityProvider;
use crate::problem::Problem;
use zendesk_jwt::jwt::{Clock, JtiSource as _, Kind, RandomJti, SystemClock};

/// The JWTs that the page offers: name, title and whether Zendesk refuses it.
pub(super) const EXAMPLES: [(&str, &str, bool); 9] = [
    ("sdk", "Support SDK", false),
    ("messaging", "Messaging", false),
    ("sso", "SSO", false),
    ("id-token", "ID token", false),
    ("milliseconds", "Time in milliseconds", true),
    ("late", "10 minutes old", true),
    ("no-email", "No e-mail address", true),
    ("other-secret", "Another secret", true),
    ("no-algorithm", "No algorithm", true),
];

/// The example of this name, which is signed now.
pub(super) fn example(name: &str, provider: &IdentityProvider) -> Option<String> {
    let kind = match name {
        "" => return None,
        "id-token" => return provider.id_token(demo::EXTERNAL_ID, None),
        "sdk" | "late" => Kind::Sdk,
        "messaging" | "other-secret" => Kind::Messaging,
        _ => Kind::Sso,
    };
    let now = SystemClock.now().0;
    let secret = match name {
        "other-secret" => "another-shared-secret-not-for-production".to_owned(),
        _ => demo::shared_secret(kind, None),
    };
    let mut header = json!({"alg": "HS256", "typ": "JWT"});
    let mut claims = json!({"name": "Demo User", "email": "demo@example.com", "external_id": demo::EXTERNAL_ID});
    if kind == Kind::Messaging {
        header["kid"] = json!(demo::kid(None));
        claims["scope"] = json!("user");
        claims["email_verified"] = json!(true);
        claims["exp"] = json!(now + 300);
    } else {
        claims["iat"] = json!(now);
        claims["jti"] = json!(RandomJti.next().ok()?.as_str());
    }
    match name {
        "milliseconds" => claims["iat"] = json!(now * 1000),
        "late" => claims["iat"] = json!(now - 600),
        "no-email" => claims.as_object_mut()?.retain(|claim, _| claim != "email"),
        "no-algorithm" => header["alg"] = json!("none"),
        _ => {}
    }
    Some(signed(&header, &claims, &secret))
}

/// The JWT of a header and claims that a person wrote.
pub(super) fn signed_texts(header: &str, claims: &str, secret: &str) -> Result<String, Problem> {
    let object = |part: &str, json: &str| {
        let object = serde_json::from_str::<Map<String, Value>>(json).map(Value::Object);
        object.map_err(|error| Problem(format!("the {part} must be a JSON object: {error}")))
    };
    Ok(signed(&object("header", header)?, &object("claims", claims)?, secret))
}

/// Signs with HS256, whatever the header says.
fn signed(header: &Value, claims: &Value, secret: &str) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = hmac::sign(&hmac::Key::new(HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
