//! What the terminal shows at start: where everything is, and a line to paste for each flow.

use std::net::SocketAddr;
use std::path::Path;

use super::{demo, user_tokens};
use crate::jwt::Kind;

pub(super) struct Banner<'a> {
    pub address: SocketAddr,
    /// Where the simulated Zendesk is.
    pub zendesk: &'a str,
    pub data: Option<&'a Path>,
    pub is_new: bool,
}

impl Banner<'_> {
    #[expect(clippy::print_stdout, reason = "a person reads this")]
    pub fn show(&self) {
        let Self { address, zendesk, .. } = self;
        let token = demo::USER_TOKEN;
        let cookie = demo::SESSION_COOKIE;
        println!("zendesk-jwt is running on http://{address}. Nothing leaves this machine. Stop it with Ctrl-C.");
        println!("Open it in a browser: run the flows, add users, break things, inspect JWTs.");
        println!();
        println!("Try each flow in a browser, with a simulated Zendesk on the other side:");
        println!("  {zendesk}/hc         SSO: click Sign in, then a user");
        println!("  {zendesk}/sdk        Support SDK: click a user token");
        println!("  {zendesk}/messaging  Messaging: click Log in, then Expire the JWT");
        println!();
        println!("Or ask the functions yourself:");
        println!("  curl http://{address}/sdk/jwt -d \"user_token={token}\" -v -X POST");
        println!("  curl http://{address}/messaging/jwt -d \"user_token={token}\"");
        println!("  curl http://{address}/sso/login -b \"{cookie}={token}\"");
        println!();
        println!("User tokens:");
        for user in demo::users() {
            println!("  {:20} {}", user.token, user.shows);
        }
        println!();
        println!("Secrets to verify the JWTs with:");
        for kind in Kind::ALL {
            println!("  {:20} {}", kind.name(), demo::shared_secret(kind));
        }
        println!();
        let kept = match self.data {
            None => "in memory".to_owned(),
            Some(directory) if self.is_new => format!("new in {}", directory.display()),
            Some(directory) => format!("kept in {}, as you left it", directory.display()),
        };
        println!("Zendesk          {zendesk}  (forgets its users when it ends)");
        println!("DynamoDB         http://{address}  (table {}, {kept})", user_tokens::TABLE);
        println!("Secrets Manager  http://{address}  (a new secret is used within 5 seconds)");
        println!("The tool works here with --local: zendesk-jwt user show --external-id demo-1 --local");
        println!();
    }
}
