//! The Support SDK exchange with all defaults: the SDK's features and configuration, native roots, the usual runtime and log
//! format, and the default profile.
//!
//! Like `sdk-exchange`, it reads its key at init, but it checks less.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use lambda_http::http::StatusCode;
use lambda_http::{Body, Error, Request, Response, run, service_fn};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Serialize)]
struct Claims<'a> {
    iat: u64,
    jti: String,
    name: &'a str,
    email: &'a str,
    external_id: &'a str,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing_subscriber::fmt().json().with_max_level(tracing::Level::INFO).init();
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let secrets = aws_sdk_secretsmanager::Client::new(&config);
    let dynamodb = Client::new(&config);
    let table = std::env::var("USER_TOKENS_TABLE")?;
    let secret = secrets.get_secret_value().secret_id(std::env::var("SIGNING_KEY_SECRET_ID")?).send().await?;
    let secret: Value = serde_json::from_str(secret.secret_string().ok_or("the secret is binary")?)?;
    let key = EncodingKey::from_secret(secret["secret"].as_str().ok_or("no secret")?.as_bytes());
    run(service_fn(|request| exchange(request, &dynamodb, &table, &key))).await
}

async fn exchange(request: Request, dynamodb: &Client, table: &str, key: &EncodingKey) -> Result<Response<Body>, Error> {
    let token = form_urlencoded::parse(request.body()).find(|(name, _)| name == "user_token").map(|(_, value)| value);
    let Some(token) = token else {
        return answer(StatusCode::BAD_REQUEST, &json!({ "error": "user_token is missing" }));
    };
    let hash = hex::encode(Sha256::digest(token.as_bytes()));
    let get = dynamodb.get_item().table_name(table).key("token_hash", AttributeValue::S(hash)).consistent_read(true);
    let Some(item) = get.send().await?.item else {
        tracing::warn!("unknown token");
        return answer(StatusCode::UNAUTHORIZED, &json!({ "error": "unknown token" }));
    };
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str);
    let claims = Claims {
        iat: SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
        jti: uuid::Uuid::new_v4().to_string(),
        name: text("name"),
        email: text("email"),
        external_id: text("external_id"),
    };
    let jwt = encode(&Header::new(Algorithm::HS256), &claims, key)?;
    tracing::info!(status = 200, "exchanged");
    answer(StatusCode::OK, &json!({ "jwt": jwt }))
}

fn answer(status: StatusCode, body: &Value) -> Result<Response<Body>, Error> {
    let response = Response::builder().status(status).header("content-type", "application/json");
    Ok(response.body(body.to_string().into())?)
}
