//! `zendesk-jwt setup`: walks through one kind, from an empty Admin Center to a JWT that Zendesk accepts.
//!
//! Each step of the tool is a subcommand, so the walk can stop anywhere, and a program can run the plan.

use std::io::Write as _;
use std::process::{Command, ExitCode, Stdio};

use console::style;
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::account::Account;
use crate::input::{self, can_ask};
use crate::output::{self, wrapped};
use crate::problem::{Problem, kind, said, usage_error};
use crate::secret::configuration_name;
use crate::users::email_address;
use zendesk_jwt::config;
use zendesk_jwt_rules::{ConfigurationName, Kind};

const COPY: &str = "copy it at once: Admin Center shows it in full only once";

const ASSIGN: &str = "In Admin Center, under Account > Security > End user authentication, choose this configuration for end \
    users, and under Team member authentication for team members if they use it. Until then Zendesk refuses the sign-in. Ways \
    back in: https://SUBDOMAIN.zendesk.com/access/normal, or /access/sso_bypass.";

/// Stands for the Key ID, which exists only after the first step.
const KEY_ID: &str = "KEY_ID";

/// The options with which the doctor asks Zendesk.
const ASK: [&str; 2] = ["--ask-zendesk", "--yes"];

/// The external id and the name of the test user.
const TEST_USER: &str = "zendesk-jwt-test";

#[derive(Debug, clap::Args)]
#[command(
    after_help = "You can stop with Ctrl-C at any time, and run the same command again. The names of the table and \
    the secrets come from the environment: `eval \"$(make environment)\"`.\n\n\
    Examples:\n\n  \
    zendesk-jwt setup sso\n  \
    zendesk-jwt setup sso --local\n  \
    zendesk-jwt setup messaging --url https://auth.example.com \\\n    \
    --email test-user@example.com --json\n\n\
    JSON: `kind`, `configuration` and `steps`: `id`, `title`, `minutes`, `do`, `fields` of Admin Center, and the `command` \
    of this tool, which is empty if a person takes the step. The user token that `user` prints is the input of `check`.\n\n\
    Exit status: 0 when every step is done, 1 when one failed or you stopped, 2 on a usage error."
)]
pub(crate) struct Arguments {
    /// What to set up: sdk, messaging or sso
    #[arg(value_parser = kind)]
    kind: Kind,

    /// The configuration to set up, as in the function's CONFIGURATIONS [default: the unnamed one]
    #[arg(long, value_name = "NAME", value_parser = configuration_name)]
    configuration: Option<ConfigurationName>,

    /// The address of your API without the path: the beginning of the URLs in the stack's outputs
    #[arg(long, value_name = "URL", value_parser = address)]
    url: Option<String>,

    /// The Zendesk account, such as acme for acme.zendesk.com
    #[arg(long, value_name = "NAME", value_parser = subdomain)]
    zendesk_subdomain: Option<String>,

    /// The e-mail address of the test user: one that receives mail, and not an agent's
    #[arg(long, value_name = "ADDRESS", value_parser = email)]
    email: Option<String>,

    /// Print the plan as JSON, and do nothing
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    account: Account,
}

fn address(text: &str) -> Result<String, String> {
    let url = said(config::web_address(text))?;
    Ok(url[..url::Position::AfterPath].trim_end_matches('/').to_owned())
}

fn subdomain(text: &str) -> Result<String, String> {
    said(config::zendesk_origin(text)).map(|_| text.to_owned())
}

fn email(text: &str) -> Result<String, String> {
    email_address(text).map(|_| text.to_owned())
}

/// What only the operator knows.
struct Answers {
    url: String,
    /// `None` for the simulated Zendesk.
    zendesk_subdomain: Option<String>,
    email: String,
}

#[derive(Serialize)]
struct Field {
    name: &'static str,
    value: String,
}

/// A step that a person takes, or a command of this tool.
#[derive(Serialize)]
struct Step {
    id: &'static str,
    title: &'static str,
    minutes: u32,
    #[serde(rename = "do")]
    advice: String,
    /// The fields of Admin Center.
    fields: Vec<Field>,
    /// Empty if a person takes the step.
    command: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    if !arguments.json && !can_ask() {
        usage_error("setup asks questions: run it in a terminal, or print the plan with --json");
    }
    if !arguments.json {
        let title = arguments.kind.title();
        output::note(&format!("Setting up {title}. You can stop with Ctrl-C at any time, and run the command again."));
        if arguments.account.is_local() {
            output::note("`zendesk-jwt local` plays AWS and Zendesk: there is no Admin Center, so press Enter there.");
        }
    }
    let answers = arguments.answers()?;
    let steps = arguments.steps(&answers);
    if arguments.json {
        let (kind, configuration) = (arguments.kind.name(), &arguments.configuration);
        output::json(&json!({ "kind": kind, "configuration": configuration, "steps": steps }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut user_token = Zeroizing::default();
    for (at, step) in steps.iter().enumerate() {
        step.show(&format!("Step {} of {}", at + 1, steps.len()))?;
        let is_done = match step.id {
            "secret" => arguments.keeps_stored_key()? || run_tool(&with_key_id(&step.command)?, None)?,
            "user" => captured(&step.command)?.map(|token| user_token = token).is_some(),
            "check" => run_tool(&arguments.confirmed(&step.command, &answers)?, Some(&user_token))?,
            _ => question("Press Enter when this is done: ").map(|_| true)?,
        };
        if !is_done {
            let again = arguments.again(&answers);
            return Err(Problem(format!("setup stopped. Solve the problem above, then go on with: {again}")));
        }
    }
    output::line(&format!("\n{}\n{}", style("The tool's part is done.").green().bold(), arguments.next_steps()))?;
    Ok(ExitCode::SUCCESS)
}

impl Step {
    fn new(id: &'static str, title: &'static str, minutes: u32, advice: impl Into<String>) -> Self {
        Self { id, title, minutes, advice: advice.into(), fields: Vec::new(), command: Vec::new() }
    }

    fn show(&self, number: &str) -> Result<(), Problem> {
        let Self { title, minutes, advice, fields, command, .. } = self;
        let heading = style(format!("{number}: {title}")).bold();
        output::line(&format!("\n{heading}, about {minutes} min\n{}", wrapped(advice, "")))?;
        let width = fields.iter().map(|field| field.name.len()).max().unwrap_or_default();
        for Field { name, value } in fields {
            output::line(&format!("  {name:width$}  {value}"))?;
        }
        if command.is_empty() { Ok(()) } else { output::line(&format!("  $ zendesk-jwt {}", command.join(" "))) }
    }
}

impl Arguments {
    /// The options, and what the operator answers about the others.
    fn answers(&self) -> Result<Answers, Problem> {
        let url = self.url.clone().or(self.account.local_url().map(str::to_owned));
        let url = self.answer("--url", url, "Address of your API, as in the stack's outputs: ", address)?;
        let url = url.strip_suffix(&self.path()).unwrap_or(&url).to_owned();
        let question = "Zendesk account, such as acme for acme.zendesk.com: ";
        let account = || self.answer("--zendesk-subdomain", self.zendesk_subdomain.clone(), question, subdomain);
        let zendesk_subdomain = (self.kind == Kind::Sso && !self.account.is_local()).then(account).transpose()?;
        let question = "E-mail address of a test user, not of an agent: ";
        Ok(Answers { url, zendesk_subdomain, email: self.answer("--email", self.email.clone(), question, email)? })
    }

    fn answer(
        &self,
        option: &str,
        given: Option<String>,
        text: &str,
        parse: impl Fn(&str) -> Result<String, String>,
    ) -> Result<String, Problem> {
        if let Some(given) = given {
            return Ok(given);
        }
        if self.json {
            usage_error(&format!("the plan needs {option}"));
        }
        loop {
            match parse(question(text)?.trim()) {
                Ok(answer) => return Ok(answer),
                Err(problem) => output::note(&problem),
            }
        }
    }

    /// The path of the endpoint.
    fn path(&self) -> String {
        let name = self.configuration.as_ref().map(|name| format!("/{name}")).unwrap_or_default();
        format!("/{}{name}/{}", self.kind, if self.kind == Kind::Sso { "login" } else { "jwt" })
    }

    fn steps(&self, answers: &Answers) -> Vec<Step> {
        let (kind, endpoint) = (self.kind, format!("{}{}", answers.url, self.path()));
        let is_sso = kind == Kind::Sso;
        let audience = self.configuration.as_ref().map_or_else(|| kind.to_string(), |name| format!("{kind}:{name}"));
        let check = if is_sso { "Check the endpoint, and ask Zendesk" } else { "Check the endpoint" };

        let mut put = words(&["secret", "put", kind.name()]);
        put.extend(self.configuration.iter().flat_map(|name| words(&["--configuration", name.as_str()])));
        put.extend(if kind == Kind::Messaging { words(&["--kid", KEY_ID]) } else { Vec::new() });
        put.extend(self.account.words());
        let mut user =
            words(&["user", "put", "--external-id", TEST_USER, "--name", TEST_USER, "--email", &answers.email]);
        user.extend(words(&["--email-verified", "--audience", &audience, "--expires-in", "1h"]));
        user.extend(self.account.words());
        let mut doctor = words(&["doctor", &endpoint, "--token-file", "-"]);
        // The functions take a bearer token whatever the session cookie is called.
        doctor.extend(if kind == Kind::Sdk { Vec::new() } else { words(&["--token-in", "bearer"]) });
        doctor.extend(answers.zendesk_subdomain.iter().flat_map(|name| words(&["--zendesk-subdomain", name])));
        doctor.extend(words(&ASK));

        let (screen, fields) = admin_center(kind, &endpoint);
        let fields = fields.into_iter().map(|(name, value)| Field { name, value }).collect();
        let screen = format!("In Admin Center, under {}, {screen}", kind.admin_center_screen());
        let secret = "You type the secret without echo. Then the command waits until every function uses it.";
        let test_user = "The user is in your table only, and the token is good for an hour.";
        let input = "The command gets the user token of the test user on standard input.";
        let admin_center = Step { fields, ..Step::new("admin-center", "Connect Zendesk", 3, screen) };
        let secret = Step { command: put, ..Step::new("secret", "Store the shared secret", 6, secret) };
        let assign = is_sso.then(|| Step::new("assign", "Assign the configuration", 2, ASSIGN));
        let user = Step { command: user, ..Step::new("user", "Make a test user", 1, test_user) };
        let check = Step { command: doctor, ..Step::new("check", check, 1, input) };
        [admin_center, secret].into_iter().chain(assign).chain([user, check]).collect()
    }

    /// Whether a key is stored that can sign, and the operator wants to keep it.
    fn keeps_stored_key(&self) -> Result<bool, Problem> {
        let command: Vec<_> = words(&["secret", "check", "--json"]).into_iter().chain(self.account.words()).collect();
        let verdicts: Vec<Value> =
            captured(&command)?.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
        let name = self.configuration.as_ref().map_or(Value::Null, |name| name.as_str().into());
        let is_it = |verdict: &&Value| verdict["kind"] == self.kind.name() && verdict["configuration"] == name;
        match verdicts.iter().find(is_it).and_then(|verdict| verdict["fingerprint"].as_str()) {
            Some(fingerprint) => {
                input::confirm(&format!("A key with the fingerprint {fingerprint} is stored. Keep it? yes or no: "))
            }
            None => Ok(false),
        }
    }

    /// The command of the check, which asks Zendesk only if the operator wants that.
    fn confirmed(&self, command: &[String], answers: &Answers) -> Result<Vec<String>, Problem> {
        let zendesk = answers.zendesk_subdomain.as_ref().map(|name| format!("https://{name}.zendesk.com"));
        let zendesk = zendesk.as_deref().unwrap_or("the simulated Zendesk");
        let ask = format!(
            "One JWT of the test user is posted to {zendesk}, which creates or updates that user.\nType yes to post it: "
        );
        let is_asked = self.kind != Kind::Sso || input::confirm(&ask)?;
        Ok(command.iter().filter(|word| is_asked || !ASK.contains(&word.as_str())).cloned().collect())
    }

    /// The command line that goes on with these answers.
    fn again(&self, answers: &Answers) -> String {
        let mut again = words(&["setup", self.kind.name(), "--url", &answers.url, "--email", &answers.email]);
        again.extend(self.configuration.iter().flat_map(|name| words(&["--configuration", name.as_str()])));
        again.extend(answers.zendesk_subdomain.iter().flat_map(|name| words(&["--zendesk-subdomain", name])));
        again.extend(self.account.words());
        format!("zendesk-jwt {}", again.join(" "))
    }

    fn next_steps(&self) -> String {
        let by_hand = format!(
            "Now take the steps by hand above. `zendesk-jwt token issue --external-id {TEST_USER}` prints a user token.\n"
        );
        let next = format!(
            "To delete the test user, run `zendesk-jwt user forget --external-id {TEST_USER}`, and delete it in Zendesk under \
             Customers. Next, your backend writes the user tokens: docs/user-tokens.md."
        );
        (if self.kind == Kind::Sso { String::new() } else { by_hand }) + &wrapped(&next, "")
    }
}

/// The rest of the sentence that begins with the screen, and its fields.
fn admin_center(kind: Kind, endpoint: &str) -> (&'static str, Vec<(&'static str, String)>) {
    match kind {
        Kind::Sdk => (
            "open the Setup page of your app:",
            vec![("Authentication method", "JWT".into()), ("JWT URL", endpoint.into()), ("JWT Secret", COPY.into())],
        ),
        Kind::Messaging => {
            ("choose Create key:", vec![("Key ID", "copy it: app_…".into()), ("Shared secret", COPY.into())])
        }
        Kind::Sso => (
            "choose Create SSO configuration > JSON Web Token:",
            vec![
                ("Remote login URL", endpoint.into()),
                ("Remote logout URL", format!("{}logout?email=&external_id=", endpoint.trim_end_matches("login"))),
                ("IP ranges", "leave empty".into()),
                ("Update of external ids?", "Off, if your ids never change".into()),
                ("Shared secret", format!("after Save, {COPY}")),
            ],
        ),
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn question(text: &str) -> Result<String, Problem> {
    input::answer(text)?.ok_or_else(|| Problem("setup stopped: run it again to go on".to_owned()))
}

/// The command with the Key ID in its place.
fn with_key_id(command: &[String]) -> Result<Vec<String>, Problem> {
    let word = |word: &String| match word.as_str() {
        KEY_ID => question("Key ID, which begins with app_: ").map(|kid| kid.trim().to_owned()),
        word => Ok(word.to_owned()),
    };
    command.iter().map(word).collect()
}

/// Runs a subcommand in this terminal, or with a text on standard input. Returns whether it succeeded.
fn run_tool(words: &[String], input: Option<&str>) -> Result<bool, Problem> {
    let stdin = if input.is_some() { Stdio::piped() } else { Stdio::inherit() };
    let mut child = ran(tool(words)?.stdin(stdin).spawn())?;
    if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
        ran(stdin.write_all(input.as_bytes()))?;
    }
    Ok(ran(child.wait())?.success())
}

/// What a subcommand writes to standard output. If it writes nothing there, shows why and returns `None`.
fn captured(words: &[String]) -> Result<Option<Zeroizing<String>>, Problem> {
    let done = ran(tool(words)?.output())?;
    let text = Zeroizing::new(String::from_utf8_lossy(&done.stdout).trim_end().to_owned());
    if text.is_empty() {
        output::note(String::from_utf8_lossy(&done.stderr).trim_end());
        return Ok(None);
    }
    Ok(Some(text))
}

fn tool(words: &[String]) -> Result<Command, Problem> {
    let mut command = Command::new(ran(std::env::current_exe())?);
    command.args(words);
    Ok(command)
}

fn ran<T>(result: std::io::Result<T>) -> Result<T, Problem> {
    result.map_err(|error| Problem(format!("a step cannot be run: {error}")))
}
