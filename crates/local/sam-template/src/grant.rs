//! What the functions' roles allow. Whatever could grant in another way than is understood here is refused, so that no grant is
//! overlooked.

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
    /// What may be done: `dynamodb:PutItem`.
    pub actions: Vec<String>,
    /// To what: `OrderEvents.Arn`, or `*`.
    pub resources: Vec<String>,
    /// When; none is always.
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

/// IAM lets a list of one be written without the list.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
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

/// Checks that the template grants nothing by policies of their own.
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
