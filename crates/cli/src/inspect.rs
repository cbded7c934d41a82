//! `zendesk-jwt inspect`: decodes a JWT and checks it against every rule of Zendesk.

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
use zendesk_jwt_rules::inspect::{
    Expectation, Finding, Found, Inspection, Rule, Severity, Signature, find_jwt, inspect,
};

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
    let pasted = Pasted::read(&token);
    let inspection = inspect(&pasted.jwt, &Expectation { kind: arguments.known_kind(), secret, now: now.0 });

    if arguments.json {
        show_json(&inspection, &pasted)?;
    } else {
        let report = Report { inspection: &inspection, pasted: &pasted, now };
        output::line(&if arguments.quiet { report.answer() } else { report.text() })?;
    }
    let is_broken = inspection.findings.iter().any(|finding| finding.rule.severity() > Severity::Advice);
    Ok(if is_broken || inspection.id_token.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Arguments {
    /// The kind that was given, or that the name of the secret ends in.
    fn known_kind(&self) -> Option<Kind> {
        let name = self.secret_id.as_deref().map(|id| id.rsplit(['/', ':']).next().unwrap_or_default());
        // Secrets Manager appends six characters to the name in an ARN.
        let of_name = |name: &str| {
            Kind::ALL.into_iter().find(|kind| {
                let rest = name.strip_prefix(kind.name());
                rest.is_some_and(|rest| rest.is_empty() || (rest.len() == 7 && rest.starts_with('-')))
            })
        };
        self.kind.or_else(|| of_name(name?))
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

/// The given text. The rules judge the JWT alone, whatever stands around it.
struct Pasted {
    jwt: Zeroizing<String>,
    surroundings: Vec<&'static str>,
}

impl Pasted {
    fn read(text: &str) -> Self {
        let whole = || Found { jwt: text.to_owned(), surroundings: Vec::new() };
        let Found { jwt, mut surroundings } = find_jwt(text).unwrap_or_else(whole);
        let is_answer = field(text, "jwt").is_some();
        if is_answer || surroundings == ["white space"] {
            surroundings.clear();
        }
        Self { jwt: Zeroizing::new(jwt), surroundings }
    }
}

/// The text of a field of the JSON object `text`.
fn field(text: &str, name: &str) -> Option<Zeroizing<String>> {
    let object: Map<String, Value> = serde_json::from_str(text).ok()?;
    object.get(name)?.as_str().map(|value| Zeroizing::new(value.to_owned()))
}

fn show_json(inspection: &Inspection, pasted: &Pasted) -> Result<(), Problem> {
    let rule = |(rule, finding): (Rule, Option<&Finding>)| {
        json!({
            "code": rule.code(),
            "statement": rule.statement(),
            "severity": rule.severity().name(),
            "source": rule.source(),
            "broken": finding.map(|finding| &finding.message),
        })
    };
    let report = json!({
        "is_jwt": inspection.is_jwt,
        "id_token": inspection.id_token.as_ref().map(|token| json!({
            "issuer": token.issuer,
            "subject": token.subject,
            "audiences": token.audiences,
            "expires_at": token.expires_at,
            "is_access_token": token.is_access_token,
            "zendesk": zendesk_claims_by_default(&pasted.jwt, &token.issuer, &token.audiences)
                .iter().map(ZendeskClaims::json).collect::<Vec<_>>(),
        })),
        "surroundings": pasted.surroundings,
        "kind": only(inspection.kinds).map(Kind::name),
        "kinds": inspection.kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
        "looks_like": inspection.looks_like.map(Kind::name),
        "accepted": inspection.is_accepted(),
        "signature": inspection.signature,
        "header": inspection.header,
        "claims": inspection.claims,
        "rules": inspection.checked_rules().map(rule).collect::<Vec<_>>(),
    });
    output::json(&report)
}

fn only(kinds: &[Kind]) -> Option<Kind> {
    if let [kind] = kinds { Some(*kind) } else { None }
}

struct Report<'a> {
    inspection: &'a Inspection,
    pasted: &'a Pasted,
    now: EpochSeconds,
}

impl Report<'_> {
    /// The first line: what Zendesk does with the JWT, or what else the text is.
    fn answer(&self) -> String {
        let answer = match &self.inspection.id_token {
            _ if !self.inspection.is_jwt => style("This is not a JWT.").red(),
            Some(IdToken { is_access_token: true, .. }) => style("Access token of an identity provider").yellow(),
            Some(_) => style("ID token of an identity provider, not a Zendesk JWT").yellow(),
            None => return self.verdict(),
        };
        answer.bold().to_string()
    }

    fn text(&self) -> String {
        let Inspection { kinds, header, claims, id_token, .. } = self.inspection;
        if !self.inspection.is_jwt {
            let messages = self.inspection.findings.iter().map(|finding| wrapped(&finding.message, ""));
            return std::iter::once(self.answer()).chain(messages).collect::<Vec<_>>().join("\n");
        }
        let titles = kinds.iter().map(|kind| kind.title()).collect::<Vec<_>>().join(" or ");
        let advice = if only(kinds).is_some() { "" } else { " (say --kind)" };
        let mut parts = vec![match id_token {
            Some(_) => self.answer(),
            None => format!("{}\nJWT for {titles}{advice}, {}", self.answer(), self.signature()),
        }];
        if let Some(header) = header {
            parts.push(section("Header", header));
        }
        if let Some(claims) = claims {
            parts.push(section("Claims", claims) + &self.times(claims));
        }
        if let Some(token) = id_token {
            parts.extend(self.as_user_token(token));
            return parts.join("\n\n");
        }
        let followed = self.inspection.checked_rules().filter(|(_, finding)| finding.is_none());
        // Broken rules come last, next to the verdict and the prompt.
        let rules: Vec<String> = followed
            .map(|(rule, _)| marked(&style("✓").green(), rule.statement()))
            .chain(self.inspection.findings.iter().map(broken))
            .collect();
        parts.push(format!("{}\n{}", style("Rules").bold(), rules.join("\n")));
        parts.push(self.counts());
        if !self.pasted.surroundings.is_empty() {
            let surroundings = self.pasted.surroundings.join(", ");
            parts.push(wrapped(
                &format!("Around the JWT there is more ({surroundings}). Send Zendesk the JWT alone."),
                "",
            ));
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
        let kinds = zendesk_claims_by_default(&self.pasted.jwt, &token.issuer, &token.audiences);
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

    fn verdict(&self) -> String {
        let verdict = if self.count(Severity::Rejected) > 0 {
            style("✗ Zendesk refuses it.").red()
        } else if self.count(Severity::Ignored) > 0 {
            style("! Zendesk accepts it, but not as intended.").yellow()
        } else if self.inspection.signature == Signature::NotChecked {
            style("✓ Zendesk accepts it if the signature is right.").green()
        } else {
            style("✓ Zendesk accepts it.").green()
        };
        verdict.bold().to_string()
    }

    fn counts(&self) -> String {
        let broken = self.count(Severity::Rejected) + self.count(Severity::Ignored);
        let (checked, advice) = (self.inspection.checked.len(), self.count(Severity::Advice));
        format!("{checked} rules checked, {broken} broken, {advice} with advice. {}", self.verdict())
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
