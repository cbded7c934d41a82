use std::net::SocketAddr;
use std::path::Path;

use super::{demo, identity_provider, user_tokens};
use zendesk_jwt_rules::Kind;

/// What the terminal shows at start: the addresses, and a line to paste for each flow.
pub(super) struct Banner<'a> {
    pub(crate) address: SocketAddr,
    /// The address of the simulated Zendesk.
    pub(crate) zendesk: &'a str,
    pub(crate) issuer: &'a str,
    pub(crate) data: Option<&'a Path>,
    pub(crate) is_new: bool,
}

impl Banner<'_> {
    pub(crate) fn text(&self) -> String {
        let Self { address, zendesk, issuer, .. } = self;
        let client = identity_provider::CLIENT_ID;
        let port = if address.port() == 3000 { String::new() } else { format!(" {}", address.port()) };
        let (token, cookie, table) = (demo::USER_TOKEN, demo::SESSION_COOKIE, user_tokens::TABLE);
        let user = |user: demo::DemoUser| format!("  {:20} {}\n", user.token, user.shows);
        let users: String = demo::users().into_iter().map(user).collect();
        let secret = |kind: Kind| format!("  {:20} {}\n", kind.name(), demo::shared_secret(kind));
        let secrets: String = Kind::ALL.into_iter().map(secret).collect();
        let storage = match self.data {
            None => "in memory".to_owned(),
            Some(directory) if self.is_new => format!("new in {}", directory.display()),
            Some(directory) => format!("from {}, unchanged", directory.display()),
        };
        format!(
            "\
zendesk-jwt is running on http://{address}. Nothing leaves this machine. Stop it with Ctrl-C.
Open the address in a browser to run the flows, add users, set faults and inspect JWTs.

Try each flow in a browser, with a simulated Zendesk on the other side:
  {zendesk}/hc         SSO: click Sign in, then a user or the identity provider
  {zendesk}/sdk        Support SDK: click a user token
  {zendesk}/messaging  Messaging: click Log in, then Expire the JWT

Or call the functions:
  curl http://{address}/sdk/jwt -d \"user_token={token}\" -v -X POST
  curl http://{address}/messaging/jwt -d \"user_token={token}\"
  curl http://{address}/sso/login -b \"{cookie}={token}\"

User tokens:
{users}
Secrets that verify the JWTs:
{secrets}
Zendesk          {zendesk}  (its users are in memory)
DynamoDB         http://{address}  (table {table}, {storage})
Secrets Manager  http://{address}  (the functions use a new secret within 5 seconds)
OpenID provider  {issuer}  (client {client} without a secret, for a site on this machine)
The tool works here with --local: zendesk-jwt user show --external-id demo-1 --local{port}
"
        )
    }
}
