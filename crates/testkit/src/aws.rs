//! The AWS account of one test: a table of user tokens and a secret with the signing key.
//!
//! By default both are fakes in this process. `ZENDESK_JWT_TEST_AWS_ENDPOINT` names another AWS, such as moto's server.

use super::{dynamodb::DynamoDb, logs::Canaries, server::Server, users};
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

pub struct Aws {
    pub canaries: Canaries,
    table: String,
    secret_id: String,
    place: Place,
}

enum Place {
    Fakes { dynamodb: DynamoDb, secrets: SecretsManager },
    Endpoint(String),
}

impl Aws {
    /// The fakes, or the AWS that the environment variable names, with an empty table and no secret.
    pub fn new() -> Self {
        match std::env::var_os("ZENDESK_JWT_TEST_AWS_ENDPOINT") {
            Some(url) => Self::at(|_| Place::Endpoint(url.into_string().unwrap())),
            None => Self::fakes(),
        }
    }

    /// The fakes, which record requests and can fail, even if the environment variable names another AWS.
    pub fn fakes() -> Self {
        Self::at(|secret_id| Place::Fakes { dynamodb: DynamoDb::start(), secrets: SecretsManager::start(secret_id) })
    }

    fn at(place: impl FnOnce(&str) -> Place) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let unique = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let secret_id = format!("zendesk-jwt/test-{unique}");
        let aws = Self {
            canaries: Canaries::default(),
            table: format!("user-tokens-{unique}"),
            place: place(&secret_id),
            secret_id,
        };
        aws.create_table();
        aws
    }

    /// The variables of a function that uses this AWS.
    pub fn environment(&self) -> [(String, String); 4] {
        let (dynamodb, secrets) = match &self.place {
            Place::Fakes { dynamodb, secrets } => (dynamodb.url(), secrets.url()),
            Place::Endpoint(url) => (url.clone(), url.clone()),
        };
        [
            ("AWS_ENDPOINT_URL_DYNAMODB".into(), dynamodb),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER".into(), secrets),
            ("USER_TOKENS_TABLE".into(), self.table.clone()),
            ("SIGNING_KEY_SECRET_ID".into(), self.secret_id.clone()),
        ]
    }

    /// Stores the item that a company's backend would write for this user (see [`users::item`]).
    pub fn put_user(&self, token: &str, user: &Value) {
        self.put_item(&users::item(token, user));
    }

    /// Stores an item in DynamoDB's JSON, unchanged.
    pub fn put_item(&self, item: &Value) {
        self.canaries.remember_item(item);
        self.dynamodb_call("PutItem", &json!({ "TableName": self.table, "Item": item }));
    }

    /// Makes `value` the current version of the secret.
    pub fn set_secret(&self, value: &str) {
        match &self.place {
            Place::Fakes { secrets, .. } => secrets.set(value),
            Place::Endpoint(url) => {
                let create = json!({ "Name": self.secret_id, "SecretString": value });
                let put = json!({ "SecretId": self.secret_id, "SecretString": value });
                call(url, "secretsmanager.CreateSecret", &create)
                    .or_else(|_| call(url, "secretsmanager.PutSecretValue", &put))
                    .unwrap();
            }
        }
    }

    pub fn secret_id(&self) -> &str {
        &self.secret_id
    }

    pub fn table(&self) -> &str {
        &self.table
    }

    pub fn dynamodb(&self) -> &DynamoDb {
        match &self.place {
            Place::Fakes { dynamodb, .. } => dynamodb,
            Place::Endpoint(_) => panic!("this test needs Setup::with_fakes"),
        }
    }

    pub fn secrets_manager(&self) -> &SecretsManager {
        match &self.place {
            Place::Fakes { secrets, .. } => secrets,
            Place::Endpoint(_) => panic!("this test needs Setup::with_fakes"),
        }
    }

    fn create_table(&self) {
        let text = |name: &str| json!({ "AttributeName": name, "AttributeType": "S" });
        let hash = |name: &str| json!([{ "AttributeName": name, "KeyType": "HASH" }]);
        let table = json!({
            "TableName": self.table,
            "AttributeDefinitions": [text("token_hash"), text("external_id")],
            "KeySchema": hash("token_hash"),
            "GlobalSecondaryIndexes": [{
                "IndexName": "by_external_id",
                "KeySchema": hash("external_id"),
                "Projection": { "ProjectionType": "ALL" },
            }],
            "BillingMode": "PAY_PER_REQUEST",
        });
        self.dynamodb_call("CreateTable", &table);
    }

    fn dynamodb_call(&self, operation: &str, body: &Value) {
        let url = match &self.place {
            Place::Fakes { dynamodb, .. } => dynamodb.direct_url(),
            Place::Endpoint(url) => url.clone(),
        };
        call(&url, &format!("DynamoDB_20120810.{operation}"), body).unwrap();
    }
}

/// One call of the AWS JSON protocols. The signature is invalid, because emulators read only its scope.
fn call(url: &str, target: &str, body: &Value) -> Result<Value, String> {
    let (service, version) = match target.split_once('.') {
        Some(("secretsmanager", _)) => ("secretsmanager", "1.1"),
        _ => ("dynamodb", "1.0"),
    };
    let scope = format!("AKIAIOSFODNN7EXAMPLE/20261120/eu-west-1/{service}/aws4_request");
    let signed = "SignedHeaders=content-type;host;x-amz-date;x-amz-target";
    let mut answer = ureq::post(url)
        .config()
        .http_status_as_error(false)
        .build()
        .header("content-type", format!("application/x-amz-json-{version}"))
        .header("x-amz-target", target)
        .header("x-amz-date", "20261120T000000Z")
        .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, {signed}, Signature=0"))
        .send(body.to_string())
        .map_err(|error| error.to_string())?;
    let text = answer.body_mut().read_to_string().map_err(|error| error.to_string())?;
    if answer.status().is_success() {
        Ok(serde_json::from_str(&text).unwrap_or_default())
    } else {
        Err(format!("{target}: {} {text}", answer.status()))
    }
}

/// A fake Secrets Manager with one secret, which records calls and fails on demand.
pub struct SecretsManager {
    server: Server,
    secret: Arc<Mutex<Secret>>,
}

#[derive(Default)]
struct Secret {
    id: String,
    value: Option<String>,
    version: usize,
    fault: Option<Fault>,
    calls: Vec<String>,
}

impl SecretsManager {
    pub fn start(secret_id: &str) -> Self {
        let secret = Arc::new(Mutex::new(Secret { id: secret_id.to_owned(), ..Secret::default() }));
        let router = axum::Router::new().fallback(respond).with_state(Arc::clone(&secret));
        Self { server: Server::of(router), secret }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Stores a new version of the secret.
    pub fn set(&self, value: &str) {
        let mut secret = self.secret.lock().unwrap();
        secret.value = Some(value.to_owned());
        secret.version += 1;
    }

    pub fn fail(&self, fault: Fault) {
        self.secret.lock().unwrap().fault = Some(fault);
    }

    pub fn recover(&self) {
        self.secret.lock().unwrap().fault = None;
    }

    /// The actions of all calls so far.
    pub fn calls(&self) -> Vec<String> {
        self.secret.lock().unwrap().calls.clone()
    }
}

async fn respond(State(secret): State<Arc<Mutex<Secret>>>, headers: HeaderMap, body: String) -> Response {
    let action = headers["x-amz-target"].to_str().unwrap().trim_start_matches("secretsmanager.").to_owned();
    let request: Value = serde_json::from_str(&body).unwrap();
    let reply = {
        let mut secret = secret.lock().unwrap();
        secret.calls.push(action.clone());
        match (secret.fault, &secret.value) {
            (Some(fault), _) => Err(fault),
            _ if action != "GetSecretValue" => Err(Fault::ACCESS_DENIED),
            (None, Some(value)) if request["SecretId"] == secret.id => Ok(json!({
                "ARN": format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{}-a1b2c3", secret.id),
                "Name": secret.id,
                "SecretString": value,
                "VersionId": format!("00000000-0000-4000-8000-{:012}", secret.version),
                "VersionStages": ["AWSCURRENT"],
                "CreatedDate": 1_790_000_000.0,
            })),
            _ => Err(Fault::NOT_FOUND),
        }
    };
    match reply {
        Ok(value) => answer(200, &value),
        Err(fault) => fault.response().await,
    }
}

/// How a fake AWS service fails.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// An error answer of the AWS JSON protocols.
    Error { status: u16, code: &'static str },
    /// The request is never answered.
    Stall,
    /// The connection is closed without an answer.
    ClosedConnection,
}

impl Fault {
    pub const INTERNAL_ERROR: Self = Self::Error { status: 500, code: "InternalServerError" };
    pub const THROTTLED: Self = Self::Error { status: 400, code: "ProvisionedThroughputExceededException" };
    pub const NOT_FOUND: Self = Self::Error { status: 400, code: "ResourceNotFoundException" };
    pub const ACCESS_DENIED: Self = Self::Error { status: 400, code: "AccessDeniedException" };

    pub async fn response(self) -> Response {
        match self {
            Self::Error { status, code } => answer(status, &json!({ "__type": code, "message": "an error of a test" })),
            Self::Stall => std::future::pending().await,
            // A panic would end the task as well, but would print a message.
            Self::ClosedConnection => std::panic::resume_unwind(Box::new("connection closed")),
        }
    }
}

/// An answer of the AWS JSON protocols.
pub fn answer(status: u16, body: &Value) -> Response {
    Response::builder()
        .status(status)
        .header("content-type", "application/x-amz-json-1.1")
        .body(Body::from(body.to_string()))
        .unwrap()
}
