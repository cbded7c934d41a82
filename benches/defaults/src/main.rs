//! The three functions with all defaults: the SDK's features and configuration, native roots, the usual runtime and log
//! format, and the default profile. Lambda's variable for the name of the function says which one to be.
//!
//! Like ours, they read their key at init, but they check less.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use lambda_http::http::StatusCode;
use lambda_http::{Body, Error, Request, Response, run, service_fn};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::{SystemTime, UNIX_EPOCH};

/// What differs between the functions.
struct Function {
    name: String,
    table: String,
    key: EncodingKey,
    kid: Option<String>,
    dynamodb: Client,
}

#[derive(Serialize)]
struct SupportClaims<'a> {
    iat: u64,
    jti: String,
    name: &'a str,
    email: &'a str,
    external_id: &'a str,
}

#[derive(Serialize)]
struct MessagingClaims<'a> {
    scope: &'static str,
    external_id: &'a str,
    name: &'a str,
    email: &'a str,
    email_verified: bool,
    exp: u64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing_subscriber::fmt().json().with_max_level(tracing::Level::INFO).init();
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let secrets = aws_sdk_secretsmanager::Client::new(&config);
    let secret = secrets.get_secret_value().secret_id(std::env::var("SIGNING_KEY_SECRET_ID")?).send().await?;
    let secret: Value = serde_json::from_str(secret.secret_string().ok_or("the secret is binary")?)?;
    let function = Function {
        name: std::env::var("AWS_LAMBDA_FUNCTION_NAME")?,
        table: std::env::var("USER_TOKENS_TABLE")?,
        key: EncodingKey::from_secret(secret["secret"].as_str().ok_or("no secret")?.as_bytes()),
        kid: secret["kid"].as_str().map(str::to_owned),
        dynamodb: Client::new(&config),
    };
    run(service_fn(|request| exchange(request, &function))).await
}

async fn exchange(request: Request, function: &Function) -> Result<Response<Body>, Error> {
    let token = form_urlencoded::parse(request.body()).find(|(name, _)| name == "user_token").map(|(_, value)| value);
    let Some(token) = token else {
        return json_answer(StatusCode::BAD_REQUEST, &json!({ "error": "user_token is missing" }));
    };
    let hash = AttributeValue::S(hex::encode(Sha256::digest(token.as_bytes())));
    let get = function.dynamodb.get_item().table_name(&function.table).key("token_hash", hash).consistent_read(true);
    let Some(item) = get.send().await?.item else {
        tracing::warn!("unknown token");
        return json_answer(StatusCode::UNAUTHORIZED, &json!({ "error": "unknown token" }));
    };
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str);
    let (name, email, external_id) = (text("name"), text("email"), text("external_id"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let header = Header { kid: function.kid.clone(), ..Header::new(Algorithm::HS256) };
    tracing::info!(status = 200, "exchanged");
    if function.name == "messaging-token" {
        let exp = now + 300;
        let claims = MessagingClaims { scope: "user", external_id, name, email, email_verified: true, exp };
        let jwt = encode(&header, &claims, &function.key)?;
        return json_answer(StatusCode::OK, &json!({ "jwt": jwt, "expires_at": exp }));
    }
    let claims = SupportClaims { iat: now, jti: uuid::Uuid::new_v4().to_string(), name, email, external_id };
    let jwt = encode(&header, &claims, &function.key)?;
    if function.name == "sso-redirect" {
        return page(&jwt);
    }
    json_answer(StatusCode::OK, &json!({ "jwt": jwt }))
}

/// The page that posts the JWT to Zendesk, without any style.
fn page(jwt: &str) -> Result<Response<Body>, Error> {
    let page = format!(
        r#"<!DOCTYPE html><html lang="en"><title>Signing you in</title><form method="post" action="https://acme.zendesk.com/access/jwt"><input type="hidden" name="jwt" value="{jwt}"></form><script>document.forms[0].submit()</script></html>"#
    );
    Ok(Response::builder().header("content-type", "text/html; charset=utf-8").body(page.into())?)
}

fn json_answer(status: StatusCode, body: &Value) -> Result<Response<Body>, Error> {
    let response = Response::builder().status(status).header("content-type", "application/json");
    Ok(response.body(body.to_string().into())?)
}
