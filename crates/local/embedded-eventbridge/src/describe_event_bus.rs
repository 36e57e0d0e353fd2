//! The reply to DescribeEventBus: the name and the ARN of a bus, as in the EventBridge API Reference. A bus here has no
//! other properties.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeEventBusRequest {
    name: Option<String>,
}

/// The reason why a request is rejected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotDescribed {
    #[error("the body is not a DescribeEventBus request: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("event bus {0} does not exist")]
    UnknownBus(String),
}

impl NotDescribed {
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "SerializationException",
            Self::UnknownBus(_) => "ResourceNotFoundException",
        }
    }
}

/// Returns the reply to a request. A request without a bus name means the bus `default`, as with AWS.
pub(crate) fn description(body: &[u8], buses: &BTreeSet<String>) -> Result<Value, NotDescribed> {
    let DescribeEventBusRequest { name } = serde_json::from_slice(body)?;
    let name = name.unwrap_or_else(|| "default".to_owned());
    let Some(bus) = buses.get(bus_of(&name)) else { return Err(NotDescribed::UnknownBus(name)) };
    Ok(json!({ "Name": bus, "Arn": format!("arn:aws:events:us-east-1:000000000000:event-bus/{bus}") }))
}

/// Returns the bus name, from a name or an ARN.
pub(crate) fn bus_of(name_or_arn: &str) -> &str {
    match name_or_arn.split_once(":event-bus/") {
        Some((arn, name)) if arn.starts_with("arn:") => name,
        _ => name_or_arn,
    }
}
