//! Whom queues, topics, buckets, log groups and roles let in. What could let someone in otherwise than is understood here is refused.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value as Json;

use crate::error::TemplateError;
use crate::grant::OneOrMany;
use crate::template::Template;

/// The policy of a queue, topic, bucket or log group, or a role's trust policy.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourcePolicy {
    /// The logical id of the policy; of the log group or role, which has it as a property.
    pub logical_id: String,
    /// Its statements, in order.
    pub statements: Vec<PolicyStatement>,
}

/// One statement of a resource's policy.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyStatement {
    /// Whether it lets in or keeps out.
    pub effect: Effect,
    /// Whom.
    pub principal: Principal,
    /// To do what: `sqs:SendMessage`.
    pub actions: Vec<String>,
    /// On which condition, as IAM writes it; null without one.
    pub condition: Json,
}

/// Whether a statement lets in or keeps out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Effect {
    /// Lets in.
    Allow,
    /// Keeps out, whatever another statement allows.
    Deny,
}

/// Whom a statement is about.
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

/// The property that holds the policy of a resource of this type, if it can have one.
pub(crate) fn document_of(kind: &str) -> Option<&'static str> {
    match kind {
        "AWS::SQS::QueuePolicy" | "AWS::SNS::TopicPolicy" | "AWS::S3::BucketPolicy" => Some("PolicyDocument"),
        "AWS::Logs::LogGroup" => Some("ResourcePolicyDocument"),
        "AWS::IAM::Role" => Some("AssumeRolePolicyDocument"),
        _ => None,
    }
}

/// Checks that log groups let nobody in by policies of their own: those are texts, which are not read here.
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
