//! The secret in Secrets Manager that holds a function's signing key.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use zeroize::Zeroizing;

use super::{Clients, causes};
use crate::signing_keys::SecretStore;

/// One secret, by its ARN or name.
#[derive(Clone, Debug)]
pub struct SigningKeySecret {
    client: Client,
    secret_id: String,
}

impl SigningKeySecret {
    /// The secret of that id.
    #[must_use]
    pub fn new(clients: &Clients, secret_id: String) -> Self {
        Self { client: clients.secrets_manager.clone(), secret_id }
    }

    /// The value as it is stored now; `None` when there is none yet.
    ///
    /// # Errors
    /// With the chain of causes, and a remedy where one is known.
    #[cfg(feature = "cli")]
    pub async fn value(&self) -> Result<Option<Zeroizing<String>>, String> {
        match self.client.get_secret_value().secret_id(&self.secret_id).send().await {
            Ok(answer) => Ok(answer.secret_string.map(Zeroizing::new)),
            Err(error)
                if error.as_service_error().is_some_and(GetSecretValueError::is_resource_not_found_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(super::remedied(&error, "secret", &self.secret_id)),
        }
    }

    /// Makes `value` the current version of the secret, which must exist.
    ///
    /// # Errors
    /// With the chain of causes, and a remedy where one is known.
    #[cfg(feature = "cli")]
    pub async fn store(&self, value: &str) -> Result<(), String> {
        let put = self.client.put_secret_value().secret_id(&self.secret_id).secret_string(value);
        put.send().await.map(drop).map_err(|error| super::remedied(&error, "secret", &self.secret_id))
    }

    /// What to do about an error that an operator can mend.
    fn remedy(&self, error: &GetSecretValueError) -> Option<String> {
        let id = &self.secret_id;
        match error.meta().code() {
            _ if error.is_resource_not_found_exception() => Some(format!(
                "The secret {id} has no value yet, or does not exist: store the signing key from Admin Center in it"
            )),
            Some("AccessDeniedException") => {
                Some(format!("Allow this function's role secretsmanager:GetSecretValue on {id}"))
            }
            _ if error.is_decryption_failure() => {
                Some(format!("Allow this function's role kms:Decrypt on the key of {id}"))
            }
            _ => None,
        }
    }
}

impl SecretStore for SigningKeySecret {
    async fn read(&self) -> Result<Zeroizing<String>, String> {
        let answer = self.client.get_secret_value().secret_id(&self.secret_id).send().await.map_err(|error| {
            let remedy = error.as_service_error().and_then(|error| self.remedy(error));
            remedy.map_or_else(|| causes(&error), |remedy| format!("{}. {remedy}", causes(&error)))
        })?;
        let text = answer.secret_string.map(Zeroizing::new);
        text.ok_or_else(|| format!("the secret {} is binary: store the signing key as text", self.secret_id))
    }
}
