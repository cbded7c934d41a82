//! `zendesk-jwt secret check`: whether the functions can sign with the stored secrets.

use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Map, Value};

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

/// What may be shown of a key.
#[derive(Serialize)]
pub(super) struct Verdict {
    #[serde(serialize_with = "name")]
    pub(super) kind: Kind,
    /// `None` for the unnamed configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) configuration: Option<String>,
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
                verdicts.extend(verdicts_on(kind, &clients, id).await);
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

/// The verdicts on all keys in the secret of a kind.
pub(super) async fn verdicts_on(kind: Kind, clients: &Clients, id: String) -> Vec<Verdict> {
    match SigningKeySecret::new(clients, id.clone()).read().await {
        Ok(value) => verdicts_on_value(kind, &id, &value),
        Err(problem) => vec![Verdict::of(kind, None, id, Err(problem.to_string()))],
    }
}

/// The verdicts on the unnamed key, unless only configurations have keys, and on the key of each configuration.
pub(super) fn verdicts_on_value(kind: Kind, id: &str, value: &str) -> Vec<Verdict> {
    let verdict = |configuration: Option<&String>, key: &str| {
        let key = SharedKey::parse(kind, key).map_err(|problem| problem.to_string());
        Verdict::of(kind, configuration.cloned(), id.to_owned(), key)
    };
    let object: Map<String, Value> = serde_json::from_str(value).unwrap_or_default();
    let configurations = object.get("configurations").and_then(Value::as_object);
    let has_unnamed = configurations.is_none() || object.contains_key("secret");
    let unnamed = has_unnamed.then(|| verdict(None, value));
    let named = configurations.into_iter().flatten().map(|(name, key)| verdict(Some(name), &key.to_string()));
    unnamed.into_iter().chain(named).collect()
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
    fn of(kind: Kind, configuration: Option<String>, secret_id: String, key: Result<SharedKey, String>) -> Self {
        let (fingerprint, doubt) = key.as_ref().map_or((None, None), |key| (Some(key.fingerprint()), key.doubt()));
        Self { kind, configuration, secret_id, fingerprint, problems: key.err().into_iter().collect(), doubt }
    }

    pub(super) fn name(&self) -> String {
        super::name(self.kind, self.configuration.as_deref())
    }

    fn text(&self) -> String {
        let verdict = match &self.fingerprint {
            Some(fingerprint) if self.problems.is_empty() => format!("can sign, fingerprint {fingerprint}"),
            _ => format!("cannot sign ({})", self.secret_id),
        };
        let remarks = self.problems.iter().map(String::as_str).chain(self.doubt);
        let remarks = remarks.map(|remark| format!("\n{:10} {remark}", ""));
        format!("{:10} {verdict}{}", self.name(), remarks.collect::<String>())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn name<S: serde::Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name())
}
