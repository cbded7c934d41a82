//! How a fake AWS service fails.

use axum::body::Body;
use axum::response::Response;
use serde_json::json;

#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// An error answer of the AWS JSON protocols.
    Error { status: u16, code: &'static str },
    /// The request is never answered.
    Stall,
    /// The connection is closed without an answer.
    ClosedConnection,
}

impl Fault {
    pub const INTERNAL_ERROR: Self = Self::Error { status: 500, code: "InternalServerError" };
    pub const THROTTLED: Self = Self::Error { status: 400, code: "ProvisionedThroughputExceededException" };
    pub const NOT_FOUND: Self = Self::Error { status: 400, code: "ResourceNotFoundException" };
    pub const ACCESS_DENIED: Self = Self::Error { status: 400, code: "AccessDeniedException" };

    pub async fn response(self) -> Response {
        match self {
            Self::Error { status, code } => answer(status, &json!({ "__type": code, "message": "an error of a test" })),
            Self::Stall => std::future::pending().await,
            // A panic would end the task as well, but would print a message.
            Self::ClosedConnection => std::panic::resume_unwind(Box::new("connection closed")),
        }
    }
}

/// An answer of the AWS JSON protocols.
pub fn answer(status: u16, body: &serde_json::Value) -> Response {
    Response::builder()
        .status(status)
        .header("content-type", "application/x-amz-json-1.1")
        .body(Body::from(body.to_string()))
        .unwrap()
}
