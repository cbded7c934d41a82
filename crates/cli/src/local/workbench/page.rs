//! What all pages share: the frame, the answer that carries them, and the fields of their forms.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Workbench;
use super::breaking::Described;
use crate::problem::Problem;

/// No inline script or style, nothing from elsewhere, and forms for us alone.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What the next page tells once.
pub(super) struct Notice {
    pub(crate) text: String,
    pub(crate) is_failure: bool,
    /// The user token of a user who was added. It is kept nowhere else.
    pub(crate) token: Option<String>,
}

impl Notice {
    /// Of something that was done, or could not be.
    pub(crate) fn of(result: Result<String, Problem>) -> Self {
        let is_failure = result.is_err();
        Self { text: result.unwrap_or_else(|problem| problem.to_string()), is_failure, token: None }
    }
}

/// What surrounds every page's own content.
pub(super) struct Frame {
    /// The address of the page, for the navigation.
    pub(crate) at: &'static str,
    pub(crate) broken: Vec<Described>,
    pub(crate) simulator: String,
    pub(crate) notice: Option<Notice>,
}

impl Workbench {
    /// The frame of the page at this address, as things are now.
    pub(super) async fn frame(&self, at: &'static str) -> Frame {
        let broken = self.switches.on().await.into_iter().map(|breakage| Described::new(breakage, true)).collect();
        Frame { at, broken, simulator: self.simulator.clone(), notice: self.take_notice() }
    }
}

/// A page with the headers that each must carry.
pub(super) fn page(status: StatusCode, page: &impl Template) -> Response {
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("content-security-policy", CONTENT_SECURITY_POLICY),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        // With no-referrer a browser would hide its origin from us as well.
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ];
    // Rendering fails only when a value's own `Display` fails, and none of ours does.
    (status, headers, page.render().unwrap_or_default()).into_response()
}

/// 303, so that a reload does not repeat what a form did.
pub(super) fn see_other(location: &'static str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response()
}

/// The start, for whoever reloads the address of a form that was posted.
pub(super) async fn to_start() -> Response {
    see_other("/")
}

/// The fields of a posted form.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(crate) fn read(body: &str) -> Self {
        Self(form_urlencoded::parse(body.as_bytes()).into_owned().collect())
    }

    /// The first field of that name, or nothing.
    pub(crate) fn get<'a>(&'a self, name: &'a str) -> &'a str {
        self.all(name).next().unwrap_or_default()
    }

    /// Every field of that name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// The host that the browser knows us by.
pub(super) fn host(headers: &HeaderMap) -> &str {
    headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1:3000")
}

pub(super) async fn style_sheet() -> Response {
    file("text/css; charset=utf-8", include_str!("../../../templates/workbench/workbench.css"))
}

pub(super) async fn script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("../../../templates/workbench/workbench.js"))
}

pub(super) async fn icon() -> Response {
    file("image/svg+xml", include_str!("../../../templates/workbench/workbench.svg"))
}

/// RecordedRequest for anew each time, since another build may have another one.
fn file(content_type: &'static str, content: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "no-cache"),
        (axum::http::header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, content).into_response()
}

/// The state that every handler takes.
pub(super) type Shared = State<Arc<Workbench>>;
