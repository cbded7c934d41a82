use std::net::SocketAddr;
use std::path::Path;

use askama::Template;

use super::{demo, identity_provider, user_tokens};
use zendesk_jwt_rules::Kind;

/// What the terminal shows at start: the addresses, and a line to paste for each flow.
#[derive(Template)]
#[template(path = "local/banner.txt")]
pub(super) struct Banner<'a> {
    pub(crate) address: SocketAddr,
    /// The address of the simulated Zendesk.
    pub(crate) zendesk: &'a str,
    /// The issuer of the demo identity provider.
    pub(crate) issuer: &'a str,
    pub(crate) data: Option<&'a Path>,
    pub(crate) is_new: bool,
}

impl Banner<'_> {
    pub(crate) fn text(&self) -> String {
        self.render().unwrap_or_default()
    }

    /// The argument of `--local` for another port than the default.
    fn port(&self) -> String {
        if self.address.port() == 3000 { String::new() } else { format!(" {}", self.address.port()) }
    }

    fn storage(&self) -> String {
        match self.data {
            None => "in memory".to_owned(),
            Some(directory) if self.is_new => format!("new in {}", directory.display()),
            Some(directory) => format!("from {}, unchanged", directory.display()),
        }
    }
}
