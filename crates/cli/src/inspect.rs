//! `zendesk-jwt inspect`: decodes a JWT and checks it against every rule of Zendesk.

use std::iter;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use console::{StyledObject, style};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::account::Account;
use crate::aws::SigningKeySecret;
use crate::id_token::{ZendeskClaims, zendesk_claims_by_default};
use crate::input;
use crate::output;
use crate::problem::{Problem, block_on};
use zendesk_jwt::jwt::{Clock as _, EpochSeconds, Kind, SystemClock};
use zendesk_jwt_rules::id_token::IdToken;
use zendesk_jwt_rules::inspect::{Expectation, Finding, Found, Inspection, Severity, Signature, find_jwt, inspect};

/// The widest line of a sentence, in columns.
const MAX_WIDTH: usize = 110;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example, with `zendesk-jwt local` running:
  curl -s http://127.0.0.1:3000/sdk/jwt -d user_token=BD2F35A7621 |
    zendesk-jwt inspect --secret-id zendesk-jwt/sdk --local

An ID token of an identity provider is shown with its issuer and times. Zendesk's rules are not for it, unless --kind \
is given.

Exit status: 0 if the JWT follows all rules (advice does not count), 1 if it breaks one, cannot be read or is an ID \
token, 2 on a usage error.")]
pub(crate) struct Arguments {
    /// The JWT, alone or in any text such as an answer or an address; standard input by default
    #[arg(value_name = "JWT")]
    jwt: Option<String>,

    /// The kind of JWT: sdk, messaging or sso [default: by its claims, or by the end of --secret-id]
    #[arg(long, value_parser = crate::problem::kind)]
    kind: Option<Kind>,

    /// Check the signature with the shared secret in this file, or - for standard input
    #[arg(long = "secret-file", value_name = "FILE", conflicts_with = "secret_id")]
    secret: Option<PathBuf>,

    /// Check the signature with this secret in Secrets Manager
    #[arg(long, value_name = "ID")]
    secret_id: Option<String>,

    /// The time of the check in seconds since 1970 [default: now]
    #[arg(long, value_name = "SECONDS")]
    at: Option<u64>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Print only the first line, which says what Zendesk does with the JWT
    #[arg(short, long, conflicts_with = "json")]
    quiet: bool,

    #[command(flatten)]
    account: Account,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let secret = arguments.shared_secret()?;
    let token = match &arguments.jwt {
        Some(jwt) => Zeroizing::new(jwt.clone()),
        None if arguments.secret.as_deref().is_some_and(input::is_standard_input) => {
            return Err(Problem(
                "standard input cannot hold both: give the JWT as an argument, or the secret in a file".into(),
            ));
        }
        None => input::answer_or_stdin("the JWT")?,
    };
    let now = arguments.at.map_or_else(|| SystemClock.now(), EpochSeconds);
    let secret = secret.as_ref().map(|secret| secret.as_bytes());
    let report = Report::of(&token, arguments.known_kind(), secret, now);
    if arguments.json {
        output::json(&report.json())?;
    } else {
        output::line(&if arguments.quiet { report.answer() } else { report.text() })?;
    }
    let is_broken = report.count(Severity::Rejected) + report.count(Severity::Ignored) > 0;
    Ok(if is_broken || report.inspection.id_token.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Arguments {
    /// The kind that was given, or that the name of the secret ends in.
    fn known_kind(&self) -> Option<Kind> {
        let of_secret = || {
            let name = self.secret_id.as_deref()?.rsplit(['/', ':']).next()?;
            // In an ARN, a hyphen and six characters follow the name.
            let in_arn = name.rsplit_once('-').filter(|(_, suffix)| suffix.len() == 6).map(|(name, _)| name);
            Kind::parse(in_arn.unwrap_or(name))
        };
        self.kind.or_else(of_secret)
    }

    fn shared_secret(&self) -> Result<Option<Zeroizing<String>>, Problem> {
        let value = match (&self.secret, &self.secret_id) {
            (Some(file), _) => input::read(file, "the shared secret")?,
            (None, Some(id)) => block_on(async {
                let clients = self.account.clients().await?;
                SigningKeySecret::new(&clients, id.clone()).read().await
            })?,
            (None, None) => return Ok(None),
        };
        Ok(Some(field(&value, "secret").unwrap_or(value)))
    }
}

/// The text of a field of the JSON object `text`.
fn field(text: &str, name: &str) -> Option<Zeroizing<String>> {
    let object: Map<String, Value> = serde_json::from_str(text).ok()?;
    object.get(name)?.as_str().map(|value| Zeroizing::new(value.to_owned()))
}

struct Report {
    inspection: Inspection,
    jwt: Zeroizing<String>,
    /// What stands around the JWT, although no answer of an endpoint has it.
    surroundings: Vec<&'static str>,
    now: EpochSeconds,
}

impl Report {
    /// The rules judge the JWT alone, whatever stands around it.
    fn of(text: &str, kind: Option<Kind>, secret: Option<&[u8]>, now: EpochSeconds) -> Self {
        let whole = || Found { jwt: text.to_owned(), surroundings: Vec::new() };
        let Found { jwt, mut surroundings } = find_jwt(text).unwrap_or_else(whole);
        if field(text, "jwt").is_some() || surroundings == ["white space"] {
            surroundings.clear();
        }
        let inspection = inspect(&jwt, &Expectation { kind, secret, now: now.0 });
        Self { inspection, jwt: Zeroizing::new(jwt), surroundings, now }
    }

    fn json(&self) -> Value {
        let Inspection { kinds, looks_like, signature, header, claims, .. } = &self.inspection;
        let id_token = self.inspection.id_token.as_ref().map(|token| {
            let mut shown = json!(token);
            shown["zendesk"] = json!(self.zendesk_claims(token));
            shown
        });
        let rules = self.inspection.checked_rules().map(|(rule, finding)| {
            json!({
                "code": rule.code(),
                "statement": rule.statement(),
                "severity": rule.severity().name(),
                "source": rule.source(),
                "broken": finding.map(|finding| &finding.message),
            })
        });
        json!({
            "is_jwt": self.inspection.is_jwt,
            "id_token": id_token,
            "surroundings": self.surroundings,
            "kind": kinds.first().filter(|_| kinds.len() == 1),
            "kinds": kinds,
            "looks_like": looks_like,
            "accepted": self.inspection.is_accepted(),
            "signature": signature,
            "header": header,
            "claims": claims,
            "rules": rules.collect::<Vec<_>>(),
        })
    }

    fn zendesk_claims(&self, token: &IdToken) -> Vec<ZendeskClaims> {
        zendesk_claims_by_default(&self.jwt, &token.issuer, &token.audiences)
    }

    /// The first line: what Zendesk does with the JWT, or what else the text is.
    fn answer(&self) -> String {
        let answer = match &self.inspection.id_token {
            _ if !self.inspection.is_jwt => style("This is not a JWT.").red(),
            Some(IdToken { is_access_token: true, .. }) => style("Access token of an identity provider").yellow(),
            Some(_) => style("ID token of an identity provider, not a Zendesk JWT").yellow(),
            None if self.count(Severity::Rejected) > 0 => style("✗ Zendesk refuses it.").red(),
            None if self.count(Severity::Ignored) > 0 => style("! Zendesk accepts it, but not as intended.").yellow(),
            None if self.inspection.signature == Signature::NotChecked => {
                style("✓ Zendesk accepts it if the signature is right.").green()
            }
            None => style("✓ Zendesk accepts it.").green(),
        };
        answer.bold().to_string()
    }

    fn text(&self) -> String {
        let Inspection { kinds, header, claims, id_token, findings, .. } = &self.inspection;
        if !self.inspection.is_jwt {
            let messages = findings.iter().map(|finding| wrapped(&finding.message, ""));
            return iter::once(self.answer()).chain(messages).collect::<Vec<_>>().join("\n");
        }
        let (title, advice) = (self.inspection.title(), if kinds.len() == 1 { "" } else { " (say --kind)" });
        let mut parts = vec![match id_token {
            Some(_) => self.answer(),
            None => format!("{}\nJWT for {title}{advice}, {}", self.answer(), self.signature()),
        }];
        parts.extend(header.as_ref().map(|header| section("Header", header)));
        parts.extend(claims.as_ref().map(|claims| section("Claims", claims) + &self.times(claims)));
        if let Some(token) = id_token {
            parts.extend(self.as_user_token(token));
            return parts.join("\n\n");
        }
        let followed = self.inspection.checked_rules().filter(|(_, finding)| finding.is_none());
        // Broken rules come last, next to the verdict and the prompt.
        let rules = followed.map(|(rule, _)| marked(&style("✓").green(), rule.statement()));
        let rules: Vec<_> = rules.chain(findings.iter().map(broken)).collect();
        parts.push(format!("{}\n{}", style("Rules").bold(), rules.join("\n")));
        parts.push(self.counts());
        if !self.surroundings.is_empty() {
            let surroundings = self.surroundings.join(", ");
            let advice = format!("Around the JWT there is more ({surroundings}). Send Zendesk the JWT alone.");
            parts.push(wrapped(&advice, ""));
        }
        parts.join("\n\n")
    }

    /// What the functions do with a token of an identity provider.
    fn as_user_token(&self, token: &IdToken) -> Vec<String> {
        if token.is_access_token {
            let advice = "This is an access token: neither Zendesk nor the functions take it. Send the ID token.";
            return vec![wrapped(advice, "")];
        }
        let advice = "The functions take an ID token as a user token if IDENTITY_PROVIDERS has its issuer (`iss`) and \
                      its audience (`aud`). This command verifies it:";
        let command = "zendesk-jwt idp check ISSUER --audience AUDIENCE --token-file FILE";
        let kinds = self.zendesk_claims(token);
        let default = "If `claims` and `audiences` of the provider are left out, Zendesk gets:";
        let sentences = [format!("{}\n  {command}", wrapped(advice, "")), wrapped(default, "")];
        sentences.into_iter().chain(kinds.iter().map(ZendeskClaims::text)).collect()
    }

    fn signature(&self) -> &'static str {
        match self.inspection.signature {
            Signature::Verified => "signed with the given secret",
            Signature::Wrong => "not signed with the given secret",
            Signature::NotChecked => "signature not checked (--secret-file or --secret-id checks it)",
        }
    }

    fn times(&self, claims: &Map<String, Value>) -> String {
        let line = |name: &str| {
            // Milliseconds lie beyond the year 9999, which has no such text.
            let seconds = claims.get(name)?.as_u64().filter(|seconds| *seconds < 253_402_300_800)?;
            let moment = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds));
            let distance = humantime::format_duration(Duration::from_secs(seconds.abs_diff(self.now.0)));
            let side = if seconds > self.now.0 { "ahead" } else { "ago" };
            Some(format!("\n  {name} is {moment}, {distance} {side}"))
        };
        ["iat", "nbf", "exp"].into_iter().filter_map(line).collect()
    }

    fn count(&self, severity: Severity) -> usize {
        self.inspection.findings.iter().filter(|finding| finding.rule.severity() == severity).count()
    }

    fn counts(&self) -> String {
        let broken = self.count(Severity::Rejected) + self.count(Severity::Ignored);
        let (checked, advice) = (self.inspection.checked.len(), self.count(Severity::Advice));
        format!("{checked} rules checked, {broken} broken, {advice} with advice. {}", self.answer())
    }
}

fn section(title: &str, object: &Map<String, Value>) -> String {
    format!("{}\n{}", style(title).bold(), textwrap::indent(&output::in_json(object), "  "))
}

fn broken(Finding { rule, message }: &Finding) -> String {
    let severity = rule.severity();
    let mark = match severity {
        Severity::Rejected => style("✗").red(),
        Severity::Ignored => style("✗").yellow(),
        Severity::Advice => style("!").cyan(),
    };
    let source = wrapped(&format!("{} ({}; {})", severity.effect(), rule.code(), rule.source()), "      ");
    format!("{}\n{}\n{}", marked(&mark, rule.statement()), wrapped(message, "      "), style(source).dim())
}

fn marked(mark: &StyledObject<&str>, sentence: &str) -> String {
    format!("  {mark} {}", wrapped(sentence, "    ").trim_start())
}

fn wrapped(sentence: &str, indent: &str) -> String {
    let width = usize::from(console::Term::stdout().size().1).min(MAX_WIDTH);
    textwrap::fill(sentence, textwrap::Options::new(width).initial_indent(indent).subsequent_indent(indent))
}
