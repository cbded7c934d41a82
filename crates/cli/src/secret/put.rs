//! `zendesk-jwt secret put`: stores a signing key, unless it cannot be the right one.

use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::check::{self, Verdict};
use super::{Secrets, configuration_name};
use crate::aws::{SigningKeySecret, Version};
use crate::input;
use crate::local;
use crate::output;
use crate::problem::{Problem, usage_error};
use zendesk_jwt::key_cache::LONGEST_PAUSE_WITHOUT_KEY;
use zendesk_jwt::{backoff, config};
use zendesk_jwt_rules::signing_key::SharedKey;
use zendesk_jwt_rules::{ConfigurationName, Kind};

/// The member of a secret with the keys of named configurations.
const CONFIGURATIONS: &str = "configurations";

/// How often to store the key while other people store theirs in the same secret.
const ATTEMPTS: u32 = 20;

/// How often the new value is read back, and how long to wait between two reads.
const READS: u32 = 20;
const BETWEEN_READS: Duration = Duration::from_millis(500);

#[derive(Debug, clap::Args)]
#[command(after_help = "You type the secret without echo, or give it in --secret-file or on standard input. It is \
    never an argument, which other programs of this machine see. The secret is the text that Admin Center shows when \
    it makes one, or the JSON that Secrets Manager is to hold. If the ids of the other kinds' secrets are given, the \
    command refuses a secret of another kind.\n\n\
    Examples:\n\n  \
    zendesk-jwt secret put sdk --sdk ARN\n  \
    zendesk-jwt secret put messaging --kid app_… --messaging ARN \\\n    \
    --secret-file shared-secret.txt\n  \
    zendesk-jwt secret put sso --local < shared-secret.txt\n\n\
    Exit status: 0 when the secret is stored, 1 when not, 2 on a usage error.")]
pub(crate) struct Put {
    /// What the key signs: sdk, messaging or sso
    #[arg(value_parser = crate::problem::kind)]
    kind: Kind,

    /// The configuration whose key this is, as in the function's CONFIGURATIONS [default: the unnamed one]
    #[arg(long, value_name = "NAME", value_parser = configuration_name)]
    configuration: Option<ConfigurationName>,

    /// The Key ID of messaging's key, which is not secret
    #[arg(long, value_name = "KID")]
    kid: Option<String>,

    /// A file that holds the secret; - is standard input
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,

    /// Store the key although its kid or secret does not look like Zendesk's
    #[arg(long)]
    force: bool,

    /// Do not wait until the functions use it
    #[arg(long)]
    no_wait: bool,

    /// The functions' `SIGNING_KEY_MAX_AGE`: how long they use a key before they read it again [default: 300]
    #[arg(long, value_name = "SECONDS", value_parser = |text: &str| text.parse::<u64>().map_err(|_| "give a number of seconds"))]
    max_age: Option<u64>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    secrets: Secrets,
}

impl Put {
    pub(super) async fn run(&self) -> Result<ExitCode, Problem> {
        let kind = self.kind;
        let Some(secret_id) = self.secrets.id(kind) else {
            usage_error(&format!("give the id of the secret with --{kind} ID, or give --local"));
        };
        if self.kid.is_some() && kind != Kind::Messaging {
            usage_error("only messaging's key has a kid: leave out --kid");
        }
        let key = self.key()?;
        let clients = self.secrets.account.clients().await?;
        for (other, id) in self.secrets.ids().filter(|(other, _)| *other != kind) {
            self.refuse_twin(&key, &check::verdicts_on(other, &clients, id).await)?;
        }
        let secret = SigningKeySecret::new(&clients, secret_id.clone());

        let old = secret.current().await?;
        let is_first = old.is_none();
        let changed = self.store(&secret, old, &key).await?;
        let in_use_within_seconds = match (changed, is_first) {
            (false, _) => 0,
            // A function without a key looks for one more often.
            (true, true) => LONGEST_PAUSE_WITHOUT_KEY,
            _ if self.secrets.account.is_local() => self.max_age.unwrap_or(local::SIGNING_KEY_MAX_AGE),
            _ => self.max_age.unwrap_or(config::SIGNING_KEY_MAX_AGE),
        };
        let (characters, fingerprint) = (key.characters(), key.fingerprint());
        if self.json {
            output::json(&json!({
                "kind": kind,
                "configuration": self.configuration,
                "secret_id": secret_id,
                "characters": characters,
                "fingerprint": fingerprint,
                "changed": changed,
                "in_use_within_seconds": in_use_within_seconds,
            }))?;
        } else {
            let stored = if changed { "stored" } else { "already stored" };
            let name = super::name(kind, self.configuration.as_ref());
            output::line(&format!("{name:10} {stored}: {characters} characters, fingerprint {fingerprint}"))?;
            if changed {
                output::line(&format!("{:10} every function uses it within {in_use_within_seconds} seconds", ""))?;
            }
        }
        if !self.no_wait {
            wait(in_use_within_seconds).await;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The key that the operator gives: the secret alone, or the JSON to store.
    fn key(&self) -> Result<SharedKey, Problem> {
        let kind = self.kind;
        let what = match self.secret_file {
            Some(_) => format!("the shared secret of {kind}"),
            None => format!("the shared secret of {kind}, from Admin Center > {}", kind.admin_center_screen()),
        };
        let text = input::secret_text(self.secret_file.as_deref(), &what)?;
        let key = if text.trim_start().starts_with('{') {
            if serde_json::from_str::<Map<String, Value>>(&text).is_ok_and(|value| value.contains_key(CONFIGURATIONS)) {
                let remedy = "store the key of each configuration with --configuration";
                return Err(not_stored(format_args!("the JSON holds several keys: {remedy}")));
            }
            SharedKey::parse(kind, &text)
        } else {
            SharedKey::new(kind, &text, self.kid.as_deref())
        };
        let key = key.map_err(not_stored)?;
        if let Some(doubt) = key.doubt().filter(|_| !self.force) {
            return Err(not_stored(format_args!("{doubt} --force stores it anyway")));
        }
        if self.kid.is_some() && self.kid.as_deref() != key.kid() {
            return Err(not_stored("--kid and the `kid` of the JSON differ: give one of them"));
        }
        Ok(key)
    }

    /// Stores the key next to all other keys of the secret. Returns whether the secret changed.
    async fn store(&self, secret: &SigningKeySecret, old: Option<Version>, key: &SharedKey) -> Result<bool, Problem> {
        let (mut old, mut changed) = (old, false);
        for attempt in 1..=ATTEMPTS {
            let old_value = old.as_ref().map_or("", Version::text);
            let mut others = check::verdicts_on_value(self.kind, "", old_value);
            others.retain(|other| other.configuration != self.configuration);
            self.refuse_twin(key, &others)?;
            let Some(new_value) = self.with_key(old_value, key)? else { return Ok(changed) };
            changed = true;
            if secret.replace(old.as_ref(), &new_value).await? {
                return self.read_back(secret, key).await.map(|()| changed);
            }
            // Another person was faster, and their key must stay. Secrets Manager may return it a moment later.
            tokio::time::sleep(backoff::pause(attempt, BETWEEN_READS / 10, BETWEEN_READS)).await;
            old = secret.current().await?;
        }
        Err(not_stored("other people keep storing keys in this secret, so try again later"))
    }

    /// With one shared secret for two kinds or configurations, a leak of one is a leak of the other.
    fn refuse_twin(&self, key: &SharedKey, others: &[Verdict]) -> Result<(), Problem> {
        let fingerprint = Some(key.fingerprint());
        let Some(twin) = others.iter().find(|other| other.fingerprint == fingerprint) else { return Ok(()) };
        Err(not_stored(format_args!(
            "this is the secret of {}. That of {} is in Admin Center under {}",
            twin.name(),
            super::name(self.kind, self.configuration.as_ref()),
            self.kind.admin_center_screen()
        )))
    }

    /// The secret's value with the key in its place, where all other members stay; `None` if the key is there already.
    fn with_key(&self, old: &str, key: &SharedKey) -> Result<Option<Zeroizing<String>>, Problem> {
        let old = match serde_json::from_str::<Map<String, Value>>(old) {
            Ok(object) => object,
            Err(_) if self.configuration.is_some() && !old.is_empty() => {
                return Err(not_stored("the secret does not hold a JSON object: store its unnamed key first"));
            }
            Err(_) => Map::new(),
        };
        let mut new = old.clone();
        let key = serde_json::from_str::<Map<_, _>>(&key.secret_value()).unwrap_or_default();
        match &self.configuration {
            None => {
                new.remove("kid");
                new.extend(key);
            }
            Some(name) => {
                let Value::Object(configurations) = new.entry(CONFIGURATIONS).or_insert_with(|| json!({})) else {
                    let problem = "in the secret is not a JSON object: repair it";
                    return Err(not_stored(format_args!("`{CONFIGURATIONS}` {problem}")));
                };
                configurations.insert(name.to_string(), key.into());
            }
        }
        Ok((new != old).then(|| Zeroizing::new(Value::Object(new).to_string())))
    }

    /// Waits until Secrets Manager, which is eventually consistent, returns the new key.
    async fn read_back(&self, secret: &SigningKeySecret, key: &SharedKey) -> Result<(), Problem> {
        for _ in 0..READS {
            let current = secret.current().await?;
            if self.with_key(current.as_ref().map_or("", Version::text), key)?.is_none() {
                return Ok(());
            }
            tokio::time::sleep(BETWEEN_READS).await;
        }
        Err(Problem(
            "the secret was stored, but Secrets Manager still returns another value: is another person storing one?"
                .into(),
        ))
    }
}

fn not_stored(reason: impl Display) -> Problem {
    Problem(format!("nothing was stored: {reason}"))
}

/// Waits. A terminal shows a bar.
async fn wait(seconds: u64) {
    let bar = ProgressBar::new(seconds);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {eta} until every function uses it; Ctrl-C is safe") {
        bar.set_style(style);
    }
    for _ in 0..seconds {
        tokio::time::sleep(Duration::from_secs(1)).await;
        bar.inc(1);
    }
    bar.finish_and_clear();
}
