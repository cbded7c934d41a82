//! The secret in Secrets Manager that holds a function's signing key.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Clients;
use super::service::Service;
use crate::signing_keys::SecretStore;

/// One secret, by its ARN or name.
#[derive(Clone, Debug)]
pub struct SigningKeySecret {
    service: Service,
    secret_id: String,
}

/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetSecretValue<'a> {
    secret_id: &'a str,
}

/// What is in the secret. An answer that has neither is not Secrets Manager's.
#[derive(Deserialize)]
#[serde(try_from = "GotSecretValue")]
enum Content {
    Text(Zeroizing<String>),
    Bytes,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GotSecretValue {
    secret_string: Option<Zeroizing<String>>,
    secret_binary: Option<IgnoredAny>,
}

impl TryFrom<GotSecretValue> for Content {
    type Error = &'static str;

    fn try_from(got: GotSecretValue) -> Result<Self, Self::Error> {
        match (got.secret_string, got.secret_binary) {
            (Some(text), _) => Ok(Self::Text(text)),
            (None, Some(IgnoredAny)) => Ok(Self::Bytes),
            (None, None) => Err("no secret"),
        }
    }
}

impl SigningKeySecret {
    /// The secret of that id.
    #[must_use]
    pub fn new(clients: &Clients, secret_id: String) -> Self {
        Self { service: clients.secrets_manager.clone(), secret_id }
    }
}

impl SecretStore for SigningKeySecret {
    async fn read(&self) -> Result<Zeroizing<String>, String> {
        let get = GetSecretValue { secret_id: &self.secret_id };
        let answer: Result<Content, _> = self.service.call("secretsmanager.GetSecretValue", &get).await;
        match answer {
            Ok(Content::Text(text)) => Ok(text),
            Ok(Content::Bytes) => Err(is_binary(&self.secret_id)),
            Err(error) => Err(match remedy(error.code(), &self.secret_id) {
                Some(remedy) => format!("{error}. {remedy}"),
                None => error.to_string(),
            }),
        }
    }
}

/// What to do about an error of this code that an operator can mend.
#[must_use]
pub fn remedy(code: Option<&str>, secret_id: &str) -> Option<String> {
    match code? {
        "ResourceNotFoundException" => Some(format!(
            "The secret {secret_id} has no value yet, or does not exist: store the signing key from Admin Center in it"
        )),
        "AccessDeniedException" => {
            Some(format!("Allow this function's role secretsmanager:GetSecretValue on {secret_id}"))
        }
        "DecryptionFailure" => Some(format!("Allow this function's role kms:Decrypt on the key of {secret_id}")),
        _ => None,
    }
}

/// What is said of a secret without text.
#[must_use]
pub fn is_binary(secret_id: &str) -> String {
    format!("the secret {secret_id} is binary: store the signing key as text")
}
