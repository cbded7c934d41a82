//! An HTTP request as the event of each event source, and the function's answer as that source reads it.

use super::http::{Answer, Request};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

/// The service between client and function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventSource {
    /// An HTTP API with payload 2.0. It encodes every body that is not text as base64.
    HttpApi,
    /// An HTTP API with a body that is not encoded, as test consoles and `sam local` send it.
    HttpApiPlainBody,
    FunctionUrl,
    /// A REST API with payload 1.0 and the stage `prod`.
    RestApi,
    Alb,
    /// A load balancer whose target group has multi-value headers turned on.
    AlbMultiValueHeaders,
}

impl EventSource {
    pub const ALL: [Self; 6] = [
        Self::HttpApi,
        Self::HttpApiPlainBody,
        Self::FunctionUrl,
        Self::RestApi,
        Self::Alb,
        Self::AlbMultiValueHeaders,
    ];

    pub fn host(self) -> &'static str {
        match self {
            Self::HttpApi | Self::HttpApiPlainBody => "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
            Self::FunctionUrl => "abcdefghijklmnop.lambda-url.eu-west-1.on.aws",
            Self::RestApi => "f6g7h8i9j0.execute-api.eu-west-1.amazonaws.com",
            Self::Alb | Self::AlbMultiValueHeaders => "id.acme.example",
        }
    }

    /// The path in the browser for `path` in the event.
    pub fn public_path(self, path: &str) -> String {
        if self == Self::RestApi { format!("/prod{path}") } else { path.to_owned() }
    }

    /// The event of `request` from this source.
    pub fn event(self, request: &Request) -> Value {
        let (body, encoded) = self.body(request);
        let mut event = match self {
            Self::HttpApi | Self::HttpApiPlainBody | Self::FunctionUrl => self.payload_2(request),
            Self::RestApi => self.rest_api(request),
            Self::Alb | Self::AlbMultiValueHeaders => self.load_balancer(request),
        };
        event["isBase64Encoded"] = json!(encoded);
        if body.is_some() || self == Self::RestApi {
            event["body"] = json!(body);
        }
        event
    }

    fn body(self, request: &Request) -> (Option<String>, bool) {
        let plain = matches!(self, Self::HttpApiPlainBody | Self::RestApi)
            || request.content_type().is_some_and(|kind| kind.starts_with("text/") || kind.contains("json"));
        match std::str::from_utf8(&request.body) {
            Ok("") => (None, false),
            Ok(text) if plain => (Some(text.to_owned()), false),
            _ => (Some(BASE64_STANDARD.encode(&request.body)), true),
        }
    }

    fn payload_2(self, request: &Request) -> Value {
        let headers: Map<_, _> = self
            .headers(request)
            .filter(|(name, _)| name != "cookie" || self == Self::FunctionUrl)
            .map(|(name, value)| (name, json!(value)))
            .collect();
        let mut event = json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": request.path,
            "rawQueryString": request.query,
            "headers": headers,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": self.host().split('.').next(),
                "domainName": self.host(),
                "domainPrefix": self.host().split('.').next(),
                "http": {
                    "method": request.method,
                    "path": request.path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.7",
                    "userAgent": "curl/8.5.0",
                },
                "requestId": "JKJaXmPLvHcESHA=",
                "routeKey": "$default",
                "stage": "$default",
                "time": "20/Nov/2026:10:00:00 +0000",
                "timeEpoch": 1_795_168_800_000_u64,
            },
        });
        let cookies = request.headers_named("cookie").flat_map(|line| line.split("; ")).collect::<Vec<_>>();
        if !cookies.is_empty() {
            event["cookies"] = json!(cookies);
        }
        let query = decoded(&request.query);
        if !query.is_empty() {
            event["queryStringParameters"] = joined(&query);
        }
        event
    }

    fn rest_api(self, request: &Request) -> Value {
        let query = decoded(&request.query);
        let headers: Vec<_> = self.headers(request).map(|(name, value)| (capitalised(&name), value)).collect();
        json!({
            "resource": "/{proxy+}",
            "path": request.path,
            "httpMethod": request.method,
            "headers": last(&headers),
            "multiValueHeaders": grouped(&headers),
            "queryStringParameters": last(&query),
            "multiValueQueryStringParameters": grouped(&query),
            "pathParameters": { "proxy": request.path.trim_start_matches('/') },
            "stageVariables": null,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": self.host().split('.').next(),
                "domainName": self.host(),
                "domainPrefix": self.host().split('.').next(),
                "extendedRequestId": "JKJaXmPLvHcESHA=",
                "httpMethod": request.method,
                "identity": { "sourceIp": "192.0.2.7", "userAgent": "curl/8.5.0" },
                "path": self.public_path(&request.path),
                "protocol": "HTTP/1.1",
                "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
                "requestTime": "20/Nov/2026:10:00:00 +0000",
                "requestTimeEpoch": 1_795_168_800_000_u64,
                "resourceId": "123456",
                "resourcePath": "/{proxy+}",
                "stage": "prod",
            },
        })
    }

    /// A load balancer does not decode the query.
    fn load_balancer(self, request: &Request) -> Value {
        let headers: Vec<_> = self.headers(request).collect();
        let query: Vec<_> = request
            .query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut event = json!({
            "requestContext": { "elb": {
                "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/id/49e9d65c45c6791a",
            }},
            "httpMethod": request.method,
            "path": request.path,
            "body": "",
        });
        if self == Self::Alb {
            event["headers"] = last(&headers);
            event["queryStringParameters"] = last(&query);
        } else {
            event["multiValueHeaders"] = grouped(&headers);
            event["multiValueQueryStringParameters"] = grouped(&query);
        }
        event
    }

    /// The headers of the client and of the event source, with names in lower case.
    fn headers(self, request: &Request) -> impl Iterator<Item = (String, String)> {
        let own = [("host", self.host()), ("x-forwarded-proto", "https"), ("x-forwarded-port", "443")];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        own.into_iter().chain(request.headers.iter().cloned())
    }

    /// The answer that the client gets from this event source.
    pub fn answer(self, response: &Value) -> Answer {
        let (single, multiple, cookies) = match self {
            Self::HttpApi | Self::HttpApiPlainBody | Self::FunctionUrl => (true, false, true),
            Self::RestApi => (true, true, false),
            Self::Alb => (true, false, false),
            Self::AlbMultiValueHeaders => (false, true, false),
        };
        let mut headers = Vec::new();
        let mut add = |name: &str, value: &Value| {
            headers.push((name.to_ascii_lowercase(), value.as_str().unwrap().to_owned()));
        };
        for (name, value) in response["headers"].as_object().into_iter().flatten().filter(|_| single) {
            add(name, value);
        }
        for (name, values) in response["multiValueHeaders"].as_object().into_iter().flatten().filter(|_| multiple) {
            values.as_array().unwrap().iter().for_each(|value| add(name, value));
        }
        for value in response["cookies"].as_array().into_iter().flatten().filter(|_| cookies) {
            add("set-cookie", value);
        }
        let body = response["body"].as_str().unwrap_or_default();
        let body = if response["isBase64Encoded"] == true {
            String::from_utf8(BASE64_STANDARD.decode(body).unwrap()).unwrap()
        } else {
            body.to_owned()
        };
        let status = response["statusCode"].as_u64().unwrap_or_else(|| panic!("no statusCode in {response}"));
        Answer { status: status.try_into().unwrap(), headers, body }
    }
}

fn decoded(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// Each name with its last value.
fn last(pairs: &[(String, String)]) -> Value {
    pairs.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<Map<_, _>>().into()
}

/// Each name with all its values in one text.
fn joined(pairs: &[(String, String)]) -> Value {
    let mut map = grouped(pairs);
    for values in map.as_object_mut().unwrap().values_mut() {
        let texts: Vec<_> = values.as_array().unwrap().iter().filter_map(Value::as_str).collect();
        *values = json!(texts.join(","));
    }
    map
}

/// Each name with a list of its values.
fn grouped(pairs: &[(String, String)]) -> Value {
    let mut map = Map::new();
    for (name, value) in pairs {
        let values = map.entry(name.clone()).or_insert_with(|| json!([]));
        values.as_array_mut().unwrap().push(json!(value));
    }
    map.into()
}

/// A header name as HTTP/1.1 clients write it and REST APIs forward it, such as `Content-Type`.
fn capitalised(name: &str) -> String {
    let word = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}
