//! `zendesk-jwt setup`: walks through one kind, from an empty Admin Center to a JWT that Zendesk accepts.
//!
//! Each step of the tool is a command of its own, so that the walk can stop anywhere, and a program can run the plan.

use std::io::Write as _;
use std::process::{Command, ExitCode, Stdio};

use console::style;
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;
use zeroize::Zeroizing;

use crate::account::{Account, LOCAL_ADDRESS};
use crate::input::{self, can_ask};
use crate::output;
use crate::problem::{Problem, kind, usage_error};
use crate::secret::configuration_name;
use zendesk_jwt::config;
use zendesk_jwt::user::EmailAddress;
use zendesk_jwt_rules::{ConfigurationName, Kind};

/// The external id and the name of the test user.
const TEST_USER: &str = "zendesk-jwt-test";

#[derive(Debug, clap::Args)]
#[command(after_help = "You can stop at any step with Ctrl-C, and run the same command again. Nothing is repeated that \
    Zendesk or AWS would count twice. The names of the table and the secrets come from the environment: \
    `eval \"$(make environment)\"`.\n\n\
    Examples:\n\n  \
    zendesk-jwt setup sso\n  \
    zendesk-jwt setup sso --local\n  \
    zendesk-jwt setup messaging --url https://auth.example.com --json\n\n\
    JSON: `kind`, `configuration`, `steps`: `id`, `title`, `minutes`, `by` (person or tool), `do`, `fields` of Admin \
    Center, and the `command` of the tool.\n\n\
    Exit status: 0 when every step is done, 1 when one failed or you stopped, 2 on a usage error.")]
pub(crate) struct Arguments {
    /// What to set up: sdk, messaging or sso
    #[arg(value_parser = kind)]
    kind: Kind,

    /// The configuration to set up, as in the function's CONFIGURATIONS [default: the unnamed one]
    #[arg(long, value_name = "NAME", value_parser = configuration_name)]
    configuration: Option<ConfigurationName>,

    /// The address of your API, without the path: the beginning of the URLs in the stack's outputs
    #[arg(long, value_name = "URL", value_parser = address)]
    url: Option<Url>,

    /// The Zendesk account, such as acme for acme.zendesk.com
    #[arg(long, value_name = "NAME", value_parser = subdomain)]
    zendesk_subdomain: Option<String>,

    /// The e-mail address of the test user: one that receives mail, and not an agent's
    #[arg(long, value_name = "ADDRESS", value_parser = email)]
    email: Option<String>,

    /// The Key ID of messaging's key, which is not secret
    #[arg(long, value_name = "KID")]
    kid: Option<String>,

    /// Print the plan as JSON, and do nothing
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    account: Account,
}

fn address(text: &str) -> Result<Url, String> {
    config::web_address(text).map_err(|problem| format!("it {problem}"))
}

fn subdomain(text: &str) -> Result<String, String> {
    config::zendesk_origin(text).map(|_| text.to_owned()).map_err(|problem| format!("it {problem}"))
}

fn email(text: &str) -> Result<String, String> {
    EmailAddress::parse(text).map(|_| text.to_owned()).ok_or_else(|| "it is not an e-mail address".to_owned())
}

/// What only the operator knows.
struct Answers {
    url: String,
    zendesk_subdomain: Option<String>,
    email: String,
    kid: Option<String>,
}

#[derive(Serialize)]
struct Step {
    id: &'static str,
    title: &'static str,
    minutes: u32,
    #[serde(rename = "do")]
    advice: String,
    #[serde(serialize_with = "as_objects")]
    fields: Vec<(&'static str, String)>,
    /// What the tool does; empty if a person does the step.
    command: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    if !arguments.json && !can_ask() {
        usage_error("setup asks questions: run it in a terminal, or print the plan with --json");
    }
    if !arguments.json {
        output::note(&format!(
            "Setting up {}. Stop at any time with Ctrl-C, and run the command again.\n",
            arguments.kind.title()
        ));
    }
    let answers = arguments.answers()?;
    let steps = arguments.steps(&answers);
    if arguments.json {
        let (kind, configuration) = (arguments.kind.name(), &arguments.configuration);
        return output::json(&json!({ "kind": kind, "configuration": configuration, "steps": steps }))
            .map(|()| ExitCode::SUCCESS);
    }
    let (count, mut user_token) = (steps.len(), Zeroizing::default());
    for (at, step) in steps.iter().enumerate() {
        let Step { title, minutes, advice, fields, command, .. } = step;
        let heading = style(format!("Step {} of {count}: {title}", at + 1)).bold();
        output::line(&format!("\n{heading} (about {minutes} min)\n{}", textwrap::fill(advice, 100)))?;
        let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        fields.iter().try_for_each(|(name, value)| output::line(&format!("  {name:width$}  {value}")))?;
        let is_done = match step.id {
            _ if command.is_empty() => question("Press Enter when this is done: ").map(|_| true)?,
            "secret" => arguments.keeps_stored_secret()? || call(command, None)?,
            "user" => {
                user_token = captured(command)?.ok_or_else(|| arguments.stopped(&answers))?;
                true
            }
            _ => arguments.asks_zendesk(command, &user_token)?,
        };
        if !is_done {
            return Err(arguments.stopped(&answers));
        }
    }
    output::line(&format!(
        "\n{} Next, your backend writes the user tokens (docs/user-tokens.md). The token of the test user ends within an \
         hour; `zendesk-jwt user forget --external-id {TEST_USER}` removes the user here, and People removes it in Zendesk.",
        style("Done.").green().bold()
    ))?;
    Ok(ExitCode::SUCCESS)
}
