//! `zendesk-jwt doctor`: tries everything that goes wrong with an endpoint, one check at a time.
//!
//! | where | what it holds |
//! |---|---|
//! | `arguments`, `plan` | the command line; the files and prompts, read into a `Plan` |
//! | `connection`, `certificates` | DNS, TCP and TLS |
//! | `endpoint` | the requests to the endpoint |
//! | `refusals`, `good_token`, `cors` | the endpoints of the Support SDK and of messaging |
//! | `id_token` | ID tokens of identity providers as user tokens |
//! | `sso`, `page` | the sign-in page, the remote logout URL, and what Zendesk says with `--ask-zendesk` |
//! | `jwt` | the JWT, checked by [`zendesk_jwt_rules::inspect`], and the clocks |
//! | `report`, `show` | the list of checks, and how people and programs see it |
//!
//! The report holds no user token, JWT, secret, name or address.

use std::process::ExitCode;
use std::time::Duration;

use indicatif::ProgressBar;
use serde_json::json;
use url::Position;

use crate::by_hand;
use crate::output;
use crate::problem::{Problem, block_on, usage_error};
pub(crate) use arguments::Arguments;
use endpoint::Endpoint;
use plan::Plan;
use report::{Group, Report, Verdict};
use zendesk_jwt_rules::Kind;

mod arguments;
mod certificates;
mod connection;
mod cors;
mod endpoint;
mod good_token;
mod id_token;
mod jwt;
mod page;
mod plan;
mod refusals;
mod report;
mod show;
mod sso;

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let plan = Plan::read(arguments).unwrap_or_else(|problem| usage_error(&output::escaped(&problem.to_string())));
    let mut report = Report::new(plan.kind, plan.configuration.clone());
    let tokens = match (&plan.id_token, &plan.user_token) {
        (Some(id_token), _) => format!("{}, with changed copies of it and with invented ones", id_token.description()),
        (None, Some(_)) => "the given user token and invented ones".to_owned(),
        (None, None) => "invented user tokens".to_owned(),
    };
    // The query may hold a key.
    let (url, kind) = (&plan.url[..Position::AfterPath], plan.kind.title());
    output::note(&format!("Asking {url} for {kind} JWTs about a dozen times, with {tokens}.\n"));
    let progress = ProgressBar::new_spinner();
    progress.enable_steady_tick(Duration::from_millis(100));
    block_on(async {
        examine(&plan, &mut report, &progress).await;
        Ok(())
    })?;
    progress.finish_and_clear();
    if arguments.json {
        let checks: Vec<_> = report.checks().map(|(check, _)| check).collect();
        let (kind, healthy) = (plan.kind.name(), report.is_healthy());
        let by_hand = if arguments.ask.ask_zendesk { by_hand::steps(plan.kind) } else { Vec::new() };
        output::json(&json!({ "url": url, "kind": kind, "healthy": healthy, "checks": checks, "by_hand": by_hand }))?;
    } else {
        output::line(&show::checklist(&report))?;
        if arguments.ask.ask_zendesk && plan.kind != Kind::Sso {
            output::line(&format!("\n{}", by_hand::text(plan.kind)))?;
        }
    }
    Ok(if report.is_healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn examine(plan: &Plan<'_>, report: &mut Report, progress: &ProgressBar) {
    progress.set_message("Connecting");
    let Some((route, is_trusted)) = connection::examine(plan, report).await else {
        return report.skip_rest(&[Group::Connection], Err("there is no connection, so no request was sent"));
    };
    let endpoint = Endpoint { plan, route, is_trusted };
    refusals::of_unknown_configuration(&endpoint, report).await;
    match plan.kind {
        Kind::Sdk | Kind::Messaging => {
            progress.set_message("Sending unknown user tokens");
            let stop = refusals::examine(&endpoint, report).await;
            report.skip_rest(&[Group::Connection, Group::UnknownToken], stop);
            progress.set_message("Sending the user token");
            let refuses = stop != Err(refusals::SIGNS_FOR_ALL);
            let accepted = good_token::examine(&endpoint, refuses, report).await;
            report.skip_rest(&[Group::GoodToken, Group::Jwt], accepted);
        }
        Kind::Sso => {
            progress.set_message("Opening the sign-in page");
            sso::without_session(&endpoint, report).await;
            report.skip_rest(&[Group::Connection], Err("no answer"));
            let signed_in = sso::with_session(&endpoint, report).await;
            report.skip_rest(&[Group::Page, Group::ReturnTo, Group::Jwt], signed_in);
            progress.set_message("Opening the remote logout URL");
            let signed_out = sso::sign_out(&endpoint, report).await;
            report.skip_rest(&[Group::SignOut], signed_out);
        }
    }
    progress.set_message("Sending changed ID tokens");
    id_token::examine(&endpoint, report).await;
    if plan.kind == Kind::Messaging {
        progress.set_message("Sending requests of other origins");
        cors::examine(&endpoint, report).await;
        report.skip_rest(&[Group::Cors], Err("needs the origin of your site (--origin)"));
    }
    if plan.arguments.ask.ask_zendesk {
        let (Ok(verdict) | Err(verdict)) = match plan.kind {
            Kind::Sso => sso::ask_zendesk(&endpoint, progress).await,
            _ => Err(Verdict::skip("a program cannot ask; the steps by hand are below")),
        };
        report.add("zendesk-accepts", verdict);
    }
}
