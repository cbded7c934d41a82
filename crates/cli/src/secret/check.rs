//! `zendesk-jwt secret check`: whether the functions can sign with the stored secrets. With `--ask-zendesk`, whether the
//! SSO secret is the one that Zendesk has.

use std::fmt::Display;
use std::process::ExitCode;

use serde::Serialize;
use url::Url;

use super::{Secrets, configuration_name};
use crate::aws::{Clients, SigningKeySecret};
use crate::by_hand;
use crate::output;
use crate::problem::{Problem, said, usage_error};
use crate::users::{email_address, external_id};
use crate::zendesk::{self, Outcome, Post, RETURN_TO};
use zendesk_jwt::config;
use zendesk_jwt::jwt::signing::SigningKey;
use zendesk_jwt::jwt::sso::{self, CustomRole, SsoClaims};
use zendesk_jwt::jwt::{Clock as _, JtiSource as _, RandomJti, SystemClock};
use zendesk_jwt::user::{Email, EmailAddress, ExternalId, Name, User};
use zendesk_jwt_rules::signing_key::{SharedKey, SigningKeyProblem};
use zendesk_jwt_rules::{ConfigurationName, Kind};
use zendesk_jwt_simulator::Client;

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
    ask: zendesk::Options,

    /// The Zendesk account to ask, such as acme for acme.zendesk.com
    #[arg(long, value_name = "NAME", value_parser = |text: &str| said(config::zendesk_origin(text)))]
    zendesk_subdomain: Option<Url>,

    /// A simulated Zendesk on this machine, to ask instead
    #[arg(long, value_name = "URL", value_parser = |text: &str| said(config::simulated_zendesk(text)))]
    #[arg(conflicts_with = "zendesk_subdomain")]
    zendesk_url: Option<Url>,

    /// The e-mail address of the user that Zendesk creates or updates: a test user, and not an agent
    #[arg(long, value_name = "ADDRESS", value_parser = email_address)]
    email: Option<EmailAddress>,

    /// The name of that user [default: zendesk-jwt test]
    #[arg(long, value_parser = |text: &str| Name::parse(text).ok_or("a name is not blank"))]
    name: Option<Name>,

    /// Your own id of that user
    #[arg(long, value_name = "ID", value_parser = external_id)]
    external_id: Option<ExternalId>,

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
        if self.secrets.ids().next().is_none() {
            usage_error("name a secret to check with --sdk, --messaging or --sso, or give --local");
        }
        self.ask.require_answer();
        let clients = self.secrets.account.clients().await?;
        let mut verdicts = Vec::new();
        for (kind, id) in self.secrets.ids() {
            verdicts.extend(verdicts_on(kind, &clients, id).await);
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
        if self.ask.ask_zendesk {
            let is_sso = |verdict: &&mut Verdict| {
                verdict.kind == Kind::Sso && verdict.configuration == self.configuration && verdict.problems.is_empty()
            };
            if let Some(sso) = verdicts.iter_mut().find(is_sso) {
                let id = sso.secret_id.clone();
                sso.zendesk = Some(self.zendesk_answer(&clients, id).await?);
            }
        }
        if self.json {
            output::json(&verdicts)?;
        } else {
            output::line(&verdicts.iter().map(Verdict::text).collect::<Vec<_>>().join("\n"))?;
        }
        if self.ask.ask_zendesk && !self.json && !verdicts.iter().any(|verdict| verdict.kind == Kind::Sso) {
            for (kind, _) in self.secrets.ids().filter(|(kind, _)| *kind != Kind::Sso) {
                output::line(&format!("\n{}", by_hand::text(kind)))?;
            }
        }
        let is_good = verdicts.iter().all(Verdict::is_good);
        Ok(ExitCode::from(u8::from(!is_good)))
    }

    /// Signs for the user that the operator names, and asks Zendesk once.
    async fn zendesk_answer(&self, clients: &Clients, secret_id: String) -> Result<Outcome, Problem> {
        let configuration = self.configuration.as_ref();
        let Some(zendesk) = self.zendesk_subdomain.as_ref().or(self.zendesk_url.as_ref()) else {
            usage_error("name the account that --ask-zendesk asks: --zendesk-subdomain NAME");
        };
        let Some(email) = self.email.clone() else {
            usage_error("name the test user that --ask-zendesk signs for: --email ADDRESS");
        };
        let value = SigningKeySecret::new(clients, secret_id).read().await?;
        let keys = SigningKey::parse_all(&value);
        let missing = || failed(SigningKeyProblem::missing(Kind::Sso, configuration));
        let key = keys.get(configuration).ok_or_else(missing)?.as_ref().map_err(failed)?;
        // Role, tags and organisations stay out, so that the user keeps those in Zendesk.
        let user = User {
            external_id: self.external_id.clone(),
            name: self.name.clone().or_else(|| Name::parse("zendesk-jwt test")),
            email: Some(Email::new(email, true)),
            ..User::default()
        };
        let jti = RandomJti.next().map_err(failed)?;
        let claims = SsoClaims::of(&user, SystemClock.now(), jti, CustomRole::Optional);
        let claims = claims.map_err(|_| failed("the user cannot have an SSO JWT"))?;
        let jwt = key.sign(&claims).map_err(failed)?;
        let fields = [("jwt", jwt.as_str()), ("return_to", RETURN_TO)];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let url = zendesk.join(sso::ENDPOINT).map_err(failed)?;
        let post = Post { url: &url, fields: &fields, help_centers: &[] };
        self.ask.permit(&post, None).map_err(|not_posted| failed(&not_posted.reason))?;
        let client = Client::new(None).map_err(failed)?;
        Ok(post.outcome(client.post(post.request()).await))
    }
}

fn failed(error: impl Display) -> Problem {
    Problem(format!("Zendesk was not asked: {error}"))
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
    for verdict in verdicts.iter_mut().filter(|verdict| verdict.fingerprint.is_some()) {
        let name = verdict.name();
        let is_twin = |(other, fingerprint): &&_| *other != name && *fingerprint == verdict.fingerprint;
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
        Self {
            kind,
            configuration,
            secret_id,
            fingerprint: key.as_ref().ok().map(SharedKey::fingerprint),
            doubt: key.as_ref().ok().and_then(SharedKey::doubt),
            problems: key.err().into_iter().collect(),
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
