//! The secret of a signing key.

use aws_sdk_secretsmanager::Client;
use zeroize::Zeroizing;

use super::clients::Clients;
use super::error::{AwsError, Failure, Place};
use crate::problem::Problem;
use zendesk_jwt::aws::signing_key_secret::ReadSecretError;

/// One secret, by its ARN or name.
#[derive(Clone, Debug)]
pub(crate) struct SigningKeySecret {
    client: Client,
    place: Place,
    secret_id: String,
}

impl SigningKeySecret {
    pub(crate) fn new(clients: &Clients, secret_id: String) -> Self {
        Self { client: clients.secrets_manager.clone(), place: clients.place.clone(), secret_id }
    }

    /// The stored value, which must exist.
    pub(crate) async fn read(&self) -> Result<Zeroizing<String>, Problem> {
        self.get().await?.ok_or_else(|| Problem(ReadSecretError::binary(&self.secret_id).to_string()))
    }

    /// The stored value; `None` if there is none yet.
    pub(crate) async fn value(&self) -> Result<Option<Zeroizing<String>>, AwsError> {
        match self.get().await {
            Err(error) if error.failure == Failure::NotFound => Ok(None),
            value => value,
        }
    }

    /// Makes `value` the current version of the secret, which must exist.
    pub(crate) async fn store(&self, value: &str) -> Result<(), AwsError> {
        let put = self.client.put_secret_value().secret_id(&self.secret_id).secret_string(value);
        put.send().await.map(drop).map_err(|error| AwsError::new(error, &self.place, &self.name()))
    }

    async fn get(&self) -> Result<Option<Zeroizing<String>>, AwsError> {
        let get = self.client.get_secret_value().secret_id(&self.secret_id).send().await;
        let answer = get.map_err(|error| AwsError::new(error, &self.place, &self.name()))?;
        Ok(answer.secret_string.map(Zeroizing::new))
    }

    fn name(&self) -> String {
        format!("secret {}", self.secret_id)
    }
}
