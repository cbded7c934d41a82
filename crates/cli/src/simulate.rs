//! `zendesk-jwt simulate`: a simulated Zendesk for any implementation, in any language, local or deployed.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use url::Url;

use crate::local::listen;
use crate::problem::{Problem, said, usage_error};
use zendesk_jwt::config;
use zendesk_jwt_rules::{ConfigurationName, Kind};
use zendesk_jwt_simulator::{self, Account, App, Client, Keys, Messaging, Sso, Zendesk};

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
    /// The JWT URL of the Support SDK; repeat it with a name for each app, as in ios=URL
    #[arg(long, value_name = "[NAME=]URL", value_parser = named)]
    sdk_url: Vec<(String, Url)>,

    /// The remote login URL of single sign-on; repeat it with a name for each configuration, the Primary SSO first
    #[arg(long, value_name = "[NAME=]URL", value_parser = named)]
    sso_url: Vec<(String, Url)>,

    /// The remote logout URL of single sign-on, which also receives errors, with the name of its configuration
    #[arg(long, value_name = "[NAME=]URL", value_parser = named, requires = "sso_url")]
    logout_url: Vec<(String, Url)>,

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
    \"sso\": {\"secret\": \"…\", \"configurations\": {\"legacy\": {\"secret\": \"…\"}}}
  }

Examples:
  zendesk-jwt simulate --keys keys.json \\
    --sdk-url http://127.0.0.1:8000/zendesk/jwt

  zendesk-jwt simulate --keys keys.json \\
    --sso-url https://auth.example.com/sso \\
    --logout-url https://auth.example.com/bye

For messaging, allow pages of the simulator's origin to read the answers of your endpoint (CORS).";

/// Reads the name of an app or SSO configuration, which is empty if there is none, and an address.
fn named(text: &str) -> Result<(String, Url), String> {
    let named = text.split_once('=').filter(|(name, _)| ConfigurationName::parse(name).is_some());
    let (name, url) = named.unwrap_or(("", text));
    Ok((name.to_owned(), address(url)?))
}

fn address(text: &str) -> Result<Url, String> {
    said(config::web_address(text))
}

pub(crate) async fn run(arguments: &Arguments) -> Result<(), Problem> {
    if arguments.sdk_url.is_empty() && arguments.sso_url.is_empty() && arguments.messaging_url.is_none() {
        usage_error("give at least one of --sdk-url, --sso-url and --messaging-url");
    }
    let account = account(arguments)?;
    let client = Client::new(arguments.ca_file.as_deref()).map_err(|error| Problem(error.to_string()))?;
    let (listener, address, origin) = listen(Ipv4Addr::LOCALHOST.into(), arguments.port, "--port").await?;
    show_banner(arguments, address);
    let zendesk = Zendesk::new(origin, false, account, client);
    tokio::select! {
        served = zendesk.serve(listener) => {
            served.map_err(|error| Problem(format!("the simulated Zendesk stopped: {error}")))
        }
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

/// The kinds with an address, each with its key.
fn account(arguments: &Arguments) -> Result<Account, Problem> {
    let Keys { mut sdk, messaging, mut sso } = keys(&arguments.keys)?;
    let missing = |kind: Kind, name: &str| {
        let (file, screen) = (arguments.keys.display(), kind.admin_center_screen());
        let name = if name.is_empty() { String::new() } else { format!(" (configuration {name})") };
        Problem(format!(
            "{file} has no key for {kind}{name}, which --{kind}-url needs: copy it from {screen} in Admin Center"
        ))
    };
    let mut account = Account::default();
    for (name, url) in arguments.sdk_url.clone() {
        let key = sdk.remove(&name).ok_or_else(|| missing(Kind::Sdk, &name))?;
        account.apps.push(App { name, jwt_url: url, key });
    }
    for (name, url) in arguments.sso_url.clone() {
        let key = sso.remove(&name).ok_or_else(|| missing(Kind::Sso, &name))?;
        let logout_url = arguments.logout_url.iter().find(|(of, _)| *of == name).map(|(_, url)| url.clone());
        account.sso.push(Sso { name, login_url: url, logout_url, key });
    }
    if let Some(jwt_url) = arguments.messaging_url.clone() {
        if messaging.is_empty() {
            return Err(missing(Kind::Messaging, ""));
        }
        account.messaging = Some(Messaging { jwt_url, keys: messaging });
    }
    Ok(account)
}

fn keys(file: &Path) -> Result<Keys, Problem> {
    let json = std::fs::read_to_string(file).map_err(|error| format!("it cannot be read: {error}"));
    json.and_then(|json| Keys::parse(&json)).map_err(|problem| Problem(format!("{}: {problem}", file.display())))
}

#[expect(clippy::print_stdout, reason = "a person reads this")]
fn show_banner(arguments: &Arguments, address: SocketAddr) {
    println!("A simulated Zendesk is running on http://{address}. Stop it with Ctrl-C.");
    println!();
    println!("Try each flow in a browser:");
    if let [(_, url), ..] = arguments.sso_url.as_slice() {
        println!("  http://{address}/hc         SSO: click Sign in, which leads to {url}");
        println!("  http://localhost:{}/hc      SSO: the same for a brand on a host of your company", address.port());
    }
    for (_, url) in &arguments.sdk_url {
        println!("  http://{address}/sdk        Support SDK: enter a user token, which is sent to {url}");
    }
    if let Some(url) = &arguments.messaging_url {
        println!("  http://{address}/messaging  Messaging: click Log in, which fetches from {url}");
        println!("  Allow pages of http://{address} to read its answers (CORS).");
    }
    if !arguments.sso_url.is_empty() {
        println!();
        println!("Make your sign-in page post to http://{address}/access/jwt instead of Zendesk.");
        println!("For the function sso-redirect, set ZENDESK_URL=http://{address}.");
    }
    println!();
}
