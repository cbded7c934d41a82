//! Makes the SDK retry a successful response that it cannot use.
//!
//! The SDK checks no media type, reads an empty body as "no such item", and does not retry a success that it cannot
//! parse. Each would turn a network fault into a refusal or into an avoidable 503.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_types::body::SdkBody;
use lambda_http::http::StatusCode;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The error code for a success that does not come from the service.
pub(super) const NOT_OF_THE_SERVICE: &str = "NotOfTheService";

/// Turns a success that does not come from the service into a 502, which the SDK retries on a new connection.
#[derive(Debug)]
pub(super) struct ResponseCheck(pub(super) fn(&HttpResponse) -> bool);

#[dyn_dispatch_hint]
impl Intercept for ResponseCheck {
    fn name(&self) -> &'static str {
        "ResponseCheck"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        if response.status().is_success() && !self.0(response) {
            let error = format!(r#"{{"__type":"{NOT_OF_THE_SERVICE}"}}"#);
            *response = HttpResponse::new(StatusCode::BAD_GATEWAY.into(), SdkBody::from(error));
        }
        Ok(())
    }
}

/// DynamoDB answers `{}` for an unknown token, so the media type must show that the answer is DynamoDB's.
pub(super) fn is_from_dynamodb(response: &HttpResponse) -> bool {
    let media_type = response.headers().get("content-type").unwrap_or_default();
    let is_empty = response.body().bytes().is_none_or(<[u8]>::is_empty);
    media_type.starts_with("application/x-amz-json-1.0") && !is_empty
}

/// Secrets Manager's answer holds a secret. Its media type is not checked: some emulators send JSON as `text/html`.
pub(super) fn is_from_secrets_manager(response: &HttpResponse) -> bool {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "SecretString", alias = "SecretBinary")]
        _secret: IgnoredAny,
    }
    response.body().bytes().is_some_and(|body| serde_json::from_slice::<Answer>(body).is_ok())
}

/// Retries a success that the SDK could not parse.
#[derive(Debug)]
pub(super) struct RetryUnreadable;

impl ClassifyRetry for RetryUnreadable {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let succeeded = context.response().is_some_and(|response| response.status().is_success());
        match context.output_or_error() {
            Some(Err(_)) if succeeded => RetryAction::transient_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "RetryUnreadable"
    }
}
