//! The principals that queues, topics, buckets, log groups and roles allow. A form of policy that this crate does not
//! support is an error.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value as Json;

use crate::error::TemplateError;
use crate::grant::OneOrMany;
use crate::template::Template;

/// The policy of a queue, topic, bucket or log group, or a role's trust policy.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourcePolicy {
    /// The logical id of the policy. If the policy is a property of a log group or role, the logical id of that resource.
    pub logical_id: String,
    /// Its statements, in order.
    pub statements: Vec<PolicyStatement>,
}

/// One statement of a resource's policy.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyStatement {
    /// The effect.
    pub effect: Effect,
    /// The principals.
    pub principal: Principal,
    /// The actions, such as `sqs:SendMessage`.
    pub actions: Vec<String>,
    /// The condition, as IAM writes it; null if there is none.
    pub condition: Json,
}

/// The effect of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Effect {
    /// Allows the actions.
    Allow,
    /// Denies the actions, even if another statement allows them.
    Deny,
}

/// The principals of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Everyone, in every account.
    Anyone,
    /// AWS services: `events.amazonaws.com`.
    Services(Vec<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    #[serde(rename = "Version")]
    _version: IgnoredAny,
    statement: Vec<Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "Sid")]
    _sid: Option<IgnoredAny>,
    effect: Effect,
    principal: PrincipalProperty,
    action: OneOrMany,
    #[serde(rename = "Resource")]
    _resource: Option<IgnoredAny>,
    #[serde(default)]
    condition: Json,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum PrincipalProperty {
    Anyone(Star),
    Service(ServiceProperty),
}

#[derive(Deserialize)]
enum Star {
    #[serde(rename = "*")]
    Star,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ServiceProperty {
    service: OneOrMany,
}

/// Returns the property with the policy of a resource of this type, if the type can have one.
pub(crate) fn document_of(kind: &str) -> Option<&'static str> {
    match kind {
        "AWS::SQS::QueuePolicy" | "AWS::SNS::TopicPolicy" | "AWS::S3::BucketPolicy" => Some("PolicyDocument"),
        "AWS::Logs::LogGroup" => Some("ResourcePolicyDocument"),
        "AWS::IAM::Role" => Some("AssumeRolePolicyDocument"),
        _ => None,
    }
}

/// Checks that the template has no separate policies for log groups. Their documents are texts, which this crate does not
/// parse.
pub(crate) fn only_in_log_groups(template: &Template) -> Result<(), TemplateError> {
    match template.types().find(|(_, kind)| *kind == "AWS::Logs::ResourcePolicy") {
        None => Ok(()),
        Some((id, kind)) => Err(TemplateError::Value {
            resource: id.to_owned(),
            property: "Type",
            value: kind.to_owned(),
            expected: "AWS::Logs::LogGroup with its policy inline",
        }),
    }
}

impl ResourcePolicy {
    pub(crate) fn read(template: &Template, id: &str, document: &str) -> Result<Self, TemplateError> {
        let document: Document = template.part(id, &["Properties", document])?;
        let statements = document.statement.into_iter().map(|statement| PolicyStatement {
            effect: statement.effect,
            principal: match statement.principal {
                PrincipalProperty::Anyone(Star::Star) => Principal::Anyone,
                PrincipalProperty::Service(services) => Principal::Services(services.service.into()),
            },
            actions: statement.action.into(),
            condition: statement.condition,
        });
        Ok(Self { logical_id: id.to_owned(), statements: statements.collect() })
    }
}
