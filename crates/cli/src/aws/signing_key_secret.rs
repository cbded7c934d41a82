//! The secret of a function's signing keys.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use zeroize::Zeroizing;

use super::clients::Clients;
use super::error::{AwsError, Failure, Place};
use crate::problem::Problem;
use zendesk_jwt::aws::signing_key_secret::ReadSecretError;

/// The label of the version that the functions read.
const CURRENT: &str = "AWSCURRENT";

/// The label of a new version until it becomes the current one.
const NEW: &str = "zendesk-jwt-new";

/// One secret, by its ARN or name.
#[derive(Clone, Debug)]
pub(crate) struct SigningKeySecret {
    client: Client,
    place: Place,
    secret_id: String,
}

/// The current version of a secret.
pub(crate) struct Version {
    id: Option<String>,
    /// `None` if the value is binary.
    value: Option<Zeroizing<String>>,
}

impl Version {
    /// The value, which is empty if it is binary.
    pub(crate) fn text(&self) -> &str {
        self.value.as_ref().map_or("", |value| value.as_str())
    }
}

impl SigningKeySecret {
    pub(crate) fn new(clients: &Clients, secret_id: String) -> Self {
        Self { client: Client::new(&clients.config), place: clients.place.clone(), secret_id }
    }

    /// The stored value, which must exist.
    pub(crate) async fn read(&self) -> Result<Zeroizing<String>, Problem> {
        let binary = || Problem(ReadSecretError::binary(&self.secret_id).to_string());
        self.get().await?.value.ok_or_else(binary)
    }

    /// The current version; `None` if there is none yet.
    pub(crate) async fn current(&self) -> Result<Option<Version>, AwsError> {
        match self.get().await {
            Err(error) if error.failure == Failure::NotFound => Ok(None),
            version => version.map(Some),
        }
    }

    /// Makes `value` the current version if `old` still is. Returns whether it was.
    ///
    /// Secrets Manager stores a value unconditionally, but moves a label only away from the version that has it.
    pub(crate) async fn replace(&self, old: Option<&Version>, value: &str) -> Result<bool, AwsError> {
        let put = self.client.put_secret_value().secret_id(&self.secret_id).secret_string(value).version_stages(NEW);
        let new = put.send().await.map_err(|error| AwsError::new(error, &self.place, &self.name()))?;
        // The first version of a secret becomes the current one by itself.
        if new.version_stages().iter().any(|label| label == CURRENT) {
            return Ok(true);
        }
        let update = self.client.update_secret_version_stage().secret_id(&self.secret_id).version_stage(CURRENT);
        let update = update
            .set_move_to_version_id(new.version_id)
            .set_remove_from_version_id(old.and_then(|old| old.id.clone()));
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.code(), Some("InvalidParameterException" | "InvalidRequestException")) => {
                Ok(false)
            }
            Err(error) => Err(AwsError::new(error, &self.place, &self.name())),
        }
    }

    async fn get(&self) -> Result<Version, AwsError> {
        let get = self.client.get_secret_value().secret_id(&self.secret_id).version_stage(CURRENT).send().await;
        let answer = get.map_err(|error| AwsError::new(error, &self.place, &self.name()))?;
        Ok(Version { id: answer.version_id, value: answer.secret_string.map(Zeroizing::new) })
    }

    fn name(&self) -> String {
        format!("secret {}", self.secret_id)
    }
}
