//! `zendesk-jwt secret check`: whether the functions can sign with the stored secrets.

use std::process::ExitCode;

use serde::Serialize;

use super::ask::Ask;
use super::{Secrets, configuration_name};
use crate::aws::{Clients, SigningKeySecret};
use crate::output;
use crate::problem::{Problem, usage_error};
use crate::zendesk::{self, Outcome};
use zendesk_jwt_rules::signing_key::{SharedKey, SigningKeyProblem};
use zendesk_jwt_rules::{ConfigurationName, Kind};

#[derive(Debug, clap::Args)]
#[command(after_help = "Does the stored SSO secret equal the one that Zendesk has?\n\n  \
    zendesk-jwt secret check --sso ARN --ask-zendesk \\\n    \
    --zendesk-subdomain acme --email test-user@example.com\n\n\
    Exit status: 0 when every secret can sign and Zendesk, if asked, accepts the JWT; 1 when not; 2 on a usage error.")]
pub(crate) struct Check {
    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Check the key of this configuration alone [default: all keys; Zendesk is asked about the unnamed one]
    #[arg(long, value_name = "NAME", value_parser = configuration_name)]
    configuration: Option<ConfigurationName>,

    #[command(flatten)]
    ask: Ask,

    #[command(flatten)]
    secrets: Secrets,
}

/// What may be shown of a key.
#[derive(Serialize)]
pub(super) struct Verdict {
    pub(super) kind: Kind,
    /// `None` for the unnamed configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) configuration: Option<ConfigurationName>,
    secret_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fingerprint: Option<String>,
    problems: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doubt: Option<&'static str>,
    /// `None` if Zendesk was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    zendesk: Option<Outcome>,
}

impl Check {
    pub(super) async fn run(&self) -> Result<ExitCode, Problem> {
        if Kind::ALL.into_iter().all(|kind| self.secrets.id(kind).is_none()) {
            usage_error("name a secret to check with --sdk, --messaging or --sso, or give --local");
        }
        self.ask.options.require_answer();
        let clients = self.secrets.account.clients().await?;
        let mut verdicts = Vec::new();
        for kind in Kind::ALL {
            if let Some(id) = self.secrets.id(kind) {
                verdicts.extend(verdicts_on(kind, &clients, id).await);
            }
        }
        report_shared(&mut verdicts);
        if let Some(configuration) = &self.configuration {
            verdicts.retain(|verdict| verdict.configuration.as_ref() == Some(configuration));
            if verdicts.is_empty() {
                return Err(Problem(format!(
                    "no secret has a key of the configuration {configuration}: store it first"
                )));
            }
        }
        if self.ask.options.ask_zendesk {
            let of_configuration = |verdict: &&mut Verdict| verdict.configuration == self.configuration;
            let sso = verdicts.iter_mut().filter(of_configuration).find(|verdict| verdict.kind == Kind::Sso);
            if let Some(sso) = sso.filter(|verdict| verdict.problems.is_empty()) {
                let id = sso.secret_id.clone();
                sso.zendesk = Some(self.ask.zendesk(&clients, id, self.configuration.as_ref()).await?);
            }
        }
        if self.json {
            output::json(&verdicts)?;
        } else {
            output::line(&verdicts.iter().map(Verdict::text).collect::<Vec<_>>().join("\n"))?;
        }
        if self.ask.options.ask_zendesk && !self.json && !verdicts.iter().any(|verdict| verdict.kind == Kind::Sso) {
            for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Sso && self.secrets.id(*kind).is_some()) {
                output::line(&format!("\n{}", zendesk::by_hand(kind)))?;
            }
        }
        let is_good = verdicts.iter().all(Verdict::is_good);
        Ok(ExitCode::from(u8::from(!is_good)))
    }
}

/// The verdicts on all keys in the secret of a kind.
pub(super) async fn verdicts_on(kind: Kind, clients: &Clients, id: String) -> Vec<Verdict> {
    match SigningKeySecret::new(clients, id.clone()).read().await {
        Ok(value) => verdicts_on_value(kind, &id, &value),
        Err(problem) => vec![Verdict::of(kind, None, id, Err(problem.to_string()))],
    }
}

/// The verdicts on the unnamed key, unless only configurations have keys, and on the key of each configuration.
pub(super) fn verdicts_on_value(kind: Kind, id: &str, value: &str) -> Vec<Verdict> {
    let keys = SharedKey::parse_all(kind, value);
    let has_named = !keys.named.is_empty();
    let unnamed = Some((None, keys.unnamed)).filter(|(_, key)| {
        let is_missing = key.as_ref().is_err_and(SigningKeyProblem::is_missing);
        !(has_named && is_missing)
    });
    let keys = unnamed.into_iter().chain(keys.named.into_iter().map(|(name, key)| (Some(name), key)));
    keys.map(|(name, key)| Verdict::of(kind, name, id.to_owned(), key.map_err(|problem| problem.to_string()))).collect()
}

/// With one shared secret for two kinds or configurations, a leak of one is a leak of the other.
fn report_shared(verdicts: &mut [Verdict]) {
    let known: Vec<_> = verdicts.iter().map(|verdict| (verdict.name(), verdict.fingerprint.clone())).collect();
    for verdict in verdicts {
        let name = verdict.name();
        let is_twin = |(other, fingerprint): &&(String, Option<String>)| {
            *other != name && fingerprint.is_some() && *fingerprint == verdict.fingerprint
        };
        if let Some((twin, _)) = known.iter().find(is_twin) {
            verdict.problems.push(format!(
                "this is also the secret of {twin}: each kind and configuration has its own, in Admin Center under {}",
                verdict.kind.admin_center_screen()
            ));
        }
    }
}

impl Verdict {
    fn of(
        kind: Kind,
        configuration: Option<ConfigurationName>,
        secret_id: String,
        key: Result<SharedKey, String>,
    ) -> Self {
        let (fingerprint, doubt) = key.as_ref().map_or((None, None), |key| (Some(key.fingerprint()), key.doubt()));
        Self {
            kind,
            configuration,
            secret_id,
            fingerprint,
            problems: key.err().into_iter().collect(),
            doubt,
            zendesk: None,
        }
    }

    fn is_good(&self) -> bool {
        self.problems.is_empty() && self.zendesk.as_ref().is_none_or(|answer| answer.accepted)
    }

    pub(super) fn name(&self) -> String {
        super::name(self.kind, self.configuration.as_ref())
    }

    fn text(&self) -> String {
        let verdict = match &self.fingerprint {
            Some(fingerprint) if self.problems.is_empty() => format!("can sign, fingerprint {fingerprint}"),
            _ => format!("cannot sign ({})", self.secret_id),
        };
        let remarks = self.problems.iter().map(String::as_str).chain(self.doubt);
        let remarks = remarks.map(|remark| format!("\n{:10} {remark}", ""));
        let zendesk = self.zendesk.iter().flat_map(|answer| [Some(answer.seen.as_str()), answer.remedy.as_deref()]);
        let zendesk = zendesk.flatten().map(|text| format!("\n{}", output::wrapped(text, &" ".repeat(11))));
        format!("{:10} {verdict}{}", self.name(), remarks.chain(zendesk).collect::<String>())
    }
}
