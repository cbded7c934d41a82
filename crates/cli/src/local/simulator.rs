//! The simulated Zendesk of `zendesk-jwt local`, with an account that is set up for the demo.

use std::net::{Ipv4Addr, SocketAddr};

use url::Url;

use super::{company, demo, listen};
use crate::problem::Problem;
use zendesk_jwt_rules::Kind;
use zendesk_jwt_simulator::{Account, Client, Keys, Messaging, Sso, SupportSdk, UserToken, Zendesk};

/// A simulator that is being served.
pub(super) struct Simulator {
    /// Where: it takes the place of `https://SUBDOMAIN.zendesk.com`.
    pub(crate) url: Url,
    /// The company's login page, on the functions' own address.
    pub(crate) login_url: Url,
    /// The origins of its messaging page, which plays a page of the company's site.
    pub(crate) origins: [String; 2],
}

/// Serves it beside what listens at `own`.
pub(super) async fn start(own: SocketAddr, port: u16) -> Result<Simulator, Problem> {
    let (listener, address) = listen(SocketAddr::new(own.ip(), port), "--zendesk-port").await?;
    let (own_url, url) = (browser_url(own)?, browser_url(address)?);
    let has_any_name = own.ip().is_unspecified();
    let client = Client::new(None).map_err(|error| Problem(error.to_string()))?;
    let zendesk = Zendesk::new(url.clone(), has_any_name, account(&own_url)?, client);
    // It is served until the process ends, so nothing waits for the task.
    tokio::spawn(zendesk.serve(listener));
    let origins = [url.origin().ascii_serialization(), format!("http://localhost:{}", address.port())];
    Ok(Simulator { url, login_url: at(&own_url, company::LOGIN), origins })
}

/// Its keys are those that Secrets Manager holds at first: who stores another there has to expect what Zendesk says.
fn account(own_url: &Url) -> Result<Account, Problem> {
    let secrets = demo::secrets();
    let keys = Kind::ALL.map(|kind| format!("\"{kind}\": {}", secrets[&demo::secret_id(kind)])).join(", ");
    let keys = Keys::parse(&format!("{{{keys}}}")).map_err(Problem)?;
    let user_token = |user: demo::DemoUser| UserToken { token: user.token.to_owned(), shows: user.shows.to_owned() };
    Ok(Account {
        support_sdk: keys.sdk.map(|secret| SupportSdk { jwt_url: at(own_url, "/sdk/jwt"), secret }),
        sso: keys.sso.map(|secret| Sso {
            login_url: at(own_url, "/sso/login"),
            logout_url: Some(at(own_url, "/sso/logout")),
            secret,
        }),
        messaging: Some(Messaging { jwt_url: at(own_url, "/messaging/jwt"), keys: keys.messaging }),
        user_tokens: demo::users().into_iter().map(user_token).collect(),
    })
}

/// How a browser on this machine reaches what listens at `address`.
fn browser_url(mut address: SocketAddr) -> Result<Url, Problem> {
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    Url::parse(&format!("http://{address}")).map_err(|error| Problem(error.to_string()))
}

fn at(url: &Url, path: &str) -> Url {
    let mut url = url.clone();
    url.set_path(path);
    url
}
