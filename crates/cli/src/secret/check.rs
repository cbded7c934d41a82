//! `zendesk-jwt secret check`: whether the functions can sign with the stored secrets.

use std::process::ExitCode;

use serde::Serialize;

use super::arguments::Secrets;
use crate::aws::{Clients, SigningKeySecret};
use crate::output;
use crate::problem::{Problem, block_on, usage_error};
use zendesk_jwt::jwt::messaging::Messaging;
use zendesk_jwt::jwt::sdk::Sdk;
use zendesk_jwt::jwt::signing::SigningKey;
use zendesk_jwt::jwt::sso::Sso;
use zendesk_jwt::jwt::{JwtKind, Kind};

#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 when every secret can sign, 1 when one cannot, 2 on a usage error.")]
pub(crate) struct Check {
    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    secrets: Secrets,
}

/// What may be shown of a secret.
#[derive(Debug, Serialize)]
pub(super) struct Verdict {
    kind: &'static str,
    secret_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fingerprint: Option<String>,
    problems: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doubt: Option<&'static str>,
}

pub(super) fn run(arguments: &Check) -> Result<ExitCode, Problem> {
    let secrets = &arguments.secrets;
    if Kind::ALL.into_iter().all(|kind| secrets.id(kind).is_none()) {
        return Ok(usage_error("name a secret to check with --sdk, --messaging or --sso, or give --local"));
    }
    let mut verdicts = block_on(verdicts(secrets))?;
    report_shared(&mut verdicts);
    if arguments.json {
        output::json(&verdicts)?;
    } else {
        output::line(&verdicts.iter().map(Verdict::text).collect::<Vec<_>>().join("\n"))?;
    }
    let is_good = verdicts.iter().all(|verdict| verdict.problems.is_empty());
    Ok(ExitCode::from(u8::from(!is_good)))
}

async fn verdicts(secrets: &Secrets) -> Result<Vec<Verdict>, Problem> {
    let clients = secrets.account.clients().await?;
    let mut verdicts = Vec::new();
    for kind in Kind::ALL {
        if let Some(id) = secrets.id(kind) {
            verdicts.push(verdict_on(kind, &clients, id).await);
        }
    }
    Ok(verdicts)
}

pub(super) async fn verdict_on(kind: Kind, clients: &Clients, secret_id: String) -> Verdict {
    match kind {
        Kind::Sdk => verdict::<Sdk>(clients, secret_id).await,
        Kind::Messaging => verdict::<Messaging>(clients, secret_id).await,
        Kind::Sso => verdict::<Sso>(clients, secret_id).await,
    }
}

async fn verdict<K: JwtKind>(clients: &Clients, secret_id: String) -> Verdict {
    let kind = K::KIND.name();
    let read = SigningKeySecret::new(clients, secret_id.clone()).read().await.map_err(|problem| problem.to_string());
    match read.and_then(|value| SigningKey::<K>::parse(&value).map_err(|problem| problem.to_string())) {
        Ok(key) => {
            let fingerprint = Some(key.fingerprint());
            Verdict { kind, secret_id, fingerprint, problems: Vec::new(), doubt: key.doubt() }
        }
        Err(problem) => Verdict { kind, secret_id, fingerprint: None, problems: vec![problem], doubt: None },
    }
}

/// With one shared secret for two kinds, a leak of one is a leak of the other.
fn report_shared(verdicts: &mut [Verdict]) {
    let known: Vec<_> = verdicts.iter().map(|verdict| (verdict.kind, verdict.fingerprint.clone())).collect();
    for verdict in verdicts {
        let twin = known.iter().find(|(kind, fingerprint)| {
            *kind != verdict.kind && fingerprint.is_some() && *fingerprint == verdict.fingerprint
        });
        if let Some((twin, _)) = twin {
            let screen = Kind::parse(verdict.kind).map(Kind::admin_center_screen).unwrap_or_default();
            verdict.problems.push(format!(
                "this is also the secret of {twin}: each kind has its own, in Admin Center under {screen}"
            ));
        }
    }
}

impl Verdict {
    fn text(&self) -> String {
        let Self { kind, secret_id, fingerprint, problems, doubt } = self;
        let verdict = match fingerprint {
            Some(fingerprint) if problems.is_empty() => format!("can sign, fingerprint {fingerprint}"),
            _ => format!("cannot sign ({secret_id})"),
        };
        let remarks = problems.iter().map(String::as_str).chain(*doubt).map(|remark| format!("\n{:10} {remark}", ""));
        format!("{kind:10} {verdict}{}", remarks.collect::<String>())
    }
}
