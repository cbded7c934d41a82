//! Sanitizes events so that `lambda_http` does not panic.
//!
//! `lambda_http` panics on an address that is not a URI, on a body that is not valid Base64, and on a query parameter
//! without values. A caller can choose all three, so each panic would be an outage that anyone can cause.

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

/// The characters that a client must percent-encode (URL Standard, "query percent-encode set"). Not every client does.
const NOT_IN_A_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// Returns the event in a form that `lambda_http` can turn into a request.
///
/// Host, path and query that do not make an address are removed, so that the request matches no route. A body that is
/// not Base64 stays unchanged, and is not read as a form.
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
            // A load balancer does not decode the query, so `lambda_http` does.
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

/// The query as `lambda_http` writes it.
fn query(multi_value: &mut QueryMap, single_value: &mut QueryMap) -> String {
    remove_names_without_values(multi_value);
    remove_names_without_values(single_value);
    let query = if multi_value.is_empty() { single_value } else { multi_value };
    query.to_query_string()
}

/// The iterator of a `QueryMap` panics on an empty list.
fn remove_names_without_values(query: &mut QueryMap) {
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

/// Whether `lambda_http` can build a URI from these parts.
fn is_address(headers: &HeaderMap, host: Option<&str>, stage: Option<&str>, path: Option<&str>, query: &str) -> bool {
    let scheme = headers.get("x-forwarded-proto").and_then(|scheme| scheme.to_str().ok()).unwrap_or("https");
    let (host, stage, path) = (host.unwrap_or("localhost"), stage.unwrap_or_default(), path.unwrap_or_default());
    let is_separable = host.parse::<Authority>().is_ok() && (path.is_empty() || path.starts_with('/'));
    let url = Url::parse(&format!("{scheme}://{host}/{stage}{path}"));
    is_separable && url.is_ok_and(|url| Uri::try_from(format!("{url}?{query}")).is_ok())
}
