//! `zendesk-jwt local`: the three functions, DynamoDB, Secrets Manager and a simulated Zendesk in one process.
//!
//! The functions use the same AWS clients as in Lambda, over HTTP.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use askama::Template;
use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::writer::MakeWriterExt as _;
use tracing_subscriber::layer::SubscriberExt;
use url::Url;

use crate::account::LOCAL_TABLE;
use crate::aws as operator;
use crate::aws::user_token_table::UserTokenTable;
use crate::output;
use crate::problem::Problem;
use aws::{Aws, Secrets};
use company::Company;
pub(crate) use company::is_cookie_value;
use faults::Faults;
use functions::{Functions, Parts};
use history::History;
use identity_provider::IdentityProvider;
use user_tokens::Database;
use workbench::{UserList, Workbench};
use zendesk_jwt::aws::Clients;
use zendesk_jwt::config;
use zendesk_jwt::config::configurations::NamedConfigurations;
use zendesk_jwt::handlers::sso_redirect::ZendeskHosts;
use zendesk_jwt::handlers::sso_redirect::brand::{Brand, Color, Name};
use zendesk_jwt::handlers::{messaging_token, sso_redirect};
use zendesk_jwt::jwt::sso::CustomRole;
use zendesk_jwt::jwt::{JtiSource as _, RandomJti};
use zendesk_jwt::telemetry;
use zendesk_jwt_rules::Kind;
use zendesk_jwt_simulator::web::{self, Guard};
use zendesk_jwt_simulator::{Client, PORT, Zendesk};

mod aws;
mod company;
pub(crate) mod demo;
mod faults;
mod functions;
mod history;
mod identity_provider;
pub(crate) mod user_tokens;
mod workbench;

/// The arguments of `zendesk-jwt local`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The address to listen on; with 0.0.0.0, containers and other machines can connect
    #[arg(long, value_name = "ADDRESS", default_value_t = Ipv4Addr::LOCALHOST.into())]
    host: IpAddr,

    /// The port to listen on
    #[arg(long, default_value_t = 3000)]
    port: u16,

    /// The port of the simulated Zendesk
    #[arg(long, value_name = "PORT", default_value_t = PORT)]
    zendesk_port: u16,

    /// Store the user tokens in this directory, so that they survive a restart
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Allow pages of this origin to request messaging tokens and to sign users in; can be repeated
    #[arg(long = "allow-origin", value_name = "ORIGIN", value_parser = config::origin)]
    allowed_origins: Vec<String>,

    /// Named configurations, as the functions' variable; their demo keys are in the secrets
    #[arg(long, env = "CONFIGURATIONS", value_name = "JSON", default_value = "", value_parser = configurations)]
    #[arg(hide_default_value = true)]
    configurations: NamedConfigurations,

    /// The company's name on the pages of sign-in
    #[arg(long, value_name = "NAME", env = "BRAND_NAME", value_parser = Name::parse)]
    brand_name: Option<Name>,

    /// The address of the company's logo
    #[arg(long, value_name = "URL", env = "BRAND_LOGO_URL", value_parser = config::web_address)]
    brand_logo_url: Option<Url>,

    /// The colour of buttons, such as #17494d
    #[arg(long, value_name = "COLOR", env = "BRAND_COLOR", value_parser = Color::parse)]
    brand_color: Option<Color>,

    /// The company's support page, or mailto: and an e-mail address
    #[arg(long, value_name = "URL", env = "SUPPORT_URL", value_parser = config::support_url)]
    support_url: Option<Url>,
}

fn configurations(json: &str) -> Result<NamedConfigurations, String> {
    if json.trim().is_empty() {
        return Ok(NamedConfigurations::default());
    }
    config::configurations::parse(json).map_err(|problems| problems.join("\n"))
}

/// In seconds; short, so that a person can watch a rotation.
pub(crate) const SIGNING_KEY_MAX_AGE: u64 = 5;

/// Serves until the process is interrupted.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Problem> {
    let (listener, address, own_url) = listen(arguments.host, arguments.port, "--port").await?;
    let (zendesk_listener, zendesk_address, zendesk_url) =
        listen(arguments.host, arguments.zendesk_port, "--zendesk-port").await?;
    let allows_any_host = !arguments.host.is_loopback();
    let configurations = arguments.configurations.clone();
    let account = demo::account(&own_url, &configurations).map_err(|error| Problem(error.to_string()))?;
    let journey = account.journey.clone();
    let client = Client::new(None).map_err(|error| Problem(error.to_string()))?;
    let simulator = Zendesk::new(zendesk_url.clone(), allows_any_host, account, client);
    let mapped_hosts = simulator.mapped_hosts();
    // Nothing waits for the task, because it ends with the process.
    tokio::spawn(simulator.serve(zendesk_listener));
    // The messaging page, which plays a page of the company, is on both hosts.
    let zendesk = zendesk_url.origin().ascii_serialization();
    let zendesk_origins = [zendesk.clone(), format!("http://localhost:{}", zendesk_address.port())];

    let (database, is_new) = Database::open(arguments.data.as_deref())?;
    let secrets = Secrets::new(demo::secrets(&configurations));
    let identity_provider = start_identity_provider(address, &own_url).await?;

    // The workbench works even during a fault, at an address that no one can guess.
    let key = RandomJti.next().map_err(|error| Problem(error.to_string()))?;
    let reliable_path = format!("/{}/", key.as_str());
    let reliable_aws = operator::Clients::local(at(&own_url, &reliable_path).as_str()).await;
    let table = UserTokenTable::new(&reliable_aws, LOCAL_TABLE.to_owned());
    let faults = Faults::new(secrets.clone(), table.clone());
    let history = Arc::new(History::default());
    show_events(&history, faults.clone());

    let session_cookie = Some(demo::SESSION_COOKIE.to_owned());
    let messaging = messaging_token::Settings {
        token_ttl: 300,
        session_cookie: session_cookie.clone(),
        allowed_origins: arguments.allowed_origins.iter().cloned().chain(zendesk_origins).collect(),
    };
    let sso = sso_redirect::Settings {
        zendesk: ZendeskHosts::new(zendesk_url, mapped_hosts),
        login_url: Some(at(&own_url, company::LOGIN).into()),
        post_logout_url: None,
        session_cookie,
        end_session_on_logout: true,
        public_url: None,
        allowed_origins: arguments.allowed_origins.clone(),
        custom_role: CustomRole::Optional,
        brand: Brand::new(
            arguments.brand_name.clone(),
            arguments.brand_logo_url.as_ref(),
            arguments.brand_color,
            arguments.support_url.clone(),
        ),
    };
    let clients = Clients::local(own_url.as_str()).map_err(|error| Problem(format!("TLS: {error}")))?;
    let functions = Arc::new(Functions::start(Parts {
        clients,
        clock: Arc::new(faults.clone()),
        identity_provider: identity_provider.trusted.clone(),
        configurations,
        messaging,
        sso,
        history: Arc::clone(&history),
    }));

    let banner = Banner {
        address,
        zendesk: &zendesk,
        issuer: &identity_provider.issuer,
        data: arguments.data.as_deref(),
        is_new,
    };
    output::line(&banner.render().unwrap_or_default())?;
    let users = UserList::new(table, Arc::clone(&database.writes));
    let routes = functions::router(&functions)
        .merge(aws::router(Aws { database, secrets, faults: Some(faults.clone()) }, &reliable_path))
        .merge(identity_provider::router(&identity_provider))
        .merge(company::router(Company { zendesk: zendesk.clone(), identity_provider: Arc::clone(&identity_provider) }))
        .merge(workbench::router(Workbench::new(functions, faults, identity_provider, users, history, zendesk)));
    let guard = Guard { allows_any_host, open_paths: functions::ROUTES };
    let routes = routes.layer(from_fn_with_state(journey, company::watch));
    let routes = routes.layer(from_fn_with_state(guard, web::check));
    let interrupted = async {
        tokio::signal::ctrl_c().await.ok();
    };
    let served = axum::serve(listener, routes).with_graceful_shutdown(interrupted).await;
    served.map_err(|error| Problem(format!("the server failed: {error}")))
}

/// What the terminal shows at start: the addresses, and a line to paste for each flow.
#[derive(Template)]
#[template(path = "local/banner.txt")]
struct Banner<'a> {
    address: SocketAddr,
    /// The address of the simulated Zendesk.
    zendesk: &'a str,
    /// The issuer of the demo identity provider.
    issuer: &'a str,
    data: Option<&'a Path>,
    is_new: bool,
}

/// The demo provider of a server that listens on `address`. Over plain HTTP, the functions trust only an issuer on this
/// machine, so the provider has a listener of its own if the server is not on loopback.
async fn start_identity_provider(address: SocketAddr, own_url: &Url) -> Result<Arc<IdentityProvider>, Problem> {
    let start = |url| {
        let failed = |error| Problem(format!("the demo identity provider cannot start: {error}"));
        IdentityProvider::new(url).map(Arc::new).map_err(failed)
    };
    if address.ip().is_loopback() || address.ip().is_unspecified() {
        return start(own_url);
    }
    let (listener, _, url) = listen(Ipv4Addr::LOCALHOST.into(), address.port(), "--port").await?;
    let provider = start(&url)?;
    let guard = Guard { allows_any_host: false, open_paths: &[] };
    let routes = identity_provider::router(&provider).layer(from_fn_with_state(guard, web::check));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(provider)
}

/// Listens, and returns the address with the port that the system chose for port 0, and the URL for a browser on this
/// machine. `option` is for the error.
pub(crate) async fn listen(host: IpAddr, port: u16, option: &str) -> Result<(TcpListener, SocketAddr, Url), Problem> {
    let address = SocketAddr::new(host, port);
    let listener = TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            Problem(format!("port {port} is in use: stop what listens there, or choose another port with {option}"))
        }
        io::ErrorKind::PermissionDenied => Problem(format!(
            "port {port} needs more rights than this process has: choose a port above 1023 with {option}"
        )),
        _ => Problem(format!("cannot listen on {address}: {error}")),
    })?;
    let address = listener.local_addr().map_err(|error| Problem(format!("the listener has no address: {error}")))?;
    let host = if host.is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { host };
    let url = Url::parse(&format!("http://{}", SocketAddr::new(host, address.port())));
    Ok((listener, address, url.map_err(|error| Problem(error.to_string()))?))
}

fn at(url: &Url, path: &str) -> Url {
    let mut url = url.clone();
    url.set_path(path);
    url
}

/// Shows events on the terminal, and adds them to the log as CloudWatch would get them.
fn show_events(history: &History, clock: Faults) {
    let (terminal, log) = (history.terminal.clone(), history.log.clone());
    let shown = tracing_subscriber::fmt::layer().without_time().with_target(false);
    let shown = shown.with_ansi(console::colors_enabled()).with_writer(io::stdout.and(move || terminal.clone()));
    let logged = telemetry::lines(clock, move |line| log.add(line));
    let ours = filter_fn(|metadata| metadata.target().starts_with(env!("CARGO_CRATE_NAME")));
    let layers = shown.and_then(logged).with_filter(ours).with_filter(LevelFilter::WARN);
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layers)).ok();
}
