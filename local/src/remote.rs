//! A DynamoDB that somebody else runs on this machine (DynamoDB Local, LocalStack, …): creates the table there.
//!
//! The AWS SDK belongs to `shared::store` alone, and a deployed table is CloudFormation's to create; so here are the
//! three calls, by hand.

use std::time::Duration;

use http::{StatusCode, header};
use serde_json::{Value, json};
use url::Url;

use crate::table::TABLE_NAME;
use crate::template::TableDefinition;

/// How long a table may take to become active.
const PATIENCE: Duration = Duration::from_secs(30);

/// The table could not be created.
#[derive(Debug, thiserror::Error)]
#[error("DynamoDB at {endpoint}: {reason}")]
pub struct RemoteError {
    endpoint: String,
    reason: String,
}

/// Creates the table at `endpoint` if it isn't there. Behind https is AWS, where that is the deployment's task.
///
/// # Errors
/// [`RemoteError`].
pub async fn create_missing(endpoint: &str, definition: &TableDefinition) -> Result<(), RemoteError> {
    let failed = |reason: String| RemoteError { endpoint: endpoint.to_owned(), reason };
    let url = Url::parse(endpoint).map_err(|error| failed(error.to_string()))?;
    if url.scheme() == "https" {
        return Ok(());
    }
    create(&url, definition).await.map_err(failed)
}

async fn create(url: &Url, definition: &TableDefinition) -> Result<(), String> {
    let (status, answer) = call(url, "CreateTable", definition.create_table(TABLE_NAME)).await?;
    if status != StatusCode::OK {
        let kind = answer.get("__type").and_then(Value::as_str).unwrap_or_default();
        return if kind.ends_with("ResourceInUseException") { Ok(()) } else { Err(format!("{status} {answer}")) };
    }
    let active = async {
        loop {
            let (_, answer) = call(url, "DescribeTable", json!({ "TableName": TABLE_NAME })).await?;
            if answer.pointer("/Table/TableStatus").and_then(Value::as_str) == Some("ACTIVE") {
                return Ok::<_, String>(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, active).await.map_err(|_| "the table does not become active".to_owned())??;
    let (status, answer) = call(url, "UpdateTimeToLive", definition.update_time_to_live(TABLE_NAME)).await?;
    if status == StatusCode::OK { Ok(()) } else { Err(format!("{status} {answer}")) }
}

async fn call(url: &Url, operation: &str, body: Value) -> Result<(StatusCode, Value), String> {
    let request = reqwest::Client::new()
        .post(url.clone())
        .header(header::CONTENT_TYPE, "application/x-amz-json-1.0")
        .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
        .header("x-amz-date", "20260101T000000Z")
        // The key and region that the store uses too, since some keep tables apart by them. Nobody checks a signature.
        .header(
            header::AUTHORIZATION,
            "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        )
        .body(body.to_string());
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let status = answer.status();
    Ok((status, answer.json().await.unwrap_or_default()))
}
