//! The embedded DynamoDB with the table of user tokens, in memory or in a directory.

use std::error::Error;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;
use dynoxide::DynoxideError;
use dynoxide::storage::Storage;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::demo;
use crate::account::LOCAL_TABLE;
use crate::problem::Problem;

/// The name of the database's file in the data directory.
const FILE: &str = "user-tokens.sqlite";

/// All clones share the data. No TCP port leads here: `dynoxide`'s own server would answer every web page.
#[derive(Clone)]
pub(crate) struct Database {
    database: dynoxide::Database,
    /// How often the table was written to, so that a reader knows whether it must read again.
    pub(crate) writes: Arc<AtomicU64>,
}

impl Database {
    /// Opens the database. Also says whether the table is new; a new table holds the demo users.
    pub(crate) fn open(directory: Option<&Path>) -> Result<(Self, bool), Problem> {
        let restricted = directory.map(|directory| {
            let unusable = |error| Problem(format!("the directory {} cannot be used: {error}", directory.display()));
            restrict(directory).map_err(unusable)
        });
        let (file, is_new_file) = restricted.transpose()?.unwrap_or_default();
        open(&file, is_new_file).map_err(|error| {
            Problem(format!(
                "the database {file} cannot be used: {error}. Restore a copy of the file, or move it away to start \
                 with the demo users, or choose another directory with --data"
            ))
        })
    }

    /// Answers one request of DynamoDB's JSON protocol.
    pub(crate) fn call(&self, operation: &str, body: &[u8]) -> (StatusCode, String) {
        let database = &self.database;
        let answer = match operation {
            "BatchGetItem" => answer(body, |request| database.batch_get_item(request)),
            "BatchWriteItem" => answer(body, |request| database.batch_write_item(request)),
            "DeleteItem" => answer(body, |request| database.delete_item(request)),
            "DescribeTable" => answer(body, |request| database.describe_table(request)),
            "GetItem" => answer(body, |request| database.get_item(request)),
            "ListTables" => answer(body, |request| database.list_tables(request)),
            "PutItem" => answer(body, |request| database.put_item(request)),
            "Query" => answer(body, |request| database.query(request)),
            "Scan" => answer(body, |request| database.scan(request)),
            "TransactGetItems" => answer(body, |request| database.transact_get_items(request)),
            "TransactWriteItems" => answer(body, |request| database.transact_write_items(request)),
            "UpdateItem" => answer(body, |request| database.update_item(request)),
            _ => Err(DynoxideError::ValidationException(format!("zendesk-jwt local does not support {operation}"))),
        };
        if operation.contains("Write") || matches!(operation, "DeleteItem" | "PutItem" | "UpdateItem") {
            self.writes.fetch_add(1, Ordering::Relaxed);
        }
        match answer {
            Ok(body) => (StatusCode::OK, body),
            Err(error) => {
                let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST);
                (status, error.to_json())
            }
        }
    }
}

fn answer<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Q) -> dynoxide::Result<A>,
) -> dynoxide::Result<String> {
    let request =
        serde_json::from_slice(body).map_err(|error| DynoxideError::SerializationException(error.to_string()));
    let answer = operation(request?)?;
    serde_json::to_string(&answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// Opens a file; an empty name means a database in memory.
fn open(file: &str, is_new_file: bool) -> Result<(Database, bool), Box<dyn Error>> {
    let database = if file.is_empty() {
        dynoxide::Database::memory()?
    } else {
        if !is_new_file {
            check(file)?;
        }
        dynoxide::Database::new(file)?
    };
    // SQLite's `synchronous = NORMAL`: without it, each write waits for the disk, and an import takes ten times as long.
    database.disable_bulk_loading()?;
    let is_new = database.get_table_metadata(LOCAL_TABLE)?.is_none();
    if is_new {
        create_table(&database)?;
    }
    Ok((Database { database, writes: Arc::default() }, is_new))
}

/// Makes the directory and its files private. Returns the database's file and whether it is new. Files that are created
/// next to the database get the same mode.
fn restrict(directory: &Path) -> io::Result<(String, bool)> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::fs::{DirBuilder, Permissions, read_dir, set_permissions};
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};

        options.mode(0o600);
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let entries = read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
        let (own, others): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| entry.file_name().to_string_lossy().starts_with(FILE));
        for entry in own {
            set_permissions(entry.path(), Permissions::from_mode(0o600))?;
        }
        // A directory with other files has other uses.
        if others.is_empty() {
            set_permissions(directory, Permissions::from_mode(0o700))?;
        }
    }
    #[cfg(not(unix))]
    std::fs::create_dir_all(directory)?;
    let file = directory.join(FILE);
    let is_new = !file.exists();
    options.open(&file)?;
    Ok((file.to_string_lossy().into_owned(), is_new))
}

/// Finds damage that would otherwise show only when a damaged page or item is read.
fn check(file: &str) -> Result<(), Box<dyn Error>> {
    // One query that counts the unreadable items of every table.
    const QUERY: &str = "SELECT 'SELECT ' || group_concat(
            '(SELECT count(*) FROM \"' || name || '\" WHERE NOT json_valid(item_json))', ' + ')
        FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%item_json%'";

    if std::fs::metadata(file)?.len() == 0 {
        return Err("it is empty".into());
    }
    let storage = Storage::new(file)?;
    let connection = storage.conn();
    let result: String = connection.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))?;
    if result != "ok" {
        return Err(format!("it is damaged ({})", result.split_whitespace().collect::<Vec<_>>().join(" ")).into());
    }
    let query: Option<String> = connection.query_row(QUERY, (), |row| row.get(0))?;
    let unreadable = query.map(|query| connection.query_row(&query, (), |row| row.get::<_, u64>(0))).transpose()?;
    if unreadable > Some(0) { Err("it is damaged (an item is not JSON)".into()) } else { Ok(()) }
}

fn create_table(database: &dynoxide::Database) -> Result<(), Box<dyn Error>> {
    database.create_table(serde_json::from_value(definition())?)?;
    for user in demo::users() {
        let mut item = user.attributes;
        item["token_hash"] = json!({"S": demo::token_hash(user.token)});
        database.put_item(serde_json::from_value(json!({"TableName": LOCAL_TABLE, "Item": item}))?)?;
    }
    Ok(())
}

/// The table of `template.yaml`.
fn definition() -> Value {
    json!({
        "TableName": LOCAL_TABLE,
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
