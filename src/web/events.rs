//! Reads events and sanitizes them, because a caller chooses much of what `lambda_http` cannot take.
//!
//! `lambda_http` panics on an address that is not a URI, on a body that is not valid Base64, and on a query parameter
//! without values. It rejects an event with a header that is not ASCII, and drops all cookies if one is not ASCII.

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::http::header::{COOKIE, HOST};
use lambda_http::http::uri::{Authority, Uri};
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue};
use lambda_http::request::LambdaRequest;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::Value;
use url::Url;

/// The characters that a client must percent-encode (URL Standard, "query percent-encode set"). Not every client does.
const NOT_IN_A_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// The header with the scheme that the client used.
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Reads an event and returns it in a form that `lambda_http` can turn into a request (see [`decodable`]).
///
/// # Errors
/// If `json` is not an event of an HTTP API, a REST API, a function URL or a load balancer.
pub fn read_event(json: &str) -> serde_json::Result<LambdaRequest> {
    read(json).or_else(|_| read_with_raw_headers(json)).map(decodable)
}

/// `lambda_http` tries the format of REST APIs first, and so reads most of an HTTP API's event twice.
fn read(json: &str) -> serde_json::Result<LambdaRequest> {
    match serde_json::from_str::<ApiGatewayV2httpRequest>(json) {
        Ok(event) if event.version.as_deref() == Some("2.0") => Ok(LambdaRequest::ApiGatewayV2(event)),
        _ => serde_json::from_str(json),
    }
}

/// Reads an event with headers that are not ASCII.
fn read_with_raw_headers(json: &str) -> serde_json::Result<LambdaRequest> {
    let mut event: Value = serde_json::from_str(json)?;
    let mut take = |member| event.get_mut(member).map(take_raw_headers).unwrap_or_default();
    let (single_values, multiple_values) = (take("headers"), take("multiValueHeaders"));
    let mut event = read(&event.to_string())?;
    match &mut event {
        LambdaRequest::ApiGatewayV1(event) => {
            event.headers.extend(single_values);
            event.multi_value_headers.extend(multiple_values);
        }
        LambdaRequest::ApiGatewayV2(event) => event.headers.extend(single_values),
        LambdaRequest::Alb(event) => {
            event.headers.extend(single_values);
            event.multi_value_headers.extend(multiple_values);
        }
        _ => {}
    }
    Ok(event)
}

/// Removes the values that are not ASCII from a JSON object of headers, and returns them.
fn take_raw_headers(headers: &mut Value) -> Vec<(HeaderName, HeaderValue)> {
    let mut raw = Vec::new();
    let Some(headers) = headers.as_object_mut() else { return raw };
    headers.retain(|name, value| {
        let mut is_ascii = |value: &Value| {
            let Some(text) = value.as_str().filter(|text| HeaderValue::from_str(text).is_err()) else { return true };
            raw.extend(HeaderName::from_bytes(name.as_bytes()).ok().zip(header_value(text)));
            false
        };
        match value {
            Value::Array(values) => {
                values.retain(is_ascii);
                true
            }
            value => is_ascii(value),
        }
    });
    raw
}

/// Returns the event in a form that `lambda_http` can turn into a request.
///
/// Host, path and query that do not make an address are removed, so that the request matches no route. A body that is
/// not Base64 stays unchanged, and is not read as a form.
#[must_use]
pub fn decodable(mut event: LambdaRequest) -> LambdaRequest {
    match &mut event {
        LambdaRequest::ApiGatewayV1(event) => {
            event.is_base64_encoded &= is_base64(event.body.as_deref());
            keep_all_values(&mut event.headers, &event.multi_value_headers);
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
            if let Some(cookies) = event.cookies.take() {
                event.headers.remove(COOKIE);
                event.headers.extend(header_value(&cookies.join("; ")).map(|header| (COOKIE, header)));
            }
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
            keep_all_values(&mut event.headers, &event.multi_value_headers);
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

/// Removes the headers that `multi_value_headers` has as well: `lambda_http` would keep only the last value of each.
/// It reads host and scheme from `headers` alone.
fn keep_all_values(headers: &mut HeaderMap, multi_value_headers: &HeaderMap) {
    for name in multi_value_headers.keys().filter(|name| **name != HOST && *name != FORWARDED_PROTO) {
        headers.remove(name);
    }
}

/// A header with any text. Control characters become a byte that is not UTF-8, so that a reader skips their cookie.
fn header_value(text: &str) -> Option<HeaderValue> {
    let is_forbidden = |byte: u8| byte.is_ascii_control() && byte != b'\t';
    let bytes: Vec<_> = text.bytes().map(|byte| if is_forbidden(byte) { 0xFF } else { byte }).collect();
    HeaderValue::from_bytes(&bytes).ok()
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
    let scheme = headers.get(FORWARDED_PROTO).and_then(|scheme| scheme.to_str().ok()).unwrap_or("https");
    let (host, stage, path) = (host.unwrap_or("localhost"), stage.unwrap_or_default(), path.unwrap_or_default());
    let is_separable = host.parse::<Authority>().is_ok() && (path.is_empty() || path.starts_with('/'));
    let url = Url::parse(&format!("{scheme}://{host}/{stage}{path}"));
    is_separable && url.is_ok_and(|url| Uri::try_from(format!("{url}?{query}")).is_ok())
}
