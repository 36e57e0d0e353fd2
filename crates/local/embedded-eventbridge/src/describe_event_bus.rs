//! The reply to DescribeEventBus: the name and the ARN of a bus, as in the EventBridge API Reference. A bus here has no
//! other properties.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::put_events::{CallRefused, bus_of};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeEventBusRequest {
    name: Option<String>,
}

/// Returns the reply to a request. A request without a bus name means the bus `default`, as with AWS.
pub(crate) fn description(body: &[u8], buses: &BTreeSet<String>) -> Result<Value, CallRefused> {
    let DescribeEventBusRequest { name } = serde_json::from_slice(body)?;
    let name = name.unwrap_or_else(|| "default".to_owned());
    let Some(bus) = buses.get(bus_of(&name)) else { return Err(CallRefused::UnknownBus(name)) };
    Ok(json!({ "Name": bus, "Arn": format!("arn:aws:events:us-east-1:000000000000:event-bus/{bus}") }))
}
