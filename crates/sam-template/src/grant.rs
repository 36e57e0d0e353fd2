//! What the functions' roles allow.

use serde::Deserialize;

use crate::error::TemplateError;
use crate::template::Template;

pub(crate) const TYPE: &str = "AWS::IAM::Role";

/// One statement of a role's policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The logical id of the role.
    pub role: String,
    /// What may be done: `dynamodb:PutItem`.
    pub actions: Vec<String>,
    /// To what: `OrderEvents.Arn`, or `*`.
    pub resources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RoleProperties {
    policies: Vec<Policy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    policy_document: PolicyDocument,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyDocument {
    statement: Vec<Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    action: OneOrMany,
    resource: OneOrMany,
}

/// IAM lets a list of one be written without the list.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Vec<String> {
    fn from(value: OneOrMany) -> Self {
        match value {
            OneOrMany::One(text) => vec![text],
            OneOrMany::Many(texts) => texts,
        }
    }
}

impl Grant {
    pub(crate) fn read(template: &Template, id: &str) -> Result<Vec<Self>, TemplateError> {
        let properties: RoleProperties = template.properties(id)?;
        let statements = properties.policies.into_iter().flat_map(|policy| policy.policy_document.statement);
        Ok(statements
            .map(|statement| Self {
                role: id.to_owned(),
                actions: statement.action.into(),
                resources: statement.resource.into(),
            })
            .collect())
    }
}
