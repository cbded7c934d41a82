//! Failed calls to AWS, and what an operator can do about each.

use std::error::Error;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::problem::Problem;
use zendesk_jwt::outcome::causes;

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

/// A failed call. `Display` says first what to do.
#[derive(Debug)]
pub(crate) struct AwsError {
    pub(crate) failure: Failure,
    remedy: Option<String>,
    source: Box<dyn Error + Send + Sync>,
}

impl AwsError {
    /// The error of a call about `what`, such as `the table users`.
    pub(super) fn new<E>(error: SdkError<E>, place: &Place, what: &str) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let remedy = match error.code() {
            Some(code) => for_code(code, place, what),
            None => Some(without_answer(&error, place)),
        };
        Self { failure: failure(&error), remedy, source: error.into() }
    }
}

fn failure<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Failure {
    match error.code() {
        Some("ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded") => {
            return Failure::Throttled;
        }
        Some("ValidationException") => return Failure::Invalid,
        Some("ResourceNotFoundException") => return Failure::NotFound,
        _ => {}
    }
    let is_transient = match error {
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
        SdkError::DispatchFailure(failure) => failure.is_io() || failure.is_timeout(),
        SdkError::ServiceError(answer) => answer.raw().status().is_server_error(),
        _ => false,
    };
    if is_transient { Failure::Unavailable } else { Failure::Other }
}

fn for_code(code: &str, place: &Place, what: &str) -> Option<String> {
    Some(match (code, place) {
        ("ResourceNotFoundException", Place::Local(url)) => format!("`zendesk-jwt local` at {url} has no {what}"),
        ("ResourceNotFoundException", Place::Aws { region, .. }) => {
            format!("there is no {what} in {region} of this account: check its name, --profile and --region")
        }
        ("AccessDeniedException", _) => {
            format!("these credentials may not use the {what}: choose others with --profile, or ask for the right")
        }
        ("DecryptionFailure", _) => format!("these credentials may not use the KMS key of the {what}"),
        ("ExpiredTokenException", _) => "the AWS login has expired: log in again, as with `aws sso login`".into(),
        ("UnrecognizedClientException" | "InvalidSignatureException" | "InvalidClientTokenId", _) => {
            "AWS does not accept these credentials: log in again, or choose others with --profile".into()
        }
        ("ValidationException", _) => {
            format!("AWS refuses the request as invalid: is the {what} the one that the template makes?")
        }
        _ => return None,
    })
}

fn without_answer<E: Error + 'static>(error: &SdkError<E>, place: &Place) -> String {
    let is_unreachable = matches!(error, SdkError::DispatchFailure(_) | SdkError::TimeoutError(_));
    match (caused_by::<CredentialsError, E>(error), place) {
        (Some(CredentialsError::CredentialsNotLoaded(_)), _) => {
            "there are no AWS credentials: log in with `aws sso login` or `aws configure`, and choose --profile".into()
        }
        (Some(_), Place::Aws { profile: Some(profile), .. }) => format!(
            "the credentials of the profile {profile} cannot be loaded: log in again, for instance with \
             `aws sso login --profile {profile}`"
        ),
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
            "what answers is not AWS: check the proxy, and --endpoint-url or AWS_ENDPOINT_URL if you use them".into()
        }
    }
}

fn caused_by<T: Error + 'static, E: Error + 'static>(error: &SdkError<E>) -> Option<&T> {
    let first: &(dyn Error + 'static) = error.source()?;
    std::iter::successors(Some(first), |error| (*error).source()).find_map(|error| error.downcast_ref())
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.remedy, self.failure) {
            // AWS may quote an item in this answer.
            (Some(remedy), Failure::Invalid) => f.write_str(remedy),
            (Some(remedy), _) => write!(f, "{remedy}. The cause: {}", causes(&*self.source)),
            (None, _) => f.write_str(&causes(&*self.source)),
        }
    }
}

impl Error for AwsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

impl From<AwsError> for Problem {
    fn from(error: AwsError) -> Self {
        Self(error.to_string())
    }
}
