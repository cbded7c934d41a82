//! `zendesk-jwt local`: the three functions on this machine, with an embedded DynamoDB, a Secrets
//! Manager and a simulated Zendesk in the same process.
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

use crate::aws as operator;
use crate::aws::user_token_table::UserTokenTable;
use crate::output;
use crate::problem::Problem;
use crate::problem::block_on;
use banner::Banner;
use breakage::{BreakableClock, Switches};
use functions::{Functions, Parts};
use secrets_manager::Secrets;
use terminal::{LatestLines, Terminal};
use workbench::Workbench;
use zendesk_jwt::aws::Clients;
use zendesk_jwt::config;
use zendesk_jwt::handlers::sso_redirect::ZendeskHosts;
use zendesk_jwt::handlers::{messaging_token, sso_redirect};
use zendesk_jwt::jwt::sso::CustomRole;
use zendesk_jwt::telemetry;
use zendesk_jwt_simulator as zendesk;

mod aws;
mod banner;
mod breakage;
mod company;
pub(crate) mod demo;
mod front;
mod functions;
pub(crate) mod secrets_manager;
mod simulator;
mod terminal;
pub(crate) mod user_tokens;
mod workbench;

/// Where it listens unless it is told otherwise.
pub(crate) const ADDRESS: &str = "http://127.0.0.1:3000";

/// The arguments of `zendesk-jwt local`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The address to listen on; 0.0.0.0 lets containers and other machines in
    #[arg(long, value_name = "ADDRESS", default_value_t = Ipv4Addr::LOCALHOST.into())]
    host: IpAddr,

    /// The port to listen on
    #[arg(long, default_value_t = 3000)]
    port: u16,

    /// The port of the simulated Zendesk
    #[arg(long, value_name = "PORT", default_value_t = zendesk::PORT)]
    zendesk_port: u16,

    /// Keep the database of user tokens in this directory, across restarts
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Let pages of this origin ask for messaging tokens and sign their visitors in; may be repeated
    #[arg(long = "allow-origin", value_name = "ORIGIN", value_parser = config::origin)]
    allowed_origins: Vec<String>,
}

/// How long a changed secret may go unnoticed here, in seconds: short, so that a rotation can be watched.
pub(crate) const SIGNING_KEY_MAX_AGE: u64 = 5;

/// Serves until the process is interrupted.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Problem> {
    block_on(serve(arguments))
}

async fn serve(arguments: &Arguments) -> Result<(), Problem> {
    let (listener, address) = listen(SocketAddr::new(arguments.host, arguments.port), "--port").await?;
    let simulator = simulator::start(address, arguments.zendesk_port).await?;

    let user_tokens = user_tokens::start(arguments.data.as_deref()).await?;
    let secrets = Secrets::new(demo::secrets());
    let secrets_manager = secrets_manager::start(secrets.clone()).await?;
    // The workbench works on while the services are down for the functions and for the operator's tool.
    let always_up = operator::Clients::local(&user_tokens.url).await;
    let table = UserTokenTable::new(&always_up, user_tokens::TABLE.to_owned());
    let switches = Arc::new(Switches::new(secrets, table.clone()));
    let (terminal, log) = (Terminal::default(), LatestLines::default());
    listen_to_events(&terminal, &log, BreakableClock(Arc::clone(&switches)));
    let services = aws::Services { dynamodb: user_tokens.url, secrets_manager };
    let aws = aws::router(services, Arc::clone(&switches));
    let aws_of_the_functions = aws::serve(aws.clone()).await?;

    let session_cookie = Some(demo::SESSION_COOKIE.to_owned());
    let messaging = messaging_token::Settings {
        token_ttl: 300,
        session_cookie: session_cookie.clone(),
        allowed_origins: arguments.allowed_origins.iter().chain(&simulator.origins).cloned().collect(),
    };
    let sso = sso_redirect::Settings {
        zendesk: ZendeskHosts::new(simulator.url.clone(), Vec::new()),
        login_url: Some(simulator.login_url),
        post_logout_url: None,
        session_cookie,
        end_session_on_logout: true,
        public_url: None,
        allowed_origins: arguments.allowed_origins.clone(),
        custom_role: CustomRole::Optional,
    };
    let clients = Clients::local(&aws_of_the_functions).map_err(|error| Problem(format!("TLS: {error}")))?;
    let clock = Arc::new(BreakableClock(Arc::clone(&switches)));
    let functions = Functions::start(Parts { clients, clock, messaging, sso, terminal: terminal.clone() });
    let functions = Arc::new(functions);
    let routes = front::router(&functions);

    let [zendesk, _] = simulator.origins;
    let banner = Banner { address, zendesk: &zendesk, data: arguments.data.as_deref(), is_new: user_tokens.is_new };
    output::line(&banner.text())?;
    let workbench = Workbench::new(functions, switches, table, terminal.shown, log, zendesk.clone());
    let own_pages = workbench::guarded(workbench::router(workbench).merge(aws), arguments.host);
    front::serve(listener, routes.merge(own_pages).merge(company::router(zendesk))).await
}

/// Listens, and says where.
pub(super) async fn listen(address: SocketAddr, option: &str) -> Result<(TcpListener, SocketAddr), Problem> {
    let port = address.port();
    let listener = TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            Problem(format!("port {port} is in use: stop what listens there, or choose another with {option}"))
        }
        std::io::ErrorKind::PermissionDenied => {
            Problem(format!("port {port} needs more rights than this process has: choose one above 1023 with {option}"))
        }
        _ => Problem(format!("cannot listen on {address}: {error}")),
    })?;
    let address = listener.local_addr().map_err(|error| Problem(format!("no address: {error}")))?;
    Ok((listener, address))
}

/// Shows what the functions log beside their request lines, for people; keeps it in `log` as CloudWatch would get it.
fn listen_to_events(terminal: &Terminal, log: &LatestLines, clock: BreakableClock) {
    let (terminal, log) = (terminal.clone(), log.clone());
    let shown = tracing_subscriber::fmt::layer().without_time().with_target(false);
    let shown = shown.with_ansi(console::colors_enabled()).with_writer(move || terminal.clone());
    let kept = telemetry::lines(clock, move |line| log.add(line));
    let ours = filter_fn(|metadata| metadata.target().starts_with(env!("CARGO_CRATE_NAME")));
    let layers = shown.and_then(kept).with_filter(ours).with_filter(LevelFilter::WARN);
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layers)).ok();
}
