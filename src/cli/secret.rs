//! `zendesk-jwt secret`: what Secrets Manager holds for the functions, without ever showing it.

use std::process::ExitCode;

use serde::Serialize;

use super::account::Account;
use super::{Problem, block_on};
use crate::aws::{Clients, SigningKeySecret};
use crate::jwt::messaging::Messaging;
use crate::jwt::sdk::Sdk;
use crate::jwt::signing::SigningKey;
use crate::jwt::sso::Sso;
use crate::jwt::{JwtKind, Kind};
use crate::signing_keys::SecretStore;

/// The subcommands of `zendesk-jwt secret`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Say whether the stored secrets can sign, and whether two kinds share one
    Check(Check),
}

/// The arguments of `zendesk-jwt secret check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 when every secret can sign, 1 when one cannot, 2 when called wrongly.")]
pub struct Check {
    /// Name or ARN of the Support SDK's secret
    #[arg(long, value_name = "ID", required_unless_present_any = ["messaging", "sso"])]
    sdk: Option<String>,

    /// Name or ARN of messaging's secret
    #[arg(long, value_name = "ID")]
    messaging: Option<String>,

    /// Name or ARN of the SSO secret
    #[arg(long, value_name = "ID")]
    sso: Option<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    account: Account,
}

/// What is known of one secret. Neither it nor a part of it is in here.
#[derive(Debug, Serialize)]
struct Verdict {
    kind: &'static str,
    secret_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    problems: Vec<String>,
}

/// Runs the subcommand.
///
/// # Errors
/// When the process cannot start.
pub fn run(command: &Command) -> Result<ExitCode, Problem> {
    let Command::Check(arguments) = command;
    let mut verdicts = block_on(arguments.verdicts())?;
    point_out_shared(&mut verdicts);
    show(&verdicts, arguments.json);
    let is_good = verdicts.iter().all(|verdict| verdict.problems.is_empty());
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Check {
    async fn verdicts(&self) -> Result<Vec<Verdict>, Problem> {
        let clients = self.account.clients().await?;
        let mut verdicts = Vec::new();
        if let Some(id) = &self.sdk {
            verdicts.push(verdict::<Sdk>(&clients, id).await);
        }
        if let Some(id) = &self.messaging {
            verdicts.push(verdict::<Messaging>(&clients, id).await);
        }
        if let Some(id) = &self.sso {
            verdicts.push(verdict::<Sso>(&clients, id).await);
        }
        Ok(verdicts)
    }
}

async fn verdict<K: JwtKind>(clients: &Clients, secret_id: &str) -> Verdict {
    let read = SigningKeySecret::new(clients, secret_id.to_owned()).read().await;
    let key = read.and_then(|value| SigningKey::<K>::parse(&value).map_err(|problem| problem.to_string()));
    let (fingerprint, problems) = match key {
        Ok(key) => (Some(key.fingerprint()), Vec::new()),
        Err(problem) => (None, vec![problem]),
    };
    Verdict { kind: K::KIND.name(), secret_id: secret_id.to_owned(), fingerprint, problems }
}

/// One shared secret for two kinds makes the leak of one the leak of the other.
fn point_out_shared(verdicts: &mut [Verdict]) {
    let known: Vec<_> = verdicts.iter().map(|verdict| (verdict.kind, verdict.fingerprint.clone())).collect();
    for verdict in verdicts {
        let twin = known.iter().find(|(kind, fingerprint)| {
            *kind != verdict.kind && fingerprint.is_some() && *fingerprint == verdict.fingerprint
        });
        if let Some((twin, _)) = twin {
            let screen = Kind::parse(verdict.kind).map(Kind::admin_center_screen).unwrap_or_default();
            verdict.problems.push(format!(
                "this is the secret of {twin} as well: each kind has one of its own, in Admin Center under {screen}"
            ));
        }
    }
}

#[expect(clippy::print_stdout, reason = "a person or a program reads this")]
fn show(verdicts: &[Verdict], as_json: bool) {
    if as_json {
        println!("{}", serde_json::to_string_pretty(verdicts).unwrap_or_default());
        return;
    }
    for Verdict { kind, secret_id, fingerprint, problems } in verdicts {
        match fingerprint {
            Some(fingerprint) if problems.is_empty() => println!("{kind:10} can sign, fingerprint {fingerprint}"),
            _ => println!("{kind:10} cannot be used as it is ({secret_id})"),
        }
        for problem in problems {
            println!("{:10} {problem}", "");
        }
    }
}
