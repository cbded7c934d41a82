//! HTTP as the flows see it; with [`crate::outcome`] the only place that names a status code.
//!
//! `lambda_http` has already turned the events of an HTTP API, a REST API, a function URL and a load
//! balancer into one request, base64 bodies decoded; [`decodable`] sees to it that it can.

mod events;
mod origins;
mod requests;
mod responses;

pub use events::decodable;
pub use origins::{expect_origin, is_preflight, preflight, with_cors};
pub use requests::{
    MAX_BODY_BYTES, TokenPlace, address, cookie, expect_method, expect_page, expect_source, query_value, request_id,
    user_token,
};
pub use responses::{json, page, problem, redirect, with_cookie};
