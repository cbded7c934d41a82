//! `zendesk-jwt secret put`: stores a signing key, unless it cannot be the right one.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use zeroize::Zeroizing;

use super::{Secrets, check};
use crate::aws::{Clients, SigningKeySecret};
use crate::input;
use crate::local;
use crate::output;
use crate::problem::{Problem, usage_error};
use zendesk_jwt::config;
use zendesk_jwt::key_cache::LONGEST_PAUSE_WITHOUT_KEY;
use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::signing_key::SharedKey;

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
        self.refuse_twin(&key, &clients).await?;

        let secret = SigningKeySecret::new(&clients, secret_id.clone());
        let new_value = key.secret_value();
        let old_value = secret.value().await?;
        let changed = old_value.as_deref() != Some(&new_value);
        if changed {
            secret.store(&new_value).await?;
            read_back(&secret, &new_value).await?;
        }
        let in_use_within_seconds = match old_value {
            _ if !changed => 0,
            // A function without a key looks for one more often.
            None => LONGEST_PAUSE_WITHOUT_KEY,
            Some(_) if self.secrets.account.is_local() => self.max_age.unwrap_or(local::SIGNING_KEY_MAX_AGE),
            Some(_) => self.max_age.unwrap_or(config::SIGNING_KEY_MAX_AGE),
        };
        let (characters, fingerprint) = (key.characters(), key.fingerprint());
        if self.json {
            output::json(&json!({
                "kind": kind.name(), "secret_id": secret_id, "characters": characters, "fingerprint": fingerprint,
                "changed": changed, "in_use_within_seconds": in_use_within_seconds,
            }))?;
        } else {
            let stored = if changed { "stored" } else { "already stored" };
            let use_of_it = format!("\n{:10} every function uses it within {in_use_within_seconds} seconds", "");
            let use_of_it = if changed { use_of_it } else { String::new() };
            let kind = kind.name();
            output::line(&format!(
                "{kind:10} {stored}: {characters} characters, fingerprint {fingerprint}{use_of_it}"
            ))?;
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
            SharedKey::parse(kind, &text)
        } else {
            SharedKey::new(kind, &text, self.kid.as_deref())
        };
        let key = key.map_err(|problem| Problem(format!("nothing was stored: {problem}")))?;
        if let Some(doubt) = key.doubt().filter(|_| !self.force) {
            return Err(Problem(format!("nothing was stored: {doubt} --force stores it anyway")));
        }
        if self.kid.is_some() && self.kid.as_deref() != key.kid() {
            return Err(Problem("nothing was stored: --kid and the `kid` of the JSON differ: give one of them".into()));
        }
        Ok(key)
    }

    /// With one shared secret for two kinds, a leak of one is a leak of the other.
    async fn refuse_twin(&self, key: &SharedKey, clients: &Clients) -> Result<(), Problem> {
        for other in Kind::ALL.into_iter().filter(|kind| *kind != self.kind) {
            let Some(id) = self.secrets.id(other) else { continue };
            if check::verdict(other, clients, id).await.fingerprint == Some(key.fingerprint()) {
                let (kind, screen) = (self.kind, self.kind.admin_center_screen());
                return Err(Problem(format!(
                    "nothing was stored: this is the secret of {other}. That of {kind} is in Admin Center under {screen}"
                )));
            }
        }
        Ok(())
    }
}

/// Waits until Secrets Manager, which is eventually consistent, returns the new value.
async fn read_back(secret: &SigningKeySecret, value: &Zeroizing<String>) -> Result<(), Problem> {
    for _ in 0..READS {
        if secret.value().await?.as_ref() == Some(value) {
            return Ok(());
        }
        tokio::time::sleep(BETWEEN_READS).await;
    }
    Err(Problem(
        "the secret was stored, but Secrets Manager still returns another value: is another person storing one?".into(),
    ))
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
