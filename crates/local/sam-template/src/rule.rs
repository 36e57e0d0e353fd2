//! Rules of event buses, and their targets.

use serde::Deserialize;
use serde_json::Value as Json;

use crate::error::TemplateError;
use crate::template::Template;

pub(crate) const TYPE: &str = "AWS::Events::Rule";

/// A rule: a pattern of events of a bus, and the targets for these events.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name within the template.
    pub logical_id: String,
    /// The local name of the bus.
    pub bus: String,
    /// The pattern of matching events.
    pub event_pattern: Json,
    /// The targets.
    pub targets: Vec<Target>,
}

/// A target of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The queue, topic or log group: `OrderedQueueInbox.Arn`.
    pub arn: String,
    /// The queue for events that the target did not accept: `UndeliveredEvents.Arn`; without it they are lost.
    pub dead_letter_queue: Option<String>,
}

/// The bus is required: without it, the rule applies to the account's default bus.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    event_bus_name: String,
    event_pattern: Json,
    targets: Vec<TargetProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TargetProperties {
    arn: String,
    dead_letter_config: Option<DeadLetterConfig>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeadLetterConfig {
    arn: String,
}

impl Rule {
    pub(crate) fn read(template: &Template, id: &str) -> Result<Self, TemplateError> {
        let properties: Properties = template.properties(id)?;
        let targets = properties.targets.into_iter().map(|target| Target {
            arn: target.arn,
            dead_letter_queue: target.dead_letter_config.map(|config| config.arn),
        });
        Ok(Self {
            logical_id: id.to_owned(),
            bus: properties.event_bus_name,
            event_pattern: properties.event_pattern,
            targets: targets.collect(),
        })
    }
}
