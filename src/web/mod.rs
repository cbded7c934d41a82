//! HTTP for the handlers: reading requests and writing responses.
//!
//! Only this module and [`crate::outcome`] name status codes. `lambda_http` turns the event of an HTTP API, a REST
//! API, a function URL or a load balancer into a request; [`read_event`] keeps it from failing.

mod events;
mod origins;
mod requests;
mod responses;

pub use events::{decodable, read_event};
pub use origins::{expect_origin, is_preflight, preflight, with_cors};
pub use requests::{
    MAX_BODY_BYTES, TokenPlace, address, cookie, expect_method, expect_page, expect_source, query_value, request_id,
    segment_between, user_token,
};
pub use responses::{RETRY_AFTER_SECONDS, json, page, problem, redirect, with_cookie};
