//! Schedules: rules that invoke a function at a rate.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::error::TemplateError;
use crate::function::Function;
use crate::resolve::logical_id;
use crate::template::Template;

/// The type of a schedule and of a rule of an event bus.
pub(crate) const TYPE: &str = "AWS::Events::Rule";
/// The property that distinguishes a schedule from a rule of an event bus.
pub(crate) const EXPRESSION: &str = "ScheduleExpression";

/// A function that is invoked at a rate, always with the same payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Its name within the template.
    pub logical_id: String,
    /// The time between two invocations. The first invocation is one such time after the deployment.
    pub rate: Duration,
    /// The local name of the function.
    pub function: String,
    /// The payload.
    pub payload: Json,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    schedule_expression: String,
    targets: [Target; 1],
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    arn: String,
    /// Required: without it, EventBridge sends its own event, which differs each time.
    input: String,
}

impl Schedule {
    pub(crate) fn read(template: &Template, id: &str) -> Result<Self, TemplateError> {
        let Properties { schedule_expression, targets: [target] } = template.properties(id)?;
        let value = |property, value: &str, expected| TemplateError::Value {
            resource: id.to_owned(),
            property,
            value: value.to_owned(),
            expected,
        };
        let rate = rate(&schedule_expression);
        Ok(Self {
            logical_id: id.to_owned(),
            rate: rate.ok_or_else(|| value(EXPRESSION, &schedule_expression, "a rate such as rate(5 minutes)"))?,
            function: Function::name_of(template, logical_id(&target.arn))?,
            payload: serde_json::from_str(&target.input).map_err(|_| value("Input", &target.input, "JSON"))?,
        })
    }
}

/// Parses a rate such as `rate(1 minute)` or `rate(5 minutes)`. Calendars (`cron(..)`) are not supported.
fn rate(expression: &str) -> Option<Duration> {
    let (number, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let seconds = match unit {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 60 * 60,
        "day" | "days" => 24 * 60 * 60,
        _ => return None,
    };
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}
