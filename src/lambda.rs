//! A function's life in Lambda: cold start, warm-up, and one request after the other.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use lambda_http::lambda_runtime::Error;
use lambda_http::{Request, service_fn};
use tracing::level_filters::LevelFilter;

use crate::aws::{Clients, DynamoDbUserTokens, SigningKeySecret};
use crate::config::{Common, Environment};
use crate::flows::{Flow, SigningKeys, Vouching};
use crate::http;
use crate::jwt::{JwtKind, SystemClock};
use crate::signing_keys::CachedSigningKey;
use crate::telemetry::{self, RequestReport};

/// What a flow in Lambda vouches with: DynamoDB and Secrets Manager.
pub type AwsVouching<K> = Vouching<DynamoDbUserTokens, CachedSigningKey<K, SigningKeySecret>>;

/// Runs the function of that name until Lambda ends it.
///
/// `settings` reads what the flow needs beyond [`Common`], and `flow` makes the flow. The process
/// fails at once, with all problems in its log, when the environment is wrong; it does not fail for
/// want of DynamoDB or Secrets Manager, which may come back.
pub fn run<K: JwtKind, S, F: Flow>(
    function: &'static str,
    settings: impl FnOnce(&mut Environment) -> Option<S>,
    flow: impl FnOnce(AwsVouching<K>, S) -> F,
) -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "this is where the environment comes in")]
    let variable = |name: &str| std::env::var(name).ok();
    let read = Environment::read(variable, |environment| {
        // Both are read before either can end it, so that the problems of both come to light.
        let (common, settings) = (environment.common(), settings(environment));
        Some((common?, settings?))
    });
    let (common, settings) = match read {
        Ok(read) => read,
        Err(problems) => {
            telemetry::start(LevelFilter::ERROR);
            for problem in problems.iter() {
                tracing::error!(function, "configuration: {problem}");
            }
            return ExitCode::FAILURE;
        }
    };
    telemetry::start(common.log_level);
    let namespace = common.metrics_namespace.clone();
    // Lambda sends one request at a time, so a second thread would only cost its start.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(function, "the process cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(async {
        let vouching = warm(function, common).await;
        serve(&namespace, function, flow(vouching, settings)).await
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(function, "the Lambda runtime ended: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Opens both connections and reads the key while Lambda still gives the process its initial burst of CPU.
async fn warm<K: JwtKind>(function: &'static str, common: Common) -> AwsVouching<K> {
    let clients = Clients::from_environment(common.more_roots.as_deref()).await;
    let user_tokens = DynamoDbUserTokens::new(&clients, common.user_tokens_table);
    let secret = SigningKeySecret::new(&clients, common.signing_key_secret_id);
    let signing_key = CachedSigningKey::new(secret, common.signing_key_max_age, Arc::new(SystemClock));
    let (connected, _key) = tokio::join!(user_tokens.warm_up(), signing_key.current());
    if let Err(cause) = connected {
        tracing::warn!(function, cause, "DynamoDB gave no answer at cold start");
    }
    Vouching::new(user_tokens, signing_key)
}

async fn serve(namespace: &str, function: &'static str, flow: impl Flow) -> Result<(), Error> {
    let cold = AtomicBool::new(true);
    let (flow, cold) = (&flow, &cold);
    lambda_http::run(service_fn(move |request: Request| async move {
        let started = Instant::now();
        let answer = flow.handle(&request).await;
        let request_id = http::request_id(&request);
        let cold_start = cold.swap(false, Ordering::Relaxed);
        RequestReport::new(namespace, function, request_id, cold_start, &answer, started.elapsed()).write();
        Ok::<_, Error>(answer.response)
    }))
    .await
}
