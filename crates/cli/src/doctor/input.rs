//! The command line, files and prompts. Neither user token nor secret is ever taken from the command line.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::HeaderValue;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use url::{Position, Url};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::Arguments;
use super::connection::Network;
use super::endpoint::{Place, Plan, Secret};
use crate::input::{self, ask, can_ask, is_standard_input};
use crate::problem::Problem;
use zendesk_jwt::jwt::messaging::Messaging;
use zendesk_jwt::jwt::sdk::Sdk;
use zendesk_jwt::jwt::signing::{SigningKey, SigningKeyProblem};
use zendesk_jwt::jwt::sso::Sso;
use zendesk_jwt::jwt::{JtiSource, Kind, RandomJti};

/// How an endpoint is sent the user token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum TokenIn {
    /// As field `user_token` of a form that is posted
    Form,
    /// As `Authorization: Bearer`
    Bearer,
    /// In a cookie
    Cookie,
}

/// The paths of our own endpoints.
const OWN_PATHS: [(&str, Kind); 3] =
    [("/sdk/jwt", Kind::Sdk), ("/messaging/jwt", Kind::Messaging), ("/sso/login", Kind::Sso)];

/// The address without its query, which may hold a key.
pub(super) fn shown(url: &Url) -> String {
    url[..Position::AfterPath].to_owned()
}

pub(super) fn url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("it should be a full https:// address ({error})"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err("it should be an https:// address".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("Zendesk and browsers send no name and password in the address: leave them out".to_owned());
    }
    Ok(url)
}

/// Reads everything that the command line names.
pub(super) fn plan(arguments: &Arguments) -> Result<Plan, Problem> {
    let mut url = arguments.url.clone();
    let logout_url = arguments.logout_url.clone().or_else(|| own_logout_url(&url));
    url.set_fragment(None);
    let kind = arguments.kind.or_else(|| guessed(&url)).ok_or_else(|| {
        Problem("the address does not tell the kind of JWT: add --kind sdk, --kind messaging or --kind sso".to_owned())
    })?;
    let of_one_kind = [
        ("--origin", arguments.origin.is_some(), Kind::Messaging),
        ("--zendesk-subdomain", arguments.zendesk_subdomain.is_some(), Kind::Sso),
        ("--logout-url", arguments.logout_url.is_some(), Kind::Sso),
    ];
    if let Some((option, _, only)) = of_one_kind.into_iter().find(|(_, is_given, only)| *is_given && *only != kind) {
        return Err(Problem(format!("{option} is for {} endpoints: leave it out", only.title())));
    }
    let place = place(kind, arguments.token_in, arguments.cookie.as_deref())?;
    let is_stdin = |path: Option<&Path>| path.is_some_and(is_standard_input);
    if is_stdin(arguments.user_token_file.as_deref()) && is_stdin(arguments.secret_file.as_deref()) {
        return Err(Problem(
            "standard input holds either the user token or the secret: give one of them in a file".to_owned(),
        ));
    }
    let secret = arguments.secret_file.as_deref().map(|path| secret(path, kind)).transpose()?;
    let user_token = match &arguments.user_token_file {
        Some(path) => Some(read(path, "the user token")?),
        None => prompted()?,
    };
    if let Some(token) = &user_token {
        check_token(token, &place)?;
    }
    Ok(Plan {
        network: Network {
            resolve: arguments.resolve.clone(),
            roots: Arc::new(roots(arguments.ca_file.as_deref())?),
            timeout: Duration::from_secs(arguments.timeout),
        },
        marker: RandomJti.next().map_err(|error| Problem(error.to_string()))?.as_str().to_owned(),
        origin: arguments.origin.clone(),
        zendesk_subdomain: arguments.zendesk_subdomain.clone(),
        logout_url,
        user_token,
        secret,
        place,
        kind,
        url,
    })
}

/// By the end of the path, since a REST API puts its stage before it.
fn guessed(url: &Url) -> Option<Kind> {
    OWN_PATHS.into_iter().find(|(path, _)| url.path().ends_with(path)).map(|(_, kind)| kind)
}

fn own_logout_url(url: &Url) -> Option<Url> {
    let before = url.path().strip_suffix("/sso/login")?;
    let mut logout_url = url.clone();
    logout_url.set_path(&format!("{before}/sso/logout"));
    logout_url.set_query(None);
    Some(logout_url)
}

fn place(kind: Kind, token_in: Option<TokenIn>, cookie: Option<&str>) -> Result<Place, Problem> {
    let named = || Place::Cookie(cookie.unwrap_or("session").to_owned());
    let place = match (token_in, kind) {
        (None, Kind::Messaging) if cookie.is_none() => Place::Bearer,
        (None, Kind::Messaging | Kind::Sso) | (Some(TokenIn::Cookie), _) => named(),
        (None, Kind::Sdk) | (Some(TokenIn::Form), _) => Place::Form,
        (Some(TokenIn::Bearer), _) => Place::Bearer,
    };
    if kind == Kind::Sdk && (place != Place::Form || cookie.is_some()) {
        return Err(Problem(
            "Zendesk sends the Support SDK's user token in a form: leave out --token-in and --cookie".to_owned(),
        ));
    }
    if cookie.is_some() && !matches!(place, Place::Cookie(_)) {
        return Err(Problem("--cookie goes with --token-in cookie: leave one of them out".to_owned()));
    }
    Ok(place)
}

/// The text of a file or of standard input, which must not be empty.
fn read(path: &Path, what: &str) -> Result<Zeroizing<String>, Problem> {
    let text = input::read(path, what)?;
    if text.is_empty() {
        Err(Problem(format!("{what} is empty: put it into the file or standard input")))
    } else {
        Ok(text)
    }
}

/// Asks a person for the user token, who may have none.
fn prompted() -> Result<Option<Zeroizing<String>>, Problem> {
    if !can_ask() {
        return Ok(None);
    }
    let token = ask("User token that the endpoint knows (not shown; Enter to go without): ")?;
    Ok(Some(token).filter(|token| !token.is_empty()))
}

fn check_token(token: &str, place: &Place) -> Result<(), Problem> {
    let is_fit = match place {
        Place::Form => true,
        Place::Bearer => HeaderValue::from_str(token).is_ok(),
        // RFC 6265, section 4.1.1.
        Place::Cookie(_) => token.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)),
    };
    if is_fit {
        return Ok(());
    }
    let place = if *place == Place::Bearer { "a header" } else { "a cookie" };
    Err(Problem(format!(
        "the user token holds characters that cannot be sent in {place}: check the file, or --token-in"
    )))
}

/// What Secrets Manager holds.
#[derive(Deserialize, ZeroizeOnDrop)]
struct SecretValue {
    secret: String,
    kid: Option<String>,
}

/// The secret in a file, as JSON or as it is.
fn secret(path: &Path, kind: Kind) -> Result<Secret, Problem> {
    let text = read(path, "the secret")?;
    let value: Option<SecretValue> = serde_json::from_str(&text).ok();
    let checked = match (&value, text.trim_start().starts_with('{')) {
        (None, false) => fit(kind, &text),
        _ => fit_value(kind, &text),
    };
    checked.map_err(|problem| Problem(problem.to_string()))?;
    Ok(match value {
        Some(value) => Secret { secret: Zeroizing::new(value.secret.clone()), kid: value.kid.clone() },
        None => Secret { secret: text, kid: None },
    })
}

/// Whether the text can be a shared secret of the kind. Its key id is not in there.
fn fit(kind: Kind, secret: &str) -> Result<(), SigningKeyProblem> {
    match kind {
        Kind::Sdk => SigningKey::<Sdk>::new(secret, None).map(drop),
        Kind::Messaging => SigningKey::<Messaging>::new(secret, Some("unknown")).map(drop),
        Kind::Sso => SigningKey::<Sso>::new(secret, None).map(drop),
    }
}

fn fit_value(kind: Kind, value: &str) -> Result<(), SigningKeyProblem> {
    match kind {
        Kind::Sdk => SigningKey::<Sdk>::parse(value).map(drop),
        Kind::Messaging => SigningKey::<Messaging>::parse(value).map(drop),
        Kind::Sso => SigningKey::<Sso>::parse(value).map(drop),
    }
}

/// Mozilla's roots and those of the file.
fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, Problem> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let Some(path) = ca_file else {
        return Ok(roots);
    };
    let unusable = |error: &dyn std::fmt::Display| Problem(format!("{} cannot be used: {error}", path.display()));
    let known = roots.len();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unusable(&error))? {
        roots.add(certificate.map_err(|error| unusable(&error))?).map_err(|error| unusable(&error))?;
    }
    if roots.len() == known { Err(unusable(&"it holds no PEM certificate")) } else { Ok(roots) }
}
