use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Map, Value};
use url::{Host, Url};

use super::{company, demo, listen};
use crate::problem::Problem;
use zendesk_jwt_rules::Kind;
use zendesk_jwt_simulator::{Account, App, Client, Journey, Keys, Messaging, Sso, UserToken, Zendesk};

/// The simulated Zendesk, with an account for the demo.
pub(super) struct Simulator {
    /// The address that replaces `https://SUBDOMAIN.zendesk.com`.
    pub(crate) url: Url,
    /// The hosts of brands that are mapped to hosts of the company.
    pub(crate) mapped_hosts: Vec<Host>,
    pub(crate) login_url: Url,
    pub(crate) journey: Journey,
    /// The origins of the messaging page, which plays a page of the company.
    pub(crate) origins: [String; 2],
}

/// `own` is the address of the functions, and `secrets` are the values in Secrets Manager.
pub(super) async fn start(
    own: SocketAddr,
    port: u16,
    secrets: &BTreeMap<String, String>,
) -> Result<Simulator, Problem> {
    let (listener, address) = listen(SocketAddr::new(own.ip(), port), "--zendesk-port").await?;
    let (own_url, url) = (browser_url(own)?, browser_url(address)?);
    let allows_any_host = !own.ip().is_loopback();
    let client = Client::new(None).map_err(|error| Problem(error.to_string()))?;
    let account = account(&own_url, secrets)?;
    let journey = account.journey.clone();
    let zendesk = Zendesk::new(url.clone(), allows_any_host, account, client);
    let mapped_hosts = zendesk.mapped_hosts();
    // Nothing waits for the task, because it ends with the process.
    tokio::spawn(zendesk.serve(listener));
    let origins = [url.origin().ascii_serialization(), format!("http://localhost:{}", address.port())];
    Ok(Simulator { url, mapped_hosts, login_url: at(&own_url, company::LOGIN), journey, origins })
}

/// The keys are the first ones of Secrets Manager. After a change there, this Zendesk refuses the JWTs.
fn account(own_url: &Url, secrets: &BTreeMap<String, String>) -> Result<Account, Problem> {
    let value = |kind| {
        let value: Value = serde_json::from_str(&secrets[&demo::secret_id(kind)]).unwrap_or_default();
        let named = value["configurations"].as_object().into_iter().flat_map(Map::values);
        // Zendesk finds a messaging key by its id alone.
        let list = || std::iter::once(&value).chain(named).cloned().collect();
        (kind.name().to_owned(), if kind == Kind::Messaging { list() } else { value.clone() })
    };
    let keys = Value::Object(Kind::ALL.into_iter().map(value).collect());
    let keys = Keys::parse(&keys.to_string()).map_err(Problem)?;
    let user_token = |user: demo::DemoUser| UserToken { token: user.token.to_owned(), shows: user.shows.to_owned() };
    let url = |flow: &str, configuration: &str, last: &str| {
        let path: Vec<_> = [flow, configuration, last].into_iter().filter(|word| !word.is_empty()).collect();
        at(own_url, &path.join("/"))
    };
    Ok(Account {
        apps: keys.sdk.into_iter().map(|(name, key)| App { jwt_url: url("sdk", &name, "jwt"), name, key }).collect(),
        sso: keys
            .sso
            .into_iter()
            .map(|(name, key)| Sso {
                login_url: url("sso", &name, "login"),
                logout_url: Some(url("sso", &name, "logout")),
                name,
                key,
            })
            .collect(),
        messaging: Some(Messaging { jwt_url: at(own_url, "/messaging/jwt"), keys: keys.messaging }),
        user_tokens: demo::users().into_iter().map(user_token).collect(),
        journey: Journey::default(),
        workbench: Some(own_url.clone()),
    })
}

/// The URL of a server on this machine.
pub(super) fn browser_url(mut address: SocketAddr) -> Result<Url, Problem> {
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    Url::parse(&format!("http://{address}")).map_err(|error| Problem(error.to_string()))
}

pub(super) fn at(url: &Url, path: &str) -> Url {
    let mut url = url.clone();
    url.set_path(path);
    url
}
