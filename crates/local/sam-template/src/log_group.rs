//! CloudWatch log groups.

use serde::Deserialize;

use crate::error::TemplateError;
use crate::template::Template;

pub(crate) const TYPE: &str = "AWS::Logs::LogGroup";

/// A log group, with its retention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGroup {
    /// Its name, with functions under their logical ids: `/aws/lambda/Projector`.
    pub name: String,
    /// The number of days for which an entry is kept.
    pub retention_days: u32,
}

/// Both are required: without them, CloudWatch keeps entries for ever, or the log group has a name to which no function
/// writes.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    log_group_name: String,
    retention_in_days: u32,
}

impl LogGroup {
    pub(crate) fn read(template: &Template, id: &str) -> Result<Self, TemplateError> {
        let properties: Properties = template.properties(id)?;
        Ok(Self { name: properties.log_group_name, retention_days: properties.retention_in_days })
    }
}
