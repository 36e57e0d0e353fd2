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
    pub batch_size: u32,
    /// The maximum time that a batch waits to fill.
    pub maximum_batching_window_seconds: u32,
    /// The number of retries of a failed batch before it goes to the failure destination.
    pub maximum_retry_attempts: u32,
    /// The maximum age of a record that is tried; `None` means as long as the stream keeps it.
    pub maximum_record_age_seconds: Option<u32>,
    /// True if a failed batch is split in two before it is retried.
    pub bisect_batch_on_function_error: bool,
    /// True if the function reports the records that failed, and only those from the first of them on are retried.
    pub report_batch_item_failures: bool,
    /// The number of batches of one shard that are processed at once.
    pub parallelization_factor: u32,
    /// The destination of batches after their last retry: `FailedBatches.Arn`.
    pub failure_destination: Option<String>,
}

/// Properties with unsuitable defaults, such as endless retries, are required here. Unknown properties are an error,
/// because the local stack would not apply them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    function_name: String,
    event_source_arn: String,
    starting_position: String,
    batch_size: u32,
    #[serde(default)]
    maximum_batching_window_in_seconds: u32,
    maximum_retry_attempts: u32,
    maximum_record_age_in_seconds: Option<u32>,
    #[serde(default)]
    bisect_batch_on_function_error: bool,
    #[serde(default)]
    function_response_types: Vec<ResponseType>,
    #[serde(default = "one")]
    parallelization_factor: u32,
    destination_config: Option<DestinationConfig>,
    /// The metrics that the mapping sends to CloudWatch.
    #[serde(rename = "MetricsConfig")]
    _metrics_config: Option<IgnoredAny>,
}

#[derive(Deserialize, PartialEq)]
enum ResponseType {
    ReportBatchItemFailures,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DestinationConfig {
    on_failure: OnFailure,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OnFailure {
    destination: String,
}

fn one() -> u32 {
    1
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
            maximum_batching_window_seconds: properties.maximum_batching_window_in_seconds,
            maximum_retry_attempts: properties.maximum_retry_attempts,
            maximum_record_age_seconds: properties.maximum_record_age_in_seconds,
            bisect_batch_on_function_error: properties.bisect_batch_on_function_error,
            report_batch_item_failures: properties
                .function_response_types
                .contains(&ResponseType::ReportBatchItemFailures),
            parallelization_factor: properties.parallelization_factor,
            failure_destination: properties.destination_config.map(|config| config.on_failure.destination),
        })
    }
}
