//! The three functions, served on the template's routes. A cold start replaces them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::Router;
use axum::body::{self, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::Uri;
use axum::http::header::HOST;
use axum::http::request::Parts as RequestParts;
use axum::routing::any;
use lambda_http::{Body, Context, Request, RequestExt, Response};
use parking_lot::Mutex;

use super::history::{Exchange, History};
use super::{SIGNING_KEY_MAX_AGE, demo};
use crate::account::LOCAL_TABLE;
use zendesk_jwt::aws::{Clients, DynamoDbUserTokens, SigningKeySecret};
use zendesk_jwt::config::configurations::NamedConfigurations;
use zendesk_jwt::handlers::Handler;
use zendesk_jwt::handlers::messaging_token::{self, MessagingToken};
use zendesk_jwt::handlers::sdk_exchange::{self, SdkExchange};
use zendesk_jwt::handlers::sso_redirect::brand::Brand;
use zendesk_jwt::handlers::sso_redirect::{self, SsoRedirect};
use zendesk_jwt::idp::{IdentityProvider, IdentityProviders};
use zendesk_jwt::jwt::messaging::Messaging;
use zendesk_jwt::jwt::sdk::Sdk;
use zendesk_jwt::jwt::sso::Sso;
use zendesk_jwt::jwt::{Clock, JtiSource, JwtKind, Kind, RandomJti, SystemClock};
use zendesk_jwt::key_cache::KeyCache;
use zendesk_jwt::runtime::AwsIssuer;
use zendesk_jwt::telemetry::{self, RequestReport};
use zendesk_jwt::web;

/// The template's routes.
pub(super) const ROUTES: &[&str] = &[
    "/sdk/jwt",
    "/sdk/{configuration}/jwt",
    "/messaging/jwt",
    "/messaging/{configuration}/jwt",
    "/sso/login",
    "/sso/{configuration}/login",
    "/sso/logout",
    "/sso/{configuration}/logout",
];

/// API Gateway's limit on a payload.
const MAX_PAYLOAD_BYTES: usize = 10 * 1024 * 1024;

pub(super) struct Functions {
    pub(super) parts: Parts,
    running: Mutex<Arc<Running>>,
}

/// What every cold start needs.
pub(super) struct Parts {
    pub(crate) clients: Clients,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) identity_provider: IdentityProvider,
    pub(crate) configurations: NamedConfigurations,
    pub(crate) messaging: messaging_token::Settings,
    pub(crate) sso: sso_redirect::Settings,
    pub(crate) history: Arc<History>,
}

/// One process of each function, with its own cache of the signing key.
struct Running {
    sdk_exchange: SdkExchange<DynamoDbUserTokens, KeyCache<Sdk, SigningKeySecret>>,
    messaging_token: MessagingToken<DynamoDbUserTokens, KeyCache<Messaging, SigningKeySecret>>,
    sso_redirect: SsoRedirect<DynamoDbUserTokens, KeyCache<Sso, SigningKeySecret>>,
    /// Whether the function of each kind has answered a request.
    is_warm: [AtomicBool; Kind::ALL.len()],
}

pub(super) fn router(functions: &Arc<Functions>) -> Router {
    let kind = |route: &str| route.split('/').nth(1).and_then(Kind::parse).unwrap_or(Kind::Sso);
    let add = |router: Router, &route| router.route(route, any(call).with_state((kind(route), Arc::clone(functions))));
    ROUTES.iter().fold(Router::new(), add).layer(DefaultBodyLimit::max(MAX_PAYLOAD_BYTES))
}

async fn call(
    State((kind, functions)): State<(Kind, Arc<Functions>)>,
    mut parts: RequestParts,
    body: Bytes,
) -> Response<body::Body> {
    parts.uri = absolute(&parts);
    let request = Request::from_parts(parts, Body::from(body.to_vec()));
    functions.call(kind, request).await.answer.response.clone().map(body::Body::new)
}

/// In Lambda, `lambda_http` gives the handlers the full address as well.
fn absolute(parts: &RequestParts) -> Uri {
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    format!("http://{host}{path}").parse().unwrap_or_else(|_| parts.uri.clone())
}

impl Functions {
    pub(crate) fn start(parts: Parts) -> Self {
        let running = Mutex::new(Arc::new(Running::start(&parts)));
        Self { parts, running }
    }

    /// Replaces the functions with new ones, which have no signing key in their cache.
    pub(crate) fn cold_start(&self) {
        *self.running.lock() = Arc::new(Running::start(&self.parts));
    }

    /// Lets the function answer a request, and adds the exchange to the history.
    pub(crate) async fn call(&self, kind: Kind, request: Request) -> Arc<Exchange> {
        let running = Arc::clone(&self.running.lock());
        let request = request.with_lambda_context(invocation_context());
        let started = Instant::now();
        let (function, answer) = match kind {
            Kind::Sdk => ("sdk-exchange", running.sdk_exchange.handle(&request).await),
            Kind::Messaging => ("messaging-token", running.messaging_token.handle(&request).await),
            Kind::Sso => ("sso-redirect", running.sso_redirect.handle(&request).await),
        };
        let duration = started.elapsed();
        let report = RequestReport {
            namespace: telemetry::NAMESPACE,
            function,
            request_id: web::request_id(&request),
            cold_start: !running.is_warm[kind as usize].swap(true, Ordering::Relaxed),
            answer: &answer,
            duration,
        };
        let log_line = report.text(self.parts.clock.since_epoch());
        self.parts.history.add(kind, request, answer, duration, log_line)
    }

    /// The page that a new `sso-redirect` answers, with this brand or its own, without a line on the terminal.
    pub(crate) async fn sign_in_page(&self, brand: Option<Brand>, request: Request) -> Response<body::Body> {
        let mut settings = self.parts.sso.clone();
        settings.brand = brand.unwrap_or(settings.brand);
        let request = request.with_lambda_context(invocation_context());
        let (providers, settings) = (Arc::default(), self.parts.configurations.of_sso(settings, true));
        let answer = SsoRedirect::new(issuer(&self.parts, &providers), settings).handle(&request).await;
        answer.response.map(body::Body::new)
    }
}

impl Running {
    fn start(parts: &Parts) -> Self {
        let providers = vec![parts.identity_provider.clone()];
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        // An error would mean that this build has no TLS, and then the AWS clients would have failed before.
        let providers = IdentityProviders::new(providers, &[], SIGNING_KEY_MAX_AGE, &clock).unwrap_or_default();
        let providers = &Arc::new(providers);
        let configurations = &parts.configurations;
        let sdk = configurations.of_sdk(sdk_exchange::Settings::default());
        let messaging = configurations.of_messaging(parts.messaging.clone());
        let sso = configurations.of_sso(parts.sso.clone(), true);
        Self {
            sdk_exchange: SdkExchange::new(issuer(parts, providers), sdk),
            messaging_token: MessagingToken::new(issuer(parts, providers), messaging),
            sso_redirect: SsoRedirect::new(issuer(parts, providers), sso),
            is_warm: Default::default(),
        }
    }
}

fn issuer<K: JwtKind>(parts: &Parts, identity_providers: &Arc<IdentityProviders>) -> AwsIssuer<K> {
    let secret = SigningKeySecret::new(&parts.clients, demo::secret_id(K::KIND));
    let names = parts.configurations.names().cloned();
    // The machine's clock: a clock that is always wrong still measures the age of a key.
    let signing_key = KeyCache::new(secret, names, SIGNING_KEY_MAX_AGE, Arc::new(SystemClock));
    let user_tokens = DynamoDbUserTokens::new(&parts.clients, LOCAL_TABLE.to_owned());
    let issuer = AwsIssuer::new(user_tokens, signing_key).with_identity_providers(Arc::clone(identity_providers));
    AwsIssuer { clock: Arc::clone(&parts.clock), ..issuer }
}

fn invocation_context() -> Context {
    let mut context = Context::default();
    // The handlers report missing randomness.
    context.request_id = RandomJti.next().map(|id| id.as_str().to_owned()).unwrap_or_default();
    context
}
