//! The embedded DynamoDB and Secrets Manager at the address of the functions, so that one is enough to know.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Where the two are served.
#[derive(Clone, Debug)]
pub(super) struct Services {
    pub dynamodb: String,
    pub secrets_manager: String,
}

#[derive(Clone)]
struct Forwarding {
    services: Services,
    client: Client<HttpConnector, Body>,
}

/// The route of AWS's own protocol: a POST to `/` whose `X-Amz-Target` names service and operation.
pub(super) fn router(services: Services) -> Router {
    let client = Client::builder(TokioExecutor::new()).build_http();
    Router::new().route("/", post(forward)).with_state(Forwarding { services, client })
}

async fn forward(State(forwarding): State<Forwarding>, mut request: Request) -> Response {
    let Some(service) = service(request.headers(), &forwarding.services) else {
        let advice = "POST / is DynamoDB and Secrets Manager, as `X-Amz-Target` says: use an AWS client";
        return (StatusCode::BAD_REQUEST, advice).into_response();
    };
    *request.uri_mut() = service;
    match forwarding.client.request(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

fn service(headers: &HeaderMap, services: &Services) -> Option<Uri> {
    let url = match headers.get("x-amz-target")?.to_str().ok()?.split_once('.')?.0 {
        "secretsmanager" => &services.secrets_manager,
        target if target.starts_with("DynamoDB") => &services.dynamodb,
        _ => return None,
    };
    let mut parts = url.parse::<Uri>().ok()?.into_parts();
    parts.path_and_query = Some(PathAndQuery::from_static("/"));
    Uri::from_parts(parts).ok()
}
