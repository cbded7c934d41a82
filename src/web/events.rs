//! Events as the front doors hand them over, mended where `lambda_http` would panic over them.
//!
//! It does over an address that is no URI, and much of an address is what the caller wrote: a panic would be an
//! outage that anybody can cause. It does as well over a body that is not the Base64 that it is said to be, and over
//! a list of no values.

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::http::HeaderMap;
use lambda_http::http::header::HOST;
use lambda_http::http::uri::{Authority, Uri};
use lambda_http::request::LambdaRequest;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use url::Url;

/// What a client has to percent-encode, and not every client does (URL Standard, "query percent-encode set").
const NOT_IN_A_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// The event, such that `lambda_http` can make a request of it.
///
/// Host, path and query that make no address are left out, so that the request comes to no route; a body that
/// cannot be decoded stays as it is, and is no form.
#[must_use]
pub fn decodable(mut event: LambdaRequest) -> LambdaRequest {
    match &mut event {
        LambdaRequest::ApiGatewayV1(event) => {
            event.is_base64_encoded &= is_base64(event.body.as_deref());
            let query = query(&mut event.multi_value_query_string_parameters, &mut event.query_string_parameters);
            let context = &mut event.request_context;
            let host = host(&event.headers, context.domain_name.as_deref());
            if !is_address(&event.headers, host, context.stage.as_deref(), event.path.as_deref(), &query) {
                event.headers.remove(HOST);
                context.domain_name = None;
                event.path = None;
                event.multi_value_query_string_parameters = QueryMap::default();
                event.query_string_parameters = QueryMap::default();
            }
        }
        LambdaRequest::ApiGatewayV2(event) => {
            event.is_base64_encoded &= is_base64(event.body.as_deref());
            let query = event.raw_query_string.as_deref().unwrap_or_default();
            let query = Cow::from(utf8_percent_encode(query, NOT_IN_A_QUERY)).into_owned();
            let context = &mut event.request_context;
            let host = host(&event.headers, context.domain_name.as_deref());
            if is_address(&event.headers, host, context.stage.as_deref(), event.raw_path.as_deref(), &query) {
                event.raw_query_string = Some(query);
            } else {
                event.headers.remove(HOST);
                context.domain_name = None;
                event.raw_path = None;
                event.raw_query_string = None;
            }
        }
        LambdaRequest::Alb(event) => {
            event.is_base64_encoded &= is_base64(event.body.as_deref());
            let query = query(&mut event.multi_value_query_string_parameters, &mut event.query_string_parameters);
            // A load balancer leaves it encoded, so `lambda_http` decodes it once more.
            let query: QueryMap = percent_decode_str(&query).decode_utf8_lossy().parse().unwrap_or_default();
            let host = host(&event.headers, None);
            if !is_address(&event.headers, host, None, event.path.as_deref(), &query.to_query_string()) {
                event.headers.remove(HOST);
                event.path = None;
                event.multi_value_query_string_parameters = QueryMap::default();
                event.query_string_parameters = QueryMap::default();
            }
        }
        _ => {}
    }
    event
}

fn is_base64(body: Option<&str>) -> bool {
    body.is_none_or(|body| BASE64_STANDARD.decode(body).is_ok())
}

/// The query of an event that has both, as `lambda_http` writes it.
fn query(several_of_a_name: &mut QueryMap, one_of_a_name: &mut QueryMap) -> String {
    leave_out_names_without_values(several_of_a_name);
    leave_out_names_without_values(one_of_a_name);
    let query = if several_of_a_name.is_empty() { one_of_a_name } else { several_of_a_name };
    query.to_query_string()
}

/// The iterator of a `QueryMap` panics over an empty list.
fn leave_out_names_without_values(query: &mut QueryMap) {
    let json = serde_json::to_string(query).unwrap_or_default();
    if json.contains("[]") {
        let mut values: HashMap<String, Vec<String>> = serde_json::from_str(&json).unwrap_or_default();
        values.retain(|_, values| !values.is_empty());
        *query = values.into();
    }
}

fn host<'a>(headers: &'a HeaderMap, domain_name: Option<&'a str>) -> Option<&'a str> {
    headers.get(HOST).and_then(|host| host.to_str().ok()).or(domain_name)
}

/// Whether the parts make an address when they are put together as `lambda_http` does.
fn is_address(headers: &HeaderMap, host: Option<&str>, stage: Option<&str>, path: Option<&str>, query: &str) -> bool {
    let scheme = headers.get("x-forwarded-proto").and_then(|scheme| scheme.to_str().ok()).unwrap_or("https");
    let (host, stage, path) = (host.unwrap_or("localhost"), stage.unwrap_or_default(), path.unwrap_or_default());
    let stands_apart = host.parse::<Authority>().is_ok() && (path.is_empty() || path.starts_with('/'));
    let url = Url::parse(&format!("{scheme}://{host}/{stage}{path}"));
    stands_apart && url.is_ok_and(|url| Uri::try_from(format!("{url}?{query}")).is_ok())
}
