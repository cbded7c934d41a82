//! `zendesk-jwt idp check`: whether the functions can use an identity provider, before `IDENTITY_PROVIDERS` names it.

use std::path::PathBuf;
use std::process::ExitCode;

use console::style;
use serde_json::{Value, json};

use crate::id_token::Verdict;
use crate::problem::{Problem, block_on, usage_error};
use crate::{input, output};
use zendesk_jwt::config;
use zendesk_jwt::idp::{self, DocumentError, DocumentProblem, Documents, KeySet};
use zendesk_jwt::jwt::{Clock as _, SystemClock};
use zendesk_jwt::outcome::causes;

/// The name and value of all environment variables of a function together.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const MAX_ENVIRONMENT_BYTES: usize = 4096;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Read a provider's documents as the functions do, and show the Zendesk claims of an ID token
    Check(Check),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zendesk-jwt idp check https://example.eu.auth0.com/ --audience CLIENT_ID --token-file id-token.txt

AWS_CA_BUNDLE names a file of further root certificates, as for the functions.

Exit status: 0 if the functions can use the provider (and sign for the ID token), 1 if not, 2 on a usage error.")]
pub(crate) struct Check {
    /// The issuer, exactly as `iss` in an ID token
    issuer: String,

    /// The client id that an ID token is for (`aud`); may be repeated
    #[arg(long = "audience", value_name = "CLIENT_ID", required = true)]
    audiences: Vec<String>,

    /// Where Zendesk's claims come from, such as {"name": "nickname", "tags": "/groups"}
    #[arg(long, value_name = "JSON")]
    claims: Option<String>,

    /// Verify the ID token in this file, or - for standard input
    #[arg(long = "token-file", value_name = "FILE")]
    token: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(Command::Check(arguments): &Command) -> Result<ExitCode, Problem> {
    let claims = arguments.claims.as_deref().map(|claims| {
        let not_json = |_| usage_error("--claims is not JSON: write an object such as '{\"external_id\": \"oid\"}'");
        serde_json::from_str(claims).unwrap_or_else(not_json)
    });
    let configuration = arguments.configuration(claims);
    let mut providers = idp::parse(&configuration).unwrap_or_else(|problems| usage_error(&problems.join("\n")));
    let provider = providers.pop().ok_or_else(|| Problem("there is no provider to check".into()))?;
    let token = arguments.token.as_deref().map(|file| input::read(file, "the ID token")).transpose()?;
    let roots = config::more_roots().map_err(Problem)?;
    let documents = Documents::new(&roots).map_err(|error| Problem(format!("TLS: {error}")))?;
    let keys = block_on(async { Ok(read_keys(&documents, &arguments.issuer).await) })?;
    let token = token.zip(keys.as_ref().ok());
    let token = token.map(|(token, keys)| Verdict::on(token.trim(), &provider, keys, SystemClock.now()));
    let report = Report { issuer: &arguments.issuer, configuration, keys, token };
    if arguments.json {
        output::json(&report.json())?;
    } else {
        output::line(&report.text())?;
    }
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Check {
    /// The value of `IDENTITY_PROVIDERS`, as short as it can be.
    fn configuration(&self, claims: Option<Value>) -> String {
        let audience = if let [one] = self.audiences.as_slice() { json!(one) } else { json!(self.audiences) };
        let mut provider = json!({"issuer": self.issuer, "audience": audience});
        if let Some(claims) = claims {
            provider["claims"] = claims;
        }
        json!([provider]).to_string()
    }
}

/// The keys of the issuer, or what is wrong and what to do.
async fn read_keys(documents: &Documents, issuer: &str) -> Result<KeySet, String> {
    match documents.keys(issuer).await {
        Ok(keys) => Ok(keys),
        Err(DocumentError { problem: DocumentProblem::OtherIssuer, url }) => {
            let other = issuer.strip_suffix('/').map_or_else(|| format!("{issuer}/"), str::to_owned);
            Err(match documents.keys(&other).await {
                Ok(_) => format!("The issuer of this provider is `{other}`: the slash at the end matters."),
                Err(_) => format!("The provider names another issuer: open {url}, and copy `issuer` from there."),
            })
        }
        Err(error) => Err(explanation(&error)),
    }
}

fn explanation(error: &DocumentError) -> String {
    let text = causes(error);
    let remedy = match &error.problem {
        DocumentProblem::NoAnswer(_) if text.contains("invalid peer certificate") => {
            "the provider must serve a certificate for this host name with its whole chain; for your own authority, \
             name its root certificate in AWS_CA_BUNDLE"
        }
        DocumentProblem::NoAnswer(_) | DocumentProblem::TimedOut => {
            "check the host name, and that the functions can reach it: they wait 2.3 seconds"
        }
        DocumentProblem::Status(_) | DocumentProblem::NotDiscovery => "copy the issuer from `iss` in an ID token",
        DocumentProblem::Redirect(_) => "the issuer may be where the redirect leads: compare with `iss` in an ID token",
        DocumentProblem::TooLong => "ask your provider why: a few kilobytes are usual",
        DocumentProblem::OtherIssuer | DocumentProblem::InsecureKeys => "correct the configuration of the provider",
        DocumentProblem::Keys(_) => "let the provider sign with RS256, PS256, ES256 or EdDSA, and publish the key",
    };
    format!("{text}. What to do: {remedy}.")
}

struct Report<'a> {
    issuer: &'a str,
    configuration: String,
    keys: Result<KeySet, String>,
    token: Option<Verdict>,
}

impl Report<'_> {
    fn is_good(&self) -> bool {
        self.keys.is_ok() && self.token.as_ref().is_none_or(Verdict::is_good)
    }

    fn bytes_left(&self) -> usize {
        MAX_ENVIRONMENT_BYTES.saturating_sub("IDENTITY_PROVIDERS".len() + self.configuration.len())
    }

    fn json(&self) -> Value {
        json!({
            "issuer": self.issuer,
            "good": self.is_good(),
            "problem": self.keys.as_ref().err(),
            "key_ids": self.keys.as_ref().ok().map(|keys| keys.ids().collect::<Vec<_>>()),
            "identity_providers": self.configuration,
            "bytes_left": self.bytes_left(),
            "token": self.token,
        })
    }

    fn text(&self) -> String {
        let keys = match &self.keys {
            Ok(keys) => keys,
            Err(problem) => return bad(problem),
        };
        let ids: Vec<_> = keys.ids().map(|id| id.unwrap_or("without an id")).collect();
        let (count, ids) = (ids.len(), ids.join(", "));
        let mut parts = vec![
            good(&format!("The provider names the issuer {}.", self.issuer)),
            good(&format!("Keys that can verify ID tokens: {count} ({ids}).")),
        ];
        if let Some(token) = &self.token {
            parts.push(match (&token.problem, token.expires_at.map(output::minute)) {
                (Some(problem), _) => bad(problem),
                (None, until) => good(&format!("The ID token is valid until {}.", until.unwrap_or_default())),
            });
            parts.extend(token.kinds.iter().map(|kind| format!("\n{}", kind.text())));
        }
        parts.push(format!(
            "\nThe value of the parameter IdentityProviders. With it, {} of Lambda's {MAX_ENVIRONMENT_BYTES} bytes are left for \
             all other variables:\n{}",
            self.bytes_left(),
            self.configuration
        ));
        parts.join("\n")
    }
}

fn good(sentence: &str) -> String {
    format!("{} {sentence}", style("✓").green())
}

fn bad(sentence: &str) -> String {
    format!("{} {sentence}", style("✗").red())
}
