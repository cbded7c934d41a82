//! `zendesk-jwt simulate`: a simulated Zendesk for any implementation, in any language, local or deployed.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use url::Url;

use crate::local::listen;
use crate::problem::{Problem, block_on, usage_error};
use zendesk_jwt::config;
use zendesk_jwt_rules::Kind;
use zendesk_jwt_simulator::{self, Account, Client, Keys, Messaging, Sso, SupportSdk, Zendesk};

/// The arguments of `zendesk-jwt simulate`.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Simulate Zendesk for your endpoints, in any language

Serves a help center, an agent interface, the Support SDK's exchange and a page with the messaging widget on this \
machine. They call your endpoints as Zendesk does, and say what Zendesk would refuse and what to do. Only the kinds \
with an address are simulated. No JWT leaves this machine.",
    after_help = EXIT_STATUS,
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}")
)]
pub(crate) struct Arguments {
    /// The JWT URL of the Support SDK
    #[arg(long, value_name = "URL", value_parser = address)]
    sdk_url: Option<Url>,

    /// The remote login URL of single sign-on
    #[arg(long, value_name = "URL", value_parser = address)]
    sso_url: Option<Url>,

    /// The remote logout URL of single sign-on, which also receives errors
    #[arg(long, value_name = "URL", value_parser = address, requires = "sso_url")]
    logout_url: Option<Url>,

    /// The address where pages fetch JWTs for messaging
    #[arg(long, value_name = "URL", value_parser = address)]
    messaging_url: Option<Url>,

    /// The JSON file of the shared secrets
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,

    /// A PEM file of certificate authorities to trust as well; Zendesk does not trust them
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// The port to listen on
    #[arg(long, default_value_t = zendesk_jwt_simulator::PORT)]
    port: u16,
}

const EXIT_STATUS: &str = "Exit status: 0 after an interrupt, 1 if it could not run, 2 on a usage error.";

const EXAMPLES: &str =
    "The file of --keys, in which each kind is optional and messaging may be a list of up to 10 keys:
  {
    \"sdk\": {\"secret\": \"…\"},
    \"messaging\": {\"kid\": \"app_…\", \"secret\": \"…\"},
    \"sso\": {\"secret\": \"…\"}
  }

Examples:
  zendesk-jwt simulate --keys keys.json \\
    --sdk-url http://127.0.0.1:8000/zendesk/jwt

  zendesk-jwt simulate --keys keys.json \\
    --sso-url https://auth.example.com/sso \\
    --logout-url https://auth.example.com/bye

For messaging, allow pages of the simulator's origin to read the answers of your endpoint (CORS).";

fn address(text: &str) -> Result<Url, String> {
    config::web_address(text).map_err(|problem| format!("it {problem}"))
}

/// Runs the subcommand.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    if arguments.sdk_url.is_none() && arguments.sso_url.is_none() && arguments.messaging_url.is_none() {
        usage_error("give at least one of --sdk-url, --sso-url and --messaging-url");
    }
    let account = account(arguments)?;
    let client = Client::new(arguments.ca_file.as_deref()).map_err(|error| Problem(error.to_string()))?;
    block_on(serve(arguments, account, client)).map(|()| ExitCode::SUCCESS)
}

/// The kinds with an address, each with its key.
fn account(arguments: &Arguments) -> Result<Account, Problem> {
    let file = &arguments.keys;
    let Keys { sdk, messaging, sso } = keys(file)?;
    let missing = |kind: Kind, option| {
        let screen = kind.admin_center_screen();
        let file = file.display();
        Problem(format!("{file} has no key for {kind}, which {option} needs: copy it from {screen} in Admin Center"))
    };
    let mut account = Account::default();
    if let Some(jwt_url) = arguments.sdk_url.clone() {
        let secret = sdk.ok_or_else(|| missing(Kind::Sdk, "--sdk-url"))?;
        account.support_sdk = Some(SupportSdk { jwt_url, secret });
    }
    if let Some(login_url) = arguments.sso_url.clone() {
        let secret = sso.ok_or_else(|| missing(Kind::Sso, "--sso-url"))?;
        account.sso = Some(Sso { login_url, logout_url: arguments.logout_url.clone(), secret });
    }
    if let Some(jwt_url) = arguments.messaging_url.clone() {
        if messaging.is_empty() {
            return Err(missing(Kind::Messaging, "--messaging-url"));
        }
        account.messaging = Some(Messaging { jwt_url, keys: messaging });
    }
    Ok(account)
}

fn keys(file: &Path) -> Result<Keys, Problem> {
    let named = |problem: String| Problem(format!("{}: {problem}", file.display()));
    let json = std::fs::read_to_string(file).map_err(|error| named(format!("it cannot be read: {error}")))?;
    Keys::parse(&json).map_err(named)
}

async fn serve(arguments: &Arguments, account: Account, client: Client) -> Result<(), Problem> {
    let (listener, address) = listen(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), arguments.port), "--port").await?;
    let origin = Url::parse(&format!("http://{address}")).map_err(|error| Problem(error.to_string()))?;
    show_banner(arguments, address);
    let zendesk = Zendesk::new(origin, false, account, client);
    tokio::select! {
        served = zendesk.serve(listener) => {
            served.map_err(|error| Problem(format!("the simulated Zendesk stopped: {error}")))
        }
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

#[expect(clippy::print_stdout, reason = "a person reads this")]
fn show_banner(arguments: &Arguments, address: SocketAddr) {
    println!("A simulated Zendesk is running on http://{address}. Stop it with Ctrl-C.");
    println!();
    println!("Try each flow in a browser:");
    if let Some(url) = &arguments.sso_url {
        println!("  http://{address}/hc         SSO: click Sign in, which leads to {url}");
    }
    if let Some(url) = &arguments.sdk_url {
        println!("  http://{address}/sdk        Support SDK: enter a user token, which is sent to {url}");
    }
    if let Some(url) = &arguments.messaging_url {
        println!("  http://{address}/messaging  Messaging: click Log in, which fetches from {url}");
        println!("  Allow pages of http://{address} to read its answers (CORS).");
    }
    if arguments.sso_url.is_some() {
        println!();
        println!("Make your sign-in page post to http://{address}/access/jwt instead of Zendesk.");
        println!("For the function sso-redirect, set ZENDESK_URL=http://{address}.");
    }
    println!();
}
