//! What to examine: the command line with its files and prompts. Tokens and secrets never stand on the command line.

use std::path::Path;
use std::time::Duration;

use hyper::header::HeaderValue;
use url::Url;
use zeroize::Zeroizing;

use super::arguments::{Arguments, Place};
use super::id_token::IdToken;
use crate::input::{self, ask, can_ask, is_standard_input};
use crate::local::is_cookie_value;
use crate::problem::Problem;
use zendesk_jwt::jwt::{Clock, EpochSeconds, JtiSource, Kind, RandomJti, SystemClock};
use zendesk_jwt_rules::ConfigurationName;
use zendesk_jwt_rules::signing_key::{SharedKey, check_secret};
use zendesk_jwt_simulator::Client;

/// The shared secret, with the key id if it is known. No `Debug`.
pub(super) struct Secret {
    pub(super) secret: Zeroizing<String>,
    pub(super) kid: Option<String>,
}

pub(super) struct Plan<'a> {
    pub(super) arguments: &'a Arguments,
    pub(super) url: Url,
    pub(super) kind: Kind,
    /// The one that the path of an endpoint of ours names.
    pub(super) configuration: Option<ConfigurationName>,
    pub(super) place: Place,
    pub(super) user_token: Option<Zeroizing<String>>,
    /// What the user token says, if it is an ID token.
    pub(super) id_token: Option<IdToken>,
    pub(super) secret: Option<Secret>,
    pub(super) logout_url: Option<Url>,
    pub(super) client: Client,
    /// Random hexadecimal digits, part of every invented token of this run.
    pub(super) marker: String,
    pub(super) now: EpochSeconds,
}

impl<'a> Plan<'a> {
    pub(super) fn read(arguments: &'a Arguments) -> Result<Self, Problem> {
        let mut url = arguments.url.clone();
        url.set_fragment(None);
        let (own_kind, configuration) = of_own_path(&url).unzip();
        let logout_url = arguments.logout_url.clone().or_else(|| own_kind.and(own_logout_url(&url)));
        let unknown = "the address does not say the kind of JWT: add --kind sdk, --kind messaging or --kind sso";
        let kind = arguments.kind.or(own_kind).ok_or_else(|| Problem(unknown.to_owned()))?;
        let place = place(kind, arguments)?;
        refuse_foreign_options(kind, arguments)?;
        arguments.ask.require_answer();
        let secret = arguments.secret_file.as_deref().map(|path| secret(path, kind)).transpose()?;
        let user_token = match &arguments.user_token_file {
            Some(path) => Some(read(path, "the user token")?),
            None if can_ask() => {
                Some(ask("User token that the endpoint knows (not shown; press Enter to go without): ")?)
            }
            None => None,
        };
        let user_token = user_token.filter(|token| !token.is_empty());
        if let Some(token) = &user_token {
            check_token(token, place)?;
        }
        let client = Client::new(arguments.ca_file.as_deref()).map_err(|error| Problem(error.to_string()))?;
        let user_agent = concat!("zendesk-jwt-doctor/", env!("CARGO_PKG_VERSION"));
        let client = Client { user_agent, timeout: Duration::from_secs(arguments.timeout), ..client };
        let marker = RandomJti.next().map_err(|error| Problem(error.to_string()))?.as_str().to_owned();
        let now = SystemClock.now();
        Ok(Self {
            arguments,
            url,
            kind,
            configuration: configuration.flatten(),
            place,
            id_token: user_token.as_deref().and_then(|token| IdToken::read(token, now)),
            user_token,
            secret,
            logout_url,
            client,
            marker,
            now,
        })
    }
}

/// The kind and configuration of an endpoint of ours, such as `/sdk/jwt` or `/sdk/ios/jwt`, perhaps behind the stage
/// of a REST API.
fn of_own_path(url: &Url) -> Option<(Kind, Option<ConfigurationName>)> {
    let mut words = url.path_segments()?.rev();
    let (last, before) = (words.next()?, words.next()?);
    // No configuration is called like a kind.
    let configuration = ConfigurationName::parse(before);
    let kind = Kind::parse(if configuration.is_some() { words.next()? } else { before })?;
    let is_ours = last == if kind == Kind::Sso { "login" } else { "jwt" };
    is_ours.then_some((kind, configuration))
}

/// The remote logout URL next to a remote login URL of ours.
fn own_logout_url(url: &Url) -> Option<Url> {
    let mut logout_url = url.clone();
    logout_url.set_path(&format!("{}logout", url.path().strip_suffix("login")?));
    logout_url.set_query(None);
    Some(logout_url)
}

fn refuse_foreign_options(kind: Kind, arguments: &Arguments) -> Result<(), Problem> {
    let options = [
        ("--origin", arguments.origin.is_some(), Kind::Messaging),
        ("--zendesk-subdomain", arguments.zendesk_subdomain.is_some(), Kind::Sso),
        ("--logout-url", arguments.logout_url.is_some(), Kind::Sso),
        ("--help-center", !arguments.help_center.is_empty(), Kind::Sso),
    ];
    if let Some((option, _, only)) = options.into_iter().find(|(_, is_given, only)| *is_given && *only != kind) {
        return Err(Problem(format!("{option} is for {} endpoints: leave it out", only.title())));
    }
    let files = [&arguments.user_token_file, &arguments.secret_file];
    if files.into_iter().flatten().filter(|path| is_standard_input(path)).count() == 2 {
        let advice = "standard input holds either the user token or the secret: give one of them in a file";
        return Err(Problem(advice.to_owned()));
    }
    Ok(())
}

fn place(kind: Kind, arguments: &Arguments) -> Result<Place, Problem> {
    let has_cookie = arguments.cookie.is_some();
    let place = arguments.token_in.unwrap_or(match kind {
        Kind::Sdk => Place::Form,
        Kind::Messaging if !has_cookie => Place::Bearer,
        Kind::Messaging | Kind::Sso => Place::Cookie,
    });
    if kind == Kind::Sdk && (place != Place::Form || has_cookie) {
        let advice = "Zendesk sends the Support SDK's user token in a form: leave out --token-in and --cookie";
        return Err(Problem(advice.to_owned()));
    }
    if has_cookie && place != Place::Cookie {
        return Err(Problem("--cookie needs --token-in cookie: leave one of them out".to_owned()));
    }
    Ok(place)
}

fn read(path: &Path, what: &str) -> Result<Zeroizing<String>, Problem> {
    let text = input::read(path, what)?;
    let empty = || Problem(format!("{what} is empty: put it into the file or standard input"));
    if text.is_empty() { Err(empty()) } else { Ok(text) }
}

fn check_token(token: &str, place: Place) -> Result<(), Problem> {
    let (is_fit, place) = match place {
        Place::Form => (true, "a form"),
        Place::Bearer => (HeaderValue::from_str(token).is_ok(), "a header"),
        Place::Cookie => (is_cookie_value(token), "a cookie"),
    };
    let advice = "check the file, or --token-in";
    let refusal = || Problem(format!("the user token holds characters that cannot be sent in {place}: {advice}"));
    if is_fit { Ok(()) } else { Err(refusal()) }
}

/// The secret in a file, as raw text or as the JSON that Secrets Manager holds.
fn secret(path: &Path, kind: Kind) -> Result<Secret, Problem> {
    let text = read(path, "the secret")?;
    let secret = if text.trim_start().starts_with('{') {
        SharedKey::parse(kind, &text)
            .map(|key| Secret { secret: key.secret().to_owned().into(), kid: key.kid().map(str::to_owned) })
    } else {
        check_secret(kind, &text).map(|()| Secret { secret: text, kid: None })
    };
    secret.map_err(|problem| Problem(problem.to_string()))
}
