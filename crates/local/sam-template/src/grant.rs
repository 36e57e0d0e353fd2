//! The permissions of the functions' roles. A form of grant that this crate does not support is an error, so that no grant
//! is overlooked.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value as Json;

use crate::error::TemplateError;
use crate::template::Template;

pub(crate) const TYPE: &str = "AWS::IAM::Role";

/// One statement of a role's policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The logical id of the role.
    pub role: String,
    /// The allowed actions, such as `dynamodb:PutItem`.
    pub actions: Vec<String>,
    /// The resources that they apply to: `OrderEvents.Arn`, or `*`.
    pub resources: Vec<String>,
    /// The condition; `None` means always.
    pub condition: Option<Json>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RoleProperties {
    #[serde(rename = "AssumeRolePolicyDocument")]
    _assume_role_policy_document: IgnoredAny,
    policies: Vec<Policy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Policy {
    #[serde(rename = "PolicyName")]
    _policy_name: IgnoredAny,
    policy_document: PolicyDocument,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PolicyDocument {
    #[serde(rename = "Version")]
    _version: IgnoredAny,
    statement: Vec<Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "Sid")]
    _sid: Option<IgnoredAny>,
    #[serde(rename = "Effect")]
    _effect: Effect,
    action: OneOrMany,
    resource: OneOrMany,
    condition: Option<Json>,
}

#[derive(Deserialize)]
enum Effect {
    Allow,
}

/// IAM accepts a list with one entry without the brackets.
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

/// Checks that the template has no separate policies that grant permissions.
pub(crate) fn only_in_roles(template: &Template) -> Result<(), TemplateError> {
    match template.types().find(|(_, kind)| kind.starts_with("AWS::IAM::") && *kind != TYPE) {
        None => Ok(()),
        Some((id, kind)) => Err(TemplateError::Value {
            resource: id.to_owned(),
            property: "Type",
            value: kind.to_owned(),
            expected: "AWS::IAM::Role with its policies inline",
        }),
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
                condition: statement.condition,
            })
            .collect())
    }
}
