//! The secret of a signing key as the operator's tool reads and stores it.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use zeroize::Zeroizing;

use super::{Clients, remedied};
use zendesk_jwt::aws::signing_key_secret::{ReadSecretError, remedy};
use zendesk_jwt::outcome::causes;

/// One secret, by its ARN or name.
#[derive(Clone, Debug)]
pub(crate) struct SigningKeySecret {
    client: Client,
    secret_id: String,
}

impl SigningKeySecret {
    /// The secret of that id.
    pub(crate) fn new(clients: &Clients, secret_id: String) -> Self {
        Self { client: clients.secrets_manager.clone(), secret_id }
    }

    /// The value as it is stored now, for whom there has to be one.
    pub(crate) async fn read(&self) -> Result<Zeroizing<String>, String> {
        let answer = self.client.get_secret_value().secret_id(&self.secret_id).send().await.map_err(|error| {
            let remedy = error.code().and_then(|code| remedy(code, &self.secret_id));
            remedy.map_or_else(|| causes(&error), |remedy| format!("{}. {remedy}", causes(&error)))
        })?;
        answer.secret_string.map(Zeroizing::new).ok_or_else(|| ReadSecretError::binary(&self.secret_id).to_string())
    }

    /// The value as it is stored now; `None` when there is none yet.
    pub(crate) async fn value(&self) -> Result<Option<Zeroizing<String>>, String> {
        match self.client.get_secret_value().secret_id(&self.secret_id).send().await {
            Ok(answer) => Ok(answer.secret_string.map(Zeroizing::new)),
            Err(error)
                if error.as_service_error().is_some_and(GetSecretValueError::is_resource_not_found_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(remedied(&error, "secret", &self.secret_id)),
        }
    }

    /// Makes `value` the current version of the secret, which must exist.
    pub(crate) async fn store(&self, value: &str) -> Result<(), String> {
        let put = self.client.put_secret_value().secret_id(&self.secret_id).secret_string(value);
        put.send().await.map(drop).map_err(|error| remedied(&error, "secret", &self.secret_id))
    }
}
