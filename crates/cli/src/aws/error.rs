//! Failed calls to AWS, and what an operator can do about each.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::problem::Problem;

/// Where the calls go.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// A `zendesk-jwt local` at this address.
    Local(String),
    Aws {
        region: String,
        profile: Option<String>,
    },
}

/// What a caller may do after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// AWS asks for fewer requests: repeat the call later.
    Throttled,
    /// AWS did not answer, or failed by itself: repeat the call later.
    Unavailable,
    /// AWS refuses the request as invalid.
    Invalid,
    NotFound,
    Other,
}

/// A failed call. `Display` says first what to do, and then the cause in the words of AWS or of the operating system.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct AwsError {
    pub(crate) failure: Failure,
    text: String,
    source: Box<dyn Error + Send + Sync>,
}

/// What the SDK reports about a call, whatever the call.
pub(super) trait ServiceError: ProvideErrorMetadata + Error + Send + Sync + 'static {}

impl<E: ProvideErrorMetadata + Error + Send + Sync + 'static> ServiceError for E {}

impl AwsError {
    /// The error of a call about `what`, such as `table users`.
    pub(super) fn new(error: SdkError<impl ServiceError>, place: &Place, what: &str) -> Self {
        let failure = failure(&error);
        let (remedy, cause) = if let Some(code) = error.code() {
            let message = error.message().map(|message| format!(": {message}")).unwrap_or_default();
            // The message about an invalid request may quote an item.
            let cause = (failure != Failure::Invalid).then(|| format!("AWS says {code}{message}"));
            (for_code(failure, code, place, what), cause)
        } else {
            let (remedy, has_cause) = without_answer(&error, place);
            (Some(remedy), has_cause.then(|| format!("The cause: {}", innermost(&error))))
        };
        let text = [remedy, cause].into_iter().flatten().collect::<Vec<_>>().join(". ");
        Self { failure, text, source: error.into() }
    }

    /// Whether the call may succeed later. Until AWS `was_reached`, silence means wrong arguments.
    pub(crate) fn is_temporary(&self, was_reached: bool) -> bool {
        self.failure == Failure::Throttled || self.failure == Failure::Unavailable && was_reached
    }
}

fn innermost(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

fn failure<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Failure {
    match (error.code(), error) {
        (Some("ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded"), _) => {
            Failure::Throttled
        }
        (Some("ValidationException"), _) => Failure::Invalid,
        (Some("ResourceNotFoundException"), _) => Failure::NotFound,
        (_, SdkError::TimeoutError(_) | SdkError::ResponseError(_)) => Failure::Unavailable,
        (_, SdkError::DispatchFailure(failure)) if failure.is_io() || failure.is_timeout() => Failure::Unavailable,
        (_, SdkError::ServiceError(answer)) if answer.raw().status().is_server_error() => Failure::Unavailable,
        _ => Failure::Other,
    }
}

fn for_code(failure: Failure, code: &str, place: &Place, what: &str) -> Option<String> {
    Some(match (failure, code, place) {
        (Failure::NotFound, _, Place::Local(url)) => format!("`zendesk-jwt local` at {url} has no {what}"),
        (Failure::NotFound, _, Place::Aws { region, .. }) => {
            format!("there is no {what} in {region} of this account: check its name, --profile and --region")
        }
        (Failure::Throttled, ..) => "DynamoDB asks for fewer requests: try again in a minute".into(),
        (Failure::Invalid, ..) => {
            format!("AWS refuses the request as invalid: is the {what} the one that the template makes?")
        }
        (_, "AccessDeniedException", _) => {
            format!("these credentials may not use the {what}: choose others with --profile, or ask for the right")
        }
        (_, "InternalServerError" | "InternalServiceError" | "ServiceUnavailable", _) => {
            "AWS failed: try again in a minute".into()
        }
        (_, "DecryptionFailure", _) => format!("these credentials may not use the KMS key of the {what}"),
        (_, "ExpiredTokenException", _) => "the AWS login has expired: log in again, as with `aws sso login`".into(),
        (_, "UnrecognizedClientException" | "InvalidSignatureException" | "InvalidClientTokenId", _) => {
            "AWS does not accept these credentials: log in again, or choose others with --profile".into()
        }
        _ => return None,
    })
}

/// What to do, and whether the cause says more.
fn without_answer<E: Error + 'static>(error: &SdkError<E>, place: &Place) -> (String, bool) {
    let is_unreachable = matches!(error, SdkError::DispatchFailure(_) | SdkError::TimeoutError(_));
    let remedy = match (caused_by::<CredentialsError, E>(error), place) {
        (Some(_), Place::Aws { profile: Some(profile), .. }) => format!(
            "the profile {profile} gives no credentials: check it with `aws configure list --profile {profile}`, or log \
             in again with `aws sso login --profile {profile}`"
        ),
        (Some(CredentialsError::CredentialsNotLoaded(_)), _) => {
            let remedy = "there are no AWS credentials: log in with `aws sso login` or `aws configure`, choose a profile \
                          with --profile, or use --local";
            return (remedy.into(), false);
        }
        (Some(_), _) => "the AWS credentials cannot be loaded: log in again, or choose --profile".into(),
        (None, Place::Local(url)) if is_unreachable => {
            format!("nothing listens at {url}: start `zendesk-jwt local`, or give its port with --local PORT")
        }
        (None, Place::Local(url)) => format!("what listens at {url} is not `zendesk-jwt local`: check the port"),
        (None, Place::Aws { .. }) if caused_by::<rustls::Error, E>(error).is_some() => {
            "the certificate of AWS is not trusted: if a proxy replaces it, name the proxy's roots in AWS_CA_BUNDLE"
                .into()
        }
        (None, Place::Aws { region, .. }) if is_unreachable => format!(
            "AWS cannot be reached: check the network, the region {region}, and --endpoint-url or AWS_ENDPOINT_URL if \
             you use them"
        ),
        (None, Place::Aws { .. }) => {
            let remedy =
                "what answers is not AWS: check the proxy, and --endpoint-url or AWS_ENDPOINT_URL if you use them";
            return (remedy.into(), false);
        }
    };
    (remedy, true)
}

fn caused_by<T: Error + 'static, E: Error + 'static>(error: &SdkError<E>) -> Option<&T> {
    let first: &(dyn Error + 'static) = error.source()?;
    std::iter::successors(Some(first), |error| (*error).source()).find_map(|error| error.downcast_ref())
}

impl From<AwsError> for Problem {
    fn from(error: AwsError) -> Self {
        Self(error.to_string())
    }
}
