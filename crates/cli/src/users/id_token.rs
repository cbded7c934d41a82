//! ID tokens of the company's identity provider, as far as they say who they are for. Nothing is verified.

use serde::Serialize;
use serde_json::Value;

use crate::output;
use zendesk_jwt::idp;
use zendesk_jwt::jwt::{Clock as _, EpochSeconds, SystemClock};

#[derive(Serialize)]
pub(super) struct IdToken {
    pub(super) issuer: String,
    pub(super) subject: String,
    expires_at: Option<u64>,
}

impl IdToken {
    /// Reads a token; `None` if the text is not an ID token.
    pub(super) fn read(text: &str) -> Option<Self> {
        let token = idp::IdToken::parse(text)?;
        let claims = token.claims();
        let subject = claims.get("sub")?.as_str()?.to_owned();
        Some(Self {
            issuer: token.issuer()?.to_owned(),
            subject,
            expires_at: claims.get("exp").and_then(Value::as_u64),
        })
    }

    pub(super) fn text(&self) -> String {
        let expiry = match self.expires_at {
            None => "never, so no function accepts it".to_owned(),
            Some(at) if EpochSeconds(at) <= SystemClock.now() => {
                format!("{}, which is past", output::minute(EpochSeconds(at)))
            }
            Some(at) => output::minute(EpochSeconds(at)),
        };
        let rows = [
            ("issuer", output::escaped(&self.issuer)),
            ("subject", output::escaped(&self.subject)),
            ("expires", expiry),
        ];
        let rows = rows.map(|(field, value)| vec![field.to_owned(), value]);
        let table = output::table(&["claim", "value"], rows.into());
        format!(
            "This is an ID token, not an opaque token: the functions accept it if IDENTITY_PROVIDERS names its issuer. \
             `idp check` verifies it.\n\n{table}"
        )
    }
}
