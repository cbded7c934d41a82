//! The embedded DynamoDB and Secrets Manager at one address, where either can be down on purpose.

use std::sync::Arc;

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
use serde_json::json;
use tokio::net::TcpListener;

use super::breakage::Switches;
use crate::problem::Problem;

/// Where the two are served.
#[derive(Clone, Debug)]
pub(super) struct Services {
    pub(crate) dynamodb: String,
    pub(crate) secrets_manager: String,
}

#[derive(Clone, Copy)]
enum Service {
    DynamoDb,
    SecretsManager,
}

#[derive(Clone)]
struct Forwarding {
    services: Services,
    switches: Arc<Switches>,
    client: Client<HttpConnector, Body>,
}

/// The route of AWS's own protocol: a POST to `/` whose `X-Amz-Target` names service and operation.
pub(super) fn router(services: Services, switches: Arc<Switches>) -> Router {
    let client = Client::builder(TokioExecutor::new()).build_http();
    Router::new().route("/", post(forward)).with_state(Forwarding { services, switches, client })
}

/// Serves the same for the functions alone and gives the address, whatever the tool itself listens on.
pub(super) async fn serve(router: Router) -> Result<String, Problem> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| Problem(format!("AWS: {error}")))?;
    let address = listener.local_addr().map_err(|error| Problem(format!("AWS: {error}")))?;
    // It is served until the process ends, so nothing waits for the task.
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}"))
}

async fn forward(State(forwarding): State<Forwarding>, mut request: Request) -> Response {
    let Some(service) = Service::of(request.headers()) else {
        let advice = "POST / is DynamoDB and Secrets Manager, as `X-Amz-Target` says: use an AWS client";
        return (StatusCode::BAD_REQUEST, advice).into_response();
    };
    if service.is_down(&forwarding.switches) {
        return service.failure();
    }
    let Some(uri) = service.uri(&forwarding.services) else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    *request.uri_mut() = uri;
    match forwarding.client.request(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

impl Service {
    fn of(headers: &HeaderMap) -> Option<Self> {
        match headers.get("x-amz-target")?.to_str().ok()?.split_once('.')?.0 {
            "secretsmanager" => Some(Self::SecretsManager),
            target if target.starts_with("DynamoDB") => Some(Self::DynamoDb),
            _ => None,
        }
    }

    fn uri(self, services: &Services) -> Option<Uri> {
        let url = match self {
            Self::DynamoDb => &services.dynamodb,
            Self::SecretsManager => &services.secrets_manager,
        };
        let mut parts = url.parse::<Uri>().ok()?.into_parts();
        parts.path_and_query = Some(PathAndQuery::from_static("/"));
        Uri::from_parts(parts).ok()
    }

    fn is_down(self, switches: &Switches) -> bool {
        match self {
            Self::DynamoDb => switches.is_dynamodb_down(),
            Self::SecretsManager => switches.is_secrets_manager_down(),
        }
    }

    /// What the service answers when the fault is its own: clients try again a few times.
    fn failure(self) -> Response {
        let (kind, name) = match self {
            Self::DynamoDb => ("com.amazonaws.dynamodb.v20120810#InternalServerError", "DynamoDB"),
            Self::SecretsManager => ("InternalServiceError", "Secrets Manager"),
        };
        let body = json!({"__type": kind, "message": format!("{name} is switched off in the workbench")});
        let headers = [("content-type", "application/x-amz-json-1.0")];
        (StatusCode::INTERNAL_SERVER_ERROR, headers, body.to_string()).into_response()
    }
}
