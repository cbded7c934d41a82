//! The secret in Secrets Manager that holds a function's signing key.

use zeroize::Zeroizing;

use super::{CallError, Clients};
use crate::key_cache::SecretStore;
use crate::outcome::Failure;

/// A secret.
#[derive(Clone, Debug)]
pub struct SigningKeySecret {
    clients: Clients,
    secret_id: String,
}

impl SigningKeySecret {
    /// The secret with this ARN or name.
    #[must_use]
    pub fn new(clients: &Clients, secret_id: String) -> Self {
        Self { clients: clients.clone(), secret_id }
    }
}

impl SecretStore for SigningKeySecret {
    type Error = ReadSecretError;

    async fn read(&self) -> Result<Zeroizing<String>, ReadSecretError> {
        let get = self.clients.secrets_manager.get_secret_value().secret_id(&self.secret_id);
        let answer = get.send().await.map_err(|error| CallError::new(error, |code| remedy(code, &self.secret_id)))?;
        answer.secret_string.map(Zeroizing::new).ok_or_else(|| ReadSecretError::binary(&self.secret_id))
    }
}

/// Why a secret could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadSecretError {
    /// The call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The secret holds bytes, not text.
    #[error("the secret {secret_id} is binary: store the signing key as text")]
    Binary {
        /// The secret's ARN or name.
        secret_id: String,
    },
}

impl ReadSecretError {
    /// The error of a secret that holds bytes.
    #[must_use]
    pub fn binary(secret_id: &str) -> Self {
        Self::Binary { secret_id: secret_id.to_owned() }
    }
}

impl Failure for ReadSecretError {
    fn remedy(&self) -> Option<&str> {
        match self {
            Self::Call(error) => error.remedy(),
            Self::Binary { .. } => None,
        }
    }
}

/// What the operator can do about this error.
#[must_use]
pub fn remedy(code: &str, secret_id: &str) -> Option<String> {
    match code {
        "ResourceNotFoundException" => Some(format!(
            "The secret {secret_id} does not exist or has no value: store the signing key from Admin Center in it"
        )),
        "AccessDeniedException" => {
            Some(format!("Allow this function's role secretsmanager:GetSecretValue on {secret_id}"))
        }
        "DecryptionFailure" => Some(format!("Allow this function's role kms:Decrypt on the key of {secret_id}")),
        _ => None,
    }
}
