//! Event source mappings from a table's stream to a function.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::TemplateError;
use crate::function::Function;
use crate::resolve::logical_id;
use crate::template::Template;

pub(crate) const TYPE: &str = "AWS::Lambda::EventSourceMapping";

/// The only starting position that loses no record. The local stack reads from it too.
const FROM_THE_OLDEST: &str = "TRIM_HORIZON";

/// The configuration with which Lambda reads a table's stream and passes batches of it to a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamMapping {
    /// The local name of the function.
    pub function: String,
    /// The local name of the table.
    pub table: String,
    /// The maximum number of records in a batch.
    pub batch_size: usize,
    /// The number of retries of a failed batch before it goes to the failure destination.
    pub maximum_retry_attempts: u32,
    /// True if a failed batch is split in two before it is retried.
    pub bisect_batch_on_function_error: bool,
    /// True if the function reports the records that failed, and only those from the first of them on are retried.
    pub report_batch_item_failures: bool,
}

/// Properties with unsuitable defaults, such as endless retries, are required here. Unknown properties are an error,
/// because the local stack would not apply them. The ignored ones do not change the records that a function processes.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    function_name: String,
    event_source_arn: String,
    starting_position: String,
    batch_size: usize,
    maximum_retry_attempts: u32,
    #[serde(default)]
    bisect_batch_on_function_error: bool,
    #[serde(default)]
    function_response_types: Vec<ResponseType>,
    #[serde(rename = "MaximumBatchingWindowInSeconds")]
    _maximum_batching_window: Option<IgnoredAny>,
    #[serde(rename = "ParallelizationFactor")]
    _parallelization_factor: Option<IgnoredAny>,
    #[serde(rename = "DestinationConfig")]
    _destination: Option<IgnoredAny>,
    #[serde(rename = "MetricsConfig")]
    _metrics: Option<IgnoredAny>,
}

#[derive(Deserialize, PartialEq)]
enum ResponseType {
    ReportBatchItemFailures,
}

impl StreamMapping {
    pub(crate) fn read(template: &Template, id: &str) -> Result<Self, TemplateError> {
        let properties: Properties = template.properties(id)?;
        if properties.starting_position != FROM_THE_OLDEST {
            return Err(TemplateError::Value {
                resource: id.to_owned(),
                property: "StartingPosition",
                value: properties.starting_position,
                expected: FROM_THE_OLDEST,
            });
        }
        Ok(Self {
            function: Function::name_of(template, logical_id(&properties.function_name))?,
            table: logical_id(&properties.event_source_arn).to_owned(),
            batch_size: properties.batch_size,
            maximum_retry_attempts: properties.maximum_retry_attempts,
            bisect_batch_on_function_error: properties.bisect_batch_on_function_error,
            report_batch_item_failures: properties
                .function_response_types
                .contains(&ResponseType::ReportBatchItemFailures),
        })
    }
}
