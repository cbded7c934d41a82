//! What the terminal shows at start: where everything is, and a line to paste for each flow.

use std::net::SocketAddr;
use std::path::Path;

use super::{demo, user_tokens};
use zendesk_jwt_rules::Kind;

pub(super) struct Banner<'a> {
    pub(crate) address: SocketAddr,
    /// Where the simulated Zendesk is.
    pub(crate) zendesk: &'a str,
    pub(crate) data: Option<&'a Path>,
    pub(crate) is_new: bool,
}

impl Banner<'_> {
    pub(crate) fn text(&self) -> String {
        let mut lines = Vec::new();
        let Self { address, zendesk, .. } = self;
        let token = demo::USER_TOKEN;
        let cookie = demo::SESSION_COOKIE;
        lines.push(format!(
            "zendesk-jwt is running on http://{address}. Nothing leaves this machine. Stop it with Ctrl-C."
        ));
        lines.push("Open it in a browser: run the flows, add users, break things, inspect JWTs.".to_owned());
        lines.push(String::new());
        lines.push("Try each flow in a browser, with a simulated Zendesk on the other side:".to_owned());
        lines.push(format!("  {zendesk}/hc         SSO: click Sign in, then a user"));
        lines.push(format!("  {zendesk}/sdk        Support SDK: click a user token"));
        lines.push(format!("  {zendesk}/messaging  Messaging: click Log in, then Expire the JWT"));
        lines.push(String::new());
        lines.push("Or ask the functions yourself:".to_owned());
        lines.push(format!("  curl http://{address}/sdk/jwt -d \"user_token={token}\" -v -X POST"));
        lines.push(format!("  curl http://{address}/messaging/jwt -d \"user_token={token}\""));
        lines.push(format!("  curl http://{address}/sso/login -b \"{cookie}={token}\""));
        lines.push(String::new());
        lines.push("User tokens:".to_owned());
        for user in demo::users() {
            lines.push(format!("  {:20} {}", user.token, user.shows));
        }
        lines.push(String::new());
        lines.push("Secrets to verify the JWTs with:".to_owned());
        for kind in Kind::ALL {
            lines.push(format!("  {:20} {}", kind.name(), demo::shared_secret(kind)));
        }
        lines.push(String::new());
        let kept = match self.data {
            None => "in memory".to_owned(),
            Some(directory) if self.is_new => format!("new in {}", directory.display()),
            Some(directory) => format!("kept in {}, as you left it", directory.display()),
        };
        lines.push(format!("Zendesk          {zendesk}  (forgets its users when it ends)"));
        lines.push(format!("DynamoDB         http://{address}  (table {}, {kept})", user_tokens::TABLE));
        lines.push(format!("Secrets Manager  http://{address}  (a new secret is used within 5 seconds)"));
        lines.push("The tool works here with --local: zendesk-jwt user show --external-id demo-1 --local".to_owned());
        lines.push(String::new());
        lines.join("\n")
    }
}
