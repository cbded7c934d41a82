use axum::http::HeaderMap;
use axum::http::header::HOST;
use url::Url;

use crate::web;

/// The host that plays a domain of the company which is mapped to Zendesk.
const MAPPED_HOST: &str = "localhost";

#[derive(Clone)]
pub(super) struct Brand {
    pub name: &'static str,
    pub id: &'static str,
    /// The host of its help center.
    pub origin: Url,
    pub is_host_mapped: bool,
}

impl Brand {
    /// The brands of the account at `origin`. The mapped host leads to the same server if that is on this machine only.
    pub fn all(origin: &Url) -> Vec<Self> {
        let first = Self { name: "Demo", id: "360000000001", origin: origin.clone(), is_host_mapped: false };
        let mut mapped = origin.clone();
        let is_mapped = origin.host_str() == Some("127.0.0.1") && mapped.set_host(Some(MAPPED_HOST)).is_ok();
        let second = Self { name: "Demo Two", id: "360000000002", origin: mapped, is_host_mapped: true };
        [first].into_iter().chain(is_mapped.then_some(second)).collect()
    }

    /// Whether a browser sent a request to the host of this brand.
    pub fn is_of(&self, headers: &HeaderMap) -> bool {
        let host = web::header(headers, HOST.as_str()).unwrap_or_default();
        self.is_host_mapped == host.starts_with(MAPPED_HOST)
    }

    /// What Zendesk sends as `return_to`: a path, but the full address on a mapped host, where no other host has it.
    pub fn return_to(&self, path: &str) -> String {
        match self.origin.join(path) {
            Ok(address) if self.is_host_mapped => address.into(),
            _ => path.to_owned(),
        }
    }
}
