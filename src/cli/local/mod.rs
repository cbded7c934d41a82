//! `zendesk-jwt local`: the three functions on this machine, with an embedded DynamoDB and a Secrets
//! Manager in the same process.
//!
//! The flows reach both over HTTP through the same AWS clients as in Lambda, so what works here works there.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use url::Url;

use super::{Problem, block_on};
use crate::aws::{Clients, DynamoDbUserTokens, SigningKeySecret};
use crate::config;
use crate::flows::messaging_token::{self, MessagingToken};
use crate::flows::sdk_exchange::SdkExchange;
use crate::flows::sso_redirect::{self, SsoRedirect, ZendeskHosts};
use crate::jwt::sso::LegacyAgents;
use crate::jwt::{JwtKind, SystemClock};
use crate::lambda::AwsVouching;
use crate::signing_keys::CachedSigningKey;
use banner::Banner;

mod aws;
mod banner;
pub mod demo;
mod front;
pub mod secrets_manager;
pub mod user_tokens;

/// Where it listens unless it is told otherwise.
pub const ADDRESS: &str = "http://127.0.0.1:3000";

/// The arguments of `zendesk-jwt local`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The address to listen on; 0.0.0.0 lets containers and other machines in
    #[arg(long, value_name = "ADDRESS", default_value_t = Ipv4Addr::LOCALHOST.into())]
    host: IpAddr,

    /// The port to listen on
    #[arg(long, default_value_t = 3000)]
    port: u16,

    /// Keep the database of user tokens in this directory, across restarts
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Let pages of this origin ask for messaging tokens and sign their visitors in; may be repeated
    #[arg(long = "allow-origin", value_name = "ORIGIN", value_parser = config::origin)]
    allowed_origins: Vec<String>,
}

/// How long a changed secret may go unnoticed here, in seconds: short, so that a rotation can be watched.
pub const SIGNING_KEY_MAX_AGE: u64 = 5;

/// Serves until the process is interrupted.
///
/// # Errors
/// When the port is taken or the data cannot be used.
pub fn run(arguments: &Arguments) -> Result<(), Problem> {
    block_on(serve(arguments))
}

async fn serve(arguments: &Arguments) -> Result<(), Problem> {
    let listener = listen(SocketAddr::new(arguments.host, arguments.port)).await?;
    let address = listener.local_addr().map_err(|error| Problem(format!("no address: {error}")))?;
    show_warnings();

    let user_tokens = user_tokens::start(arguments.data.as_deref()).await?;
    let secrets_manager = secrets_manager::start(demo::secrets()).await?;
    let clients = Clients::local(&user_tokens.url, &secrets_manager).await;

    let session_cookie = Some(demo::SESSION_COOKIE.to_owned());
    let messaging = messaging_token::Settings {
        token_ttl: 300,
        session_cookie: session_cookie.clone(),
        allowed_origins: arguments.allowed_origins.clone(),
    };
    let sso = sso_redirect::Settings {
        zendesk: ZendeskHosts::new(demo_zendesk()?, Vec::new()),
        login_url: None,
        post_logout_url: None,
        session_cookie,
        public_url: None,
        allowed_origins: arguments.allowed_origins.clone(),
        legacy_agents: LegacyAgents::Refused,
    };
    let sdk_exchange = SdkExchange::new(vouching(&clients));
    let messaging_token = MessagingToken::new(vouching(&clients), messaging);
    let sso_redirect = SsoRedirect::new(vouching(&clients), sso);

    Banner { address, data: arguments.data.as_deref(), is_new: user_tokens.is_new }.show();
    let services = aws::Services { dynamodb: user_tokens.url, secrets_manager };
    let routes = front::router(sdk_exchange, messaging_token, sso_redirect).merge(aws::router(services));
    front::serve(listener, routes).await
}

fn vouching<K: JwtKind>(clients: &Clients) -> AwsVouching<K> {
    let secret = SigningKeySecret::new(clients, demo::secret_id(K::KIND));
    let signing_key = CachedSigningKey::new(secret, SIGNING_KEY_MAX_AGE, Arc::new(SystemClock));
    AwsVouching::new(DynamoDbUserTokens::new(clients, user_tokens::TABLE.to_owned()), signing_key)
}

fn demo_zendesk() -> Result<Url, Problem> {
    Url::parse("https://acme.zendesk.com").map_err(|error| Problem(error.to_string()))
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Problem> {
    let port = address.port();
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            Problem(format!("port {port} is in use: stop what listens there, or choose another with --port"))
        }
        std::io::ErrorKind::PermissionDenied => {
            Problem(format!("port {port} needs more rights than this process has: choose one above 1023 with --port"))
        }
        _ => Problem(format!("cannot listen on {address}: {error}")),
    })
}

/// Shows what the functions would log beside their request lines, for people instead of for CloudWatch.
fn show_warnings() {
    let ours = filter_fn(|metadata| metadata.target().starts_with(env!("CARGO_CRATE_NAME")));
    let lines = tracing_subscriber::fmt::layer().without_time().with_target(false).with_filter(ours);
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(LevelFilter::WARN));
    tracing::subscriber::set_global_default(subscriber).ok();
}
