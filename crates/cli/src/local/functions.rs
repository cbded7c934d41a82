//! The three functions as they run on this machine. They can start anew, which Lambda calls a cold start.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use lambda_http::{Context, Request, RequestExt};

use super::terminal::Terminal;
use super::{SIGNING_KEY_MAX_AGE, demo, user_tokens};
use zendesk_jwt::aws::{Clients, DynamoDbUserTokens, SigningKeySecret};
use zendesk_jwt::handlers::messaging_token::{self, MessagingToken};
use zendesk_jwt::handlers::sdk_exchange::{self, SdkExchange};
use zendesk_jwt::handlers::sso_redirect::{self, SsoRedirect};
use zendesk_jwt::handlers::{Answer, Handler};
use zendesk_jwt::jwt::messaging::Messaging;
use zendesk_jwt::jwt::sdk::Sdk;
use zendesk_jwt::jwt::sso::Sso;
use zendesk_jwt::jwt::{Clock, JtiSource, JwtKind, Kind, RandomJti, SystemClock};
use zendesk_jwt::key_cache::KeyCache;
use zendesk_jwt::runtime::AwsIssuer;
use zendesk_jwt::telemetry::{self, RequestReport};
use zendesk_jwt::web;

/// What the functions are made of, and the processes that run now.
pub(super) struct Functions {
    parts: Parts,
    running: Mutex<Arc<Running>>,
}

/// What every cold start is given.
pub(super) struct Parts {
    pub(crate) clients: Clients,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) messaging: messaging_token::Settings,
    pub(crate) sso: sso_redirect::Settings,
    pub(crate) terminal: Terminal,
}

/// One process of each function, as far as it matters: the signing key is read once and kept.
struct Running {
    sdk_exchange: Function<SdkExchange<DynamoDbUserTokens, KeyCache<Sdk, SigningKeySecret>>>,
    messaging_token: Function<MessagingToken<DynamoDbUserTokens, KeyCache<Messaging, SigningKeySecret>>>,
    sso_redirect: Function<SsoRedirect<DynamoDbUserTokens, KeyCache<Sso, SigningKeySecret>>>,
}

struct Function<F> {
    name: &'static str,
    flow: F,
    is_cold: AtomicBool,
}

/// How a function answered, and the line that it would log in Lambda.
pub(super) struct Invocation {
    pub(crate) answer: Answer,
    pub(crate) log_line: String,
}

impl Functions {
    /// The functions, each before its first request.
    pub(crate) fn start(parts: Parts) -> Self {
        let running = Mutex::new(Arc::new(Running::start(&parts)));
        Self { parts, running }
    }

    /// Ends the processes and starts new ones, which have read no signing key yet.
    pub(crate) fn start_anew(&self) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(Running::start(&self.parts));
    }

    /// Has the function of this kind answer a request, and says so on the terminal.
    pub(crate) async fn call(&self, kind: Kind, request: Request) -> Invocation {
        let running = Arc::clone(&self.running.lock().unwrap_or_else(PoisonError::into_inner));
        let clock = &*self.parts.clock;
        let started = Instant::now();
        let request = request.with_lambda_context(invocation_context());
        let invocation = match kind {
            Kind::Sdk => running.sdk_exchange.call(&request, clock).await,
            Kind::Messaging => running.messaging_token.call(&request, clock).await,
            Kind::Sso => running.sso_redirect.call(&request, clock).await,
        };
        self.parts.terminal.say(&line(&request, &invocation.answer, started));
        invocation
    }
}

impl Running {
    fn start(parts: &Parts) -> Self {
        Self {
            sdk_exchange: Function::new(
                "sdk-exchange",
                SdkExchange::new(issuer(parts), sdk_exchange::Settings::default()),
            ),
            messaging_token: Function::new(
                "messaging-token",
                MessagingToken::new(issuer(parts), parts.messaging.clone()),
            ),
            sso_redirect: Function::new("sso-redirect", SsoRedirect::new(issuer(parts), parts.sso.clone())),
        }
    }
}

impl<F: Handler> Function<F> {
    fn new(name: &'static str, flow: F) -> Self {
        Self { name, flow, is_cold: AtomicBool::new(true) }
    }

    async fn call(&self, request: &Request, clock: &dyn Clock) -> Invocation {
        let started = Instant::now();
        let answer = self.flow.handle(request).await;
        let is_cold = self.is_cold.swap(false, Ordering::Relaxed);
        let (request_id, duration) = (web::request_id(request), started.elapsed());
        let report = RequestReport::new(telemetry::NAMESPACE, self.name, request_id, is_cold, &answer, duration);
        let log_line = report.text(clock.since_epoch());
        Invocation { answer, log_line }
    }
}

fn issuer<K: JwtKind>(parts: &Parts) -> AwsIssuer<K> {
    let secret = SigningKeySecret::new(&parts.clients, demo::secret_id(K::KIND));
    // By the machine's own clock: how old a key is does not change when all clocks are wrong alike.
    let signing_key = KeyCache::new(secret, SIGNING_KEY_MAX_AGE, Arc::new(SystemClock));
    let user_tokens = DynamoDbUserTokens::new(&parts.clients, user_tokens::TABLE.to_owned());
    AwsIssuer { clock: Arc::clone(&parts.clock), ..AwsIssuer::new(user_tokens, signing_key) }
}

/// What Lambda says of an invocation beside the request: here the request id alone.
fn invocation_context() -> Context {
    let mut context = Context::default();
    // Without randomness the flows will say so.
    context.request_id = RandomJti.next().map(|id| id.as_str().to_owned()).unwrap_or_default();
    context
}

fn line(request: &Request, answer: &Answer, started: Instant) -> String {
    let facts = answer.outcome.facts();
    let milliseconds = started.elapsed().as_secs_f64() * 1e3;
    let (method, path, status) = (request.method(), request.uri().path(), answer.response.status().as_u16());
    let detail = answer.outcome.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{method} {path}  {status} {}  {milliseconds:.1} ms{detail}", facts.code)
}
