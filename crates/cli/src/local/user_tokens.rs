//! The embedded DynamoDB with the table of user tokens, in memory or in a directory.

use std::path::Path;

use dynoxide::Database;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::demo;
use crate::problem::Problem;
use zendesk_jwt::user::UserToken;

/// The table's name.
pub(super) const TABLE: &str = crate::account::LOCAL_TABLE;

/// The database's file in the data directory.
const FILE: &str = "user-tokens.sqlite";

/// A DynamoDB that is being served.
#[derive(Debug)]
pub(crate) struct Running {
    /// Where.
    pub(crate) url: String,
    /// Whether the table was made just now, with the demo users in it.
    pub(crate) is_new: bool,
}

/// Opens the database, makes the table with the demo users unless it is there, and serves it on loopback.
pub(crate) async fn start(directory: Option<&Path>) -> Result<Running, Problem> {
    let database = open(directory)?;
    let tables = database.list_tables(request(json!({}))?).map_err(|error| unusable(directory, &error.to_string()))?;
    let is_new = !tables.table_names.iter().any(|name| name == TABLE);
    if is_new {
        create_table(&database)?;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| Problem(format!("DynamoDB: {error}")))?;
    let address = listener.local_addr().map_err(|error| Problem(format!("DynamoDB: {error}")))?;
    // It is served until the process ends, so nothing waits for the task.
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()));
    Ok(Running { url: format!("http://{address}"), is_new })
}

fn open(directory: Option<&Path>) -> Result<Database, Problem> {
    let opened = match directory {
        None => Database::memory(),
        Some(directory) => {
            std::fs::create_dir_all(directory)
                .map_err(|error| Problem(format!("the directory {} cannot be made: {error}", directory.display())))?;
            Database::new(&directory.join(FILE).to_string_lossy())
        }
    };
    let database = opened.map_err(|error| unusable(directory, &error.to_string()))?;
    // SQLite's `synchronous = NORMAL`: no write waits for the disk, and what a process wrote outlives it all the same.
    // Otherwise each item waits, since each is a transaction, and a large import takes ten times as long.
    database.disable_bulk_loading().map_err(|error| unusable(directory, &error.to_string()))?;
    Ok(database)
}

fn unusable(directory: Option<&Path>, error: &str) -> Problem {
    let file = directory.map(|directory| directory.join(FILE).display().to_string()).unwrap_or_default();
    Problem(format!("the database {file} cannot be used ({error}): move it away, or choose another --data"))
}

fn create_table(database: &Database) -> Result<(), Problem> {
    let problem = |error: dynoxide::DynoxideError| Problem(format!("the embedded DynamoDB: {error}"));
    database.create_table(request(definition())?).map_err(problem)?;
    for user in demo::users() {
        let mut item = user.attributes;
        let hash = UserToken::parse(user.token).map(|token| token.hash()).unwrap_or_default();
        item["token_hash"] = json!({"S": hash});
        database.put_item(request(json!({"TableName": TABLE, "Item": item}))?).map_err(problem)?;
    }
    Ok(())
}

/// The table as the template has it.
fn definition() -> Value {
    json!({
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "token_hash", "AttributeType": "S"},
            {"AttributeName": "external_id", "AttributeType": "S"},
        ],
        "KeySchema": [{"AttributeName": "token_hash", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [{
            "IndexName": "by_external_id",
            "KeySchema": [{"AttributeName": "external_id", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }],
    })
}

fn request<T: DeserializeOwned>(json: Value) -> Result<T, Problem> {
    serde_json::from_value(json).map_err(|error| Problem(format!("the embedded DynamoDB: {error}")))
}
