//! DynamoDB tables, as `CreateTable` requests.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::error::TemplateError;
use crate::template::Template;

pub(crate) const TYPE: &str = "AWS::DynamoDB::Table";

/// A table, with the request that creates it in an empty DynamoDB.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its local name. It is the logical id, because CloudFormation chooses the real name.
    pub name: String,
    /// The body of the DynamoDB request `CreateTable`.
    pub create_table: Json,
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
        Ok(Self { name: id.to_owned(), create_table })
    }
}
