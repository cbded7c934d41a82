//! The AWS account and the table of user tokens that a subcommand works in.

use std::ffi::OsString;
use std::net::IpAddr;

use url::Url;

use crate::aws::Clients;
use crate::aws::user_token_table::UserTokenTable;
use crate::problem::Problem;
use zendesk_jwt::config;

/// The port where `zendesk-jwt local` listens by default.
const LOCAL_PORT: u16 = 3000;

/// Where `zendesk-jwt local` listens by default.
pub(crate) const LOCAL_ADDRESS: &str = "http://127.0.0.1:3000";

/// The table of user tokens in `zendesk-jwt local`.
pub(crate) const LOCAL_TABLE: &str = "zendesk-jwt-user-tokens";

/// The options of every subcommand that calls AWS.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "AWS")]
pub(crate) struct Account {
    /// The profile in your AWS configuration
    #[arg(long)]
    profile: Option<String>,

    /// The AWS region, such as eu-west-1
    #[arg(long)]
    region: Option<String>,

    /// The address of a server that speaks for AWS
    #[arg(long, value_name = "URL", value_parser = endpoint_url)]
    endpoint_url: Option<String>,

    /// Work in a running `zendesk-jwt local` instead of AWS: its port, host:port or URL [default: 3000]
    #[arg(
        long,
        value_name = "PORT",
        env = "ZENDESK_JWT_LOCAL",
        value_parser = local_url,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = LOCAL_ADDRESS,
        conflicts_with_all = ["profile", "region", "endpoint_url"],
    )]
    local: Option<String>,
}

impl Account {
    pub(crate) async fn clients(&self) -> Result<Clients, Problem> {
        if let Some(url) = &self.local {
            return Ok(Clients::local(url).await);
        }
        let more_roots = config::more_roots().map_err(Problem)?;
        let [profile, region, endpoint_url] = [&self.profile, &self.region, &self.endpoint_url].map(Option::as_deref);
        Clients::new(profile, region, endpoint_url, &more_roots).await
    }

    /// These options as words of a command line.
    pub(crate) fn words(&self) -> impl Iterator<Item = String> {
        let options = [
            ("--profile", &self.profile),
            ("--region", &self.region),
            ("--endpoint-url", &self.endpoint_url),
            ("--local", &self.local),
        ];
        options.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?)))
    }

    /// The address of the `zendesk-jwt local` that takes the place of AWS.
    pub(crate) fn local_url(&self) -> Option<&str> {
        self.local.as_deref()
    }

    /// Whether a `zendesk-jwt local` takes the place of AWS.
    pub(crate) fn is_local(&self) -> bool {
        self.local.is_some()
    }

    /// The name of a table or secret that is given or in the environment. The environment's is in AWS, so in
    /// `zendesk-jwt local` it can only be an explicit one.
    pub(crate) fn name(&self, given: Option<&String>, variable: &str) -> Option<String> {
        let is_in_aws = |name: &&String| self.is_local() && std::env::var_os(variable) == Some(OsString::from(name));
        given.filter(|name| !is_in_aws(name)).cloned()
    }
}

/// The options of every subcommand that works on user tokens.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "AWS")]
pub(crate) struct UserTokens {
    /// The table of user tokens: `UserTokensTableName` of the stack's outputs
    #[arg(
        long,
        env = "USER_TOKENS_TABLE",
        value_name = "NAME",
        value_parser = table_name,
        required_unless_present = "local",
    )]
    table: Option<String>,

    #[command(flatten)]
    account: Account,
}

impl UserTokens {
    pub(crate) async fn table(&self) -> Result<UserTokenTable, Problem> {
        let name =
            self.account.name(self.table.as_ref(), "USER_TOKENS_TABLE").unwrap_or_else(|| LOCAL_TABLE.to_owned());
        Ok(UserTokenTable::new(&self.account.clients().await?, name))
    }
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>
fn table_name(text: &str) -> Result<String, String> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if text.starts_with("arn:") || (3..=255).contains(&text.len()) && text.bytes().all(is_allowed) {
        return Ok(text.to_owned());
    }
    Err("the name of a table has 3 to 255 letters, digits, `_`, `-` and `.`".to_owned())
}

fn endpoint_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.map(|_| text.to_owned()).ok_or_else(|| "give a URL such as http://127.0.0.1:4566".to_owned())
}

/// Reads a port, host:port or URL.
fn local_url(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_port = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let url = match text {
        "" => LOCAL_ADDRESS.to_owned(),
        port if is_port => format!("http://127.0.0.1:{port}"),
        url if url.contains("://") => url.to_owned(),
        host_and_port => format!("http://{host_and_port}"),
    };
    let is_origin = |url: &Url| url.as_str().strip_suffix('/') == Some(&url.origin().ascii_serialization());
    let url = Url::parse(&url).ok().filter(|url| url.scheme() == "http" && is_origin(url));
    let mut url = url.ok_or("give the port, host:port or URL that `zendesk-jwt local` shows, such as 3000")?;
    if url.port().is_none() && !text.contains(":80") {
        url.set_port(Some(LOCAL_PORT)).ok();
    }
    Ok(url.origin().ascii_serialization())
}

/// Joins `--local` and an address after it, since clap would take any word there for the address.
pub(crate) fn join_local(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    for argument in arguments {
        let is_address = argument.to_str().is_some_and(|text| {
            let (host, port) = text.rsplit_once(':').unwrap_or((text, text));
            let is_port = !port.is_empty() && port.trim_end_matches('/').bytes().all(|byte| byte.is_ascii_digit());
            is_port || text.contains("://") || host == "localhost" || host.parse::<IpAddr>().is_ok()
        });
        match joined.last_mut().filter(|last| is_address && *last == "--local") {
            Some(last) => {
                last.push("=");
                last.push(argument);
            }
            None => joined.push(argument),
        }
    }
    joined
}
