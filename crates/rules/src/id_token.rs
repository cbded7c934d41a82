//! ID tokens of OpenID Connect, as far as a token says without its signature being verified.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::EpochSeconds;
use crate::inspect::{Expectation, inspect};

/// What a token of an identity provider says about itself. Nothing here is verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdToken {
    /// `iss`, the identity provider.
    pub issuer: String,
    /// `sub`, the provider's id of the user.
    pub subject: String,
    /// `aud`, one or several.
    pub audiences: Vec<String>,
    /// `exp`.
    pub expires_at: Option<EpochSeconds>,
    /// Whether this is an access token, which many providers write in the same format.
    pub is_access_token: bool,
}

impl IdToken {
    /// Reads a token; `None` if the text is not a token of an identity provider.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let inspection = inspect(text, &Expectation::default());
        inspection.id_token.filter(|_| inspection.header.is_some())
    }

    /// Recognizes a token by the claims that OpenID Connect Core 1.0, section 2, requires. No Zendesk JWT has them.
    pub(crate) fn of(header: &Map<String, Value>, claims: &Map<String, Value>) -> Option<Self> {
        let text = |object: &Map<String, Value>, name| object.get(name).and_then(Value::as_str).map(str::to_owned);
        let audiences = match claims.get("aud")? {
            Value::Array(audiences) => audiences.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            audience => vec![audience.as_str()?.to_owned()],
        };
        // RFC 9068, section 2.1; `token_use` is Cognito's.
        let media_type = text(header, "typ").unwrap_or_default().to_ascii_lowercase();
        let is_access_token = media_type.ends_with("at+jwt") || text(claims, "token_use").as_deref() == Some("access");
        Some(Self {
            issuer: text(claims, "iss")?,
            subject: text(claims, "sub")?,
            audiences,
            expires_at: claims.get("exp").and_then(Value::as_u64).map(EpochSeconds),
            is_access_token,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(header: &Value, claims: &Value) -> Option<IdToken> {
        IdToken::of(header.as_object().unwrap(), claims.as_object().unwrap())
    }

    #[test]
    fn the_claims_that_openid_connect_requires_make_an_id_token() {
        let claims =
            json!({"iss": "https://id.example.com", "sub": "42", "aud": ["site", "app"], "exp": 1_700_000_000});
        let token = read(&json!({"alg": "RS256"}), &claims).unwrap();
        assert_eq!(token.issuer, "https://id.example.com");
        assert_eq!(token.audiences, ["site", "app"]);
        assert_eq!(token.expires_at, Some(EpochSeconds(1_700_000_000)));
        assert!(!token.is_access_token);
        for missing in ["iss", "sub", "aud"] {
            let mut claims = claims.clone();
            claims.as_object_mut().unwrap().remove(missing);
            assert!(read(&json!({"alg": "RS256"}), &claims).is_none(), "without {missing}");
        }
    }

    #[test]
    fn an_access_token_is_recognized_by_its_type_or_its_use() {
        let claims = json!({"iss": "https://id.example.com", "sub": "42", "aud": "api"});
        assert!(read(&json!({"typ": "at+jwt"}), &claims).unwrap().is_access_token);
        let cognito = json!({"iss": "https://id.example.com", "sub": "42", "aud": "api", "token_use": "access"});
        assert!(read(&json!({}), &cognito).unwrap().is_access_token);
    }

    #[test]
    fn a_zendesk_jwt_is_not_an_id_token() {
        let claims = json!({"scope": "user", "external_id": "42", "exp": 1_700_000_000});
        assert!(read(&json!({"alg": "HS256", "kid": "app_1"}), &claims).is_none());
    }
}
