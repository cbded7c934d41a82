//! `zendesk-jwt doctor`: tries everything that goes wrong with an endpoint, one check at a time.
//!
//! | where | what it holds |
//! |---|---|
//! | `arguments`, `plan` | the command line; the files and prompts, read into a `Plan` |
//! | `connection`, `certificates` | DNS, TCP and TLS |
//! | `endpoint` | the requests to the endpoint |
//! | `refusals`, `good_token`, `cors` | the endpoints of the Support SDK and of messaging |
//! | `sso`, `page`, `sign_out` | the sign-in page and the remote logout URL |
//! | `jwt`, `clock` | the JWT, checked by [`zendesk_jwt_rules::inspect`] |
//! | `report`, `show` | the list of checks, and how people and programs see it |
//!
//! The report holds no user token, JWT, secret, name or address.

use std::process::ExitCode;
use std::time::Duration;

use indicatif::ProgressBar;

use crate::output;
use crate::problem::{Problem, block_on, usage_error};
pub(crate) use arguments::Arguments;
use endpoint::Endpoint;
use plan::Plan;
use report::Report;
use zendesk_jwt_rules::Kind;

mod arguments;
mod certificates;
mod clock;
mod connection;
mod cors;
mod endpoint;
mod good_token;
mod jwt;
mod page;
mod plan;
mod refusals;
mod report;
mod show;
mod sign_out;
mod sso;

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let plan = match Plan::read(arguments) {
        Ok(plan) => plan,
        Err(problem) => usage_error(&output::escaped(&problem.to_string())),
    };
    let mut report = Report::new(plan.shown_url(), plan.kind);
    let tokens =
        if plan.user_token.is_some() { "the given user token and invented ones" } else { "invented user tokens" };
    let (url, kind) = (plan.shown_url(), plan.kind.title());
    output::note(&format!("Asking {url} for {kind} JWTs about a dozen times, with {tokens}.\n"));
    let progress = ProgressBar::new_spinner();
    progress.enable_steady_tick(Duration::from_millis(100));
    block_on(async {
        examine(&plan, &mut report, &progress).await;
        Ok(())
    })?;
    progress.finish_and_clear();
    show::show(&report, arguments.json)?;
    Ok(if report.is_healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn examine(plan: &Plan, report: &mut Report, progress: &ProgressBar) {
    progress.set_message("Connecting");
    let Some((route, is_trusted)) = plan.network.examine(&plan.url, plan.kind, report).await else { return };
    let endpoint = Endpoint { plan, route, is_trusted };
    match plan.kind {
        Kind::Sdk | Kind::Messaging => {
            progress.set_message("Sending unknown user tokens");
            let refuses = refusals::examine(&endpoint, report).await;
            progress.set_message("Sending the user token");
            good_token::examine(&endpoint, refuses, report).await;
        }
        Kind::Sso => {
            progress.set_message("Opening the sign-in page");
            sso::examine(&endpoint, report).await;
            progress.set_message("Opening the remote logout URL");
            sign_out::examine(&endpoint, report).await;
        }
    }
    if plan.kind == Kind::Messaging {
        progress.set_message("Sending requests of other origins");
        cors::examine(&endpoint, report).await;
    }
}
