//! A function's life in Lambda: cold start, a rehearsal, and one request after the other.

use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use lambda_http::lambda_runtime::{self, Error};
use lambda_http::tower::ServiceExt;
use lambda_http::{Adapter, Context, LambdaEvent, Request, Service, service_fn};
use serde::Serialize;
use tokio::runtime::{Builder, Runtime};
use tracing::level_filters::LevelFilter;

use crate::aws::{Clients, DynamoDbUserTokens, SigningKeySecret};
use crate::config::{Common, Environment};
use crate::handlers::{Handler, Issuer, SigningKeys};
use crate::jwt::{JwtKind, SystemClock};
use crate::key_cache::KeyCache;
use crate::telemetry::{self, RequestReport};
use crate::web;

/// A sign-in as the HTTP API hands it over, from the address SOURCE-ADDRESS.
const WARM_UP: &str = include_str!("warm_up.json");

/// What a flow in Lambda vouches with: DynamoDB and Secrets Manager.
pub type AwsIssuer<K> = Issuer<DynamoDbUserTokens, KeyCache<K, SigningKeySecret>>;

/// Runs the function of that name until Lambda ends it.
///
/// `settings` reads what the flow needs beyond [`Common`], and `flow` makes the flow. The process
/// fails at once, with all problems in its log, when the environment is wrong; it does not fail for
/// want of DynamoDB or Secrets Manager, which may come back.
pub fn run<K: JwtKind, S, F: Handler>(
    function: &'static str,
    settings: impl FnOnce(&mut Environment) -> Option<S>,
    flow: impl FnOnce(AwsIssuer<K>, S) -> F,
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
    let (runtime, clients) = match ready(&common) {
        Ok(ready) => ready,
        Err(error) => {
            tracing::error!(function, "the process cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let user_tokens = DynamoDbUserTokens::new(&clients, common.user_tokens_table);
    let secret = SigningKeySecret::new(&clients, common.signing_key_secret_id);
    let signing_key = KeyCache::new(secret, common.signing_key_max_age, Arc::new(SystemClock));
    let flow = flow(Issuer::new(user_tokens, signing_key.clone()), settings);
    let ended = runtime.block_on(serve(&namespace, function, &flow, &signing_key));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(function, "the Lambda runtime ended: {error}");
            ExitCode::FAILURE
        }
    }
}

fn ready(common: &Common) -> Result<(Runtime, Clients), Error> {
    // Lambda sends one request at a time, so a second thread would only cost its start.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    Ok((runtime, Clients::new(&common.aws)?))
}

/// Rehearses one request, and then answers those that Lambda has.
async fn serve<K: JwtKind>(
    namespace: &str,
    function: &'static str,
    flow: &impl Handler,
    signing_key: &impl SigningKeys<K>,
) -> Result<(), Error> {
    let answered = &AtomicU64::new(0);
    let service = Adapter::from(service_fn(move |request: Request| async move {
        let started = Instant::now();
        let answer = flow.handle(&request).await;
        let request_id = web::request_id(&request);
        let number = answered.fetch_add(1, Ordering::Relaxed);
        let report = RequestReport::new(namespace, function, request_id, number == 1, &answer, started.elapsed());
        if number == 0 {
            report.warm_up();
        } else {
            report.write();
        }
        Ok::<_, Error>(answer.response)
    }));
    let mut service =
        service.map_request(|event: LambdaEvent<web::Event>| LambdaEvent::new(event.payload.0, event.context));
    let source = flow.warm_up_source().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    warm_up(&mut service, signing_key, source).await;
    lambda_runtime::run(service).await
}

/// Asks for a JWT as Lambda would, with a user token that nobody has, while Lambda still gives the process
/// its initial burst of CPU.
///
/// That opens both connections at the same time, reads the key, and runs nearly all code once, so that no person waits for it.
async fn warm_up<K: JwtKind>(
    service: &mut impl Service<LambdaEvent<web::Event>, Response = impl Serialize, Error = Error>,
    signing_key: &impl SigningKeys<K>,
    source: IpAddr,
) {
    let payload = WARM_UP.replace("SOURCE-ADDRESS", &source.to_string());
    let Ok(payload) = serde_json::from_str(&payload) else { return };
    let answer = service.call(LambdaEvent::new(payload, Context::default())).await;
    answer.map(|answer| serde_json::to_vec(&answer)).ok();
    if let Ok(in_use) = signing_key.current().await {
        in_use.key.warm_up();
    }
}
