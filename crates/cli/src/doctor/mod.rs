//! `zendesk-jwt doctor`: the whole list of what goes wrong with an endpoint, tried one by one.
//!
//! | where | what it is about |
//! |---|---|
//! | `input` | the command line, files and prompts, read into a `Plan` |
//! | `connection`, `certificates` | DNS, TCP and TLS, and the `Route` that all requests take |
//! | `exchange`, `endpoint` | one HTTP request and its answer; the endpoint that is asked |
//! | `refusals`, `good_token`, `cors` | the endpoints of the Support SDK and of messaging |
//! | `sso`, `page`, `sign_out` | the sign-in page, and the remote logout URL |
//! | `token`, `clock` | the JWT, by the rules of [`zendesk_jwt_rules::inspect`] |
//! | `report`, `show` | what was found, and how people and programs see it |
//!
//! No user token, JWT, secret, name or address gets into the report.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::ProgressBar;
use url::Url;

use crate::output;
use crate::problem::Problem;
use crate::problem::block_on;
use crate::problem::usage_error;
use connection::Resolve;
use endpoint::{Endpoint, Plan};
use report::{Group, Report};
use zendesk_jwt::config;
use zendesk_jwt_rules::Kind;

mod certificates;
mod clock;
mod connection;
mod cors;
mod endpoint;
mod exchange;
mod good_token;
mod input;
mod page;
mod refusals;
mod report;
mod show;
mod sign_out;
mod sso;
mod token;

/// The arguments of `zendesk-jwt doctor`.
#[derive(Debug, clap::Args)]
#[command(
    about = "Find out what is wrong with an endpoint that makes JWTs for Zendesk",
    long_about = LONG_ABOUT,
    after_help = EXIT_STATUS,
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}")
)]
pub(crate) struct Arguments {
    /// The endpoint's address
    ///
    /// What Admin Center has as JWT URL or remote login URL, or what your page asks for messaging tokens.
    #[arg(value_name = "URL", value_parser = input::url)]
    url: Url,

    /// What it makes: sdk, messaging or sso
    ///
    /// Known by itself for the paths /sdk/jwt, /messaging/jwt and /sso/login.
    #[arg(long, value_name = "KIND", value_parser = crate::problem::kind)]
    kind: Option<Kind>,

    /// A file with a user token that it knows
    ///
    /// `-` is standard input. Without this option a terminal is asked, and elsewhere the checks that need a user
    /// token are skipped.
    #[arg(long, value_name = "FILE")]
    user_token_file: Option<PathBuf>,

    /// A file with the shared secret
    ///
    /// Checks the signature. `-` is standard input. The file holds the secret as Admin Center shows it, or what
    /// Secrets Manager holds: {"secret": "…"}, for messaging {"kid": "…", "secret": "…"}.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,

    /// Where the user token is sent
    ///
    /// By default the Support SDK's is in a form, messaging's a bearer, and that of SSO in a cookie.
    #[arg(long, value_enum, value_name = "PLACE")]
    token_in: Option<input::TokenIn>,

    /// The cookie that carries it [default: session]
    #[arg(long, value_name = "NAME")]
    cookie: Option<String>,

    /// A site that may ask for messaging tokens
    ///
    /// Such as `https://www.example.com`. Checks what the endpoint tells browsers of it (CORS).
    #[arg(long, value_name = "ORIGIN", value_parser = config::origin)]
    origin: Option<String>,

    /// The account that the sign-in page is for
    ///
    /// acme for acme.zendesk.com.
    #[arg(long, value_name = "NAME")]
    zendesk_subdomain: Option<String>,

    /// The remote logout URL of SSO
    ///
    /// Known by itself when the endpoint's path is /sso/login.
    #[arg(long, value_name = "URL", value_parser = input::url)]
    logout_url: Option<Url>,

    /// HOST:PORT:ADDRESS, for what DNS says
    ///
    /// Connects to this address for that host and port, to try a server before DNS leads to it. May be repeated.
    #[arg(long, value_name = "WHERE", value_parser = Resolve::parse)]
    resolve: Vec<Resolve>,

    /// Roots to trust beside Mozilla's, in PEM
    ///
    /// Zendesk does not trust them: this is for servers inside of your company.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// How long each step may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=120))]
    timeout: u64,

    /// Print JSON
    ///
    /// One object: {url, kind, healthy, checks: [{id, group, state, seen, remedy}]}. A state is pass, warn, fail or skip.
    #[arg(long)]
    json: bool,
}

const LONG_ABOUT: &str = "Find out what is wrong with an endpoint that makes JWTs for Zendesk

Asks the endpoint as Zendesk or a browser would, and prints a checklist with a remedy for
whatever is wrong: DNS, TLS, redirects, statuses, the JWT and each of its claims, clocks,
speed, caching, CORS, the sign-in page. Any endpoint will do, not only those of zendesk-jwt.

About a dozen requests are made, most of them with user tokens that do not exist. With a good
user token it also checks what a user gets. The JWTs are neither sent to Zendesk nor shown,
and neither are the names and addresses in them.";

const EXIT_STATUS: &str =
    "Exit status: 0 when nothing failed (there may be warnings), 1 when something failed,\n2 when called wrongly.";

const EXAMPLES: &str = "Examples:
  Try it on this machine, beside `zendesk-jwt local`:
    echo BD2F35A7621 | zendesk-jwt doctor http://127.0.0.1:3000/sdk/jwt --user-token-file -

  An endpoint of the Support SDK, with the shared secret from Admin Center in a file:
    zendesk-jwt doctor https://support.example.com/zendesk --kind sdk --secret-file secret.txt

  Messaging, as a page of your site asks it:
    zendesk-jwt doctor https://support.example.com/messaging/jwt \\
      --origin https://www.example.com

  Single sign-on, with another session cookie, and the remote logout URL:
    zendesk-jwt doctor https://www.example.com/sso --kind sso --cookie sid \\
      --logout-url https://www.example.com/bye

  A server that DNS does not lead to yet:
    zendesk-jwt doctor https://support.example.com/sdk/jwt \\
      --resolve support.example.com:443:192.0.2.10

  For monitoring, the remedies alone:
    zendesk-jwt doctor https://support.example.com/sdk/jwt --user-token-file token --json |
      jq -r '.checks[] | select(.state == \"fail\") | .remedy'";

/// Runs the subcommand.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let plan = match input::plan(arguments) {
        Ok(plan) => plan,
        Err(problem) => return Ok(usage_error(&problem.to_string())),
    };
    let mut report = Report::new(input::shown(&plan.url), plan.kind);
    announce(&plan, &report);
    let progress = ProgressBar::new_spinner();
    progress.enable_steady_tick(Duration::from_millis(100));
    block_on(async {
        examine(&plan, &mut report, &progress).await;
        Ok(())
    })?;
    progress.finish_and_clear();
    report.sort();
    show::show(&report, arguments.json)?;
    Ok(if report.is_healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Says in one line what is about to be done.
fn announce(plan: &Plan, report: &Report) {
    let with =
        if plan.user_token.is_some() { "the user token given and invented ones" } else { "invented user tokens" };
    let kind = plan.kind.title();
    output::note(&format!("Asking {} for {kind} JWTs about a dozen times, with {with}.\n", report.url));
}

async fn examine(plan: &Plan, report: &mut Report, progress: &ProgressBar) {
    progress.set_message("Connecting");
    let Some(route) = plan.network.examine(&plan.url, plan.kind, report).await else {
        return report.skip(Group::Connection, ["requests"], "nothing was asked, for want of a connection");
    };
    let endpoint = Endpoint { plan, route };
    match plan.kind {
        Kind::Sdk | Kind::Messaging => {
            progress.set_message("Sending unknown user tokens");
            refusals::examine(&endpoint, report).await;
            progress.set_message("Sending the user token");
            good_token::examine(&endpoint, report).await;
        }
        Kind::Sso => {
            progress.set_message("Opening the sign-in page");
            sso::examine(&endpoint, report).await;
            progress.set_message("Opening the remote logout URL");
            sign_out::examine(&endpoint, report).await;
        }
    }
    if plan.kind == Kind::Messaging {
        progress.set_message("Asking as a page of another origin");
        cors::examine(&endpoint, report).await;
    }
}
