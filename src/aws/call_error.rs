//! Why a call of AWS failed, and whether to try again.

use std::error::Error;
use std::time::Duration;

use lambda_http::http::StatusCode;
use serde::Deserialize;

/// Errors by which DynamoDB and Secrets Manager ask to try again later, beside every status from 500 on.
const TRANSIENT: [&str; 9] = [
    "InternalServerError",
    "InternalServiceError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "RequestTimeoutException",
    "ThrottlingException",
    "TransactionInProgressException",
];

pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// Why a call brought no answer. `Display` has neither keys nor values.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// The request could not be written.
    #[error("the request cannot be sent: {0}")]
    NotSent(BoxError),
    /// No connection, or one that ended before the answer did.
    #[error("no answer: {}", causes(&**.0))]
    Unanswered(BoxError),
    /// Nothing, or not all of it, came in time.
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// An answer that is not of this protocol.
    #[error("an answer that cannot be read")]
    Unreadable,
    /// An error of the service, by its code.
    #[error("{} (HTTP {})", code.as_deref().unwrap_or("an error without a name"), status.as_u16())]
    Refused {
        /// Of the answer.
        status: StatusCode,
        /// The error's name, such as `AccessDeniedException`.
        code: Option<String>,
    },
}

impl CallError {
    /// An answer with a status that is no success.
    ///
    /// Its message is left alone, since it may quote what was asked.
    pub(super) fn refused(status: StatusCode, body: &[u8]) -> Self {
        let answer: Option<ErrorAnswer> = serde_json::from_slice(body).ok();
        Self::Refused { status, code: answer.map(ErrorAnswer::code) }
    }

    /// The service's own name of the error, if it gave one.
    pub(super) fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => code.as_deref(),
            _ => None,
        }
    }

    /// Whether the same request may be answered when it is sent again. Both calls only read, so that is safe.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::NotSent(_) => false,
            Self::Unanswered(_) | Self::TimedOut(_) | Self::Unreadable => true,
            Self::Refused { status, code } => {
                status.is_server_error()
                    || *status == StatusCode::TOO_MANY_REQUESTS
                    || code.as_deref().is_some_and(|code| TRANSIENT.contains(&code))
            }
        }
    }
}

/// An error of the JSON protocol.
///
/// <https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization>
#[derive(Deserialize)]
struct ErrorAnswer {
    #[serde(rename = "__type")]
    shape: String,
}

impl ErrorAnswer {
    /// The name of the error, which may stand behind its namespace.
    fn code(self) -> String {
        let name = self.shape.rsplit('#').next().unwrap_or_default();
        name.chars().take_while(char::is_ascii_alphanumeric).collect()
    }
}

/// The chain of an error's causes in one line. Neither hyper nor the SDK quotes keys or values of ours in it.
pub fn causes(error: &dyn Error) -> String {
    let mut chain = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        chain = format!("{chain}: {error}");
        cause = error.source();
    }
    chain
}
