//! A function's life in Lambda: cold start, warm-up, requests.

use std::future::ready;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use lambda_http::lambda_runtime::{self, Error};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, Context, IntoResponse, LambdaEvent, Request, Response, Service, service_fn};
use serde::Serialize;
use tokio::runtime::{Builder, Runtime};
use tracing::level_filters::LevelFilter;

use crate::aws::{Clients, DynamoDbUserTokens, SigningKeySecret};
use crate::config::{Common, Environment};
use crate::handlers::{Handler, Issuer};
use crate::idp::IdentityProviders;
use crate::invocation::Invocation;
use crate::jwt::{Clock, JwtKind, SystemClock};
use crate::key_cache::KeyCache;
use crate::telemetry::{self, RequestReport};
use crate::web;

/// An HTTP API event with a user token that does not exist, from the address SOURCE-ADDRESS.
const WARM_UP: &str = include_str!("warm_up.json");

/// The issuer over DynamoDB and Secrets Manager.
pub type AwsIssuer<K> = Issuer<DynamoDbUserTokens, KeyCache<K, SigningKeySecret>>;

/// Runs the function with this name until Lambda ends the process.
///
/// `settings` reads the settings of the handler, and `handler` creates the handler. If the environment is wrong, the
/// process logs all problems and exits. An outage of DynamoDB or Secrets Manager does not stop it.
pub fn run<K: JwtKind, S, H: Handler>(
    function: &'static str,
    settings: impl FnOnce(&mut Environment) -> Option<S>,
    handler: impl FnOnce(AwsIssuer<K>, S) -> H,
) -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "the only place that reads the environment")]
    let variable = |name: &str| std::env::var(name).ok();
    let read = Environment::read(variable, |environment| {
        // Without `?` between them, so that the problems of both are reported.
        let (common, settings) = (environment.common(), settings(environment));
        Some((common?, settings?))
    });
    let (common, settings) = match read {
        Ok(read) => read,
        Err(problems) => {
            telemetry::start(LevelFilter::ERROR);
            for problem in problems {
                tracing::error!(function, "configuration: {problem}");
            }
            return ExitCode::FAILURE;
        }
    };
    telemetry::start(common.log_level);
    let (runtime, clients, identity_providers) = match prepare(&common) {
        Ok(prepared) => prepared,
        Err(error) => {
            tracing::error!(function, "the process cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let user_tokens = DynamoDbUserTokens::new(&clients, common.user_tokens_table);
    let secret = SigningKeySecret::new(&clients, common.signing_key_secret_id);
    let keys = KeyCache::new(secret, common.configurations, common.signing_key_max_age, Arc::new(SystemClock));
    let issuer = Issuer::new(user_tokens, keys.clone()).with_identity_providers(Arc::clone(&identity_providers));
    let handler = handler(issuer, settings);
    match runtime.block_on(serve(&common.metrics_namespace, function, &handler, &keys, &identity_providers)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(function, "the Lambda runtime ended: {error}");
            ExitCode::FAILURE
        }
    }
}

fn prepare(common: &Common) -> Result<(Runtime, Clients, Arc<IdentityProviders>), Error> {
    // Lambda sends one request at a time, so one thread is enough.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let clients = Clients::new(&common.aws)?;
    let (providers, roots) = (common.identity_providers.clone(), &common.aws.more_roots);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let identity_providers = IdentityProviders::new(providers, roots, common.signing_key_max_age, &clock)?;
    Ok((runtime, clients, Arc::new(identity_providers)))
}

/// Warms up, and then answers Lambda's requests.
async fn serve<K: JwtKind>(
    namespace: &str,
    function: &'static str,
    handler: &impl Handler,
    keys: &KeyCache<K, SigningKeySecret>,
    identity_providers: &IdentityProviders,
) -> Result<(), Error> {
    let answered = &AtomicU64::new(0);
    let service = Adapter::from(service_fn(move |request: Request| async move {
        let started = Instant::now();
        let answer = handler.handle(&request).await;
        let number = answered.fetch_add(1, Ordering::Relaxed);
        let report = RequestReport {
            namespace,
            function,
            request_id: web::request_id(&request),
            cold_start: number == 1,
            answer: &answer,
            duration: started.elapsed(),
        };
        if number == 0 {
            report.warm_up();
        } else {
            report.write();
        }
        Ok::<_, Error>(TextResponse(answer.response))
    }));
    let mut service = all_invocations(service, function);
    let source = handler.warm_up_source().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    tokio::join!(warm_up(&mut service, source), identity_providers.warm_up());
    keys.warm_up().await;
    lambda_runtime::run(service).await
}

/// A response whose body is text already. For any other type, `lambda_http` links and runs a decoder of all encodings.
struct TextResponse(Response<Body>);

impl IntoResponse for TextResponse {
    fn into_response(self) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
        Box::pin(ready(self.0))
    }
}

/// Answers HTTP requests with `http`, and logs other invocations.
fn all_invocations<S, R>(
    mut http: S,
    function: &'static str,
) -> impl Service<LambdaEvent<Invocation>, Response = Answered<R>, Error = Error, Future: Send>
where
    S: Service<LambdaEvent<LambdaRequest>, Response = R, Error = Error, Future: Send>,
    R: Send,
{
    service_fn(move |LambdaEvent { payload, context }: LambdaEvent<Invocation>| {
        let answer = match payload {
            Invocation::Http(request) => Some(http.call(LambdaEvent::new(*request, context))),
            Invocation::Other(event) => {
                telemetry::write_other_invocation(function, &context.request_id, &event);
                None
            }
        };
        async {
            match answer {
                Some(answer) => answer.await.map(Answered::Http),
                None => Ok(Answered::Other { ok: true }),
            }
        }
    })
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answered<R> {
    Http(R),
    Other { ok: bool },
}

/// Answers a request for an unknown user token during init, when Lambda gives the process extra CPU.
///
/// This opens both connections, reads the keys and runs almost all code once, so that no user waits for it.
async fn warm_up(
    service: &mut impl Service<LambdaEvent<Invocation>, Response = impl Serialize, Error = Error>,
    source: IpAddr,
) {
    let payload = WARM_UP.replace("SOURCE-ADDRESS", &source.to_string());
    let Ok(payload) = serde_json::from_str(&payload) else { return };
    let answer = service.call(LambdaEvent::new(payload, Context::default())).await;
    answer.map(|answer| serde_json::to_vec(&answer)).ok();
}
