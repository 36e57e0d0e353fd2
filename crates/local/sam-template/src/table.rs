//! DynamoDB tables, as `CreateTable` requests.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value as Json, json};

use crate::error::TemplateError;
use crate::template::Template;

pub(crate) const TYPE: &str = "AWS::DynamoDB::Table";

/// A table, with the request that creates it in an empty DynamoDB.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name within the template.
    pub logical_id: String,
    /// Its local name. It is the logical id, because CloudFormation chooses the real name.
    pub name: String,
    /// The body of the DynamoDB request `CreateTable`.
    pub create_table: Json,
    /// True if the table can be restored to any second of the last weeks.
    pub point_in_time_recovery: bool,
}

/// The properties that CloudFormation and `CreateTable` write alike. The other properties (tags, protection) concern only
/// CloudFormation.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct CreateTable {
    #[serde(skip_deserializing)]
    table_name: String,
    attribute_definitions: Json,
    key_schema: Json,
    billing_mode: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    global_secondary_indexes: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_specification: Option<Json>,
}

/// The properties that `CreateTable` does not accept.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Backup {
    #[serde(default)]
    point_in_time_recovery_specification: Recovery,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Recovery {
    #[serde(default, deserialize_with = "flag")]
    point_in_time_recovery_enabled: bool,
}

/// Parses `true`, or the text of a parameter with this value.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let value = Json::deserialize(deserializer)?;
    Ok(value == json!(true) || value == json!("true"))
}

impl Table {
    pub(crate) fn read(template: &Template, id: &str) -> Result<Self, TemplateError> {
        let mut request: CreateTable = template.properties(id)?;
        request.table_name = id.to_owned();
        // CloudFormation enables a stream by the name of its view; `CreateTable` also needs `StreamEnabled`.
        if let Some(Json::Object(stream)) = &mut request.stream_specification {
            stream.insert("StreamEnabled".to_owned(), json!(true));
        }
        // Locally, no bill needs a limit, and there is no CloudWatch.
        for index in request.global_secondary_indexes.iter_mut().filter_map(Json::as_array_mut).flatten() {
            if let Json::Object(index) = index {
                index.remove("OnDemandThroughput");
                index.remove("ContributorInsightsSpecification");
            }
        }
        let create_table = serde_json::to_value(request)
            .map_err(|problem| TemplateError::Property { resource: id.to_owned(), problem })?;
        let backup: Backup = template.properties(id)?;
        let point_in_time_recovery = backup.point_in_time_recovery_specification.point_in_time_recovery_enabled;
        Ok(Self { logical_id: id.to_owned(), name: id.to_owned(), create_table, point_in_time_recovery })
    }
}
