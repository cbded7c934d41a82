//! A function's environment variables, parsed once at cold start.
//!
//! All problems are reported at once, each with the variable's name and what is expected. An empty variable counts
//! as not set, because a template cannot leave a variable out.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tracing::level_filters::LevelFilter;
use url::{Host, Url};

use crate::aws::{self, Endpoints};
use crate::handlers::sso_redirect::brand::{Brand, Color, Name};
use crate::handlers::sso_redirect::{LoginUrl, ZendeskHosts};
use crate::handlers::{messaging_token, sdk_exchange, sso_redirect};
use crate::idp::{self, IdentityProvider};
use crate::jwt::sso::CustomRole;
use crate::telemetry;
use zendesk_jwt_rules::{ConfigurationName, Configurations};

pub mod configurations;

use configurations::NamedConfigurations;

/// The default of `SIGNING_KEY_MAX_AGE`, in seconds.
pub const SIGNING_KEY_MAX_AGE: u64 = 300;

/// The settings of every function.
#[derive(Clone, Debug)]
pub struct Common {
    /// `USER_TOKENS_TABLE`: the name or ARN of the table of user tokens.
    pub user_tokens_table: String,
    /// `SIGNING_KEY_SECRET_ID`: the name or ARN of the secret that holds the signing key.
    pub signing_key_secret_id: String,
    /// `SIGNING_KEY_MAX_AGE`: after how many seconds the function reads its signing key again.
    pub signing_key_max_age: u64,
    /// Region, credentials and endpoints of AWS.
    pub aws: aws::Settings,
    /// `IDENTITY_PROVIDERS`: the providers whose ID tokens are user tokens.
    pub identity_providers: Vec<IdentityProvider>,
    /// `METRICS_NAMESPACE`: the namespace of the metrics, which keeps two stacks in one account apart.
    pub metrics_namespace: String,
    /// The names in `CONFIGURATIONS`.
    pub configurations: Vec<ConfigurationName>,
    /// `LOG_LEVEL`: the least severe level that is logged. The line of each request is always logged.
    pub log_level: LevelFilter,
}

/// Looks up a variable by name.
type Variable = dyn Fn(&str) -> Option<String>;

/// A function's variables, and the problems found so far.
pub struct Environment {
    variable: Box<Variable>,
    problems: Vec<String>,
    /// `CONFIGURATIONS`.
    configurations: NamedConfigurations,
}

impl Environment {
    /// Reads settings with `settings`. `variable` looks up an environment variable by name.
    ///
    /// # Errors
    /// All problems: one sentence for each, which begins with the variable's name.
    pub fn read<T>(
        variable: impl Fn(&str) -> Option<String> + 'static,
        settings: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Result<T, Vec<String>> {
        let configurations = NamedConfigurations::default();
        let mut environment = Self { variable: Box::new(variable), problems: Vec::new(), configurations };
        if let Some(text) = environment.value("CONFIGURATIONS") {
            match configurations::parse(&text) {
                Ok(configurations) => environment.configurations = configurations,
                Err(problems) => environment.problems = problems,
            }
        }
        match settings(&mut environment) {
            Some(settings) if environment.problems.is_empty() => Ok(settings),
            _ => Err(environment.problems),
        }
    }

    /// The settings of every function, or `None` if there are problems.
    pub fn common(&mut self) -> Option<Common> {
        let user_tokens_table = self.required("USER_TOKENS_TABLE", "the name of the DynamoDB table of user tokens");
        let secret = "the ARN of the secret that holds this function's signing key";
        let signing_key_secret_id = self.required("SIGNING_KEY_SECRET_ID", secret);
        let signing_key_max_age = self.optional("SIGNING_KEY_MAX_AGE", |text| seconds(text, 1, 86_400));
        let aws = self.aws();
        let identity_providers = self.identity_providers();
        let metrics_namespace = self.optional("METRICS_NAMESPACE", metrics_namespace);
        let log_level = self.optional("LOG_LEVEL", log_level);
        Some(Common {
            user_tokens_table: user_tokens_table?,
            signing_key_secret_id: signing_key_secret_id?,
            signing_key_max_age: signing_key_max_age.unwrap_or(SIGNING_KEY_MAX_AGE),
            aws: aws?,
            identity_providers,
            metrics_namespace: metrics_namespace.unwrap_or_else(|| telemetry::NAMESPACE.to_owned()),
            configurations: self.configurations.names().cloned().collect(),
            log_level: log_level.unwrap_or(LevelFilter::INFO),
        })
    }

    /// The variables of all AWS SDKs, as far as Lambda needs them. Lambda sets region and credentials itself.
    ///
    /// <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html#EVarSettings>
    fn aws(&mut self) -> Option<aws::Settings> {
        let region = self.optional("AWS_REGION", region).or_else(|| self.optional("AWS_DEFAULT_REGION", region));
        let region = region.or_else(|| self.required("AWS_REGION", "the region of the table and the secret"));
        let access_key_id = self.required("AWS_ACCESS_KEY_ID", "set by Lambda");
        let secret_access_key = self.required("AWS_SECRET_ACCESS_KEY", "set by Lambda");
        let session_token = self.value("AWS_SESSION_TOKEN");
        let fips = self.optional("AWS_USE_FIPS_ENDPOINT", boolean).unwrap_or_default();
        let dual_stack = self.optional("AWS_USE_DUALSTACK_ENDPOINT", boolean).unwrap_or_default();
        let any = self.optional("AWS_ENDPOINT_URL", endpoint);
        let dynamodb = self.optional("AWS_ENDPOINT_URL_DYNAMODB", endpoint).or_else(|| any.clone());
        let secrets_manager = self.optional("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint).or(any);
        let more_roots = self.optional("AWS_CA_BUNDLE", certificates);
        Some(aws::Settings {
            region: region?,
            credentials: aws::Credentials::new(access_key_id?, secret_access_key?, session_token),
            endpoints: Endpoints { dynamodb, secrets_manager, fips, dual_stack },
            more_roots: more_roots.unwrap_or_default(),
        })
    }

    fn identity_providers(&mut self) -> Vec<IdentityProvider> {
        let Some(text) = self.value("IDENTITY_PROVIDERS") else { return Vec::new() };
        idp::parse(&text).unwrap_or_else(|problems| {
            self.problems.extend(problems);
            Vec::new()
        })
    }

    /// The settings of `sdk-exchange`.
    pub fn sdk(&mut self) -> Configurations<sdk_exchange::Settings> {
        let settings = sdk_exchange::Settings { allowed_networks: self.optional("SDK_ALLOWED_CIDRS", networks) };
        self.configurations.of_sdk(settings)
    }

    /// The settings of `messaging-token`.
    pub fn messaging(&mut self) -> Configurations<messaging_token::Settings> {
        let token_ttl = self.optional("MESSAGING_TOKEN_TTL", |text| seconds(text, 60, 86_400));
        let settings = messaging_token::Settings {
            token_ttl: token_ttl.unwrap_or(300),
            session_cookie: self.session_cookie(),
            allowed_origins: self.allowed_origins(),
        };
        self.configurations.of_messaging(settings)
    }

    /// The settings of `sso-redirect`, or `None` if there are problems.
    pub fn sso(&mut self) -> Option<Configurations<sso_redirect::Settings>> {
        let origin = self.zendesk();
        let return_to_hosts = self.optional("RETURN_TO_HOSTS", hosts).unwrap_or_default();
        let login_url = self.optional("LOGIN_URL", login_url);
        let post_logout_url = self.optional("POST_LOGOUT_URL", web_address);
        let public_url = self.optional("PUBLIC_URL", public_url);
        let session_cookie = self.session_cookie();
        let end_session_on_logout = self.optional("END_SESSION_ON_LOGOUT", boolean).unwrap_or(true);
        let allowed_origins = self.allowed_origins();
        let brand = self.brand();
        let require_custom_role = self.optional("REQUIRE_CUSTOM_ROLE", boolean).unwrap_or_default();
        let settings = sso_redirect::Settings {
            zendesk: ZendeskHosts::new(origin?, return_to_hosts),
            login_url,
            post_logout_url,
            session_cookie,
            end_session_on_logout,
            public_url,
            allowed_origins,
            custom_role: if require_custom_role { CustomRole::Required } else { CustomRole::Optional },
            brand,
        };
        let is_simulated = self.value("ZENDESK_URL").is_some();
        Some(self.configurations.of_sso(settings, is_simulated))
    }

    /// The company on the pages of `sso-redirect`.
    pub fn brand(&mut self) -> Brand {
        let name = self.optional("BRAND_NAME", Name::parse);
        let logo_url = self.optional("BRAND_LOGO_URL", web_address);
        let color = self.optional("BRAND_COLOR", Color::parse);
        let support_url = self.optional("SUPPORT_URL", support_url);
        Brand::new(name, logo_url.as_ref(), color, support_url)
    }

    /// The account's address. `ZENDESK_URL` replaces the subdomain, for a simulated Zendesk.
    fn zendesk(&mut self) -> Option<Url> {
        if self.value("ZENDESK_URL").is_some() {
            return self.optional("ZENDESK_URL", simulated_zendesk);
        }
        self.required("ZENDESK_SUBDOMAIN", "the first part of your Zendesk address: acme for acme.zendesk.com")?;
        self.optional("ZENDESK_SUBDOMAIN", zendesk_origin)
    }

    fn session_cookie(&mut self) -> Option<String> {
        self.optional("SESSION_COOKIE", cookie_name)
    }

    fn allowed_origins(&mut self) -> Vec<String> {
        self.optional("ALLOWED_ORIGINS", origins).unwrap_or_default()
    }

    fn required(&mut self, name: &str, what: &str) -> Option<String> {
        let value = self.value(name);
        if value.is_none() {
            self.problems.push(format!("{name} is not set: it should be {what}"));
        }
        value
    }

    fn optional<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let parsed = parse(&self.value(name)?);
        parsed.map_err(|problem| self.problems.push(format!("{name} {problem}"))).ok()
    }

    fn value(&self, name: &str) -> Option<String> {
        (self.variable)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }
}

/// CloudWatch's own rule for a custom namespace: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>.
fn metrics_namespace(text: &str) -> Result<String, String> {
    let fits = text.len() <= 255 && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/#:".contains(c));
    let problem = "should be at most 255 letters, digits and ._-/#:, and not begin with AWS/";
    if fits && !text.starts_with("AWS/") { Ok(text.to_owned()) } else { Err(format!("is `{text}`: it {problem}")) }
}

fn region(text: &str) -> Result<String, String> {
    let fits = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if fits { Ok(text.to_owned()) } else { Err(format!("is `{text}`: it should be a region such as eu-west-1")) }
}

/// The address of an AWS service or of a replacement, which may be on a private network without TLS.
fn endpoint(text: &str) -> Result<String, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.map(String::from).ok_or_else(|| format!("is `{text}`: it should be a full address such as https://example.com"))
}

fn log_level(text: &str) -> Result<LevelFilter, String> {
    let is_documented = ["error", "warn", "info", "debug", "trace"].contains(&text);
    let level = text.parse().ok().filter(|_| is_documented);
    level.ok_or_else(|| format!("is `{text}`: it should be one of error, warn, info, debug, trace"))
}

fn seconds(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("is `{text}`: it should be a whole number of seconds from {least} to {most}"))
}

/// The root certificates in the file that `AWS_CA_BUNDLE` names, for the operator's tool.
///
/// # Errors
/// If the file cannot be read, or holds no certificate that TLS can use.
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub fn more_roots() -> Result<Vec<CertificateDer<'static>>, String> {
    let path = std::env::var("AWS_CA_BUNDLE").ok().filter(|path| !path.is_empty());
    let roots = path.map(|path| certificates(&path).map_err(|problem| format!("AWS_CA_BUNDLE {problem}")));
    Ok(roots.transpose()?.unwrap_or_default())
}

/// The certificates of a PEM file.
fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = std::fs::read(path).map_err(|error| format!("names {path}, which cannot be read: {error}"))?;
    let unusable =
        |error: &dyn fmt::Display| format!("names {path}, which holds a certificate that cannot be used: {error}");
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let certificates = certificates.map_err(|error| unusable(&error))?;
    for certificate in &certificates {
        RootCertStore::empty().add(certificate.clone()).map_err(|error| unusable(&error))?;
    }
    if certificates.is_empty() {
        Err(format!("names {path}, which holds no PEM certificate"))
    } else {
        Ok(certificates)
    }
}

/// The address of the account with this subdomain.
///
/// # Errors
/// If the text cannot be a subdomain.
pub fn zendesk_origin(subdomain: &str) -> Result<Url, String> {
    let is_label = (1..=63).contains(&subdomain.len())
        && subdomain.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !subdomain.starts_with('-')
        && !subdomain.ends_with('-');
    let origin = is_label.then(|| Url::parse(&format!("https://{subdomain}.zendesk.com")).ok()).flatten();
    origin.ok_or_else(|| {
        format!("is `{subdomain}`: it should be the subdomain alone, in lower case: acme for https://acme.zendesk.com")
    })
}

/// The origin of a simulated Zendesk on this machine: a JWT must never reach another host that is not Zendesk.
///
/// # Errors
/// If the text is not such an origin.
pub fn simulated_zendesk(text: &str) -> Result<Url, String> {
    let url = web_address(text).ok().filter(|url| is_loopback(url) && url[url::Position::BeforePath..] == *"/");
    url.ok_or_else(|| {
        format!(
            "is `{text}`: it should be a simulated Zendesk on this machine, such as http://127.0.0.1:3001; for a real \
             one, set ZENDESK_SUBDOMAIN instead"
        )
    })
}

fn hosts(text: &str) -> Result<Vec<Host>, String> {
    let expected = "it should be host names in lower case, separated by commas, such as help.example.com";
    text.split(',').map(|text| host(text.trim()).map_err(|_| format!("has `{}`: {expected}", text.trim()))).collect()
}

/// A host name, which also becomes a source of a content security policy: a wildcard or a separator would open it.
fn host(text: &str) -> Result<Host, String> {
    let is_plain = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c));
    let has_labels = text.contains('.') && text.split('.').all(|label| !label.is_empty());
    match Host::parse(text) {
        Ok(host @ Host::Domain(_)) if is_plain && has_labels => Ok(host),
        _ => Err(format!("has `{text}`: it should be a host name in lower case, such as help.example.com")),
    }
}

/// Networks in CIDR notation (RFC 4632, section 3.1; RFC 4291, section 2.3), or the problems of all of them.
fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let mut problems = Vec::new();
    let parsed = text.split(',').filter_map(|text| network(text.trim()).map_err(|problem| problems.push(problem)).ok());
    let networks = parsed.collect();
    if problems.is_empty() { Ok(networks) } else { Err(problems.join("; it ")) }
}

/// One network. An address without a prefix length is a network of one address.
fn network(text: &str) -> Result<IpNet, String> {
    // `IpNet`'s own parser accepts leading zeros, which some programs read as octal.
    let network = match text.split_once('/') {
        Some((address, length)) => {
            let parts = address.parse().ok().zip(length.parse().ok());
            parts.and_then(|(address, length)| IpNet::new(address, length).ok())
        }
        None => text.parse::<IpAddr>().ok().map(IpNet::from),
    };
    match network {
        Some(network) if network == network.trunc() => Ok(network),
        Some(other) => {
            Err(format!("has `{text}`: it should be `{}`, or `{}` for that address alone", other.trunc(), other.addr()))
        }
        None => Err(format!("has `{text}`: it should be networks such as 203.0.113.0/24 separated by commas")),
    }
}

fn origins(text: &str) -> Result<Vec<String>, String> {
    text.split(',').map(|origin| self::origin(origin.trim())).collect()
}

/// An origin as browsers write it in the header `Origin`: scheme, host, and the port if it is not the default one.
///
/// # Errors
/// What is expected, if `text` is written in another way, has a path or a wildcard, or is not a safe address (see
/// [`web_address`]).
pub fn origin(text: &str) -> Result<String, String> {
    let url = web_address(text)?;
    let origin = url.origin().ascii_serialization();
    let with_port = format!("{origin}:{}", url.port_or_known_default().unwrap_or_default());
    let bare = text.strip_suffix('/').unwrap_or(text);
    if bare == origin || bare == with_port { Ok(origin) } else { Err(format!("has `{text}`: it should be `{origin}`")) }
}

/// An address to which `/sso/login` can be appended.
fn public_url(text: &str) -> Result<Url, String> {
    let url = web_address(text)?;
    let is_plain = url.query().is_none() && !text.ends_with('/') && !url.path().contains("//");
    let problem = "it should have no query and not end with a slash, as in https://sso.example.com";
    if is_plain { Ok(url) } else { Err(format!("is `{text}`: {problem}")) }
}

/// An address that can have placeholders.
fn login_url(text: &str) -> Result<LoginUrl, String> {
    let login_url = LoginUrl::new(text, web_address(text)?);
    let placeholders = LoginUrl::PLACEHOLDERS;
    login_url.ok_or_else(|| format!("is `{text}`: its only placeholders can be {placeholders}"))
}

fn boolean(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| format!("is `{text}`: it should be true or false"))
}

/// An https address without user name, password and fragment; http only for this machine, where browsers trust it as
/// well. The host is a plain one, because it also becomes a source of a content security policy.
///
/// # Errors
/// What is expected, if `text` is another address or not an address. The text does not repeat a password.
pub fn web_address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| {
        // What cannot be parsed can hold a password as well.
        let shown = if text.contains('@') { String::new() } else { format!(" `{text}`, which is") };
        format!("is{shown} not an address: {error}")
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("has a user name or password, which everyone who gets the address can read: remove it".to_owned());
    }
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    let has_odd_characters = text.contains(|c: char| c.is_whitespace() || c == '\\');
    if is_safe && starts_with_plain_host(text) && !has_odd_characters && url.fragment().is_none() {
        Ok(url)
    } else {
        let expected =
            "it should be a full https:// address with a plain host name, and without spaces and fragment (#)";
        Err(format!("is `{text}`: {expected}"))
    }
}

/// The address of a page, or `mailto:` and one plain e-mail address.
///
/// # Errors
/// What is expected, if `text` is neither.
pub fn support_url(text: &str) -> Result<Url, String> {
    let Some(address) = text.strip_prefix("mailto:") else { return web_address(text) };
    let is_user = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c));
    let is_label = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let is_host = |host: &str| host.contains('.') && host.split('.').all(is_label);
    let is_address =
        address.split_once('@').is_some_and(|(user, host)| !user.is_empty() && is_user(user) && is_host(host));
    let url = Url::parse(text).ok().filter(|_| is_address);
    url.ok_or_else(|| format!("is `{text}`: it should be mailto: and one e-mail address, or an https:// address"))
}

/// Whether the text is a scheme and a host, in ASCII, perhaps with a port, up to its end or a path or query.
fn starts_with_plain_host(text: &str) -> bool {
    let after_scheme = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = after_scheme.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (host, None),
    };
    let is_ip_v6 = host.starts_with('[') && host.ends_with(']');
    let is_name = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    let is_port = port.is_none_or(|port| !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit()));
    (is_ip_v6 || is_name) && is_port
}

/// Whether the host is this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// The name of a cookie. It has only characters that all servers and browsers read alike.
fn cookie_name(text: &str) -> Result<String, String> {
    let is_plain = text.chars().all(|character| character.is_ascii_alphanumeric() || "._-".contains(character));
    let problem = "it should be letters, digits, dots, hyphens and underscores";
    if is_plain { Ok(text.to_owned()) } else { Err(format!("is `{text}`: {problem}")) }
}
