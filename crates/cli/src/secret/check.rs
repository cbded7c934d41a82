//! `zendesk-jwt secret check`: whether the functions can sign with the stored secrets.

use std::process::ExitCode;

use serde::Serialize;

use super::Secrets;
use crate::aws::{Clients, SigningKeySecret};
use crate::output;
use crate::problem::{Problem, usage_error};
use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::signing_key::SharedKey;

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
#[derive(Serialize)]
pub(super) struct Verdict {
    kind: &'static str,
    secret_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fingerprint: Option<String>,
    problems: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doubt: Option<&'static str>,
}

impl Check {
    pub(super) async fn run(&self) -> Result<ExitCode, Problem> {
        if Kind::ALL.into_iter().all(|kind| self.secrets.id(kind).is_none()) {
            usage_error("name a secret to check with --sdk, --messaging or --sso, or give --local");
        }
        let clients = self.secrets.account.clients().await?;
        let mut verdicts = Vec::new();
        for kind in Kind::ALL {
            if let Some(id) = self.secrets.id(kind) {
                verdicts.push(verdict(kind, &clients, id).await);
            }
        }
        report_shared(&mut verdicts);
        if self.json {
            output::json(&verdicts)?;
        } else {
            output::line(&verdicts.iter().map(Verdict::text).collect::<Vec<_>>().join("\n"))?;
        }
        let is_good = verdicts.iter().all(|verdict| verdict.problems.is_empty());
        Ok(ExitCode::from(u8::from(!is_good)))
    }
}

pub(super) async fn verdict(kind: Kind, clients: &Clients, secret_id: String) -> Verdict {
    let read = SigningKeySecret::new(clients, secret_id.clone()).read().await.map_err(|problem| problem.to_string());
    let key = read.and_then(|value| SharedKey::parse(kind, &value).map_err(|problem| problem.to_string()));
    let kind = kind.name();
    match key {
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
